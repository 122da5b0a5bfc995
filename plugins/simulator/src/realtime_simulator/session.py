"""The session object: what it holds, which updates it takes, how an update changes it.

An update is checked whole before any of it is applied. Knows nothing of audio, items or responses.
"""

from collections.abc import Callable, Collection
from typing import Any, Final, TypeAlias

from realtime_core.audio.formats import AudioFormat

from realtime_simulator.refusals import Refusal, missing, unknown_parameter
from realtime_simulator.session_schema import UPDATE
from realtime_simulator.wire_audio import FORMATS

__all__ = ["DEFAULT_INSTRUCTIONS", "Session", "default_session", "refuse_new_voice"]

Json: TypeAlias = dict[str, Any]

DEFAULT_INSTRUCTIONS: Final = (
    "You are the offline simulator of a realtime voice service. You have no knowledge and no opinions. "
    "Be brief, be warm, and say what your script says."
)
"""In force while the client has given none, as the service has a default paragraph of its own."""

_VAD_DEFAULTS: Final[dict[str, Json]] = {
    "server_vad": {
        "type": "server_vad",
        "threshold": 0.5,
        "prefix_padding_ms": 300,
        # 200 in every capture, although the documentation says 500
        "silence_duration_ms": 200,
        "idle_timeout_ms": None,
        "create_response": True,
        "interrupt_response": True,
    },
    "semantic_vad": {
        "type": "semantic_vad",
        "eagerness": "auto",
        "create_response": True,
        "interrupt_response": True,
    },
}


def default_session(session_id: str, model: str, *, voice: str, expires_at: int) -> Json:
    """The session as a client finds it, key by key as captured."""
    pcm = {"type": "audio/pcm", "rate": 24000}
    return {
        "type": "realtime",
        "object": "realtime.session",
        "id": session_id,
        "model": model,
        "output_modalities": ["audio"],
        "instructions": DEFAULT_INSTRUCTIONS,
        "tools": [],
        "tool_choice": "auto",
        "max_output_tokens": "inf",
        "tracing": None,
        "truncation": "auto",
        "prompt": None,
        "expires_at": expires_at,
        "audio": {
            "input": {
                "format": pcm,
                "transcription": None,
                "noise_reduction": None,
                "turn_detection": _VAD_DEFAULTS["server_vad"],
            },
            "output": {"format": pcm, "voice": voice, "speed": 1.0},
        },
        "include": None,
    }


class Session:
    """The settings in force."""

    def __init__(self, served: Json) -> None:
        self.served = served
        """The session object as events show it: replaced by an update, never changed."""

    def update(self, patch: Any, *, voice_locked: bool) -> None:
        """Apply an update, all of it or nothing.

        Raises:
            Refusal: the update is wrong; the session is as before.
        """
        self.served = _merged(self.served, self._checked(patch, voice_locked=voice_locked))

    def _checked(self, patch: Any, *, voice_locked: bool) -> Json:
        checked: Json = UPDATE(patch, "session")
        model: str = self.served["model"]
        if checked.get("model", model) != model:
            raise Refusal(
                "The model of a session cannot be changed.", code="invalid_value", param="session.model"
            )
        self.check_model_can(checked, "session")
        refuse_new_voice(
            self.voice, checked.get("audio", {}).get("output", {}), "session", locked=voice_locked
        )
        if (
            self.served["tracing"] is not None
            and checked.get("tracing", self.served["tracing"]) != self.served["tracing"]
        ):
            raise Refusal(
                "Tracing cannot be changed once it is enabled.", code="invalid_value", param="session.tracing"
            )
        return checked

    def check_model_can(self, fields: Collection[str], path: str) -> None:
        """Refuse what only reasoning models know.

        Raises:
            Refusal: the session's model is none.
        """
        if not self.served["model"].startswith("gpt-realtime-2"):
            for name in ("reasoning", "parallel_tool_calls"):
                if name in fields:
                    raise unknown_parameter(f"{path}.{name}")

    @property
    def voice(self) -> Any:
        """A name, or an object with the ``id`` of a custom voice."""
        return self.served["audio"]["output"]["voice"]

    @property
    def input_format(self) -> AudioFormat:
        """What the client appends."""
        return FORMATS[self.served["audio"]["input"]["format"]["type"]]

    @property
    def turn_detection(self) -> Json | None:
        """How turns are told apart; None leaves that to the client."""
        detection: Json | None = self.served["audio"]["input"]["turn_detection"]
        return detection

    @property
    def transcription(self) -> Json | None:
        """How the user's speech is written down; None: it is not."""
        transcription: Json | None = self.served["audio"]["input"]["transcription"]
        return transcription


def refuse_new_voice(current: Any, output: Json, path: str, *, locked: bool) -> None:
    """Refuse another voice once assistant audio exists.

    Raises:
        Refusal: ``output`` names another voice.
    """
    if locked and output.get("voice", current) != current:
        raise Refusal(
            "Cannot update a conversation's voice if assistant audio is present.",
            code="cannot_update_voice",
            param=f"{path}.audio.output.voice",
        )


def _merged(session: Json, patch: Json) -> Json:
    """The session after ``patch``: top level, ``audio.input`` and ``audio.output`` key by key."""
    new = {**session, **patch}
    if not new["instructions"]:
        new["instructions"] = DEFAULT_INSTRUCTIONS
    sides = patch.get("audio", {})
    new["audio"] = {
        side: _merged_side(session["audio"][side], sides.get(side, {})) for side in ("input", "output")
    }
    return new


def _merged_side(side: Json, patch: Json) -> Json:
    return {
        **side,
        **{name: _LEAVES.get(name, _replace)(side[name], value) for name, value in patch.items()},
    }


def _replace(_: Any, new: Any) -> Any:
    return new


def _format(_: Json, new: Json) -> Json:
    return {**new, "rate": 24000} if new["type"] == "audio/pcm" else new


def _turn_detection(_: Any, new: Json | None) -> Json | None:
    return None if new is None else {**_VAD_DEFAULTS[new["type"]], **new}


def _transcription(_: Any, new: Json | None) -> Json | None:
    return None if new is None else {"model": None, "language": None, "prompt": None, **new}


def _noise_reduction(old: Json | None, new: Json | None) -> Json | None:
    """Merged, because the service keeps a strength that an update leaves out."""
    if new is None:
        return None
    merged = {"strength": 1.0, **(old or {}), **new}
    if "type" not in merged:
        raise missing("session.audio.input.noise_reduction.type")
    return merged


_LEAVES: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "format": _format,
    "turn_detection": _turn_detection,
    "transcription": _transcription,
    "noise_reduction": _noise_reduction,
}
"""How a value below ``audio.input`` or ``audio.output`` takes the place of the old one."""
