"""Which calls of the model are known, which are answered, and when the model is to go on.

Pure. A call is known by its response and its id: some services begin again at ``call_0`` in every response.
The model goes on once per response, when that is done and every call of it is answered.
"""

from typing import Final

import attrs

__all__ = ["CallLedger"]

_MOST_RESPONSES: Final = 256
_MOST_ANSWERED: Final = 1024


@attrs.define(eq=False)
class _Group:
    done: bool = False
    goes_on: bool = False
    told: bool = False
    open: set[str] = attrs.field(factory=set)
    known: set[str] = attrs.field(factory=set)


class CallLedger:
    """The calls of one session; of the latest 256 responses with calls."""

    def __init__(self) -> None:
        self._groups: dict[str | None, _Group] = {}
        # where responses have no ids and no end, only what is open can be told from what comes again
        self._answered: dict[str, None] = {}

    def begin(self, response_id: str | None, call_id: str, *, goes_on: bool = True) -> bool:
        """A call has come: whether it is new. ``goes_on``: it is made here; where none of a response's is,
        whoever answers them also says when the model is to go on.
        """
        group = self._groups.get(response_id)
        if group is None or (response_id is None and group.done):
            # where responses have no ids, the end of one is all that tells it from the next
            self._make_room()
            group = self._groups[response_id] = _Group()
        if call_id in (group.open if response_id is None else group.known):
            return False
        self._answered.pop(call_id, None)
        if response_id is not None:
            group.known.add(call_id)
        group.goes_on = group.goes_on or goes_on
        group.open.add(call_id)
        return True

    def knows(self, call_id: str) -> bool:
        """Whether a call of that id has come."""
        return call_id in self._answered or any(call_id in group.open for group in self._groups.values())

    def answered(self, response_id: str | None, call_id: str, *, told: bool = True) -> bool:
        """A call has its answer, or wants none any more: whether the model is to go on now. ``told``: the
        model has the answer; where it has none of a response's, there is nothing to go on with.
        """
        group = self._groups.get(response_id)
        if group is None or call_id not in group.open:
            return False
        group.open.discard(call_id)
        if len(self._answered) >= _MOST_ANSWERED:
            del self._answered[next(iter(self._answered))]
        self._answered[call_id] = None
        group.told = group.told or told
        return group.done and _may_go_on(group)

    def response_done(self, response_id: str | None) -> bool:
        """A response has ended: whether the model is to go on now."""
        group = self._groups.get(response_id)
        if group is None or group.done:
            return False
        group.done = True
        return _may_go_on(group)

    def _make_room(self) -> None:
        if len(self._groups) >= _MOST_RESPONSES:
            idle = (name for name, group in self._groups.items() if group.done and not group.open)
            del self._groups[next(idle, next(iter(self._groups)))]


def _may_go_on(group: _Group) -> bool:
    return group.goes_on and group.told and not group.open
