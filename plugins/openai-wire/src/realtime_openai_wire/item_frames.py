"""Frames that tell of the conversation's items: what becomes of them, which answers commands.

A function call among them is one that the client itself added, or the mirror of one that the frames of its
response tell of; neither is to be made.
"""

from typing import Any, Final, Literal

from realtime_core.events import RealtimeItemEvent

from realtime_openai_wire.calls import call_id_of
from realtime_openai_wire.fields import identifier, mapping, number
from realtime_openai_wire.frame_events import Events, Frame, Handler, frame_ids, plain_event
from realtime_openai_wire.items import item_from_wire, role_of
from realtime_openai_wire.names import ListenEvents, SendEvents
from realtime_openai_wire.state import WireState

__all__ = ["ITEM_FRAMES"]


def _added(state: WireState, name: str, frame: Frame) -> Events:
    command_id = _answered(state, SendEvents.CONVERSATION_ITEM_CREATE, frame)
    if command_id is None:
        state.pending.doubt(SendEvents.CONVERSATION_ITEM_CREATE)
    return _item(state, name, frame, phase="added", command_id=command_id)


def _done(state: WireState, name: str, frame: Frame) -> Events:
    # for services that never say "added"
    command_id = _answered(state, SendEvents.CONVERSATION_ITEM_CREATE, frame)
    return _item(state, name, frame, phase="done", command_id=command_id)


def _retrieved(state: WireState, name: str, frame: Frame) -> Events:
    return (plain_event(name, frame, _answered(state, SendEvents.CONVERSATION_ITEM_RETRIEVE, frame)),)


def _truncated(state: WireState, name: str, frame: Frame) -> Events:
    command_id = _answered(state, SendEvents.CONVERSATION_ITEM_TRUNCATE, frame)
    left_ms = number(frame, "audio_end_ms")
    keep_ms = None if left_ms is None or left_ms < 0 else int(left_ms)
    return _event(name, frame, phase="truncated", keep_ms=keep_ms, command_id=command_id)


def _deleted(state: WireState, name: str, frame: Frame) -> Events:
    command_id = _answered(state, SendEvents.CONVERSATION_ITEM_DELETE, frame)
    return _event(name, frame, phase="deleted", command_id=command_id)


ITEM_FRAMES: Final[dict[str, Handler]] = {
    ListenEvents.CONVERSATION_ITEM_ADDED: _added,
    ListenEvents.CONVERSATION_ITEM_DONE: _done,
    ListenEvents.CONVERSATION_ITEM_RETRIEVED: _retrieved,
    ListenEvents.CONVERSATION_ITEM_TRUNCATED: _truncated,
    ListenEvents.CONVERSATION_ITEM_DELETED: _deleted,
}


def _answered(state: WireState, kind: str, frame: Frame) -> str | None:
    return state.pending.answer_item(kind, frame_ids(frame)["item_id"])


def _item(
    state: WireState, name: str, frame: Frame, *, phase: Literal["added", "done"], command_id: str | None
) -> Events:
    item = mapping(frame, "item")
    call_id, function = call_id_of(item), identifier(item, "name")
    if item.get("type") == "function_call" and call_id is not None and function is not None:
        state.call_names.note(call_id, function)
    return _event(
        name,
        frame,
        phase=phase,
        command_id=command_id,
        previous_item_id=identifier(frame, "previous_item_id"),
        role=role_of(item),
        item=item_from_wire(item, state.call_names),
    )


def _event(name: str, frame: Frame, **fields: Any) -> Events:
    return (RealtimeItemEvent(service_type=name, service_event=frame, **frame_ids(frame), **fields),)
