"""What the assistant says, on its way to whoever listens: delivered, played, interrupted.

Puts the way of the audio, the playout and the interruptions together with the queue of events. Knows
nothing of requests or tools.
"""

import asyncio
from collections.abc import Collection, Iterable
from typing import Final, Protocol

import attrs

from realtime_core.audio.formats import AudioFormat
from realtime_core.audio.sinks import AudioSink
from realtime_core.callbacks import AudioCallback
from realtime_core.capabilities import Capabilities
from realtime_core.clock import Clock, timeout
from realtime_core.engine.interruption import Interruption, Interruptions
from realtime_core.engine.output import AudioOutput
from realtime_core.engine.playout import Playout
from realtime_core.engine.queue import EventQueue
from realtime_core.engine.withheld import withheld
from realtime_core.errors import RealtimeError
from realtime_core.events import RealtimeAudioEvent, RealtimeEvent
from realtime_core.limits import SessionLimits

__all__ = ["AssistantSpeech", "Report"]

# How soon it is looked again whether audio was handed over that waits for it.
_LOOK_AGAIN_S: Final = 0.02


class Report(Protocol):
    """Puts an event in the queue; ``heard``: it is audio that a callback has had."""

    def __call__(self, event: RealtimeEvent, *, heard: bool = False) -> None:
        """Put it there."""


