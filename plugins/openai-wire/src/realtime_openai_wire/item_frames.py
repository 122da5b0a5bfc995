"""Frames that tell of the conversation's items, of whatever kind: plain events, which answer commands.

A function call among them is one that the client itself added, or the mirror of one that the frames of its
response tell of; neither is to be made.
"""

from collections.abc import Callable
from typing import Final

from realtime_openai_wire.frame_events import Events, Frame, Handler, frame_ids, plain_event
from realtime_openai_wire.names import ListenEvents, SendEvents
from realtime_openai_wire.state import WireState

__all__ = ["ITEM_FRAMES"]


def _answers(kind: str) -> Callable[[WireState, str, Frame], Events]:
    """The handler of what answers a frame of that kind."""

    def handle(state: WireState, name: str, frame: Frame) -> Events:
        command_id = state.pending.answer_item(kind, frame_ids(frame)["item_id"])
        return (plain_event(name, frame, command_id),)

    return handle


def _added(state: WireState, name: str, frame: Frame) -> Events:
    item_id = frame_ids(frame)["item_id"]
    command_id = state.pending.answer_item(SendEvents.CONVERSATION_ITEM_CREATE, item_id)
    if command_id is None:
        state.pending.doubt(SendEvents.CONVERSATION_ITEM_CREATE)
    return (plain_event(name, frame, command_id),)


ITEM_FRAMES: Final[dict[str, Handler]] = {
    ListenEvents.CONVERSATION_ITEM_ADDED: _added,
    # for services that never say "added"
    ListenEvents.CONVERSATION_ITEM_DONE: _answers(SendEvents.CONVERSATION_ITEM_CREATE),
    ListenEvents.CONVERSATION_ITEM_RETRIEVED: _answers(SendEvents.CONVERSATION_ITEM_RETRIEVE),
    ListenEvents.CONVERSATION_ITEM_TRUNCATED: _answers(SendEvents.CONVERSATION_ITEM_TRUNCATE),
    ListenEvents.CONVERSATION_ITEM_DELETED: _answers(SendEvents.CONVERSATION_ITEM_DELETE),
}
