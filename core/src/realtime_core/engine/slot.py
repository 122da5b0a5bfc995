"""One response at a time: who holds the slot, who waits for it, and what the service's answers change.

Pure: it never waits and writes nothing. Whoever uses it asks `next` after every step what is to be sent.

Rules:

* While the user speaks, the slot is kept for the answer that the service begins by itself at the end.
* A request is sent when no response of the conversation is active and none is asked for. Otherwise it waits;
  a plain one, without overrides, becomes one with a plain one that waits.
* Responses that the service begins by itself hold the slot, too. Where one makes a waiting request needless
  (``covered``), it is the answer to that request.
* Refused because another response is active, a request waits for the end of that one and is sent again;
  where none is known to be active, it is sent again once. One that is unwanted by now is not.
* Out-of-band responses run beside all this, whoever asked for them.
* A beginning that names no command belongs to the request that was sent, if the service never names any, and
  nothing else explains it: the user's turn that was ended by the service explains one. The oldest request out
  of band is the one that a nameless beginning out of band belongs to.
"""

from typing import Final

import attrs

from realtime_core.engine.request import ResponseRequest
from realtime_core.errors import ProviderError, RealtimeError, SessionStateError
from realtime_core.events import RealtimeEvent, RealtimeResponseEvent

__all__ = ["ResponseSlot"]

_MOST_WAITING: Final = 64
_MOST_RUNNING: Final = 256


@attrs.frozen(eq=False)
class _Active:
    event: RealtimeResponseEvent
    covers: ResponseRequest | None = None
    """The request that was sent and is needless now."""

    @property
    def response_id(self) -> str | None:
        return self.event.response_id


