"""The way of the assistant's audio: into the session's format, then to the callback, at once.

Knows nothing of queues of events or of connections. A plain callback runs here and now; a coroutine
function is served by ``run``, in order, from a backlog of its own, bounded in bytes.
"""

import asyncio
import inspect
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import attrs

from realtime_core.audio.convert import AudioConverter, to_samples
from realtime_core.audio.formats import AudioFormat
from realtime_core.audio.sinks import AudioSink
from realtime_core.callbacks import AudioCallback
from realtime_core.clock import Clock
from realtime_core.contents import AudioContent
from realtime_core.errors import InvalidSettings
from realtime_core.events import RealtimeAudioEvent, RealtimeErrorEvent
from realtime_core.limits import SessionLimits

__all__ = ["AudioOutput", "is_coroutine_callback"]


def is_coroutine_callback(callback: AudioCallback) -> bool:
    """Whether calling it gives a coroutine: a coroutine function, a partial of one, or an object that
    is called as one.
    """
    return inspect.iscoroutinefunction(callback) or inspect.iscoroutinefunction(
        getattr(callback, "__call__", None)  # noqa: B004  # not a test of callability: it is looked into
    )


class AudioOutput:
    """Downlink audio of one session.

    Args:
        target: the session's output format.
        report: is given an error event when the callback fails, blocks or cannot keep up.
        handing: told before a sink is given a piece.
        handed: told of each piece that the callback was given.
        lost: told of each piece that it will never get, or did not take.
    """

    def __init__(
        self,
        target: AudioFormat,
        *,
        limits: SessionLimits,
        clock: Clock,
        report: Callable[[RealtimeErrorEvent], None],
        handing: Callable[[], None],
        handed: Callable[[RealtimeAudioEvent], None],
        lost: Callable[[RealtimeAudioEvent], None],
    ) -> None:
        self.target = target
        self._limits = limits
        self._clock = clock
        self._report = report
        self._handing = handing
        self._handed = handed
        self._lost_piece = lost
        self._callback: AudioCallback | None = None
        self._owner: AudioCallback | AudioSink | None = None
        self._is_sink = False
        self._callback_is_async = False
        self._hold_reported = False
        self._failing = False
        self.failures = 0
        self._converter: AudioConverter | None = None
        self._last: RealtimeAudioEvent | None = None
        self._backlog: deque[RealtimeAudioEvent] = deque()
        self._backlog_bytes = 0
        self._lost = RealtimeErrorEvent(
            kind="overflow",
            code="callback_overflow",
            message="audio was dropped: the coroutine callback did not keep up",
        )
        self._wake = asyncio.Event()
        self._stopping = False

    @property
    def backlog_bytes(self) -> int:
        """What waits for a coroutine callback."""
        return self._backlog_bytes

    @property
    def has_callback(self) -> bool:
        """Whether delivered audio is heard by anybody."""
        return self._callback is not None

    def check(self, callback: AudioCallback | AudioSink) -> None:
        """Raises `InvalidSettings` if ``callback`` cannot be attached."""
        if isinstance(callback, type):
            raise InvalidSettings(
                f"audio_output_callback is the class {callback.__name__}; make one: {callback.__name__}()"
            )
        if isinstance(callback, AudioSink):
            rate_hz = getattr(callback, "rate_hz", self.target.rate_hz)
            if rate_hz != self.target.rate_hz:
                raise InvalidSettings(
                    f"the sink {type(callback).__name__} plays {rate_hz} Hz, and the session gives "
                    f"{self.target.rate_hz} Hz; make one with rate_hz={self.target.rate_hz}"
                )
        elif not callable(callback):
            raise InvalidSettings(
                f"audio_output_callback must be callable, or an AudioSink, not {type(callback).__name__}"
            )

    def attach(self, callback: AudioCallback | AudioSink, missed: Iterable[RealtimeAudioEvent] = ()) -> None:
        """From now on ``callback`` gets the audio, beginning with ``missed``.

        Raises:
            InvalidSettings: it cannot be called.
        """
        self.check(callback)
        self._owner = callback
        self._is_sink = isinstance(callback, AudioSink)
        callback = callback.write if isinstance(callback, AudioSink) else callback
        self._callback = callback
        self._callback_is_async = is_coroutine_callback(callback)
        self._hold_reported = self._failing = False
        if not self._callback_is_async:
            # what waited for a coroutine function comes before what arrives from now on
            waiting, self._backlog = self._backlog, deque()
            self._backlog_bytes = 0
            for event in waiting:
                self._hand_over(event)
        for event in missed:
            self._hand_over(event)

    def retarget(self, target: AudioFormat) -> tuple[RealtimeAudioEvent, ...]:
        """From now on audio is delivered in ``target``; gives what was still held in the old format."""
        tail = self.finish()
        self.target = target
        return tail

    def deliver(self, event: RealtimeAudioEvent) -> tuple[RealtimeAudioEvent, ...]:
        """The events to queue for ``event``: itself in the session's format, after what the audio before it
        had left in the converter. The callback has had, or is sure to get, all of it.
        """
        audio = event.audio
        if (
            self._converter is None
            and (audio.format is self.target or audio.format == self.target)
            and not len(audio.data) % self.target.frame_bytes
        ):
            if self._callback is not None and audio.data:
                self._hand_over(event)
            return (event,)
        return self._convert(event)

    def finish(self) -> tuple[RealtimeAudioEvent, ...]:
        """The end of a response: what the converter still holds."""
        converter, last = self._converter, self._last
        self._converter = self._last = None
        if converter is None or last is None:
            return ()
        tail = converter.flush()
        if not tail:
            return ()
        audio = AudioContent(tail, self.target)
        event = RealtimeAudioEvent(response_id=last.response_id, item_id=last.item_id, audio=audio)
        if self._callback is not None:
            self._hand_over(event)
        return (event,)

    def _convert(self, event: RealtimeAudioEvent) -> tuple[RealtimeAudioEvent, ...]:
        before: tuple[RealtimeAudioEvent, ...] = ()
        last = self._last
        if last is not None and (
            # a stray byte or a filter's tail must not run into the next item
            last.item_id != event.item_id
            or self._converter is None
            or self._converter.source != event.audio.format
        ):
            before = self.finish()
        if self._converter is None:
            self._converter = AudioConverter(event.audio.format, self.target)
        self._last = event
        audio = AudioContent(self._converter.convert(event.audio.data), self.target)
        converted = attrs.evolve(event, audio=audio)
        if self._callback is not None and audio.data:
            self._hand_over(converted)
        return (*before, converted)

    def discard(self, unwanted: Callable[[RealtimeAudioEvent], bool]) -> float:
        """Forget what waits for a coroutine callback and is ``unwanted``; milliseconds of it.

        What the converter still holds of it is forgotten, too.
        """
        kept = deque(event for event in self._backlog if not unwanted(event))
        dropped_ms = sum(event.audio.duration_ms for event in self._backlog if unwanted(event))
        self._backlog = kept
        self._backlog_bytes = sum(len(event.audio.data) for event in kept)
        if self._last is not None and unwanted(self._last):
            self._converter = self._last = None
        return dropped_ms

    def _hand_over(self, event: RealtimeAudioEvent) -> None:
        if self._stopping:
            return
        if self._callback_is_async:
            self._enqueue(event)
            return
        audio = event.audio
        callback = self._callback
        assert callback is not None  # every caller has tested it
        if self._is_sink:
            self._handing()
        started_s = self._clock.now_s()
        try:
            result = callback(to_samples(audio.data, audio.format))
        except (Exception, asyncio.CancelledError) as exc:  # noqa: BLE001  # application code ends no session
            self._lost_piece(event)
            self.report_failure(exc)
            return
        self._failing = False
        held_ms = (self._clock.now_s() - started_s) * 1000
        if held_ms > self._limits.callback_hold_ms and not self._hold_reported:
            self._report_hold(held_ms)
        if result is not None and inspect.iscoroutine(result):
            # a lambda around a coroutine function: it has not begun, so nothing happens twice
            result.close()
            self._callback_is_async = True
            self._enqueue(event)
            return
        self._handed(event)

    def _enqueue(self, event: RealtimeAudioEvent) -> None:
        self._backlog.append(event)
        self._backlog_bytes += len(event.audio.data)
        while self._backlog_bytes > self._limits.queue_bytes:
            dropped = self._backlog.popleft()
            self._backlog_bytes -= len(dropped.audio.data)
            self._lost_piece(dropped)
            self._lost = attrs.evolve(
                self._lost,
                lost_events=self._lost.lost_events + 1,
                lost_audio_ms=self._lost.lost_audio_ms + dropped.audio.duration_ms,
            )
        self._wake.set()

    def stop(self) -> None:
        """No callback is called any more; one that is running may finish."""
        self._stopping = True
        self._wake.set()

    def abandon(self) -> float:
        """Milliseconds of audio that the coroutine callback will never get: the session is over."""
        lost_ms = sum(event.audio.duration_ms for event in self._backlog) + self._lost.lost_audio_ms
        self._lost = attrs.evolve(self._lost, lost_events=0, lost_audio_ms=0.0)
        self._backlog.clear()
        self._backlog_bytes = 0
        return lost_ms

    async def run(self) -> None:
        """Serve a coroutine callback until cancelled, or until it has called ``stop`` and returned."""
        while not self._stopping:
            await self._wake.wait()
            self._wake.clear()
            while self._backlog and not self._stopping:
                event = self._backlog.popleft()
                self._backlog_bytes -= len(event.audio.data)
                if self._lost.lost_events:
                    self._report(self._lost)
                    self._lost = attrs.evolve(self._lost, lost_events=0, lost_audio_ms=0.0)
                assert self._callback is not None  # it is what the backlog waits for
                await self._call_async(self._callback, event)

    async def _call_async(self, callback: AudioCallback, event: RealtimeAudioEvent) -> None:
        # it may begin to play as soon as it has it, long before it returns
        self._handed(event)
        try:
            result: Any = callback(to_samples(event.audio.data, event.audio.format))
            await result
            self._failing = False
        except asyncio.CancelledError as exc:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            self.report_failure(exc)  # something inside the callback was cancelled, not we
        except (KeyboardInterrupt, SystemExit, GeneratorExit):
            raise
        except BaseException as exc:  # noqa: BLE001  # the application's code must not end the session
            self.report_failure(exc)

    def report_failure(self, exc: BaseException) -> None:
        """The callback, or the sink that it is, raised ``exc``; a run of failures is told once."""
        self.failures += 1
        if self._failing:
            return  # the same trouble fifty times a second is told once
        self._failing = True
        self._report(
            RealtimeErrorEvent(
                kind="callback",
                code="callback_failed",
                message=f"audio_output_callback {self._name()} raised {type(exc).__name__}",
                exception=exc,
            )
        )

    def _report_hold(self, held_ms: float) -> None:
        self._hold_reported = True
        self._report(
            RealtimeErrorEvent(
                kind="callback",
                code="callback_slow",
                message=f"audio_output_callback {self._name()} held the event loop {held_ms:.0f} ms, "
                f"more than {self._limits.callback_hold_ms:.0f}; make it a coroutine function",
                benign=True,
            )
        )

    def _name(self) -> str:
        name = getattr(self._owner, "__qualname__", None)
        return repr(name if name is not None else type(self._owner).__name__)
