"""The session object: what it holds, and how an update changes it.

An update is checked whole before any of it is applied. Knows nothing of audio, items or responses.
"""

from collections.abc import Callable, Collection
from typing import Any, Final, TypeAlias

from realtime_core.audio.formats import PCM16_24KHZ, AudioFormat

from realtime_simulator.session_defaults import DEFAULT_INSTRUCTIONS, SessionKind, default_detection
from realtime_simulator.session_rules import Moment, checked_update, is_streaming
from realtime_simulator.tools_schema import redacted
from realtime_simulator.wire_audio import FORMATS

__all__ = ["Session"]

Json: TypeAlias = dict[str, Any]


class Session:
    """The settings in force.

    ``on_tracks``: its audio goes over the tracks of a call; ``own``: names of settings that it has beyond
    OpenAI's.
    """

    def __init__(self, served: Json, *, on_tracks: bool = False, own: Collection[str] = ()) -> None:
        self.on_tracks = on_tracks
        self._own = own
        self.served = served
        """The session object as events show it: replaced by an update, never changed."""

    def update(self, patch: Any, moment: Moment) -> None:
        """Apply an update, all of it or nothing.

        Raises:
            Refusal: the update is wrong; the session is as before.
        """
        own = {}
        if isinstance(patch, dict):
            own = {name: value for name, value in patch.items() if name in self._own}
            patch = {name: value for name, value in patch.items() if name not in own}
        self.served = {**_merged(self.served, checked_update(patch, self.served, moment)), **own}

    @property
    def kind(self) -> SessionKind:
        """Whether it is a conversation."""
        kind: SessionKind = self.served["type"]
        return kind

    @property
    def model(self) -> str:
        """The model of a conversation."""
        model: str = self.served["model"]
        return model

    @property
    def voice(self) -> Any:
        """The voice of a conversation: a name, or an object with the ``id`` of a custom one."""
        return self.served["audio"]["output"]["voice"]

    @property
    def input_format(self) -> AudioFormat:
        """What the client says that it sends."""
        return FORMATS[self._input["format"]["type"]]

    @property
    def heard_format(self) -> AudioFormat:
        """What comes into the input buffer: on a track the settings say nothing of it."""
        return PCM16_24KHZ if self.on_tracks else self.input_format

    def spoken_format(self, named: Json) -> AudioFormat:
        """What is spoken where the settings have the format ``named``, of which the same holds."""
        return PCM16_24KHZ if self.on_tracks else FORMATS[named["type"]]

    @property
    def turn_detection(self) -> Json | None:
        """How turns are told apart; None leaves that to the client."""
        detection: Json | None = self._input["turn_detection"]
        return detection

    @property
    def transcription(self) -> Json | None:
        """How the user's speech is written down; None: it is not."""
        transcription: Json | None = self._input["transcription"]
        return transcription

    @property
    def includes_logprobs(self) -> bool:
        """Whether transcriptions come with the likelihood of each token."""
        return "item.input_audio_transcription.logprobs" in (self.served["include"] or ())

    @property
    def _input(self) -> Json:
        heard: Json = self.served["audio"]["input"]
        return heard


def _merged(session: Json, patch: Json) -> Json:
    """The session after ``patch``: top level, ``audio.input`` and ``audio.output`` key by key."""
    new = {**session, **patch}
    if not new.get("instructions", True):
        new["instructions"] = DEFAULT_INSTRUCTIONS
    if "tools" in patch:
        new["tools"] = redacted(patch["tools"])
    kind: SessionKind = session["type"]
    sides = patch.get("audio", {})
    new["audio"] = {
        side: _merged_side(kind, values, sides.get(side, {})) for side, values in session["audio"].items()
    }
    heard = new["audio"]["input"]
    if kind == "transcription" and is_streaming((heard["transcription"] or {}).get("model")):
        # these know no turns; the default detection goes without being told to
        heard["turn_detection"] = None
    return new


def _merged_side(kind: SessionKind, side: Json, patch: Json) -> Json:
    return {
        **side,
        **{name: _LEAVES.get(name, _replace)(kind, side[name], value) for name, value in patch.items()},
    }


def _replace(_: SessionKind, __: Any, new: Any) -> Any:
    return new


def _format(_: SessionKind, __: Json, new: Json) -> Json:
    return {**new, "rate": 24000} if new["type"] == "audio/pcm" else new


def _turn_detection(kind: SessionKind, _: Any, new: Json | None) -> Json | None:
    return None if new is None else {**default_detection(kind, new["type"]), **new}


def _transcription(_: SessionKind, __: Any, new: Json | None) -> Json | None:
    return None if new is None else {"model": None, "language": None, "prompt": None, **new}


def _noise_reduction(_: SessionKind, old: Json | None, new: Json | None) -> Json | None:
    """Merged, because the service keeps a strength that an update leaves out."""
    return None if new is None else {"strength": 1.0, **(old or {}), **new}


_LEAVES: Final[dict[str, Callable[[SessionKind, Any, Any], Any]]] = {
    "format": _format,
    "turn_detection": _turn_detection,
    "transcription": _transcription,
    "noise_reduction": _noise_reduction,
}
"""How a value below ``audio.input`` or ``audio.output`` takes the place of the old one."""
