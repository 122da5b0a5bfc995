"""Frames of a client in the neutral words of the conformance kit.

Reads the wire by itself: what `realtime_openai_wire` makes of it is what is tested. Knows no sessions.
"""

import binascii
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import pybase64
from realtime_core.audio.formats import AudioFormat, Encoding
from realtime_core.contents import ImageContent, Message, ToolCall, ToolResult
from realtime_core.testing import HeardKind, Note

__all__ = ["note_of"]

Json: TypeAlias = Mapping[Any, Any]

_SETTINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "model": ("model",),
    "instructions": ("instructions",),
    "output_modalities": ("output_modalities",),
    "voice": ("audio", "output", "voice"),
    "speed": ("audio", "output", "speed"),
    "input_audio_format": ("audio", "input", "format"),
    "output_audio_format": ("audio", "output", "format"),
    "input_audio_transcription": ("audio", "input", "transcription"),
    "input_audio_noise_reduction": ("audio", "input", "noise_reduction"),
    "turn_detection": ("audio", "input", "turn_detection"),
    "tool_choice": ("tool_choice",),
    "max_output_tokens": ("max_output_tokens",),
    "parallel_tool_calls": ("parallel_tool_calls",),
    "reasoning": ("reasoning",),
    "truncation": ("truncation",),
    "tracing": ("tracing",),
    "prompt": ("prompt",),
    "include": ("include",),
}
"""Where a session object says each setting."""

_OPENAIS: Final = {"type", "tools", *(path[0] for path in _SETTINGS.values())}


def note_of(frame: Any, *, is_first: bool = False) -> Note:
    """What a frame says; ``is_first``: no configuration came before it."""
    match frame:
        case {"type": "session.update", "session": {**session}}:
            return Note("setup" if is_first else "update", _settings(session))
        case {"type": "conversation.item.create", "item": {**item}}:
            return _item(item) or Note("raw", frame)
        case {"type": str() as kind} if kind in _FRAMES:
            name, value = _FRAMES[kind]
            return Note(name, value(frame))
        case _:
            return Note("raw", frame)


def _nothing(_: Json) -> None:
    return None


def _audio(frame: Json) -> bytes:
    try:
        return pybase64.b64decode(frame.get("audio", ""), validate=True)
    except (binascii.Error, TypeError, ValueError):
        return b""


_FRAMES: Final[Mapping[str, tuple[HeardKind, Callable[[Json], Any]]]] = {
    "input_audio_buffer.append": ("audio", _audio),
    "input_audio_buffer.commit": ("commit", _nothing),
    "input_audio_buffer.clear": ("clear", _nothing),
    "response.create": ("response", lambda frame: frame.get("response") or {}),
    "response.cancel": ("cancel", lambda frame: frame.get("response_id", "")),
    "output_audio_buffer.clear": ("cancel", _nothing),
    "conversation.item.truncate": (
        "truncate",
        lambda frame: (frame.get("item_id"), frame.get("audio_end_ms")),
    ),
    "conversation.item.delete": ("delete", lambda frame: frame.get("item_id")),
}
"""What a frame is about, and its value."""


def _settings(session: Json) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, path in _SETTINGS.items():
        place: Any = session
        for key in path:
            place = place.get(key, _ABSENT) if isinstance(place, Mapping) else _ABSENT
        if place is not _ABSENT:
            found[name] = _NEUTRAL.get(name, _same)(place)
    if "tools" in session:
        found["tools"] = list(session["tools"])
    # what a service has beyond OpenAI's stands under its own name
    return {**{name: session[name] for name in session if name not in _OPENAIS}, **found}


def _format(value: Any) -> Any:
    match value:
        case {"type": "audio/pcm", "rate": int(rate)}:
            return AudioFormat("pcm16", rate)
        case {"type": str() as kind} if kind in _LAWS:
            return AudioFormat(_LAWS[kind])
        case _:
            return value


_LAWS: Final[Mapping[str, Encoding]] = {"audio/pcmu": "g711_ulaw", "audio/pcma": "g711_alaw"}


_ABSENT: Final = object()


def _same(value: Any) -> Any:
    return value


def _type_of(value: Any) -> Any:
    return value.get("type") if isinstance(value, Mapping) else value


_NEUTRAL: Final[Mapping[str, Callable[[Any], Any]]] = {
    "input_audio_noise_reduction": _type_of,
    "input_audio_format": _format,
    "output_audio_format": _format,
}
"""What the wire says in more words than core's settings."""


def _item(item: Json) -> Note | None:
    match item:
        case {"type": "function_call", "call_id": call_id, "name": name, "arguments": arguments}:
            return Note("call", ToolCall(call_id, name, arguments))
        case {"type": "function_call_output", "call_id": call_id, "output": output}:
            # the wire has no name here
            return Note("result", ToolResult(call_id, call_id, output))
        case {"type": "message", "content": [{"type": "input_image", "image_url": str() as url}, *_]}:
            return Note("image", ImageContent(pybase64.b64decode(url.partition(";base64,")[2])))
        case {"type": "message", "role": role, "content": [*contents]}:
            words = [content.get("text") or content.get("transcript") or "" for content in contents]
            return Note("message", Message(role, "\n".join(words)))
        case _:
            return None
