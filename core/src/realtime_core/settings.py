"""What a session is told to be: vendor-neutral settings, and how two sets of them merge.

Knows nothing of providers: a provider's own class extends `RealtimeSettings`, and settings travel
between classes by field name. Unset, ``None`` and a value are three things: what is unset is never
sent, ``None`` switches off (``turn_detection=None``: no server VAD).
"""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

import attrs

from realtime_core.audio.formats import AudioFormat
from realtime_core.contents import hidden
from realtime_core.elsewhere import remedy
from realtime_core.errors import InvalidSettings, UnsupportedSetting
from realtime_core.unset import UNSET, UnsetType

__all__ = [
    "InputAudioTranscription",
    "RealtimeSettings",
    "SettingKind",
    "TurnDetection",
    "kind_of",
    "merge_settings",
    "set_fields",
    "setting",
]

S = TypeVar("S", bound=attrs.AttrsInstance)

_KIND: Final = "realtime_setting"


@attrs.frozen
class SettingKind:
    """What a setting takes, for those who have to tell: ``types`` without ``nullable``'s None."""

    types: tuple[type, ...]
    nullable: bool
    choices: tuple[str, ...] = ()
    nested: type[attrs.AttrsInstance] | None = None


def kind_of(field: "attrs.Attribute[Any]") -> SettingKind | None:
    """What a field made by `setting` takes; None for any other."""
    kind: SettingKind | None = field.metadata.get(_KIND)
    return kind


def setting(
    *kinds: type | None,
    default: Any = UNSET,
    choices: tuple[str, ...] = (),
    nested: type[attrs.AttrsInstance] | None = None,
    audio_format: bool = False,
    words: bool = False,
    blank: bool = True,
) -> Any:
    """An attrs field that is unset by default and checked when set.

    Args:
        kinds: the types a value may have; ``None`` in it: the setting can be switched off. A bool
            is never taken for a number.
        default: the value when nobody sets it.
        choices: the values allowed, for a word from a closed list.
        nested: an attrs class of settings; a mapping is converted to it.
        audio_format: an `AudioFormat` or its name.
        words: people's words: a ``repr`` shows their length only.
        blank: whether it may be a string of nothing but blanks.
    """
    nullable = None in kinds
    allowed = tuple(kind for kind in kinds if kind is not None)

    def check(_: Any, attribute: "attrs.Attribute[Any]", value: Any) -> None:
        if value is UNSET or (value is None and nullable):
            return
        if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
            mapping = ["a mapping"] * (nested is not None)
            names = " or ".join([*(kind.__name__ for kind in allowed), *mapping, *["None"] * nullable])
            raise InvalidSettings(f"setting {attribute.name!r} takes {names}, not {type(value).__name__}")
        if not (blank or str(value).strip()):
            raise InvalidSettings(f"setting {attribute.name!r} is blank; leave it out, or name one")
        if choices and value not in choices:
            raise InvalidSettings(
                f"setting {attribute.name!r} takes {' or '.join(map(repr, choices))}, not {value!r}"
            )

    converter = None
    if audio_format:
        allowed = (AudioFormat,)
        converter = _unless_unset(AudioFormat.parse)
    elif nested is not None:
        allowed = (nested,)
        converter = _unless_unset(lambda value: _to_nested(nested, value))
    show: Any = (lambda value: repr(value) if value is UNSET else hidden(value)) if words else True
    kind = SettingKind(allowed, nullable, choices, nested)
    return attrs.field(
        default=default, converter=converter, validator=check, repr=show, metadata={_KIND: kind}
    )


def _unless_unset(convert: Any) -> Any:
    return lambda value: value if value is UNSET or value is None else convert(value)


def _to_nested(cls: type[S], value: Any) -> Any:
    if isinstance(value, cls):
        return value
    if isinstance(value, Mapping):
        return _by_name(cls, value, where=cls.__name__)
    if attrs.has(type(value)):
        return _by_name(cls, set_fields(value), where=cls.__name__)
    return value  # no settings at all: the check, which knows the name of the field, says so


def _by_name(cls: type[S], values: Mapping[str, Any], *, where: str) -> S:
    """``cls`` from ``values``.

    Raises:
        UnsupportedSetting: ``cls`` has no such field.
    """
    names = [field.name for field in attrs.fields(cls)]
    for name in values:
        if name not in names:
            raise UnsupportedSetting(f"{where} has no setting {name!r}; {remedy(str(name), names)}")
    return cls(**values)


def set_fields(value: attrs.AttrsInstance) -> dict[str, Any]:
    """The fields of a settings value that somebody set, by name, not descending into them."""
    return {
        field.name: getattr(value, field.name)
        for field in attrs.fields(type(value))
        if getattr(value, field.name) is not UNSET
    }


