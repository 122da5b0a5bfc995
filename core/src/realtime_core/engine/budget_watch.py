"""What follows when a session has used what its budget allows: it is told, refused, ended.

Knows nothing of what is counted, or how.
"""

from collections.abc import Callable
from typing import Final

from realtime_core.clock import Clock, Timer
from realtime_core.engine.lifecycle import End, Lifecycle
from realtime_core.engine.metering import Meter
from realtime_core.engine.slot import ResponseSlot
from realtime_core.engine.speech import AssistantSpeech
from realtime_core.errors import SessionStateError
from realtime_core.events import RealtimeEvent

__all__ = ["BudgetWatch"]

# How often a session whose budget is used up looks whether all has been heard.
_LOOK_AGAIN_S: Final = 0.1


class BudgetWatch:
    """Watches over one session. ``has_budget``: there is anything to watch."""

    def __init__(
        self,
        meter: Meter,
        *,
        has_budget: bool,
        slot: ResponseSlot,
        speech: AssistantSpeech,
        life: Lifecycle,
        clock: Clock,
        report: Callable[[RealtimeEvent], None],
    ) -> None:
        self._meter = meter
        self._has_budget = has_budget
        self._slot = slot
        self._speech = speech
        self._life = life
        self._clock = clock
        self._report = report
        self._timer: Timer | None = None

    def refuse(self) -> None:
        """Raises `SessionStateError` if no response may be asked for any more."""
        if self._meter.refuses is not None:
            raise SessionStateError(self._meter.refuses)

    def check(self) -> None:
        """Something was used, or time has passed."""
        if not self._has_budget or self._life.end is not None:
            return
        for event in self._meter.check(idle=not self._slot.is_active and not self._speech.is_playing):
            self._report(event)
        if self._meter.refuses is not None:
            self._slot.refuse_waiting(SessionStateError(self._meter.refuses))
        if self._meter.expired is not None:
            self._life.request(End.by(self._meter.expired))
        elif self._meter.refuses is not None:
            self.close()
            self._timer = self._clock.call_later(_LOOK_AGAIN_S, self.check)

    def close(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
