"""What a session uses, counted from its events; and whether its budget allows more.

Knows nothing of queues, players or connections: it is told what happens, and never waits. Decisions on the
budget are `realtime_core.engine.allowance`'s.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import attrs

from realtime_core.budget import Budget
from realtime_core.clock import Clock
from realtime_core.contents import ToolResult, Usage
from realtime_core.engine.allowance import Allowance
from realtime_core.errors import ConnectionLost
from realtime_core.events import (
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeFunctionResultEvent,
    RealtimeInterruptionEvent,
    RealtimeResponseEvent,
    RealtimeSpeechEvent,
)
from realtime_core.usage import SessionUsage, add_usage, with_totals

__all__ = ["Meter"]

K = TypeVar("K")
V = TypeVar("V")

# So many responses, and requests for one, are remembered at most; a service that never ends what it has
# begun must not fill the memory.
_REMEMBERED: Final = 1000


class Meter:
    """The counters of one session.

    Args:
        clock: measures.
        budget: what the session may use; None: anything.
        wake: called from a timer when time has changed what ``check`` would say; call it then.
        acks: whether a response says which request it answers. Without, it answers the oldest one.
    """

    def __init__(
        self,
        clock: Clock,
        budget: Budget | None = None,
        *,
        wake: Callable[[], object] = lambda: None,
        acks: bool = True,
    ) -> None:
        budget = Budget() if budget is None else budget
        self._clock = clock
        self._acks = acks
        self._prices = budget.prices
        self._allowance = Allowance(budget, clock, wake)
        self._counted = SessionUsage(cost=None if self._prices is None else 0.0)
        self._opened_s: float | None = None
        # when the request of a command id was written, when the user's last turn ended
        self._requests: dict[str, float] = {}
        self._turn_ended_s: float | None = None
        self._speech_stopped = False
        self.awaiting: dict[str | None, float] = {}
        """When each response was asked for that has no audio yet, by its id: ``first_audio`` is due for
        the audio of those and of no other."""
        self._first_audio_ms: dict[str | None, float] = {}
        # ended responses, and whether their tokens were told
        self._ended: dict[str, bool] = {}

    # -- what it says ----------------------------------------------------------------------------

    @property
    def usage(self) -> SessionUsage:
        """What is used by now."""
        if self._opened_s is None:
            return self._counted
        return attrs.evolve(self._counted, duration_s=self._clock.now_s() - self._opened_s)

    @property
    def refuses(self) -> str | None:
        """Why no response may be asked for any more, in words for whoever asks; None: one may."""
        return self._allowance.refuses

    @property
    def expired(self) -> ConnectionLost | None:
        """What the session has to end with, now."""
        return self._allowance.expired

    def check(self, *, idle: bool) -> tuple[RealtimeErrorEvent, ...]:
        """What the budget has to tell, once each: warnings, then that it is used up. Call it when a response
        is done, when nothing plays any more, and when ``wake`` was called; then look at ``expired``.

        Args:
            idle: no response runs, and nothing of one is left to be played.
        """
        return self._allowance.check(self.usage, idle=idle)

    # -- what it is told -------------------------------------------------------------------------

    def start(self) -> None:
        """The session is open."""
        self._opened_s = self._clock.now_s()
        self._allowance.start()

    def close(self) -> None:
        """The session has ended: its time stands still, no timer is left."""
        self._counted = self.usage
        self._opened_s = None
        self._allowance.close()

    def requested(self, command_id: str) -> None:
        """A request for a response is written."""
        _remember(self._requests, command_id, self._clock.now_s())

    def first_audio(self, response_id: str | None) -> None:
        """Audio of a response has come. Only that of what is in ``awaiting`` counts: look there first."""
        asked_s = self.awaiting.pop(response_id, None)
        if asked_s is None:
            return
        first_audio_ms = (self._clock.now_s() - asked_s) * 1000
        _remember(self._first_audio_ms, response_id, first_audio_ms)
        self._count(first_audio=self._counted.first_audio.and_one(first_audio_ms))

    def take(self, event: RealtimeEvent) -> RealtimeEvent:
        """Count what ``event`` tells. Gives it back, the end of a response with its ``first_audio_ms``."""
        match event:
            case RealtimeResponseEvent(phase="created"):
                self._begin(event)
            case RealtimeResponseEvent(phase="playback_started"):
                self.first_audio(event.response_id)  # over a media track this is the sign that there is audio
            case RealtimeResponseEvent(phase="done"):
                return self._end(event)
            case RealtimeSpeechEvent():
                self._follow_speech(event.phase)
            case RealtimeInterruptionEvent():
                self._count(interruptions=self._counted.interruptions + 1)
            case RealtimeFunctionResultEvent():
                self._count_tool(event.function_result)
            case RealtimeErrorEvent(command_id=str() as refused):
                self._requests.pop(refused, None)
        return event

    # -- responses -------------------------------------------------------------------------------

    def _begin(self, event: RealtimeResponseEvent) -> None:
        asked_s = self._asked_s(event.command_id)
        if asked_s is not None:
            _remember(self.awaiting, event.response_id, asked_s)

    def _asked_s(self, command_id: str | None) -> float | None:
        """When what asked for the response that begins did so; it is answered with that."""
        if not self._acks and self._requests:
            command_id = next(iter(self._requests))
        requested_s = None if command_id is None else self._requests.pop(command_id, None)
        turn_ended_s = self._turn_ended_s
        if requested_s is None or (turn_ended_s is not None and turn_ended_s <= requested_s):
            self._turn_ended_s = None  # a turn that ends behind the request has its response yet to come
        return turn_ended_s if requested_s is None else requested_s

    def _follow_speech(self, phase: str) -> None:
        match phase:
            case "started":
                self._turn_ended_s = None
                self._speech_stopped = False
            case "stopped":
                self._turn_ended_s = self._clock.now_s()
                self._speech_stopped = True
            case "committed":
                # it follows the end of speech, or, without turn detection, is the end itself
                if not self._speech_stopped:
                    self._turn_ended_s = self._clock.now_s()
                self._speech_stopped = False

    def _end(self, event: RealtimeResponseEvent) -> RealtimeResponseEvent:
        self.awaiting.pop(event.response_id, None)
        self._count_response(event)
        first_audio_ms = self._first_audio_ms.pop(event.response_id, None)
        return event if first_audio_ms is None else attrs.evolve(event, first_audio_ms=first_audio_ms)

    def _count_response(self, event: RealtimeResponseEvent) -> None:
        told = event.usage is not None
        told_before = None if event.response_id is None else self._ended.get(event.response_id)
        if event.response_id is not None:
            _remember(self._ended, event.response_id, told or bool(told_before))
        if told_before is None:
            self._count_end(event.status, told=told)
        elif told and not told_before:
            # the same response again, now with its tokens
            self._count(unreported_responses=self._counted.unreported_responses - 1)
        if event.usage is not None and not told_before:
            self._count_tokens(event.usage)

    def _count_end(self, status: str | None, *, told: bool) -> None:
        counted = self._counted
        self._count(
            responses=counted.responses + 1,
            cancelled_responses=counted.cancelled_responses + (status == "cancelled"),
            incomplete_responses=counted.incomplete_responses + (status == "incomplete"),
            failed_responses=counted.failed_responses + (status == "failed"),
            unreported_responses=counted.unreported_responses + (not told),
        )

    def _count_tokens(self, told: Usage) -> None:
        usage = with_totals(told)
        self._count(tokens=add_usage([self._counted.tokens, usage]))
        if self._prices is not None:
            self._count(cost=(self._counted.cost or 0.0) + self._prices.cost(usage))

    # -- the rest --------------------------------------------------------------------------------

    def _count_tool(self, result: ToolResult) -> None:
        counted = self._counted
        duration_ms = result.duration_ms or 0.0
        self._count(
            tool_calls=counted.tool_calls + 1,
            tool_errors=counted.tool_errors + result.is_error,
            tool_ms=counted.tool_ms + duration_ms,
            longest_tool_ms=max(counted.longest_tool_ms, duration_ms),
        )

    def _count(self, **counters: Any) -> None:
        self._counted = attrs.evolve(self._counted, **counters)


def _remember(known: dict[K, V], key: K, value: V) -> None:
    known[key] = value
    if len(known) > _REMEMBERED:
        del known[next(iter(known))]
