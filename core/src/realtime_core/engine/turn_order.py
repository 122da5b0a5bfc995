"""The order of a conversation: each turn behind the one that the service named, however late that one comes.

Knows nothing of what turns hold.
"""

from collections.abc import Iterator
from typing import Final

from realtime_core.engine.turn import Turn

__all__ = ["TurnOrder"]

# turns that wait for the one before them; beyond that a turn stays at the end, where it is
_MOST_WAITING: Final = 64


class TurnOrder:
    """Turns in order. A turn stands at the end until its place is told, which is done once."""

    def __init__(self) -> None:
        self._turns: list[Turn] = []
        self._waiting: dict[str, list[Turn]] = {}
        self._waiting_turns = 0

    def __iter__(self) -> Iterator[Turn]:
        return iter(self._turns)

    def __reversed__(self) -> Iterator[Turn]:
        return reversed(self._turns)

    def append(self, turn: Turn, *, before: Turn | None = None) -> None:
        """A new turn, at the end, or before another; its place may still be told."""
        self._turns.insert(len(self._turns) if before is None else self._index(before), turn)
        self.know(turn)

    def know(self, turn: Turn) -> None:
        """The item id of ``turn`` is known now: what waits for that one finds its place."""
        waiting = self._waiting.pop(turn.item_id, None) if turn.item_id is not None else None
        for follower in waiting or ():
            self._waiting_turns -= 1
            self._put_behind(turn, follower)

    def place(self, turn: Turn, item_id: str | None) -> None:
        """The place of ``turn`` is behind ``item_id``, or, with None, at the end; told again, it stays."""
        if turn.placed:
            return
        turn.placed = True
        turn.follows = item_id
        before = self._find(item_id) if item_id is not None else None
        if before is not None and before is not turn:
            self._put_behind(before, turn)
            return
        self._turns += self._take_out(turn)
        if item_id is not None and self._waiting_turns < _MOST_WAITING:
            self._waiting_turns += 1
            self._waiting.setdefault(item_id, []).append(turn)

    def remove(self, turn: Turn) -> None:
        """``turn`` leaves."""
        del self._turns[self._index(turn)]
        waiting = self._waiting.get(turn.follows, []) if turn.follows is not None else []
        if turn in waiting:
            waiting.remove(turn)
            self._waiting_turns -= 1

    def _put_behind(self, before: Turn, turn: Turn) -> None:
        moved = self._take_out(turn)
        if before in moved:  # a service that contradicts itself
            self._turns += moved
            return
        at = self._index(before) + 1
        while at < len(self._turns) and self._turns[at].local:
            at += 1
        self._turns[at:at] = moved

    def _take_out(self, turn: Turn) -> list[Turn]:
        """``turn``, and those directly behind it that were told to follow it."""
        begin = self._index(turn)
        end = begin + 1
        ids = {turn.item_id}
        while end < len(self._turns) and self._turns[end].placed and self._turns[end].follows in ids:
            ids.add(self._turns[end].item_id)
            end += 1
        moved = self._turns[begin:end]
        del self._turns[begin:end]
        return moved

    # both look from the end, where almost everything happens

    def _index(self, turn: Turn) -> int:
        return next(at for at in range(len(self._turns) - 1, -1, -1) if self._turns[at] is turn)

    def _find(self, item_id: str) -> Turn | None:
        return next((turn for turn in reversed(self._turns) if turn.item_id == item_id), None)
