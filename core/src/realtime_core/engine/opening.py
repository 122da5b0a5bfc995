"""Opens a session with the first of several providers that can: one engine after another.

Knows nothing of clients: it is given plans, the first to be tried first. An engine that could not open has
ended before the next one is made.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from realtime_core.engine.engine import SessionEngine
from realtime_core.engine.plan import SessionPlan
from realtime_core.errors import RealtimeError
from realtime_core.fallback import FailedAttempt, falls_back, named, nobody_left
from realtime_core.state import Trigger, next_state

__all__ = ["Opening"]

_log: Final = logging.getLogger("realtime_core.fallback")


class Opening:
    """The engine that a session has, and the way to it.

    Args:
        plans: the same session with each provider that may be tried.
        session: what a tool gets that asks for its session.
    """

    def __init__(self, plans: Sequence[SessionPlan], session: object) -> None:
        first, *self._left = plans
        self._session = session
        self._done: asyncio.Event | None = None
        self.attempts: tuple[FailedAttempt, ...] = ()
        self.engine = SessionEngine(first, session)

    async def open(self) -> None:
        """Open with the first that can.

        Raises:
            SessionStateError: it was opened before, or deleted meanwhile.
            RealtimeError: why the only one cannot, or one for a reason for which no other is tried.
            ConnectionFailed: nobody can, and there were several.
        """
        next_state(self.engine.life.state, Trigger.OPEN)  # which raises, unless this is the first time
        self._done = asyncio.Event()
        try:
            opened = False
            while not opened:
                opened = await self._opens()
        except BaseException:
            self.engine.recorder.captions.end()
            raise
        finally:
            self._done.set()

    def stop(self) -> None:
        """Try no other."""
        self._left.clear()

    async def wait_closed(self) -> None:
        """Wait until the session has ended: not for the end of an engine that another one follows."""
        if self._done is not None and self._left:
            self.engine.life.check_loop()
            await self._done.wait()
        await self.engine.life.wait_closed()

    async def _opens(self) -> bool:
        """Whether the engine could open; if not, the next one has taken its place."""
        plan = self.engine.plan
        try:
            await self.engine.life.open()
        except RealtimeError as exc:
            for attempt in self.attempts:
                exc.add_note(f"tried before: {attempt}")
            if not falls_back(exc):
                raise
            self.attempts += (FailedAttempt(plan.name, plan.profile, exc),)
            if self._left:
                self._take_next()
                return False
            if len(self.attempts) == 1:
                raise
            raise nobody_left(self.attempts) from exc
        return True

    def _take_next(self) -> None:
        plan = self._left.pop(0)
        failed = self.attempts[-1]
        # the service's own words may hold anybody's
        _log.warning(
            "%s could not open a session (%s); trying %s",
            named(failed.provider, failed.profile),
            type(failed.error).__name__,
            named(plan.name, plan.profile),
        )
        engine = SessionEngine(plan, self._session)
        self.engine.recorder.captions.hand_over(engine.recorder.captions)
        self.engine = engine
