"""A session against its budget: what has been warned of, what is refused, when it has to end.

Knows nothing of how usage is counted, or of what is being played: it is told both.
"""

import functools
from collections.abc import Callable
from typing import Final

import attrs

from realtime_core.budget import Budget
from realtime_core.clock import Clock, Timer
from realtime_core.errors import ConnectionLost, LostReason
from realtime_core.events import RealtimeErrorEvent
from realtime_core.usage import SessionUsage

__all__ = ["Allowance"]


@attrs.frozen
class _Bound:
    """One bound of a budget, and how to read from a usage what is used of it."""

    name: str
    limit: float
    used: Callable[[SessionUsage], float]

    def says(self, usage: SessionUsage) -> str:
        return f"{self.name} of {_amount(self.limit)} ({_amount(self.used(usage))} used)"


class Allowance:
    """What is left of one session's budget.

    Args:
        wake: called when time alone has changed what ``check`` would say.
    """

    def __init__(self, budget: Budget, clock: Clock, wake: Callable[[], object]) -> None:
        self.refuses: str | None = None
        self.expired: ConnectionLost | None = None
        self._budget = budget
        self._clock = clock
        self._wake = wake
        self._bounds = _bounds(budget)
        self._warned: set[str] = set()
        # what the timers have told: a timer may fire a hair before the clock says so
        self._share_of_time = 0.0
        self._grace_over = False
        self._exhausted: str | None = None
        self._closed = False
        self._timers: list[Timer] = []

    def start(self) -> None:
        """The session is open: its time runs."""
        limit_s = self._budget.max_duration_s
        if limit_s is not None:
            for share in (self._budget.warn_at, 1.0):
                self._later(limit_s * share, functools.partial(self._pass_time, share))

    def close(self) -> None:
        """The session has ended: nothing falls due any more."""
        self._closed = True
        self._cancel_timers()

    def check(self, usage: SessionUsage, *, idle: bool) -> tuple[RealtimeErrorEvent, ...]:
        """What there is to tell, once each; brings ``refuses`` and ``expired`` up to date."""
        news = () if self._exhausted is not None else self._compare(usage)
        if self._exhausted is not None and self.expired is None and (idle or self._grace_over):
            self.expired = ConnectionLost(
                f"the session was ended: its budget is used up, {self._exhausted}; "
                "give the next one a larger Budget",
                reason=LostReason.BUDGET_EXHAUSTED,
                retryable=False,
            )
        return news

    def _compare(self, usage: SessionUsage) -> tuple[RealtimeErrorEvent, ...]:
        shares = [(self._share(bound, usage), bound) for bound in self._bounds]
        for share, bound in shares:
            if share >= 1:
                return (self._exhaust(bound.says(usage)),)
        due = [
            (share, bound)
            for share, bound in shares
            if share >= self._budget.warn_at and bound.name not in self._warned
        ]
        self._warned.update(bound.name for _, bound in due)
        return tuple(_warning(share, bound.says(usage)) for share, bound in due)

    def _share(self, bound: _Bound, usage: SessionUsage) -> float:
        share = bound.used(usage) / bound.limit
        return max(share, self._share_of_time) if bound.name == _DURATION else share

    def _exhaust(self, what: str) -> RealtimeErrorEvent:
        self._cancel_timers()
        self._exhausted = what
        self.refuses = (
            f"the budget of the session is used up, {what}: it begins no response any more, and ends; "
            "give the next one a larger Budget"
        )
        self._later(self._budget.grace_s, self._end_grace)
        return RealtimeErrorEvent(
            kind="quota",
            code="budget_exhausted",
            message=f"the budget is used up, {what}: no response is begun any more, and the session ends "
            f"when what is being said has been heard, at the latest in {_amount(self._budget.grace_s)} s",
        )

    def _later(self, delay_s: float, callback: Callable[[], object]) -> None:
        if not self._closed:
            self._timers.append(self._clock.call_later(delay_s, callback))

    def _cancel_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()

    def _pass_time(self, share: float) -> None:
        self._share_of_time = share
        self._wake()

    def _end_grace(self) -> None:
        self._grace_over = True
        self._wake()


_DURATION: Final = "max_duration_s"


def _bounds(budget: Budget) -> tuple[_Bound, ...]:
    bounds = (
        (_DURATION, budget.max_duration_s, lambda usage: usage.duration_s),
        ("max_tokens", budget.max_tokens, lambda usage: usage.tokens.total_tokens),
        ("max_cost", budget.max_cost, lambda usage: usage.cost),
    )
    return tuple(_Bound(name, limit, used) for name, limit, used in bounds if limit is not None)


def _warning(share: float, what: str) -> RealtimeErrorEvent:
    return RealtimeErrorEvent(
        kind="quota",
        code="budget_warning",
        message=f"{share:.0%} of the budget is used, {what}",
        benign=True,
    )


def _amount(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.6g}"
