"""Frames that hold what the assistant says, spoken or written: new pieces, once each, and finished texts."""

from collections.abc import Iterable
from typing import Any, Final

from realtime_core.contents import TextContent
from realtime_core.events import RealtimeTextEvent, RealtimeTranscriptEvent

from realtime_openai_wire.fields import identifier, integer, mapping, objects, text
from realtime_openai_wire.frame_events import Events, Frame, frame_ids, malformed, plain_event
from realtime_openai_wire.names import ListenEvents
from realtime_openai_wire.state import WireState

__all__ = ["part_done", "text_delta", "text_done", "texts_of_items"]

_WRITTEN: Final = ListenEvents.RESPONSE_OUTPUT_TEXT_DONE.removesuffix(".done")
_SPOKEN: Final = ListenEvents.RESPONSE_OUTPUT_AUDIO_TRANSCRIPT_DONE.removesuffix(".done")

_CONTENTS: Final = {
    "text": (_WRITTEN, "text"),
    "output_text": (_WRITTEN, "text"),
    "audio": (_SPOKEN, "transcript"),
    "output_audio": (_SPOKEN, "transcript"),
}
"""The type of a content: the kind of the events that bring its text, and the field that holds it."""


def text_delta(state: WireState, name: str, frame: Frame) -> Events:
    """A new piece, unless it comes after the end of its text."""
    piece = text(frame, "delta")
    if piece is None:
        return (malformed(name, frame, "it has no text"),)
    ids = frame_ids(frame)
    part = (ids["item_id"], integer(frame, "content_index"), name.removesuffix(".delta"))
    if not state.responses.add_text(ids["response_id"], part, piece):
        return (plain_event(name, frame),)
    return (RealtimeTextEvent(service_type=name, service_event=frame, text=TextContent(piece), **ids),)


def text_done(state: WireState, name: str, frame: Frame) -> Events:
    """A finished text, and before it what no piece brought."""
    reported = text(frame, "text")
    if reported is None:
        reported = text(frame, "transcript")
    ids = frame_ids(frame)
    part = (ids["item_id"], integer(frame, "content_index"), name.removesuffix(".done"))
    whole, rest = state.responses.finish_text(ids["response_id"], part, reported)
    same: dict[str, Any] = {"service_type": name, "service_event": frame, **ids}
    final = RealtimeTranscriptEvent(role="assistant", text=whole, final=True, **same)
    return (RealtimeTextEvent(text=TextContent(rest), **same), final) if rest else (final,)


def part_done(state: WireState, name: str, frame: Frame) -> Events:
    """A finished part of an item, which most often says again what was said."""
    plain = plain_event(name, frame)
    kind, words = _words(mapping(frame, "part"))
    if words is None:
        return (plain,)
    part = (plain.item_id, integer(frame, "content_index"), kind)
    rest = state.responses.show_text(plain.response_id, part, words)
    return (*_pieces(name, frame, rest, plain.item_id), plain)


def texts_of_items(state: WireState, name: str, frame: Frame, items: Iterable[Frame]) -> Events:
    """What no frame before has said of finished items."""
    response_id = frame_ids(frame)["response_id"]
    events: list[Any] = []
    for item in items:
        item_id = identifier(item, "id")
        if item.get("type") != "message" or item.get("role") not in ("assistant", None):
            continue
        for index, content in enumerate(objects(item, "content")):
            kind, words = _words(content)
            if words is not None:
                rest = state.responses.show_text(response_id, (item_id, index, kind), words, listed=True)
                events += _pieces(name, frame, rest, item_id)
    return tuple(events)


def _words(content: Frame) -> tuple[str, str | None]:
    """What a content says, and the kind of the events that bring it."""
    kind, field = _CONTENTS.get(identifier(content, "type") or "", ("", ""))
    return kind, text(content, field)


def _pieces(name: str, frame: Frame, rest: str, item_id: str | None) -> Events:
    if not rest:
        return ()
    ids = {**frame_ids(frame), "item_id": item_id}
    return (RealtimeTextEvent(service_type=name, service_event=frame, text=TextContent(rest), **ids),)
