"""Which of the audio on the service's track is the assistant's, and of which response.

A track never stops: between the responses it is silent, and ``output_audio_buffer.started``, ``stopped`` and
``cleared`` say on the data channel when one is played. Track and channel have no order between them, and the
track lags behind by its jitter buffer. So:

* what comes outside goes to a ring of 500 ms; from its first sound on it is delivered on ``started``;
* after ``stopped`` the rest is still to come: what follows is delivered, 100 ms of it and then until it
  is silent, but no more than 500 ms. ``stopped`` is told behind it, or ahead of the next frame, since frames
  keep their order;
* after ``cleared`` the rest is thrown away until it is silent, but no more than 500 ms.

Knows nothing of WebRTC, and never waits: time is the length of the audio.
"""

from collections import deque
from collections.abc import Callable
from typing import Any, Final, Literal

from realtime_core.contents import AudioContent
from realtime_core.events import RealtimeAudioEvent, RealtimeEvent, RealtimeResponseEvent

from realtime_openai_wire.names import ListenEvents

__all__ = ["TrackAudio"]

_RING_MS: Final = 500.0
_LEAST_REST_MS: Final = 100.0
_MOST_REST_MS: Final = 500.0
_SILENCE: Final = 64
"""The loudest sample of what counts as silent, of 32768: -54 dB."""

_Events = tuple[RealtimeEvent, ...]


class TrackAudio:
    """The assistant's audio of one session. Give it the track's audio and the events of frames, as they come.

    ``item_of`` tells which item a response is speaking.
    """

    def __init__(self, item_of: Callable[[str | None], str | None]) -> None:
        # numpy loads with the first track
        from numpy import frombuffer

        self._samples: Callable[..., Any] = frombuffer
        self._item_of = item_of
        self._state: Literal["outside", "playing", "ending", "clearing"] = "outside"
        self._response_id: str | None = None
        self._ring: deque[AudioContent] = deque()
        self._ring_ms = 0.0
        self._rest_ms = 0.0
        self._stopped: _Events = ()
        self.undelivered_ms = 0.0
        """Audio that was not the assistant's."""

    def take(self, audio: AudioContent) -> _Events:
        """The next audio of the track: the events that it means, which may be none."""
        match self._state:
            case "playing":
                return (self._event(audio),)
            case "ending":
                return self._end(audio)
            case "clearing":
                self._clear(audio)
            case _:
                self._keep(audio)
        return ()

    def frame(self, events: _Events) -> _Events:
        """The events of a frame, with what the track has to do with them; none, if they have to wait."""
        waited = self.release()
        for event in events:
            if isinstance(event, RealtimeResponseEvent):
                if event.phase == "playback_started":
                    self._enter("playing")
                    return *waited, *events, *self._begin(event.response_id)
                if event.phase != "playback_stopped" or event.response_id not in (None, self._response_id):
                    continue
                if event.status_reason == "cleared":
                    self._enter("clearing")
                elif self._state == "playing":
                    self._enter("ending")
                    self._stopped = events
                    return waited
        return (*waited, *events)

    @property
    def holds(self) -> bool:
        """Whether something waits for the rest of what was played."""
        return bool(self._stopped)

    def release(self) -> _Events:
        """What waits, and can wait no longer."""
        waited, self._stopped = self._stopped, ()
        return waited

    def _enter(self, state: Literal["outside", "playing", "ending", "clearing"]) -> None:
        self._state, self._rest_ms = state, 0.0

    def _begin(self, response_id: str | None) -> _Events:
        self._response_id = response_id
        while self._ring and self._is_silent(self._ring[0]):
            self.undelivered_ms += self._ring.popleft().duration_ms
        begun = tuple(map(self._event, self._ring))
        self._ring.clear()
        self._ring_ms = 0.0
        return begun

    def _end(self, audio: AudioContent) -> _Events:
        self._rest_ms += audio.duration_ms
        if self._rest_ms > _MOST_REST_MS or (self._rest_ms > _LEAST_REST_MS and self._is_silent(audio)):
            self._enter("outside")
            self._keep(audio)
            return self.release()
        return (self._event(audio),)

    def _clear(self, audio: AudioContent) -> None:
        self._rest_ms += audio.duration_ms
        if self._rest_ms > _MOST_REST_MS or self._is_silent(audio):
            self._enter("outside")
            self._keep(audio)
        else:
            self.undelivered_ms += audio.duration_ms

    def _keep(self, audio: AudioContent) -> None:
        self._ring.append(audio)
        self._ring_ms += audio.duration_ms
        while self._ring_ms > _RING_MS:
            oldest_ms = self._ring.popleft().duration_ms
            self._ring_ms -= oldest_ms
            self.undelivered_ms += oldest_ms

    def _is_silent(self, audio: AudioContent) -> bool:
        samples = self._samples(audio.data, dtype="<i2")
        return bool(samples.size == 0 or (samples.max() <= _SILENCE and samples.min() >= -_SILENCE))

    def _event(self, audio: AudioContent) -> RealtimeAudioEvent:
        return RealtimeAudioEvent(
            service_type=ListenEvents.RESPONSE_OUTPUT_AUDIO_DELTA,
            response_id=self._response_id,
            item_id=self._item_of(self._response_id),
            audio=audio,
        )
