"""Which turn a piece belongs to that has no item id, at services that have none.

Knows nothing of what turns hold beyond whether they have words. The assistant's pieces of one response are
one turn; outside of responses they are until the other side speaks, and a call ends them in any case. What
the user said goes to the oldest of the last two turns that wait for their words; a late transcript stands
before the answer to it.
"""

from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from realtime_core.contents import Role
from realtime_core.engine.turn import Turn

__all__ = ["NamelessTurns"]

# a turn that never gets its words holds up those after it no further than this
_MOST_HEARD: Final = 2


class NewTurn(Protocol):
    """Makes a turn, at the end or before another."""

    def __call__(self, role: Role, *, before: Turn | None = None) -> Turn: ...


class NamelessTurns:
    """The turns that are open for pieces without an id."""

    def __init__(self, new_turn: NewTurn, end_turn: Callable[[Turn], None]) -> None:
        self._new_turn = new_turn
        self._end_turn = end_turn
        self._said: dict[str | None, Turn] = {}
        """The assistant's, by response."""
        self._heard: deque[Turn] = deque(maxlen=_MOST_HEARD)
        """The user's, of which more may come, oldest first."""
        self._committed: set[Turn] = set()
        """Those of them that have ended, and wait for their words."""
        self._last: dict[Role, Turn] = {}
        self._responding = False
        self._answering = False
        """A response runs, and the user has not begun to speak since it began."""
        self._answer: Turn | None = None
        """The first turn of it, then."""
        self._answered: list[Turn] = []
        """What the user had said when it began."""

    @property
    def last_said(self) -> Turn | None:
        """The assistant's latest turn."""
        return self._last.get("assistant")

    def response_created(self, response_id: str | None) -> None:
        """A response begins."""
        self._said.pop(response_id, None)
        self._responding = self._answering = True
        self._answer = None
        self._answered = list(self._heard)

    def response_done(self, response_id: str | None) -> None:
        """A response ends, and with it what the user had said before it, if there are words of that."""
        self._said.pop(response_id, None)
        self._responding = self._answering = False
        self._answer = None
        self._forget_heard(self._answered)
        self._answered = []

    def user_began(self) -> None:
        """The user begins to speak, or has written: what is heard from now on is not what was answered."""
        self._answering = False
        self._answer = None
        self._other_side()

    def committed(self) -> None:
        """The user's turn has ended; its words may be known, or come later."""
        turn = next((turn for turn in self._heard if turn not in self._committed), None)
        if turn is None:
            turn = self._hear()
        self._committed.add(turn)

    def called(self, turn: Turn) -> None:
        """The assistant calls a function: what it says afterwards is another turn."""
        self._end_said()
        self._begin_answer(turn)

    def saying(self, response_id: str | None) -> Turn:
        """The turn of a new piece of the assistant's."""
        turn = self._said.get(response_id)
        if turn is None:
            if not self._responding:
                self._forget_heard(list(self._heard))
            turn = self._said[response_id] = self._last["assistant"] = self._new_turn("assistant")
            self._begin_answer(turn)
        return turn

    def said(self, response_id: str | None) -> Turn:
        """The turn of a finished text of the assistant's."""
        last = self.last_said
        if response_id not in self._said and last is not None and not last.has_whole:
            return last
        return self.saying(response_id)

    def hearing(self) -> Turn:
        """The turn of a new piece of the user's."""
        return self._heard[0] if self._heard else self._hear()

    def heard(self) -> Turn:
        """The turn of a finished transcript of the user's."""
        last = self._last.get("user")
        if not self._heard and last is not None and not last.has_whole:
            return last
        turn = self.hearing()
        self._heard.popleft()
        self._committed.discard(turn)
        return turn

    def _hear(self) -> Turn:
        turn = self._new_turn("user", before=self._answer)
        if self._answering:
            self._answered.append(turn)
        self._other_side()
        if len(self._heard) == _MOST_HEARD:
            self._committed.discard(self._heard[0])
        self._heard.append(turn)
        self._last["user"] = turn
        return turn

    def _other_side(self) -> None:
        if not self._responding:
            self._end_said()

    def _end_said(self) -> None:
        for turn in self._said.values():
            self._end_turn(turn)
        self._said.clear()

    def _begin_answer(self, turn: Turn) -> None:
        if self._answering and self._answer is None:
            self._answer = turn

    def _forget_heard(self, turns: list[Turn]) -> None:
        for turn in turns:
            if turn in self._heard and turn.text:
                self._heard.remove(turn)
                self._committed.discard(turn)
                self._end_turn(turn)
