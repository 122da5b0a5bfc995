"""What the parts of one session's engine share, and the frames that can go out at once.

Decides nothing.
"""

from collections import deque
from typing import Any

import attrs

from realtime_simulator.frames import End, Frame, Frames, Ids
from realtime_simulator.items import Conversation, Item
from realtime_simulator.options import SimulatorOptions
from realtime_simulator.pacing import Pacer
from realtime_simulator.refusals import Refusal
from realtime_simulator.session import Session

__all__ = ["Outbox", "Parts"]


class Outbox:
    """The frames that wait for nothing, in order, and the end."""

    def __init__(self, frames: Frames) -> None:
        self._frames = frames
        self._waiting: deque[Frame | End] = deque()

    def send(self, kind: str, /, **payload: Any) -> None:
        """An event."""
        self.put(self._frames(kind, **payload))

    def fail(self, refusal: Refusal, event_id: str | None = None) -> None:
        """The event that refuses a client's."""
        self.send("error", error=refusal.body(event_id))

    def put(self, *frames: Frame | End) -> None:
        """Frames that are made already."""
        self._waiting.extend(frames)

    def take(self) -> Frame | End | None:
        """The first; None: there is none."""
        return self._waiting.popleft() if self._waiting else None


@attrs.define(eq=False)
class Parts:
    """One session, without what is done with it."""

    options: SimulatorOptions
    ids: Ids
    frames: Frames
    outbox: Outbox
    pacer: Pacer
    session: Session
    conversation: Conversation
    now_s: float
    """The time of what is being done."""

    def show_item(self, item: Item, previous_item_id: str | None) -> None:
        """Tell of an item that is in the conversation, whole."""
        for phase in ("added", "done"):
            self.outbox.send(
                f"conversation.item.{phase}", previous_item_id=previous_item_id, item=item.wire()
            )
