"""Events out of frames: what the frames of every subject have in common."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from realtime_core.audio.formats import AudioFormat
from realtime_core.events import RealtimeErrorEvent, RealtimeEvent

from realtime_openai_wire.errors import error_message, meaning_of
from realtime_openai_wire.fields import identifier, mapping, text
from realtime_openai_wire.formats import format_from_wire
from realtime_openai_wire.state import WireState

__all__ = [
    "MALFORMED_FRAME",
    "Events",
    "Frame",
    "Handler",
    "error_event",
    "frame_ids",
    "malformed",
    "plain",
    "plain_event",
    "reported_format",
    "unreadable",
]

MALFORMED_FRAME: Final = "malformed_frame"
"""The code of the error event for a frame that cannot be read."""

Frame = Mapping[str, Any]
Events = tuple[RealtimeEvent, ...]
Handler = Callable[[WireState, str, Frame], Events]
"""Gets the session's state, the event's current name and the decoded frame; gives at least one event."""


def frame_ids(frame: Frame) -> dict[str, Any]:
    """The response and the item of a frame, wherever it names them."""
    return {
        "response_id": identifier(frame, "response_id") or identifier(mapping(frame, "response"), "id"),
        "item_id": identifier(frame, "item_id") or identifier(mapping(frame, "item"), "id"),
    }


def plain_event(name: str, frame: Frame, command_id: str | None = None) -> RealtimeEvent:
    """A frame that has no class of its own."""
    return RealtimeEvent(service_type=name, service_event=frame, command_id=command_id, **frame_ids(frame))


def plain(_: WireState, name: str, frame: Frame) -> Events:
    """The handler of a frame that means nothing beyond what it says."""
    return (plain_event(name, frame),)


def error_event(name: str, frame: Frame, error: Frame, command_id: str | None = None) -> RealtimeErrorEvent:
    """The ``error`` object that a frame holds."""
    code, error_type = identifier(error, "code"), identifier(error, "type")
    meaning = meaning_of(code, error_type, text(error, "message"))
    return RealtimeErrorEvent(
        service_type=name,
        service_event=frame,
        command_id=command_id,
        kind=meaning.kind,
        code=code or error_type,
        message=error_message(text(error, "message") or "", meaning.kind, text(error, "param")),
        retryable=meaning.retryable,
        fatal=meaning.fatal,
        benign=meaning.benign,
        **frame_ids(frame),
    )


def unreadable(why: str, **fields: Any) -> RealtimeErrorEvent:
    """The event for a frame, or a part of one, that cannot be read."""
    return RealtimeErrorEvent(kind="server", code=MALFORMED_FRAME, message=why, **fields)


def malformed(name: str, frame: Frame, why: str) -> RealtimeErrorEvent:
    """The event for a frame of a known name that lacks what makes it up."""
    why = f"a frame {name!r} is malformed: {why}"
    return unreadable(why, service_type=name, service_event=frame, **frame_ids(frame))


def reported_format(holder: Frame, direction: str) -> AudioFormat | None:
    """The audio format that a session or a response reports, also in the beta protocol's place."""
    current = mapping(mapping(holder, "audio"), direction).get("format")
    return format_from_wire(current) or format_from_wire(holder.get(f"{direction}_audio_format"))