class ResponseSlot:
    """The slot of one session.

    Args:
        acks: whether the service answers commands. Without, a response that begins after a request is
            the answer to it.
    """

    def __init__(self, *, acks: bool) -> None:
        self._acks = acks
        self._names_commands = False
        self._turn_ended = False
        self._active: _Active | None = None
        self._sent: ResponseRequest | None = None
        self._waiting: list[ResponseRequest] = []
        # out-of-band requests by command id until they begin, then by response id with all others that run
        self._beside: dict[str | None, ResponseRequest] = {}
        self._running: dict[str | None, ResponseRequest] = {}
        # of the conversation's latest response, if it was asked for; it may be done, and still play
        self._latest: ResponseRequest | None = None
        # what was asked to be cancelled last: the command, and the response
        self._cancelling: tuple[str, str | None] | None = None
        self.user_speaks = False
        """Meanwhile nothing is sent that only follows from a tool's result."""
        self.reserved = False
        """Meanwhile nothing is sent: the service will answer what the user is saying."""
        # the latest that ran beside, done or not: something of them may come late
        self._out_of_band: dict[str | None, None] = {}

    @property
    def is_free(self) -> bool:
        """Whether a request would be sent at once."""
        taken = self.reserved or self.user_speaks or self._active is not None or self._sent is not None
        return not taken and not self._waiting

    @property
    def active_ids(self) -> tuple[str | None, ...]:
        """The id of the response of the conversation that is active, None standing for one without an id."""
        return () if self._active is None else (self._active.response_id,)

    @property
    def is_active(self) -> bool:
        """Whether a response of the conversation is active."""
        return self._active is not None

    def ask(self, request: ResponseRequest) -> ResponseRequest:
        """Take a request: it, or the one that it became one with.

        Raises:
            SessionStateError: too many wait already.
        """
        if request.is_plain:
            for waiting in self._waiting:
                if waiting.is_plain:
                    _unite(waiting, request)
                    return waiting
        if len(self._waiting) >= _MOST_WAITING:
            raise SessionStateError(
                f"{_MOST_WAITING} responses with overrides wait for their turn; await their handles first"
            )
        self._waiting.append(request)
        return request

    def beside(self, request: ResponseRequest) -> None:
        """Take a request out of band, which is sent at once."""
        self._beside[request.command.command_id] = request

    def next(self) -> ResponseRequest | None:
        """The request to be sent now, if any: it holds the slot from here on."""
        if self.reserved or self._active is not None or self._sent is not None or not self._waiting:
            return None
        if self.user_speaks:
            ready = next((request for request in self._waiting if request.covered is None), None)
        else:
            ready = self._waiting[0]
        if ready is not None:
            self._waiting.remove(ready)
        self._sent = ready
        return ready

    def unsent(self, request: ResponseRequest, error: BaseException) -> None:
        """A request could not be sent, or nothing came of it."""
        if self._sent is request:
            self._sent = None
        self._beside.pop(request.command.command_id, None)
        request.fail(error)

    def refuse_waiting(self, error: RealtimeError) -> None:
        """No more responses: what waits fails."""
        waiting, self._waiting = self._waiting, []
        for request in waiting:
            request.fail(error)

    def cancelling(self, command_id: str, response_id: str | None) -> None:
        """A response is asked to stop."""
        self._cancelling = (command_id, response_id)

    def nothing_to_cancel(self, command_id: str | None) -> None:
        """The service knows no such response any more: if it is active here, its end was never told."""
        if self._active is None or self._cancelling != (command_id, self._active.response_id):
            return
        request = self._running.pop(self._active.response_id, None)
        self._active = None
        if request is not None:
            request.fail(_never_ended())

    def turn_ended(self) -> None:
        """The service has ended a turn of the user by itself: a response that it begins may follow."""
        self._turn_ended = True

    def created(self, event: RealtimeResponseEvent) -> ResponseRequest | None:
        """A response has begun; the request that it answers, if any."""
        self._names_commands = self._names_commands or event.command_id is not None
        if event.out_of_band:
            request = self._begin_beside(event)
        else:
            request = self._latest = self._begin(event)
        if request is not None:
            self._run(request, event)
        return request

    def done(self, event: RealtimeResponseEvent, *, told: bool = True) -> ResponseRequest | None:
        """A response has ended; the request that it answered, if any, which learns of it if ``told``."""
        request = self._running.pop(event.response_id, None)
        sent = self._sent
        if request is None and sent is not None and sent.command.command_id == event.command_id:
            # some services end what they never said they began
            request, self._sent = sent, None
        if event.out_of_band:
            if event.response_id is None:
                self._out_of_band.pop(None, None)  # nothing tells it from the next
        elif self._active is not None and event.response_id in (self._active.response_id, None):
            self._active = None
            self._end_earlier()
        if request is not None and told:
            request.end(event)
        return request

    def refused(self, command_id: str | None, error: RealtimeError, *, active: bool) -> bool:
        """The service refused a command; ``active``: because a response is active.

        Returns:
            Whether it was a request, and nobody needs to know: it will be sent again, or has its answer.
        """
        sent = self._sent
        if sent is None or sent.command.command_id != command_id:
            beside = self._beside.pop(command_id, None)
            if beside is not None:
                beside.fail(error)
            return False
        self._sent = None
        if not active or (self._active is None and sent.retried):
            sent.fail(error)
            return False
        sent.retried = self._active is None
        if sent.unwanted is not None:
            sent.end(sent.unwanted)
        elif self._active is not None and self._active.covers is sent:
            self._run(sent, self._active.event)
        else:
            self._waiting.insert(0, sent)
        return True

    @property
    def has_out_of_band(self) -> bool:
        """Whether any response was out of band: where none was, audio need not be looked at."""
        return bool(self._out_of_band)

    def take(self, event: RealtimeEvent) -> bool:
        """A response brings something; whether that stays out of the conversation."""
        request = self._running.get(event.response_id)
        if request is not None:
            request.take(event)
        return self.is_out_of_band(event.response_id)

    def is_out_of_band(self, response_id: str | None) -> bool:
        """Whether a response is, or was, out of band."""
        return response_id in self._out_of_band

    def drop(self, done: RealtimeResponseEvent) -> bool:
        """Nothing is to follow: what waits ends with ``done``, and what was sent is not wanted any more.

        Returns:
            Whether anything was asked for.
        """
        was_asked = bool(self._waiting) or self._sent is not None
        waiting, self._waiting = self._waiting, []
        for request in waiting:
            request.end(done)
        if self._sent is not None:
            self._sent.unwanted = done
        return was_asked

    def cut(self) -> None:
        """What is said was cut short; where responses have no ids, nothing else tells which that was."""
        if self._latest is not None:
            self._latest.was_cut = True

    def close(self, error: BaseException) -> None:
        """The session has ended."""
        for request in [*self._running.values(), *self._waiting, *self._beside.values()]:
            request.fail(error)
        if self._sent is not None:
            self._sent.fail(error)
        self._active = self._sent = None
        self._waiting.clear()
        self._running.clear()
        self._beside.clear()

    def _end_earlier(self) -> None:
        """One at a time: what began before the one that is done, and is not, will never be."""
        for response_id in [name for name, request in self._running.items() if not request.out_of_band]:
            self._running.pop(response_id).fail(_never_ended())

    def _run(self, request: ResponseRequest, event: RealtimeResponseEvent) -> None:
        """The response that ``event`` began is the answer to a request."""
        running, response_id = self._running, event.response_id
        full = len(running) >= _MOST_RUNNING and response_id not in running
        lost = running.pop(next(iter(running)) if full else response_id, None)
        if lost is not None:
            lost.fail(_never_ended())
        running[response_id] = request
        request.begin(event)

    def _begin_beside(self, event: RealtimeResponseEvent) -> ResponseRequest | None:
        """A response out of band has begun."""
        if len(self._out_of_band) >= _MOST_RUNNING:
            del self._out_of_band[next(iter(self._out_of_band))]
        self._out_of_band[event.response_id] = None
        oldest = None if self._names_commands else next(iter(self._beside), None)
        return self._beside.pop(event.command_id or oldest, None)

    def _begin(self, event: RealtimeResponseEvent) -> ResponseRequest | None:
        """A response of the conversation has begun: it holds the slot from here on."""
        command_id, sent = event.command_id, self._sent
        if sent is not None and (sent.command.command_id == command_id or self._answers(command_id)):
            self._sent = None
            self._active = _Active(event)
            return sent
        self._turn_ended = self._turn_ended and command_id is not None
        self._active = _Active(event, covers=sent if _is_covered(sent) else None)
        covered = next((request for request in self._waiting if _is_covered(request)), None)
        if covered is not None:
            self._waiting.remove(covered)
        return covered

    def _answers(self, command_id: str | None) -> bool:
        """Whether a beginning that names no command answers the request that was sent."""
        if command_id is not None:
            return False
        return not self._acks or (not self._names_commands and not self._turn_ended)


def _is_covered(request: ResponseRequest | None) -> bool:
    return request is not None and request.covered is not None and request.covered()


def _unite(waiting: ResponseRequest, request: ResponseRequest) -> None:
    """``waiting`` stands for ``request``, too."""
    if request.covered is None:
        waiting.covered = None  # somebody wants a response of their own
    overrides = {**waiting.command.overrides, **request.command.overrides}
    waiting.command = attrs.evolve(waiting.command, overrides=overrides)


def _never_ended() -> ProviderError:
    return ProviderError("the service began this response, and never told its end")
