"""Session settings in OpenAI's words, and the ``session`` object they make.

Knows nothing of frames. The object has the shape of the current protocol (``audio.input``,
``audio.output``); what is unset is absent, ``None`` is JSON's null, which switches off.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

import attrs
from realtime_core.audio.formats import PCM16_24KHZ
from realtime_core.contents import ToolDefinition
from realtime_core.errors import InvalidSettings, UnsupportedSetting
from realtime_core.settings import InputAudioTranscription as CoreInputAudioTranscription
from realtime_core.settings import RealtimeSettings, TurnDetection, set_fields, setting
from realtime_core.unset import UNSET, UnsetType

from realtime_openai_wire.choices import CHECKS
from realtime_openai_wire.fields import mapping
from realtime_openai_wire.formats import format_to_wire
from realtime_openai_wire.tools import tools_to_wire

__all__ = [
    "FIXED_SETTINGS",
    "LIVE_SETTINGS",
    "SETTINGS_OF_TRANSCRIPTION",
    "InputAudioTranscription",
    "OpenAIRealtimeExecutionSettings",
    "SessionType",
    "TurnDetection",
    "session_payload",
    "settings_in",
    "voice_to_wire",
]

SessionType = Literal["realtime", "transcription"]
"""What a session is for: a conversation, or writing down what is said to it."""

Tools = tuple[ToolDefinition | Mapping[str, Any], ...] | UnsetType

_MAX_OUTPUT_TOKENS: Final = 4096
_SLOWEST, _FASTEST = 0.25, 1.5


@attrs.frozen(kw_only=True)
class InputAudioTranscription(CoreInputAudioTranscription):
    """How the service writes down what the user says.

    Without a ``model`` it is ``gpt-realtime-whisper``, or ``gpt-transcribe`` if something is set that the
    former does not take (in a transcription session also turn detection).

    Attributes:
        languages: what may be spoken, for ``gpt-transcribe`` and ``gpt-live-transcribe``.
        keywords: words to listen for, for the same models.
        delay: ``minimal`` to ``xhigh``, later but better, for ``gpt-realtime-whisper``, which takes no
            ``prompt``.
    """

    languages: tuple[str, ...] | list[str] | UnsetType = setting(tuple, list)
    keywords: tuple[str, ...] | list[str] | UnsetType = setting(tuple, list, words=True)
    delay: str | UnsetType = setting(str)


@attrs.frozen(kw_only=True)
class OpenAIRealtimeExecutionSettings(RealtimeSettings):
    """`RealtimeSettings` and what OpenAI has beyond them.

    ``output_modalities`` is ``["audio"]``, which brings a transcript with it, or ``["text"]``.
    ``voice`` names a built-in voice or a custom one (``voice_…``); it is fixed once the assistant has
    spoken. All go to the service as they are; mappings may have keys that are not known here.

    Attributes:
        parallel_tool_calls: whether a response may make several calls, for reasoning models.
        reasoning: how much it thinks first, such as ``{"effort": "low"}``, for reasoning models.
        truncation: how old turns leave a full context.
        tracing: whether and how the service traces the session; it cannot change once it is on.
        prompt: which stored prompt it has.
        include: what more its events are to tell, such as the log probabilities of transcripts.

    Raises:
        InvalidSettings: a value has the wrong type or lies outside what the protocol allows.
        UnsupportedSetting: a mapping has a key that its setting does not know.
    """

    output_modalities: tuple[str, ...] | list[str] | UnsetType = setting(tuple, list)
    speed: float | UnsetType = setting(int, float)
    input_audio_transcription: InputAudioTranscription | Mapping[str, Any] | UnsetType | None = setting(
        None, nested=InputAudioTranscription
    )
    max_output_tokens: int | str | UnsetType = setting(int, str)
    parallel_tool_calls: bool | UnsetType = setting(bool)
    reasoning: Mapping[str, Any] | UnsetType = setting(Mapping)
    truncation: str | Mapping[str, Any] | UnsetType = setting(str, Mapping)
    tracing: str | Mapping[str, Any] | UnsetType | None = setting(str, Mapping, None, words=True)
    prompt: Mapping[str, Any] | UnsetType | None = setting(Mapping, None, words=True)
    include: tuple[str, ...] | list[str] | UnsetType = setting(tuple, list)

    def __attrs_post_init__(self) -> None:
        for name, check in CHECKS.items():
            value = getattr(self, name)
            if value is not UNSET and value is not None:
                check(value)

    @output_modalities.validator
    def _one_modality(self, _: Any, value: Any) -> None:
        if value is not UNSET and list(value) not in (["audio"], ["text"]):
            raise InvalidSettings("setting 'output_modalities' takes ['audio'] or ['text'], and one only")

    @speed.validator
    def _speed_in_range(self, _: Any, value: Any) -> None:
        if value is not UNSET and not _SLOWEST <= value <= _FASTEST:
            raise InvalidSettings(f"setting 'speed' takes {_SLOWEST} to {_FASTEST}, not {value}")

    @max_output_tokens.validator
    def _tokens_in_range(self, _: Any, value: Any) -> None:
        if value is UNSET or value == "inf" or (isinstance(value, int) and 1 <= value <= _MAX_OUTPUT_TOKENS):
            return
        raise InvalidSettings(f"setting 'max_output_tokens' takes 1 to {_MAX_OUTPUT_TOKENS} or 'inf'")


FIXED_SETTINGS: Final = frozenset({"model"})
"""The settings that an open session cannot change: the model stands in the URL."""

LIVE_SETTINGS: Final = (
    frozenset(field.name for field in attrs.fields(OpenAIRealtimeExecutionSettings)) - FIXED_SETTINGS
)
"""The settings that an open session can change."""


def voice_to_wire(name: str) -> str | dict[str, str]:
    """A built-in voice goes by its name, a custom one (``voice_…``) as an object."""
    return {"id": name} if name.startswith("voice_") else name


_STREAMING_MODEL: Final = "gpt-realtime-whisper"
"""What recorded sessions of both vendors name; without a model there is no transcription."""

_MODEL_OF_TURNS: Final = "gpt-transcribe"
_NOT_STREAMING: Final = frozenset({"prompt", "languages", "keywords"})
"""What the streaming model refuses."""


def _transcription(value: Any) -> dict[str, Any]:
    given = set_fields(value)
    return {"model": _MODEL_OF_TURNS if _NOT_STREAMING & given.keys() else _STREAMING_MODEL, **given}


def _of_turns(value: CoreInputAudioTranscription) -> CoreInputAudioTranscription:
    """Where a session does nothing but write, the streaming model takes no turn detection."""
    return value if value.model else attrs.evolve(value, model=_MODEL_OF_TURNS)


def _noise_reduction(value: Any) -> Any:
    return {"type": value} if isinstance(value, str) else value


def _as_it_is(value: Any) -> Any:
    return value


def _own(value: Any) -> Any:
    return set_fields(value) if attrs.has(type(value)) else value


_PLACES: Final[dict[str, tuple[tuple[str, ...], Callable[[Any], Any]]]] = {
    "instructions": (("instructions",), _as_it_is),
    "output_modalities": (("output_modalities",), list),
    "voice": (("audio", "output", "voice"), voice_to_wire),
    "speed": (("audio", "output", "speed"), _as_it_is),
    "input_audio_format": (("audio", "input", "format"), format_to_wire),
    "output_audio_format": (("audio", "output", "format"), format_to_wire),
    "input_audio_transcription": (("audio", "input", "transcription"), _transcription),
    "input_audio_noise_reduction": (("audio", "input", "noise_reduction"), _noise_reduction),
    "turn_detection": (("audio", "input", "turn_detection"), set_fields),
    "tool_choice": (("tool_choice",), _as_it_is),
    "max_output_tokens": (("max_output_tokens",), _as_it_is),
    "parallel_tool_calls": (("parallel_tool_calls",), _as_it_is),
    "reasoning": (("reasoning",), _as_it_is),
    "truncation": (("truncation",), _as_it_is),
    "tracing": (("tracing",), _as_it_is),
    "prompt": (("prompt",), _as_it_is),
    "include": (("include",), list),
    "tools": (("tools",), tools_to_wire),
}
"""Where a setting, or the tools, stand in the ``session`` object, and how the value is written there."""

_COMMON: Final = frozenset(_PLACES) | {field.name for field in attrs.fields(RealtimeSettings)}
"""What is no vendor's own; one of these without a place cannot be written."""

