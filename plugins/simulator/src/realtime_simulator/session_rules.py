"""What an update may change, in which session and when; what only some models can do.

Knows nothing of how an update is applied.
"""

import re
from collections.abc import Collection
from typing import Any, Final, TypeAlias

import attrs

from realtime_simulator.refusals import Refusal, missing, unknown_parameter
from realtime_simulator.session_schema import UPDATES

__all__ = ["Moment", "checked_update", "is_streaming", "refuse_new_voice", "refuse_reasoning"]

Json: TypeAlias = dict[str, Any]

_REASONING: Final = re.compile(r"gpt-realtime-2(\.\d+)?(-[a-z]+)*(-\d{4}-\d\d-\d\d)?")
"""The models that reason, dated ones too; ``gpt-realtime-2025-08-28`` is a dated one of the first."""

_REASONING_ONLY: Final = ("reasoning", "parallel_tool_calls")
_STREAMING: Final = ("gpt-realtime-whisper", "gpt-live-transcribe")
_TRANSCRIPTION_ONLY: Final = {
    "delay": _STREAMING,
    "keywords": ("gpt-transcribe", "gpt-live-transcribe"),
    "languages": ("gpt-transcribe", "gpt-live-transcribe"),
}
"""Keys of ``transcription`` that only these models take."""

_WITHOUT_PROMPT: Final = ("gpt-realtime-whisper", "gpt-4o-transcribe-diarize")


@attrs.frozen(kw_only=True)
class Moment:
    """What holds while an update comes."""

    voice_locked: bool = False
    """Whether the assistant has spoken."""

    responding: bool = False
    """Whether a response is active."""


def checked_update(patch: Any, session: Json, moment: Moment) -> Json:
    """``patch``, if the ``session`` takes it at that moment.

    Raises:
        Refusal: it does not.
    """
    kind: str = session["type"]
    _refuse_other_kind(patch, kind)
    checked: Json = UPDATES[kind](patch, "session")
    _refuse_transcription(checked.get("audio", {}).get("input", {}), session)
    if kind == "realtime":
        _refuse_conversation(checked, session, moment)
    return checked


def _refuse_other_kind(patch: Any, kind: str) -> None:
    other = patch.get("type") if isinstance(patch, dict) else None
    if isinstance(other, str) and other in UPDATES and other != kind:
        raise Refusal(
            f"Passing a {other} session update event to a {kind} session is not allowed.",
            code="invalid_parameter",
            param="session.type",
        )


def _refuse_conversation(checked: Json, session: Json, moment: Moment) -> None:
    """What only a conversation has."""
    if checked.get("model", session["model"]) != session["model"]:
        raise _invalid("The model of a session cannot be changed.", "session.model")
    refuse_reasoning(session["model"], checked, "session")
    output, current = checked.get("audio", {}).get("output", {}), session["audio"]["output"]
    refuse_new_voice(current["voice"], output, "session", locked=moment.voice_locked)
    if moment.responding and output.get("speed", current["speed"]) != current["speed"]:
        raise _invalid(
            "The speed can only be changed in between model turns, not while a response is in progress.",
            "session.audio.output.speed",
        )
    tracing = session["tracing"]
    if tracing is not None and checked.get("tracing", tracing) != tracing:
        raise _invalid("Tracing cannot be changed once it is enabled.", "session.tracing")


def refuse_reasoning(model: str, fields: Collection[str], path: str) -> None:
    """Refuse what only reasoning models know.

    Raises:
        Refusal: the ``model`` is none.
    """
    if not _REASONING.fullmatch(model):
        for name in _REASONING_ONLY:
            if name in fields:
                raise unknown_parameter(f"{path}.{name}")


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


def _refuse_transcription(heard: Json, session: Json) -> None:
    """What the transcription's model, the new one if there is a new one, cannot do."""
    path = "session.audio.input"
    current = session["audio"]["input"]["transcription"]
    transcription = heard.get("transcription", current) or {}
    model = transcription.get("model") or ""
    if "transcription" in heard:
        for key, models in _TRANSCRIPTION_ONLY.items():
            if transcription.get(key) is not None and model not in models:
                raise _unsupported(key.capitalize(), f"{path}.transcription.{key}")
        if transcription.get("prompt") and model in _WITHOUT_PROMPT:
            raise _unsupported("Prompt", f"{path}.transcription.prompt")
    if session["type"] == "transcription" and is_streaming(model) and heard.get("turn_detection") is not None:
        raise _unsupported("Turn detection", f"{path}.turn_detection")
    noise_reduction = heard.get("noise_reduction")
    if noise_reduction and "type" not in {
        **(session["audio"]["input"]["noise_reduction"] or {}),
        **noise_reduction,
    }:
        raise missing(f"{path}.noise_reduction.type")


def is_streaming(model: str | None) -> bool:
    """Whether a transcription model writes while the user speaks; it knows no turns of its own."""
    return model in _STREAMING


def _unsupported(what: str, param: str) -> Refusal:
    verb = "are" if what.endswith("s") else "is"
    return _invalid(f"{what} {verb} not supported for this transcription model.", param)


def _invalid(message: str, param: str) -> Refusal:
    return Refusal(message, code="invalid_value", param=param)