class AssistantSpeech:
    """The assistant's speech in one session.

    Args:
        target: the session's output format.
        queue: the events that wait for the consumer; from now on it tells of the audio in it.
        report: puts an event there.
    """

    def __init__(
        self,
        target: AudioFormat,
        *,
        capabilities: Capabilities,
        limits: SessionLimits,
        clock: Clock,
        queue: EventQueue,
        report: Report,
    ) -> None:
        self._paced = capabilities.paced
        self._queue = queue
        queue.read, queue.dropped = self.read, self.dropped
        self._report = report
        self._clock = clock
        self.output = AudioOutput(
            target,
            limits=limits,
            clock=clock,
            report=report,
            handing=self._handing,
            handed=self.read,
            lost=self.dropped,
        )
        self._playout = Playout(clock, self.output.report_failure)
        self._interruptions = Interruptions(capabilities, self._playout)
        self._cuts = 0
        self._end: RealtimeError | None = None
        self._changed: asyncio.Event | None = None
        """Made for the first who waits: an event costs more memory than most sessions ever need for it."""

    def attach(self, callback: AudioCallback | AudioSink, missed: Iterable[RealtimeAudioEvent] = ()) -> None:
        """From now on ``callback`` gets the audio, beginning with ``missed``.

        Raises:
            InvalidSettings: it is neither callable nor a sink, or the sink has another rate.
        """
        sink = callback if isinstance(callback, AudioSink) else None
        self.output.check(callback)
        self._playout.attach(sink)
        self.output.attach(callback, missed)

    # -- its way ---------------------------------------------------------------------------------

    def take(self, event: RealtimeAudioEvent) -> None:
        """A piece of it has come."""
        # the hot path
        if self._interruptions.cut and self._interruptions.withholds(event.response_id, event.item_id):
            self._report(withheld(event))
            return
        self._playout.received(event.response_id, event.item_id, event.audio.duration_ms)
        heard = self.output.has_callback
        for piece in self.output.deliver(event):
            self._report(piece, heard=heard)
        if self._paced and self._playout.has_ended(event.response_id):
            # nobody tells when its rest has come
            self._report_all(self.output.finish())

    def _handing(self) -> None:
        self._playout.handing_over()

    def read(self, event: RealtimeAudioEvent) -> None:
        """Whoever plays a piece has it now."""
        self._playout.handed_over(event.response_id, event.item_id, event.audio.duration_ms)

    def dropped(self, event: RealtimeAudioEvent) -> None:
        """Nobody will ever have a piece."""
        self._playout.dropped(event.response_id, event.item_id, event.audio.duration_ms)

    def retarget(self, target: AudioFormat) -> None:
        """From now on audio is delivered in ``target``."""
        self._report_all(self.output.retarget(target))

    def response_created(self, response_id: str | None) -> None:
        """A response has begun."""
        self._interruptions.response_created(response_id)

    def response_done(self, response_id: str | None, *, spoken: bool = False) -> None:
        """Nothing more of a response will come, unless the service is still playing it, or, where it was
        ``spoken``, about to.
        """
        if self._paced and spoken and not self._interruptions.withholds(response_id):
            self._playout.playback_expected(response_id)
        if response_id not in self._playout.served:
            self._report_all(self.output.finish())
        self._playout.response_done(response_id)
        self._interruptions.response_done(response_id)

    def playback_started(self, response_id: str | None) -> None:
        """The service plays a response, whose audio comes meanwhile; one that was cut meanwhile is over."""
        if not self._interruptions.withholds(response_id):
            self._playout.playback_started(response_id)

    def playback_stopped(self, response_id: str | None) -> None:
        """It plays no more of it."""
        self._report_all(self.output.finish())
        self._playout.playback_stopped(response_id)
        self._wake()

    def item_done(self, item_id: str) -> None:
        """Nothing more of an item will come."""
        self._playout.item_done(item_id)

    def abandon(self, end: RealtimeError) -> float:
        """The session is over; milliseconds of audio that a coroutine callback will never get."""
        self._end = end
        self._wake()
        return self.output.abandon()

    # -- its interruption ------------------------------------------------------------------------

    def user_began(self, active: Collection[str | None], *, interrupting: bool) -> Interruption | None:
        """The user speaks; ``active``: the ids of the responses that are."""
        return self._carry_out(self._interruptions.on_speech_started(active, interrupting=interrupting))

    def silence(self, active: Collection[str | None]) -> Interruption | None:
        """Somebody here wants silence."""
        return self._carry_out(self._interruptions.on_client(active))

    def service_interrupted(
        self, event: RealtimeEvent, active: Collection[str | None]
    ) -> Interruption | None:
        """The service says that it was interrupted, by whatever event."""
        return self._carry_out(self._interruptions.on_service(event, active))

    def report_played(self, item_id: str, ms: float) -> None:
        """The application says how much of an item was heard.

        Raises:
            InvalidSettings: ``ms`` is no time.
        """
        self._playout.report_played(item_id, ms)
        self._wake()

    def is_served(self, response_id: str | None) -> bool:
        """Whether the service is playing a response, or about to."""
        return response_id in self._playout.served

    @property
    def is_playing(self) -> bool:
        """Whether something of it is still to be heard."""
        return self._playout.is_playing()

    async def heard(self, response_id: str | None) -> bool:
        """Wait until a response that is done was played; False: it was cut off.

        Raises:
            RealtimeError: the session ended first.
        """
        cuts = self._cuts
        while not self._was_cut(response_id, cuts):
            left_ms = self._playout.remaining_ms(response_id)
            if left_ms == 0 or (left_ms is None and not self._playout.knows(response_id)):
                return True
            if self._end is not None:
                raise self._end
            changed = self._changed = self._changed or asyncio.Event()
            changed.clear()
            wait_s = _LOOK_AGAIN_S if left_ms is None else max(left_ms / 1000, _LOOK_AGAIN_S)
            try:
                async with timeout(self._clock, wait_s):
                    await changed.wait()
            except TimeoutError:
                continue
        return False

    def _wake(self) -> None:
        if self._changed is not None:
            self._changed.set()

    def _was_cut(self, response_id: str | None, cuts: int) -> bool:
        if response_id is None:
            return self._cuts != cuts
        return self._interruptions.withholds(response_id)

    def _carry_out(self, interruption: Interruption | None) -> Interruption | None:
        if interruption is None:
            return None
        cut = frozenset(interruption.response_ids)

        def unwanted(event: RealtimeAudioEvent) -> bool:
            return event.response_id in cut

        discarded_ms = self._queue.discard_audio(unwanted) + self.output.discard(unwanted)
        event = attrs.evolve(interruption.event, discarded_ms=discarded_ms)
        self._queue.put_first(event)
        self._cuts += 1
        self._wake()
        return attrs.evolve(interruption, event=event)

    def _report_all(self, pieces: Iterable[RealtimeAudioEvent]) -> None:
        for piece in pieces:
            self._report(piece, heard=self.output.has_callback)
