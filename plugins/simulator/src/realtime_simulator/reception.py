"""How those are met who come next: welcomed, welcomed to a faulty session, refused, or left waiting.

Knows nothing of sockets: a door asks with each who comes.
"""

from collections import deque
from collections.abc import Iterable
from typing import Final

import attrs

from realtime_simulator.faults import Fault, parse_faults

__all__ = ["Meeting", "Reception"]

WRONG_KEY: Final = 401


@attrs.frozen(kw_only=True)
class Meeting:
    """How one is met."""

    status: int | None = None
    """The HTTP status of a refusal; None: it is none."""

    is_ignored: bool = False
    """Whether there is no answer at all."""

    faults: tuple[Fault, ...] = ()
    """What is wrong with the session, besides what its options say."""


class Reception:
    """What a test has planned, first come first served."""

    def __init__(self) -> None:
        self.usual = Meeting()
        """How everyone is met for whom nothing else is planned."""

        self._planned: deque[Meeting] = deque()

    def refuse(self, status: int = WRONG_KEY) -> None:
        """The next one is refused, with that HTTP status."""
        self._planned.append(Meeting(status=status))

    def ignore(self) -> None:
        """The next one is connected, and gets no answer."""
        self._planned.append(Meeting(is_ignored=True))

    def fault(self, faults: str | Fault | Iterable[str | Fault]) -> None:
        """The next session has these faults, such as ``stall@1``.

        Raises:
            InvalidOptions: one of them is none.
        """
        self._planned.append(Meeting(faults=parse_faults(faults)))

    def meet(self) -> Meeting:
        """How the one who comes now is met."""
        return self._planned.popleft() if self._planned else self.usual
