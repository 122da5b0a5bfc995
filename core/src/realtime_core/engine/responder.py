"""Responses that are asked for: sent one at a time, and what the service says of them.

The slot decides; here its decisions are written, and timed. Knows nothing of what responses bring.
"""

import contextlib
import functools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal

from realtime_core.clock import Clock, Timer
from realtime_core.commands import AddItem, Command, CreateResponse
from realtime_core.engine.outbox import Outbox
from realtime_core.engine.pending import refusal
from realtime_core.engine.request import ResponseRequest
from realtime_core.engine.slot import ResponseSlot
from realtime_core.errors import CommandTimeout, RealtimeError, SessionStateError
from realtime_core.events import RealtimeErrorEvent, RealtimeEvent, RealtimeResponseEvent
from realtime_core.responses import ResponseHandle

__all__ = ["Responder"]

Heard = Callable[[str | None], Awaitable[bool]]
Write = Callable[[Command], Awaitable[None]]


class Responder:
    """The responses of one session.

    Args:
        slot: decides what is sent when.
        outbox: writes it.
        report: gives the application an event.
        heard: waits until the response of an id was played.
        paced: whether what is written waits for the audio before it, however long that takes.
        timeout_s: how long the service may take to begin a response.
    """

    def __init__(
        self,
        slot: ResponseSlot,
        *,
        outbox: Outbox,
        report: Callable[[RealtimeEvent], None],
        heard: Heard,
        clock: Clock,
        timeout_s: float,
        paced: bool = False,
    ) -> None:
        self._slot = slot
        self._outbox = outbox
        self._report = report
        self._heard = heard
        self._clock = clock
        self._timeout_s = timeout_s
        self._paced = paced
        self._timers: dict[ResponseRequest, Timer | None] = {}
        self._speech: Timer | None = None

    async def ask(
        self,
        *before: AddItem,
        conversation: Literal["auto", "none"] = "auto",
        overrides: Mapping[str, Any] | None = None,
    ) -> ResponseHandle:
        """Ask for a response, right after the items ``before``. Returns when these are written, and it is
        written or waits for its turn. Cancelled, it is asked for all the same.

        Raises:
            RealtimeError: as `RealtimeSession.create_response`.
        """
        command = CreateResponse(conversation=conversation, overrides=overrides or {})
        request = ResponseRequest(command, self._heard)
        now: ResponseRequest | None = request
        if request.out_of_band:
            self._slot.beside(request)
        else:
            request = self._slot.ask(request)
            now = self._slot.next()
        if now is not None:
            self._start_timer(now, paced=self._paced)
        await self._outbox.put(*before, *(() if now is None else (now.command,))).wait()
        return ResponseHandle(request)

    async def ask_first(self, write: Write) -> None:
        """Ask for a response as the last step of opening, which has its own way to ``write``."""
        self._slot.ask(ResponseRequest(CreateResponse(), self._heard))
        request = self._slot.next()
        assert request is not None  # nothing has been asked for before
        self._start_timer(request)
        await write(request.command)

    def ask_later(
        self,
        *,
        covered: Callable[[], bool] | None = None,
        overrides: Mapping[str, Any] | None = None,
        is_plain: bool | None = None,
    ) -> None:
        """Ask for a response that nobody waits for; see `ResponseRequest` for the rest."""
        command = CreateResponse(overrides=overrides or {})
        # where too many wait already, they will go on from here
        with contextlib.suppress(SessionStateError):
            self._slot.ask(ResponseRequest(command, self._heard, covered=covered, is_plain=is_plain))
        self._go_on()

    def user_speaks(self, *, speaks: bool, will_be_answered: bool = False) -> None:
        """The user has begun to speak, or not any more; ``will_be_answered``: by the service, unasked.

        Speech whose end is not told in time, as of a microphone that is muted meanwhile, holds nothing up.
        """
        self._slot.user_speaks = speaks
        self._slot.reserved = speaks and will_be_answered
        if self._speech is not None:
            self._speech.cancel()
            self._speech = None
        if speaks:
            end = functools.partial(self.user_speaks, speaks=False)
            self._speech = self._clock.call_later(self._timeout_s, end)
        self._go_on()

    def created(self, event: RealtimeResponseEvent) -> ResponseRequest | None:
        """A response has begun; the request that it answers, if any."""
        request = self._slot.created(event)
        if request is not None:
            self._stop_timer(request)
        return request

    def done(self, event: RealtimeResponseEvent, *, told: bool = True) -> ResponseRequest | None:
        """A response has ended: see `ResponseSlot.done`."""
        request = self._slot.done(event, told=told)
        self._go_on()
        return request

    def refused(self, event: RealtimeErrorEvent) -> bool:
        """An error names a command; whether nobody needs to know."""
        for request in self._timed(event.command_id):
            self._stop_timer(request)
        active = event.kind == "response_active"
        if event.kind == "nothing_to_cancel":
            self._slot.nothing_to_cancel(event.command_id)
        hidden = self._slot.refused(event.command_id, refusal(event), active=active)
        self._go_on()
        return hidden

    def sent(self, command: Command) -> None:
        """What was waiting is written."""
        for request in self._timed(command.command_id):
            if self._timers[request] is None:
                self._start_timer(request)

    def not_sent(self, command: Command, error: RealtimeError) -> None:
        """What was waiting could not be written."""
        for request in self._timed(command.command_id):
            self._give_up(request, error)

    def close(self, error: RealtimeError) -> None:
        """The session has ended."""
        for timer in (*self._timers.values(), self._speech):
            if timer is not None:
                timer.cancel()
        self._timers.clear()
        self._slot.close(error)

    def _go_on(self) -> None:
        request = self._slot.next()
        if request is not None:
            self._start_timer(request, paced=self._paced)
            self._outbox.put(request.command)

    def _start_timer(self, request: ResponseRequest, *, paced: bool = False) -> None:
        """Expect the response; where audio is ``paced``, from when the request is written."""
        self._timers[request] = (
            None if paced else self._clock.call_later(self._timeout_s, lambda: self._time_out(request))
        )

    def _time_out(self, request: ResponseRequest) -> None:
        if request.created.settled:
            return
        late = CommandTimeout(f"the service did not begin a response within {self._timeout_s:g} s")
        is_awaited = request.created.is_awaited or request.done.is_awaited
        self._give_up(request, late)
        if is_awaited:
            return
        # of a response that a tool's result asks for nobody holds a handle
        self._report(
            RealtimeErrorEvent(kind="server", code="response_not_begun", message=str(late), retryable=True)
        )

    def _stop_timer(self, request: ResponseRequest) -> None:
        timer = self._timers.pop(request, None)
        if timer is not None:
            timer.cancel()

    def _timed(self, command_id: str | None) -> list[ResponseRequest]:
        return [request for request in self._timers if request.command.command_id == command_id]

    def _give_up(self, request: ResponseRequest, error: RealtimeError) -> None:
        self._stop_timer(request)
        if request.created.settled:
            return
        self._slot.unsent(request, error)
        self._go_on()
