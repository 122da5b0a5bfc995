"""Frames of the service as events: the table of the whole protocol, which joins those of each subject.

Nothing in a frame can make this raise. What is not in the table is a plain event.
"""

from typing import Final

from realtime_openai_wire.fields import LONGEST_NAME
from realtime_openai_wire.frame_events import Events, Frame, Handler, plain_event, unreadable
from realtime_openai_wire.input_frames import INPUT_FRAMES
from realtime_openai_wire.item_frames import ITEM_FRAMES
from realtime_openai_wire.names import GA_NAMES
from realtime_openai_wire.response_frames import RESPONSE_FRAMES
from realtime_openai_wire.session_frames import SESSION_FRAMES
from realtime_openai_wire.state import WireState

__all__ = ["SERVER_FRAMES", "server_events"]

SERVER_FRAMES: Final[dict[str, Handler]] = {
    str(name): handler
    for frames in (RESPONSE_FRAMES, ITEM_FRAMES, INPUT_FRAMES, SESSION_FRAMES)
    for name, handler in frames.items()
}
"""The current name of every event to its handler, as plain strings, which look up faster than members."""

_TABLE: Final[dict[str, tuple[str, Handler]]] = {
    **{name: (name, handler) for name, handler in SERVER_FRAMES.items()},
    **{old: (name, SERVER_FRAMES[name]) for old, name in GA_NAMES.items()},
}
"""A frame's raw ``type``, current or old, to its current name and its handler."""


def server_events(state: WireState, name: str, frame: Frame) -> Events:
    """The events of a frame whose raw ``type`` is ``name``: at least one."""
    row = _TABLE.get(name)
    if row is None and len(name) > LONGEST_NAME:
        return (unreadable(f"a frame's type has {len(name)} characters", service_event=frame),)
    if row is None:
        return (plain_event(name, frame),)
    current_name, handle = row
    return handle(state, current_name, frame)
