"""Which text of a response was given out, so that printing each new piece prints the reply exactly once.

A text comes in deltas, in its own ``done``, and again in the ``done`` of its part, its item and its
response; services leave out any of them. Whatever comes first is given out, whatever is missing from it
later is the rest, and what comes again is nothing. Where that cannot be told, nothing is given out twice:

* a part goes by its item, its index and its kind; an id or an index that a frame leaves out fits any, so
  long as the text fits too: what was given begins the whole, outer blanks aside;
* a part ends with its whole text, and what is said of a part by its full name afterwards is nothing; without
  its full name, it is nothing new if it is the same text, else another part;
* a whole that contradicts what was given of its part has no rest;
* in the list of an item's contents, the position may not be the index of the deltas, nor the type their kind:
  any text of the item that fits is the same one.

All is bounded: ended parts are remembered by a number alone, the latest 256 of them; of parts that never
end the latest 64.
"""

from collections.abc import Iterable, Iterator
from typing import Final

__all__ = ["GivenTexts", "PartKey"]

PartKey = tuple[str | None, int | None, str]
"""A stream of text in a response: its item, the index of its part, the kind of its events."""

_MOST_OPEN: Final = 64
_MOST_ENDED: Final = 256
# what a piece costs beyond its characters
_PIECE_COST: Final = 64


class GivenTexts:
    """The texts of one response."""

    def __init__(self) -> None:
        self.cost = 0
        """About the characters that are remembered."""
        self._open: dict[PartKey, list[str]] = {}
        self._ended: dict[tuple[PartKey, int], None] = {}
        self._overfull = False

    def add(self, part: PartKey, piece: str) -> bool:
        """Note that a piece is given out; False: it is not to be, for its part has ended."""
        if self._overfull:
            return True
        if self._ended and None not in part and any(key == part for key, _ in self._ended):
            return False
        pieces = self._open.get(part)
        if pieces is None:
            fitting = list(self._fitting(part))
            pieces = self._open[fitting[0]] if len(fitting) == 1 else self._begin(part)
        pieces.append(piece)
        self.cost += len(piece) + _PIECE_COST
        return True

    def finish(self, part: PartKey, whole: str | None) -> tuple[str, str]:
        """The whole text of a part that has ended, and what of it was not yet given out.

        ``whole`` is what the service says it is.
        """
        if self._overfull:
            return whole or "", ""
        if whole is not None:
            return whole, self._rest(part, whole)
        key = next(self._fitting(part), part)
        given = self._given(key)
        if None in key:
            self._end(key, key, given)
        return given, ""

    def show(self, part: PartKey, whole: str, *, listed: bool = False) -> str:
        """What was not yet given out of a text that is shown once more.

        ``listed``: in an item's list of contents, at the position that ``part`` has for its index.
        """
        if self._overfull:
            return ""
        if None not in part and any(None in key and _fit(key, part) for key, _ in self._ended):
            return ""  # it may be that one
        return self._rest(part, whole, listed=listed)

    def has_ended(self, whole: str) -> bool:
        """Whether a part with that text has ended."""
        return any(number == _number_of(whole) for _, number in self._ended)

    def close(self) -> None:
        """The response is done, and so are its parts."""
        for key in list(self._open):
            self._end(key, key, self._given(key))

    def forget(self) -> None:
        """Forget all; from now on nothing is missing."""
        self._open.clear()
        self._ended.clear()
        self.cost = 0
        self._overfull = True

    def _rest(self, part: PartKey, whole: str, *, listed: bool = False) -> str:
        if None not in part and any(key == part for key, _ in self._ended):
            return ""
        fitting = [part] if None not in part and part in self._open else list(self._fitting(part))
        begun = self._begun(fitting, whole)
        if begun is None and self._ended_as(whole, [key for key, _ in self._ended if _fit(key, part)]):
            if None not in part and not listed:
                self._end(None, part, whole)  # it has its full name now
            return ""
        if begun is None and listed:
            begun = self._begun([key for key in self._open if _of_one_item(key, part)], whole)
            if begun is None and self._ended_as(whole, [k for k, _ in self._ended if _of_one_item(k, part)]):
                return ""
        if begun is None and fitting:
            self._end(fitting[0], part, whole)
            return ""
        rest = whole if begun is None else _missing(self._given(begun), whole) or ""
        self._end(begun, part, whole)
        return rest

    def _fitting(self, part: PartKey) -> Iterator[PartKey]:
        return (key for key in self._open if _fit(key, part))

    def _begun(self, keys: Iterable[PartKey], whole: str) -> PartKey | None:
        """The first part of which the beginning of ``whole`` was given."""
        return next((key for key in keys if _missing(self._given(key), whole) is not None), None)

    def _ended_as(self, whole: str, keys: Iterable[PartKey]) -> bool:
        number = _number_of(whole)
        return any((key, number) in self._ended for key in keys)

    def _given(self, key: PartKey) -> str:
        return "".join(self._open.get(key, ()))

    def _begin(self, part: PartKey) -> list[str]:
        if len(self._open) >= _MOST_OPEN:
            oldest = next(iter(self._open))
            self._end(oldest, oldest, self._given(oldest))
        return self._open.setdefault(part, [])

    def _end(self, key: PartKey | None, part: PartKey, whole: str) -> None:
        """A part is known to the last; of ``key`` and ``part`` either may have what the other leaves out."""
        pieces = [] if key is None else self._open.pop(key, [])
        self.cost -= sum(len(piece) + _PIECE_COST for piece in pieces)
        if key is not None:
            item_id, index, kind = key
            part = (item_id or part[0], part[1] if index is None else index, kind)
        if len(self._ended) >= _MOST_ENDED:
            del self._ended[next(iter(self._ended))]
        self._ended[part, _number_of(whole)] = None


def _of_one_item(one: PartKey, other: PartKey) -> bool:
    return one[0] == other[0] or one[0] is None or other[0] is None


def _fit(one: PartKey, other: PartKey) -> bool:
    same_index = one[1] == other[1] or one[1] is None or other[1] is None
    return one[2] == other[2] and same_index and _of_one_item(one, other)


def _number_of(whole: str) -> int:
    return hash(whole.strip())


def _missing(given: str, whole: str) -> str | None:
    """What follows ``given`` in ``whole``, outer blanks aside; None where it does not begin so."""
    if whole.startswith(given):
        return whole[len(given) :]
    whole = whole.lstrip()
    for begun in (given.lstrip(), given.strip()):
        if whole.startswith(begun):
            return whole[len(begun) :]
    return None
