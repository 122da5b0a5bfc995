"""The session as a client finds it: what is in force until an update says otherwise.

Knows nothing of updates.
"""

from typing import Any, Final, Literal, TypeAlias

__all__ = ["DEFAULT_INSTRUCTIONS", "DEFAULT_MODEL", "SessionKind", "default_detection", "default_session"]

Json: TypeAlias = dict[str, Any]

SessionKind: TypeAlias = Literal["realtime", "transcription"]
"""A conversation, or one in which the user is only written down."""

DEFAULT_MODEL: Final = "gpt-realtime-2.1"

DEFAULT_INSTRUCTIONS: Final = (
    "You are the offline simulator of a realtime voice service. You have no knowledge and no opinions. "
    "Be brief, be warm, and say what your script says."
)
"""In force while the client has given none, as the service has a default paragraph of its own."""

_PCM: Final = {"type": "audio/pcm", "rate": 24000}
_DETECTIONS: Final[dict[str, Json]] = {
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
_OF_ANSWERS: Final = {"idle_timeout_ms", "create_response", "interrupt_response"}
"""What turn detection does to responses, of which a transcription session has none."""


def default_detection(kind: SessionKind, detection: str) -> Json:
    """The whole ``turn_detection`` of one type, as a session of that kind shows it."""
    whole = _DETECTIONS[detection]
    if kind == "realtime":
        return whole
    return {key: value for key, value in whole.items() if key not in _OF_ANSWERS}


def default_session(
    session_id: str, model: str, *, voice: str, expires_at: int, kind: SessionKind = "realtime"
) -> Json:
    """The session of ``session.created``; a conversation's is key by key as captured.

    Of transcription sessions there is no capture: theirs follows the types of the ``openai`` package.
    """
    heard = {
        "format": _PCM,
        "transcription": None,
        "noise_reduction": None,
        "turn_detection": default_detection(kind, "server_vad"),
    }
    if kind == "transcription":
        return {
            "type": "transcription",
            "object": "realtime.transcription_session",
            "id": session_id,
            "expires_at": expires_at,
            "audio": {"input": heard},
            "include": None,
        }
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
        "audio": {"input": heard, "output": {"format": _PCM, "voice": voice, "speed": 1.0}},
        "include": None,
    }
