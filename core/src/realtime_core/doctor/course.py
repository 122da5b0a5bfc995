"""The course of an examination: each step timed, told and kept; the first that fails ends it.

Knows nothing of what the steps do.
"""

import math
from collections.abc import Awaitable, Callable
from typing import NoReturn, Protocol, TypeAlias

from realtime_core.clock import current_clock, timeout
from realtime_core.doctor.steps import Status, Step, StepName, Trouble, Untold
from realtime_core.doctor.troubles import trouble_of
from realtime_core.errors import RealtimeError
from realtime_core.masking import mask_keys

__all__ = ["Course", "Listener", "Stopped"]

Work: TypeAlias = Callable[[], Awaitable[str]]


class Listener(Protocol):
    """Whoever shows an examination."""

    def begun(self, name: StepName) -> None:
        """A step begins; one that is skipped may not."""

    def ended(self, step: Step) -> None:
        """A step has ended; those that are not run are not told."""


class Stopped(Exception):
    """A step failed."""


class Course:
    """The steps so far. ``whole_s`` is how long all may take; ``mask`` takes secrets out of what is told."""

    def __init__(self, listener: Listener, whole_s: float) -> None:
        self.mask: Callable[[str], str] = mask_keys
        self.trouble: Trouble | None = None
        self.clock = current_clock()
        self._listener = listener
        self._begun_s = self.clock.now_s()
        self._whole_s = whole_s
        self._steps: dict[StepName, Step] = {}

    @property
    def steps(self) -> list[Step]:
        """All there are, in order: what has no outcome was not run."""
        return [self._steps.get(name) or Step(name=name, status=Status.NOT_RUN) for name in StepName]

    @property
    def seconds(self) -> float:
        """How long it has taken."""
        return self.clock.now_s() - self._begun_s

    def left_s(self, limit_s: float) -> float:
        """``limit_s``, or less if less is left of the whole; never nothing."""
        return max(0.1, min(limit_s, self._whole_s - self.seconds))

    async def take(
        self, name: StepName, work: Work, *, limit_s: float = math.inf, late: Trouble | None = None
    ) -> None:
        """Do ``work``, which gives what to tell.

        ``late`` is what it means if that takes more than ``limit_s`` seconds, or than is left of the whole;
        without one it is not bounded.

        Raises:
            Stopped: it failed.
        """
        self.begin(name)
        begun_s = self.seconds
        try:
            detail = await self._bounded(work, limit_s, late)
        except Untold as why:
            self.skip(name, str(why), self.seconds - begun_s)
        except Trouble as trouble:
            self.fail(name, self.seconds - begun_s, trouble)
        except RealtimeError as exc:
            self.fail(name, self.seconds - begun_s, trouble_of(exc))
        else:
            self.succeed(name, self.seconds - begun_s, detail)

    async def _bounded(self, work: Work, limit_s: float, late: Trouble | None) -> str:
        if late is None:
            return await work()
        try:
            async with timeout(self.clock, self.left_s(limit_s)):
                return await work()
        except TimeoutError as exc:
            raise late from exc

    def begin(self, name: StepName) -> None:
        """A step begins."""
        self._listener.begun(name)

    def succeed(self, name: StepName, seconds: float, detail: str) -> None:
        """A step is well."""
        self._end(Step(name=name, status=Status.OK, seconds=seconds, detail=self.mask(detail)))

    def skip(self, name: StepName, why: str, seconds: float = 0.0) -> None:
        """A step has nothing to tell."""
        self._end(Step(name=name, status=Status.SKIPPED, seconds=seconds, detail=self.mask(why)))

    def fail(self, name: StepName, seconds: float, trouble: Trouble) -> NoReturn:
        """A step has failed.

        Raises:
            Stopped: always.
        """
        self.trouble = trouble
        detail, remedy = self.mask(trouble.detail), self.mask(trouble.remedy)
        self._end(Step(name=name, status=Status.FAILED, seconds=seconds, detail=detail, remedy=remedy))
        raise Stopped from trouble

    def _end(self, step: Step) -> None:
        self._steps[step.name] = step
        self._listener.ended(step)
