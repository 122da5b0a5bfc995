"""All turns of a conversation, in order: which one an event tells of, by whatever it is known.

Knows nothing of what events mean beyond that, and nothing of captions.
"""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Final

from realtime_core.contents import ConversationItem, Role, ToolCall, ToolResult
from realtime_core.engine.turn import Turn
from realtime_core.engine.turn_order import TurnOrder
from realtime_core.events import RealtimeEvent, RealtimeItemEvent

__all__ = ["Turns"]

# ids of deleted items, of which late events may still come
_MOST_DELETED: Final = 256


class Turns:
    """A turn is known by the id of its item, the command that adds it, the call that it is or answers."""

    def __init__(self, on_removed: Callable[[Turn], None]) -> None:
        self._on_removed = on_removed
        self._keys = count(1)
        self._order = TurnOrder()
        self._items: dict[str, Turn] = {}
        self._calls: dict[str, Turn] = {}
        self._results: dict[str, Turn] = {}
        self._sent: dict[str, Turn] = {}
        """What this side added, by command, until the service tells of it."""
        self._deleted: dict[str, None] = {}

    def __iter__(self) -> Iterator[Turn]:
        return iter(self._order)

    def get(self, item_id: str | None) -> Turn | None:
        """The turn of an item, if it is known."""
        return None if item_id is None else self._items.get(item_id)

    def named(self, item_id: str | None) -> Turn | None:
        """The turn of an item, which is new if it is not known; None without an id."""
        if item_id is None:
            return None
        turn = self._items.get(item_id)
        if turn is None:
            turn = self._items[item_id] = Turn(item_id, item_id)
            self._order.append(turn)
        return turn

    def new(self, role: Role | None = None, *, before: Turn | None = None) -> Turn:
        """A turn without an id, at the end or before another."""
        turn = Turn(f"local_{next(self._keys)}", role=role)
        self._order.append(turn, before=before)
        return turn

    def sent(self, item: ConversationItem, command_id: str) -> Turn:
        """The turn of what this side adds."""
        turn = self._sent[command_id] = self._of(item) or self.new()
        return turn

    def refused(self, command_id: str) -> None:
        """What that command was to add leaves, unless the service has told of it."""
        turn = self._sent.pop(command_id, None)
        if turn is None or turn.gone or turn.item_id is not None:
            return
        if all(other is not turn for other in self._sent.values()):
            self._remove(turn)

    def told(self, event: RealtimeEvent, item: ConversationItem | None) -> Turn:
        """The turn that ``event`` tells of, which holds ``item``; new if it is not known."""
        sent = self._sent.pop(event.command_id, None) if event.command_id is not None else None
        known = sent or self._of(item)
        if (
            known is not None
            and None not in (known.item_id, event.item_id)
            and known.item_id != event.item_id
        ):
            known = None  # a call id that serves twice
        named = self.get(event.item_id)
        if named is not None and known is not None and named is not known:
            # both were told of before anything said that they are one
            self._remove(known)
            named.absorb(known)
            self.hold(named, named.item)
        turn = named or known
        if turn is None:
            turn = self.named(event.item_id) or self.new()
        elif turn.item_id is None and event.item_id is not None:
            turn.item_id = event.item_id
            self._items[event.item_id] = turn
            self._order.know(turn)
        return turn

    def hold(self, turn: Turn, item: ConversationItem | None) -> None:
        """``turn`` is the one of that call, or of that result."""
        match item:
            case ToolCall(call_id):
                self._calls[call_id] = turn
            case ToolResult(call_id):
                self._results[call_id] = turn

    def place(self, turn: Turn, previous_item_id: str | None) -> None:
        """The service tells the place of ``turn``."""
        self._order.place(turn, previous_item_id)

    def delete(self, item_id: str) -> Turn | None:
        """The service has that item no more; the turn that stays all the same, as the assistant was cut short
        before anybody heard it.
        """
        turn = self._items.pop(item_id, None)
        if len(self._deleted) >= _MOST_DELETED:
            del self._deleted[next(iter(self._deleted))]
        self._deleted[item_id] = None
        if turn is not None and turn.interrupted:
            turn.heard_ms, turn.local = 0.0, True
            return turn
        if turn is not None:
            self._remove(turn)
        return None

    def is_late(self, event: RealtimeEvent) -> bool:
        """Whether ``event`` is about an item that was deleted; one that adds it anew is not late."""
        if event.item_id not in self._deleted:
            return False
        if isinstance(event, RealtimeItemEvent) and event.phase == "added":
            del self._deleted[event.item_id]
            return False
        return True

    def _of(self, item: ConversationItem | None) -> Turn | None:
        match item:
            case ToolCall(call_id):
                return self._calls.get(call_id)
            case ToolResult(call_id):
                return self._results.get(call_id)
            case _:
                return None

    def _remove(self, turn: Turn) -> None:
        self._order.remove(turn)
        match turn.item:
            case ToolCall(call_id) if self._calls.get(call_id) is turn:
                del self._calls[call_id]
            case ToolResult(call_id) if self._results.get(call_id) is turn:
                del self._results[call_id]
        turn.gone = True
        self._on_removed(turn)
