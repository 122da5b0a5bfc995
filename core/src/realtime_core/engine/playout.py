"""How far each item of the assistant's audio has come: received, handed over, heard.

Knows nothing of events, of commands or of what an interruption is. It asks the sink what it has played, and
clears it in `Playout.cut`; without a sink it estimates: items play one after another in real time from
when they were handed over. Nothing here waits; a sink's exception is reported and changes nothing.
"""

import math
from collections.abc import Callable, Iterator
from typing import Final

import attrs

from realtime_core.audio.sinks import AudioSink, Pacer
from realtime_core.clock import Clock
from realtime_core.engine.played import NOISE_MS, PlayedItem, PlayerTrack
from realtime_core.engine.served import ServedResponses
from realtime_core.errors import InvalidSettings

__all__ = ["CutItem", "Playout"]

# items and responses that are over and still known, for what comes late
_KEPT: Final = 64

_Key = str | tuple[str] | int


@attrs.frozen(kw_only=True)
class CutItem:
    """An item whose playing was ended before its end.

    ``complete``: the service had told that nothing more of it would come. ``heard_ms`` is ``estimated``
    unless a sink or a report says it.
    """

    item_id: str | None
    response_id: str | None
    received_ms: float
    heard_ms: float
    complete: bool
    estimated: bool


