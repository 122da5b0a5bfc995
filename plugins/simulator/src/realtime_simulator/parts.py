"""What the parts of one session's engine share, and the frames that can go out at once.

Decides nothing.
"""

from collections import deque
from typing import Any, Final

import attrs

from realtime_simulator.frames import End, Frame, Frames, Ids
from realtime_simulator.items import Conversation, Item
from realtime_simulator.options import SimulatorOptions
from realtime_simulator.pacing import Pacer
from realtime_simulator.refusals import Refusal
from realtime_simulator.session import Session

__all__ = ["Outbox", "Parts"]


MAX_FRAMES: Final = 1024
MAX_CHARACTERS: Final = 32 * 1024 * 1024
"""How much may wait until the client is not listened to."""


class Outbox:
    """The frames that wait for nothing, in order, and the end."""

    def __init__(self, frames: Frames) -> None:
        self._frames = frames
        self._waiting: deque[Frame | str | End] = deque()
        self._characters = 0
        self.end: End | None = None
        """The end, once it waits too."""

    def send(self, kind: str, /, **payload: Any) -> None:
        """An event."""
        self.put(self._frames(kind, **payload))

    def fail(self, refusal: Refusal, event_id: str | None = None) -> None:
        """The event that refuses a client's."""
        self.send("error", error=refusal.body(event_id))

    def put(self, *frames: Frame | str | End) -> None:
        """Frames that are made already; text goes out as it is."""
        for frame in frames:
            self._waiting.append(frame)
            if isinstance(frame, End):
                self.end = frame
            else:
                self._characters += _characters(frame)

    def take(self) -> Frame | str | End | None:
        """The first; None: there is none."""
        if not self._waiting:
            return None
        frame = self._waiting.popleft()
        if not isinstance(frame, End):
            self._characters -= _characters(frame)
        return frame

    @property
    def is_full(self) -> bool:
        """Whether so much waits that nothing should be added."""
        return len(self._waiting) > MAX_FRAMES or self._characters > MAX_CHARACTERS


def _characters(value: Any) -> int:
    """How much text a frame holds: what makes it large."""
    match value:
        case str():
            return len(value)
        case dict():
            return sum(map(_characters, value.values()))
        case list():
            return sum(map(_characters, value))
        case _:
            return 0


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
