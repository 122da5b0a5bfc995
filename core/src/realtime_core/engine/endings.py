"""Ends of responses that the service is still playing: told when that is over, as where audio comes faster.

Whoever stops listening at the end of a response has then had its audio, on every transport. Knows nothing of
how it is played.
"""

from collections.abc import Callable, Collection

import attrs

from realtime_core.clock import Clock, Timer
from realtime_core.engine.request import ResponseRequest
from realtime_core.events import RealtimeEvent, RealtimeResponseEvent

__all__ = ["Endings"]

# a little longer than the service may take to begin playing
_LOOK_AGAIN_S = 2.1


class Endings:
    """Those of one session.

    Args:
        is_served: whether the service is playing a response, or about to.
        report: tells the application.
    """

    def __init__(
        self,
        is_served: Callable[[str | None], bool],
        *,
        report: Callable[[RealtimeEvent], None],
        clock: Clock,
    ) -> None:
        self._is_served = is_served
        self._report = report
        self._clock = clock
        self._held: list[tuple[RealtimeResponseEvent, ResponseRequest | None]] = []
        self._timer: Timer | None = None

    def hold(self, done: RealtimeResponseEvent, request: ResponseRequest | None) -> None:
        """A response has ended that is still played; its frame was told in its place."""
        self._held.append((attrs.evolve(done, service_type=None), request))
        # one that the service never begins to play
        self._stop_timer()
        self._timer = self._clock.call_later(_LOOK_AGAIN_S, self.tell_played)

    def tell_played(self) -> None:
        """Tell of those that are not played any more."""
        self._tell([ending for ending in self._held if not self._is_served(ending[0].response_id)])

    def tell_cut(self, response_ids: Collection[str | None]) -> None:
        """Tell of those that were cut short: whatever the service has made, nobody heard their end."""
        self._held = [
            (attrs.evolve(done, status="cancelled", status_reason="interrupted"), request)
            if done.response_id in response_ids
            else (done, request)
            for done, request in self._held
        ]
        self.tell_played()

    def tell(self) -> None:
        """Tell of all: the next response begins, or the session ends."""
        self._tell(self._held)

    def _tell(self, ended: list[tuple[RealtimeResponseEvent, ResponseRequest | None]]) -> None:
        self._held = [ending for ending in self._held if ending not in ended]
        if not self._held:
            self._stop_timer()
        for done, request in ended:
            self._report(done)
            if request is not None:
                request.end(done)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
