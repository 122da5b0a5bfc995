"""The responses that are being made: at most one that writes to the conversation, any number beside it.

Knows nothing of why one is wanted or stopped.
"""

from collections.abc import Callable
from typing import Final

import attrs

from realtime_simulator.pacing import Stream
from realtime_simulator.parts import Parts
from realtime_simulator.refusals import Refusal
from realtime_simulator.request import Request, answer_of
from realtime_simulator.response import Response
from realtime_simulator.usage import Tokens

__all__ = ["Responses"]

_RATE_LIMITS: Final = [
    {"name": "tokens", "limit": 15_000_000, "remaining": 14_999_361, "reset_seconds": 0.002}
]


@attrs.frozen(eq=False)
class _Running:
    """A response that has begun, and the stream it is sent by."""

    response: Response
    stream: Stream


class Responses:
    """The responses of one session; ``on_done`` is told of each that wrote to the conversation."""

    def __init__(self, parts: Parts, on_done: Callable[[Response], object]) -> None:
        self._parts = parts
        self._on_done = on_done
        self._brain = parts.options.new_brain()
        self._running: list[_Running] = []
        self._number = 0
        self._last_read = Tokens()

    @property
    def active(self) -> Response | None:
        """The one that writes to the conversation."""
        running = self._active()
        return None if running is None else running.response

    def _active(self) -> _Running | None:
        for running in self._running:
            if running.response.spec.conversation is not None:
                return running
        return None

    def begin(self, request: Request, event_id: str | None = None) -> None:
        """Begin a response; one that writes to the conversation only if no other does."""
        parts = self._parts
        if request.in_conversation and self.active is not None:
            parts.outbox.fail(_already_active(self.active.id), event_id)
            return
        spec = request.spec(parts.session, parts.conversation, self._last_read)
        turn = request.turn(parts.session, parts.conversation, number=self._number)
        response = Response(parts.frames, parts.ids, spec, answer_of(self._brain, turn))
        self._number += 1
        self._last_read = spec.read
        parts.outbox.put(response.created())
        self._tell_rate_limits("start")
        self._running.append(
            _Running(response, parts.pacer.add(response.steps(), parts.now_s, can_wait=True))
        )

    def cancel(self, response_id: str | None) -> None:
        """Cancel the named response; None: the one that writes to the conversation.

        Raises:
            Refusal: it is not being made.
        """
        active = self._active()
        for running in self._running:
            if response_id == running.response.id or (response_id is None and running is active):
                self._stop(running, "client_cancelled")
                return
        raise Refusal("Cancellation failed: no active response found", code="response_cancel_not_active")

    def interrupt(self) -> None:
        """The user speaks: cancel the one that writes to the conversation, if there is one."""
        active = self._active()
        if active is not None:
            self._stop(active, "turn_detected")

    def _stop(self, running: _Running, reason: str) -> None:
        running.response.stop("cancelled", reason=reason)
        self._parts.outbox.put(*self._parts.pacer.drain(running.stream))
        self._finish(running)

    def sent(self, response_id: str) -> None:
        """The ``response.done`` of that response has come out of the pacer."""
        self._finish(next(running for running in self._running if running.response.id == response_id))

    def _finish(self, running: _Running) -> None:
        self._running.remove(running)
        self._tell_rate_limits("end")
        if running.response.spec.conversation is not None:
            self._on_done(running.response)

    def _tell_rate_limits(self, moment: str) -> None:
        if self._parts.options.rate_limits == moment:
            self._parts.outbox.send("rate_limits.updated", rate_limits=_RATE_LIMITS)


def _already_active(response_id: str) -> Refusal:
    return Refusal(
        f"Conversation already has an active response in progress: {response_id}. "
        "Wait until the response is finished before creating a new one.",
        code="conversation_already_has_active_response",
    )
