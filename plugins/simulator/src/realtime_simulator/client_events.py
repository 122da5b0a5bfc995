"""The events a client may send, and what each must hold.

Knows no state: what an event does is the engine's business.
"""

from typing import Any, Final

import msgspec

from realtime_simulator.refusals import Refusal, missing, wrong_type
from realtime_simulator.schema import Check, integer, nullable, record, string, word
from realtime_simulator.session_defaults import SessionKind

__all__ = ["CLIENT_EVENTS", "check", "decode", "event_id_of"]


def _anything(value: Any, _: str) -> Any:
    return value


def _event(*required: str, **fields: Check) -> Check:
    return record({"type": string(), "event_id": nullable(string()), **fields}, required=required)


CLIENT_EVENTS: Final[dict[str, Check]] = {
    "session.update": _event("session", session=_anything),
    "input_audio_buffer.append": _event("audio", audio=string()),
    "input_audio_buffer.commit": _event(),
    "input_audio_buffer.clear": _event(),
    "conversation.item.create": _event("item", item=_anything, previous_item_id=nullable(string())),
    "conversation.item.retrieve": _event("item_id", item_id=string()),
    "conversation.item.truncate": _event(
        "item_id",
        "content_index",
        "audio_end_ms",
        item_id=string(),
        content_index=integer(0),
        audio_end_ms=integer(0),
    ),
    "conversation.item.delete": _event("item_id", item_id=string()),
    "response.create": _event(response=_anything),
    "response.cancel": _event(response_id=nullable(string())),
    "output_audio_buffer.clear": _event(),
}
"""The check of each; what is only passed on here is checked by whoever owns it."""

_OF_SESSION: Final[dict[SessionKind, tuple[str, ...]]] = {
    "realtime": tuple(CLIENT_EVENTS),
    # of items and responses there is nothing to do in a session that only listens
    "transcription": (
        "session.update",
        "input_audio_buffer.append",
        "input_audio_buffer.commit",
        "input_audio_buffer.clear",
        "conversation.item.retrieve",
        "conversation.item.delete",
    ),
}
"""What a session of each kind takes; of a transcription session this is a guess by its documentation."""


def decode(text: str | bytes) -> Any:
    """The JSON value of a frame.

    Raises:
        Refusal: it is not JSON.
    """
    try:
        return msgspec.json.decode(text)
    # a DecodeError is a ValueError only in newer versions of msgspec
    except (msgspec.DecodeError, ValueError, RecursionError) as exc:
        raise Refusal("The event could not be parsed as JSON.", code="invalid_event") from exc


def event_id_of(event: Any) -> str | None:
    """The id by which an error names the client's event; None: it has none that can be echoed."""
    event_id = event.get("event_id") if isinstance(event, dict) else None
    return event_id if isinstance(event_id, str) else None


def check(event: Any, kind: SessionKind = "realtime") -> dict[str, Any]:
    """The event, if it is one that a client may send in a session of that ``kind``.

    Raises:
        Refusal: it is none.
    """
    if not isinstance(event, dict):
        raise Refusal(str(wrong_type("event", "an object", event)), code="invalid_event")
    if "type" not in event:
        raise missing("type")
    name = word(*_OF_SESSION[kind])(event["type"], "type")
    checked: dict[str, Any] = CLIENT_EVENTS[name](event, "")
    return checked