@attrs.frozen(kw_only=True)
class TurnDetection:
    """How the service tells that the user has finished.

    The service's defaults hold for what is unset.

    Attributes:
        type: the service's word: at OpenAI ``server_vad`` by energy, ``semantic_vad`` by meaning.
        threshold: how loud speech has to be, from 0 to 1.
        prefix_padding_ms: how much audio from before the speech belongs to it.
        silence_duration_ms: how long a silence ends a turn. OpenAI's real default is 200 although its
            documentation says 500: set it.
        create_response: whether the end of a turn asks for a response.
        interrupt_response: whether speech interrupts the response that is being played.
        idle_timeout_ms: after how long a silence the assistant speaks up by itself; None: never.
        eagerness: how soon ``semantic_vad`` takes a turn for finished: ``low``, ``medium``, ``high`` or
            ``auto``.
    """

    type: str = setting(str, default="server_vad")
    threshold: float | UnsetType = setting(int, float)
    prefix_padding_ms: int | UnsetType = setting(int)
    silence_duration_ms: int | UnsetType = setting(int)
    create_response: bool | UnsetType = setting(bool)
    interrupt_response: bool | UnsetType = setting(bool)
    idle_timeout_ms: int | UnsetType | None = setting(int, None)
    eagerness: str | UnsetType = setting(str)


@attrs.frozen(kw_only=True)
class InputAudioTranscription:
    """How the service writes down what the user says.

    Attributes:
        model: the model that does it, passed on as it is; the provider has a default.
        language: what is spoken, as an ISO 639-1 code such as ``en``.
        prompt: words that help it, such as names it should know.
    """

    model: str | UnsetType = setting(str)
    language: str | UnsetType = setting(str)
    prompt: str | UnsetType = setting(str, words=True)


@attrs.frozen(kw_only=True)
class RealtimeSettings:
    """Settings that mean the same at every vendor; vendor classes extend it.

    Nested values may be given as mappings, audio formats by name.

    Attributes:
        model: the name of the model, passed on as it is.
        instructions: what the assistant is told of itself and its task.
        output_modalities: what it answers with, such as ``["audio"]`` or ``["text"]``.
        voice: the name of its voice, passed on as it is.
        speed: how fast it speaks, as a factor.
        input_audio_format: the format of the user's audio: an `AudioFormat`, or ``pcm16``, ``g711_ulaw`` or
            ``g711_alaw``.
        output_audio_format: the format of the assistant's audio, in the same words.
        input_audio_transcription: how the user's words are written down; None: they are not.
        input_audio_noise_reduction: the service's word, such as ``near_field``, or a mapping; None: there is
            none.
        turn_detection: how the service tells that the user has finished; None: it does not, and
            ``commit_audio`` ends a turn.
        tool_choice: whether the model may or must call a function: ``auto``, ``none``, ``required``, or a
            mapping that names one.
        max_output_tokens: how long a response may get; ``inf``: as long as the model allows.

    Raises:
        InvalidSettings: a value has the wrong type, is not one of the choices, or the model is blank.
        UnsupportedSetting: a mapping has a key that its setting does not know.
    """

    model: str | UnsetType = setting(str, blank=False)
    instructions: str | UnsetType = setting(str, words=True)
    output_modalities: tuple[str, ...] | list[str] | UnsetType = setting(tuple, list)
    voice: str | UnsetType = setting(str)
    speed: float | UnsetType = setting(int, float)
    input_audio_format: AudioFormat | str | UnsetType = setting(audio_format=True)
    output_audio_format: AudioFormat | str | UnsetType = setting(audio_format=True)
    input_audio_transcription: InputAudioTranscription | Mapping[str, Any] | UnsetType | None = setting(
        None, nested=InputAudioTranscription
    )
    input_audio_noise_reduction: str | Mapping[str, Any] | UnsetType | None = setting(str, Mapping, None)
    turn_detection: TurnDetection | Mapping[str, Any] | UnsetType | None = setting(None, nested=TurnDetection)
    tool_choice: str | Mapping[str, Any] | UnsetType = setting(str, Mapping)
    max_output_tokens: int | str | UnsetType = setting(int, str)


T = TypeVar("T", bound=RealtimeSettings)


def merge_settings(cls: type[T], *layers: RealtimeSettings | Mapping[str, Any] | None) -> T:
    """One value of ``cls`` from several, a later layer over an earlier, field by field.

    A field that is unset in a layer lets the one below show through; a nested value is replaced
    whole. Layers need not be of class ``cls``: fields are matched by name.

    Raises:
        UnsupportedSetting: a set field does not exist in ``cls``.
        InvalidSettings: as for ``cls``.
    """
    merged: dict[str, Any] = {}
    for layer in layers:
        merged.update(_layer(layer))
    return _by_name(cls, merged, where=cls.__name__)


def _layer(value: object) -> Mapping[str, Any]:
    match value:
        case None:
            return {}
        case RealtimeSettings():
            return set_fields(value)
        case Mapping():
            return {name: given for name, given in value.items() if given is not UNSET}
        case _:
            given = type(value).__name__
            raise InvalidSettings(f"settings are a RealtimeSettings value or a mapping, not {given}")