class Playout:
    """The assistant's audio of one session, item by item.

    A service without ids of items is kept by response, one without any ids by turn. What a sink tells counts
    from when it is attached; what was handed over to the player before it goes on being played there.

    Args:
        clock: what the estimate goes by.
        report: is given what a sink raises.
    """

    def __init__(self, clock: Clock, report: Callable[[Exception], object] = lambda _: None) -> None:
        self._clock = clock
        self._report = report
        self._pacer = Pacer(clock)
        self._estimate = self._track = PlayerTrack(self._pacer, estimated=True, report=report)
        self._tracks = [self._track]
        self._items: dict[_Key, PlayedItem] = {}  # in the order in which they began; those that are not over
        self._over: dict[_Key, PlayedItem] = {}
        self._done: dict[str, None] = {}
        self._served = ServedResponses(clock)
        self._turn = 0  # what stands for an item of a service without ids
        self._receiving: PlayedItem | None = None
        self._handing: PlayedItem | None = None

    # -- what happens ----------------------------------------------------------------------------

    def attach(self, sink: AudioSink | None) -> None:
        """From now on ``sink`` is what plays, and knows how much; None: somebody who does not tell."""
        if sink is None:
            self._track = self._estimate
            return
        for track in self._tracks:
            if track.player is sink:
                self._track = track
                return
        self._track = PlayerTrack(sink, estimated=False, report=self._report)
        self._tracks.append(self._track)

    def received(self, response_id: str | None, item_id: str | None, audio_ms: float) -> None:
        """So much more of an item has come from the service."""
        item = self._receiving
        if item is None or item.item_id != item_id or item.response_id != response_id:
            item = self._receiving = self._open(response_id, item_id)
        item.received_ms += audio_ms

    def handing_over(self) -> None:
        """A sink is given more now: call it before ``write``, for a sink that plays within it."""
        self._track.mark()

    def handed_over(self, response_id: str | None, item_id: str | None, audio_ms: float) -> None:
        """So much more of an item is with what plays it: call it when ``write`` has returned."""
        item = self._handing
        if item is None or item.item_id != item_id or item.response_id != response_id:
            item = self._find_waiting(response_id, item_id)
            if item is None:
                return
            self._handing = item
        handed_ms = item.handed_ms + audio_ms
        if handed_ms > item.received_ms:
            # a resampler rounds; or, without any ids, it is of the next turn
            item = self._handing = self._find_waiting(response_id, item_id) or item
            handed_ms = min(item.handed_ms + audio_ms, item.received_ms)
        item.handed_ms = handed_ms
        track = self._track
        if track.estimated:
            self._pacer.add(audio_ms)
        track.add(item, audio_ms)

    def dropped(self, response_id: str | None, item_id: str | None, audio_ms: float) -> None:
        """So much of an item will never be handed over: it left a full queue."""
        item = self._find_waiting(response_id, item_id)
        if item is not None:
            item.dropped_ms = min(item.dropped_ms + audio_ms, item.received_ms - item.handed_ms)

    def item_done(self, item_id: str) -> None:
        """Nothing more of that item will come, unless the service is still playing it."""
        item = self._items.get(item_id)
        if item is not None:
            item.complete = item.response_id not in self._served

    def response_done(self, response_id: str | None) -> None:
        """Nothing more of that response will come, unless the service is still playing it; without ids: of
        this turn.
        """
        if response_id not in self._served:
            self._complete(response_id)
        if response_id is None:
            self._next_turn()
        else:
            self._done[response_id] = None
            _keep_last(self._done)

    def playback_expected(self, response_id: str | None) -> None:
        """The service has made a response that it will play, and does not yet."""
        self._served.expect(response_id)

    def playback_started(self, response_id: str | None) -> None:
        """The service plays a response: its audio comes while it does, whatever else has ended. It plays one
        at a time.
        """
        for other in self._served.begin(response_id):
            self.playback_stopped(other)
        self._end(response_id, ended=False)

    def playback_stopped(self, response_id: str | None) -> None:
        """The service has played a response to its end, or plays no more of it; its rest may still come."""
        self._served.end(response_id)
        self._end(response_id, ended=True)
        if response_id in self._done:
            self._complete(response_id)

    def has_ended(self, response_id: str | None) -> bool:
        """Whether the service has played a response to its end."""
        return self._served.has_ended(response_id)

    def report_played(self, item_id: str, ms: float) -> None:
        """The player says how much of an item was heard: that, and no sink and no estimate, holds from now
        on, until it says something else; once it has said nothing for all the time that the rest takes,
        the rest counts as heard. More than was handed over is taken for all of that; an item of long ago,
        or of before the last cut, stays as it is.

        Raises:
            InvalidSettings: ``ms`` is no time.
        """
        if not 0 <= ms < math.inf:
            raise InvalidSettings(f"report_played takes milliseconds, 0 or more, not {ms!r}")
        item = self._items.get(item_id) or self._over.get(item_id)
        if item is None or item.final:
            return
        item.reported_ms = min(ms, item.handed_ms)
        item.reported_s = self._clock.now_s()
        if self._over.pop(item_id, None) is not None:
            self._items = {item_id: item, **self._items}  # it began before what is there

    # -- what holds ------------------------------------------------------------------------------

    @property
    def estimates(self) -> bool:
        """Whether nothing that plays tells how much."""
        return self._track.estimated

    def heard_ms(self, item_id: str) -> float | None:
        """How much of an item was heard; None: it has no audio, or is of long ago."""
        self._settle()
        item = self._items.get(item_id) or self._over.get(item_id)
        return None if item is None else item.heard_ms(self._clock.now_s())

    def is_playing(self, response_id: str | None = None) -> bool:
        """Whether anything, of that response or of all, is still to be heard: of what was received, or of
        what the service is playing.
        """
        served = self.served
        if served if response_id is None else response_id in served:
            return True
        self._settle()
        now_s = self._clock.now_s()
        return any(
            not item.is_heard(now_s)
            for item in self._items.values()
            if response_id is None or item.response_id == response_id
        )

    @property
    def served(self) -> tuple[str | None, ...]:
        """The responses that the service is playing, or about to."""
        return self._served.now

    def knows(self, response_id: str | None) -> bool:
        """Whether something of a response is still to be heard, or may come."""
        return response_id in self.served or any(
            item.response_id == response_id for item in self._items.values()
        )

    def remaining_ms(self, response_id: str | None) -> float | None:
        """How long until a response has been heard, if nothing delays it: 0, it has been; None: it is not
        done, or some of it has not been handed over yet.

        A player may be late, so look again when that time has passed. Of a service without ids: until the
        turns that are done have been heard.
        """
        self._settle()
        if response_id in self.served or (response_id is not None and response_id not in self._done):
            return None
        now_s = self._clock.now_s()
        remaining_ms = 0.0
        for item in self._items.values():
            if item.response_id != response_id or not item.complete or item.is_heard(now_s):
                continue
            if item.waits:
                return None
            remaining_ms = max([remaining_ms, *self._left_ms(item, now_s)])
        return remaining_ms

    # -- the end of it ---------------------------------------------------------------------------

    def cut(self) -> tuple[CutItem, ...]:
        """End the playing of all that plays or waits to; clears the sink.

        Gives the items that are not over, in the order in which they began: those of which something is
        still to be heard, and those of which more would have come. None of them gets audio again.
        """
        self._tidy()
        now_s = self._clock.now_s()
        cut = tuple(
            CutItem(
                item_id=item.item_id,
                response_id=item.response_id,
                received_ms=item.received_ms,
                heard_ms=item.heard_ms(now_s),
                complete=item.complete,
                estimated=item.reported_ms is None
                and (item.estimated or (self.estimates and not item.handed_ms)),
            )
            for item in self._items.values()
        )
        for key, item in list(self._items.items()):
            # for those who ask afterwards it stands where it was cut
            item.played_ms, item.reported_ms, item.cut = item.heard_ms(now_s), None, True
            self._forget(key)
        self._served.clear()
        for item in self._over.values():
            item.final = True
        for track in self._tracks:
            if track.segments or track is self._track:
                track.clear()
        self._next_turn()
        return cut

    # -- within ----------------------------------------------------------------------------------

    def _key(self, response_id: str | None, item_id: str | None) -> _Key:
        if item_id is not None:
            return item_id
        return self._turn if response_id is None else (response_id,)

    def _end(self, response_id: str | None, *, ended: bool) -> None:
        for item in (*self._items.values(), *self._over.values()):
            if item.response_id == response_id:
                item.ended = ended

    def _complete(self, response_id: str | None) -> None:
        for item in self._items.values():
            if item.response_id == response_id:
                item.complete = True

    def _next_turn(self) -> None:
        self._turn += 1
        self._receiving = self._handing = None

    def _open(self, response_id: str | None, item_id: str | None) -> PlayedItem:
        """The item, a new one if nothing is known of it; one that was cut stays over, whatever comes."""
        key = self._key(response_id, item_id)
        item = self._items.get(key) or self._over.get(key)
        if item is not None and item.cut:
            return item
        if item is None:
            self._tidy()
            complete = response_id in self._done and response_id not in self._served
            item = PlayedItem(response_id, item_id, complete, ended=self._served.has_ended(response_id))
        self._over.pop(key, None)
        self._items[key] = item
        return item

    def _find_waiting(self, response_id: str | None, item_id: str | None) -> PlayedItem | None:
        """The item of which something waits to be handed over, if it is known and was not cut."""
        if item_id is not None or response_id is not None:
            return self._items.get(self._key(response_id, item_id))
        turns = [item for item in self._items.values() if item.item_id is item.response_id is None]
        return next((item for item in turns if item.waiting_ms > NOISE_MS), turns[-1] if turns else None)

    def _left_ms(self, item: PlayedItem, now_s: float) -> Iterator[float]:
        if item.reported_ms is not None:
            yield item.reported_left_ms(now_s)
            return
        for track in self._tracks:
            for segment in track.segments:
                if segment.item is item:
                    yield segment.end_ms - track.position_ms()

    def _settle(self) -> None:
        for track in self._tracks:
            track.settle()
        if len(self._tracks) > 1:
            used = (self._track, self._estimate)
            self._tracks = [track for track in self._tracks if track.segments or track in used]

    def _tidy(self) -> None:
        """Forget what is over: complete and heard; of services that never tell what is complete, what is
        heard and of long ago.
        """
        self._settle()
        now_s = self._clock.now_s()
        for key, item in list(self._items.items()):
            if (item.complete or len(self._items) > _KEPT) and item.is_heard(now_s):
                self._forget(key)

    def _forget(self, key: _Key) -> None:
        self._over[key] = self._items.pop(key)
        _keep_last(self._over)


def _keep_last(known: dict[_Key, PlayedItem] | dict[str, None]) -> None:
    while len(known) > _KEPT:
        del known[next(iter(known))]  # type: ignore[arg-type]  # it is one of its keys