SETTINGS_OF_TRANSCRIPTION: Final = (
    "input_audio_format",
    "input_audio_transcription",
    "input_audio_noise_reduction",
    "turn_detection",
    "include",
)
"""What a session that only listens can be told."""


def session_payload(
    settings: RealtimeSettings, session_type: SessionType = "realtime", tools: Tools = UNSET
) -> dict[str, Any]:
    """The ``session`` object of a ``session.update``: what is set, and nothing else.

    The model of a conversation is not in it: a session has the one it was opened with. A setting that only a
    vendor's own class has stands in it under its name.

    Raises:
        UnsupportedSetting: a setting, tools, or an audio format, that the service, or a session of that type,
            does not have.
        InvalidSettings: a tool is neither a `ToolDefinition` nor a mapping.
    """
    values = set_fields(settings)
    if tools is not UNSET:
        values["tools"] = tools
    if session_type == "transcription":
        places = {name: _PLACES[name] for name in SETTINGS_OF_TRANSCRIPTION}
        if values.get("output_audio_format") == PCM16_24KHZ:
            del values["output_audio_format"]  # what every session has, here of audio that never comes
        if values.get("turn_detection") and values.get("input_audio_transcription"):
            values["input_audio_transcription"] = _of_turns(values["input_audio_transcription"])
        whose = "a transcription session"
    else:
        places = _PLACES | {name: ((name,), _own) for name in values if name not in _COMMON}
        values.pop("model", None)
        whose = "the service"
    payload: dict[str, Any] = {"type": session_type}
    for name, value in values.items():
        if name not in places:
            raise UnsupportedSetting(f"{whose} has no setting {name!r}; choose from {', '.join(places)}")
        path, write = places[name]
        place = payload
        for key in path[:-1]:
            place = place.setdefault(key, {})
        place[path[-1]] = None if value is None else write(value)
    return payload


def settings_in(session: Mapping[str, Any]) -> dict[str, Any]:
    """What a ``session`` object says of each setting, and of ``tools``, by name; of others nothing."""
    found: dict[str, Any] = {}
    for name, (path, _) in _PLACES.items():
        place = session
        for key in path[:-1]:
            place = mapping(place, key)
        if path[-1] in place:
            found[name] = place[path[-1]]
    return found
