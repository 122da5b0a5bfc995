"""What waits for the consumer: events in order, bounded in bytes, never blocking whoever puts.

Knows nothing of connections. What happens when it is full: audio that a callback has had leaves first,
oldest first; then other audio and text deltas, oldest first. Each gap becomes one overflow event in its
place. Everything else stays; when that alone fills the queue, ``put`` says so. What was cut short leaves
at once, and what says so is put ahead of everything.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from enum import Enum, auto
from typing import Any, Final

import attrs

from realtime_core.errors import SessionStateError
from realtime_core.events import (
    RealtimeAudioEvent,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeTextEvent,
    RealtimeTranscriptEvent,
)

__all__ = ["EventQueue", "wire_size"]

# What an event costs beyond its content; keeps a flood of tiny events within the bound.
_EVENT_BYTES: Final = 256
# What a value in a frame costs beyond its text.
_VALUE_BYTES: Final = 8
# Gaps are folded together once so many entries are gaps and they are the greater part.
_FOLD_AT: Final = 64


class _Kind(Enum):
    KEPT = auto()
    """Never leaves unread."""
    DELTA = auto()
    """May leave."""
    HEARD = auto()
    """A callback has had it: leaves first."""
    GAP = auto()
    """Stands where something left."""


class _Entry:
    __slots__ = ("event", "kind", "size")

    def __init__(self, event: RealtimeEvent, kind: _Kind, size: int) -> None:
        self.event = event
        self.kind = kind
        self.size = size


@attrs.define
class EventQueue:
    """A queue for one consumer task.

    ``read`` is told of each piece of audio that the consumer is the first to have, ``dropped`` of each that
    nobody will have.
    """

    limit_bytes: int
    read: Callable[[RealtimeAudioEvent], None] = attrs.field(default=lambda _: None)
    dropped: Callable[[RealtimeAudioEvent], None] = attrs.field(default=lambda _: None)
    bytes: int = attrs.field(default=0, init=False)
    dropped_events: int = attrs.field(default=0, init=False)
    dropped_audio_ms: float = attrs.field(default=0.0, init=False)
    dropped_text_chars: int = attrs.field(default=0, init=False)
    _entries: deque[_Entry] = attrs.field(factory=deque, init=False)
    _heard: deque[_Entry] = attrs.field(factory=deque, init=False)
    _deltas: deque[_Entry] = attrs.field(factory=deque, init=False)
    _gaps: int = attrs.field(default=0, init=False)
    _waiter: asyncio.Future[None] | None = attrs.field(default=None, init=False)
    _ended: bool = attrs.field(default=False, init=False)

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, event: RealtimeEvent, *, heard: bool = False) -> bool:
        """Add ``event``; ``heard``: an audio callback has had it.

        Returns:
            False if events that must stay fill the queue beyond its bound (this one is kept too).
        """
        size = wire_size(event)
        cls = type(event)
        if cls is RealtimeAudioEvent:
            kind = _Kind.HEARD if heard else _Kind.DELTA
        elif cls is RealtimeTextEvent:
            kind = _Kind.DELTA
        else:
            kind = _Kind.KEPT
        entry = _Entry(event, kind, size)
        self._entries.append(entry)
        if kind is not _Kind.KEPT:
            (self._heard if kind is _Kind.HEARD else self._deltas).append(entry)
        self.bytes += size
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
        return self.bytes <= self.limit_bytes or self._make_room()

    def put_first(self, event: RealtimeEvent) -> None:
        """Add ``event`` ahead of everything that waits; it never leaves unread."""
        entry = _Entry(event, _Kind.KEPT, wire_size(event))
        self._entries.appendleft(entry)
        self.bytes += entry.size
        self._wake()

    def discard_audio(self, unwanted: Callable[[RealtimeAudioEvent], bool]) -> float:
        """Forget the audio that is ``unwanted``; milliseconds of it that nobody had."""
        discarded_ms = 0.0
        kept: deque[_Entry] = deque()
        for entry in self._entries:
            if type(entry.event) is RealtimeAudioEvent and unwanted(entry.event):
                if entry.kind is _Kind.DELTA:
                    discarded_ms += entry.event.audio.duration_ms
                self.bytes -= entry.size
            else:
                kept.append(entry)
        if len(kept) < len(self._entries):
            self._entries = kept
            self._sort_out()
        return discarded_ms

    def end(self) -> None:
        """Nothing more will be put: ``get`` gives what is there, then ``None``."""
        self._ended = True
        self._wake()

    async def get(self) -> RealtimeEvent | None:
        """The oldest event, or ``None`` after the end. Cancelling it loses nothing.

        Raises:
            SessionStateError: another task is already waiting.
        """
        while not self._entries:
            if self._ended:
                return None
            if self._waiter is not None:
                raise SessionStateError("another task is already waiting in receive(); one at a time")
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return self._pop()

    def unheard_audio(self) -> Iterator[RealtimeAudioEvent]:
        """Every audio event here that no callback has had, in order; from now on they count as heard."""
        for entry in [entry for entry in self._deltas if type(entry.event) is RealtimeAudioEvent]:
            entry.kind = _Kind.HEARD
            yield entry.event  # type: ignore[misc]  # its type was just tested
        self._sort_out()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _sort_out(self) -> None:
        """List anew what may leave."""
        self._deltas = deque(entry for entry in self._entries if entry.kind is _Kind.DELTA)
        self._heard = deque(entry for entry in self._entries if entry.kind is _Kind.HEARD)

    def _pop(self) -> RealtimeEvent:
        entry = self._entries.popleft()
        self.bytes -= entry.size
        if entry.kind is _Kind.HEARD:
            self._heard.popleft()
        elif entry.kind is _Kind.DELTA:
            self._deltas.popleft()
            if type(entry.event) is RealtimeAudioEvent:
                self.read(entry.event)
        elif entry.kind is _Kind.GAP:
            self._gaps -= 1
            while self._entries and self._entries[0].kind is _Kind.GAP:
                _merge(entry, self._entries.popleft())
                self._gaps -= 1
        return entry.event

    def _make_room(self) -> bool:
        while self.bytes > self.limit_bytes:
            if self._heard:
                entry = self._heard.popleft()
            elif self._deltas:
                entry = self._deltas.popleft()
            else:
                return False
            self._drop(entry)
        return True

    def _drop(self, entry: _Entry) -> None:
        audio_ms, text_chars = 0.0, 0
        if isinstance(entry.event, RealtimeAudioEvent):
            audio_ms = entry.event.audio.duration_ms
            if entry.kind is _Kind.DELTA:
                self.dropped(entry.event)
        else:
            assert isinstance(entry.event, RealtimeTextEvent)  # nothing else leaves
            text_chars = len(entry.event.text.text)
        self.bytes -= entry.size
        self.dropped_events += 1
        self.dropped_audio_ms += audio_ms
        self.dropped_text_chars += text_chars
        entry.kind = _Kind.GAP
        entry.size = 0
        entry.event = RealtimeErrorEvent(
            kind="overflow",
            code="queue_overflow",
            message="events were dropped: they were not read in time",
            lost_events=1,
            lost_audio_ms=audio_ms,
            lost_text_chars=text_chars,
        )
        self._gaps += 1
        if self._gaps > _FOLD_AT and self._gaps * 2 > len(self._entries):
            self._fold()

    def _fold(self) -> None:
        folded: deque[_Entry] = deque()
        for entry in self._entries:
            if entry.kind is _Kind.GAP and folded and folded[-1].kind is _Kind.GAP:
                _merge(folded[-1], entry)
            else:
                folded.append(entry)
        self._entries = folded
        self._gaps = sum(entry.kind is _Kind.GAP for entry in folded)


def _merge(gap: _Entry, later: _Entry) -> None:
    first, second = gap.event, later.event
    assert isinstance(first, RealtimeErrorEvent)  # gaps are
    assert isinstance(second, RealtimeErrorEvent)
    gap.event = attrs.evolve(
        first,
        lost_events=first.lost_events + second.lost_events,
        lost_audio_ms=first.lost_audio_ms + second.lost_audio_ms,
        lost_text_chars=first.lost_text_chars + second.lost_text_chars,
    )


def wire_size(event: RealtimeEvent) -> int:
    """About the bytes that ``event`` had on the wire: its frame, or its own content if that is more."""
    if type(event) is RealtimeAudioEvent:
        # the hot path, and a flat frame: the audio in it is all that counts
        frame = event.service_event
        sizes = [len(value) for value in frame.values() if type(value) is str] if frame else ()
        return _EVENT_BYTES + max(sum(sizes), len(event.audio.data))
    match event:
        case RealtimeTextEvent(text=text):
            own = len(text.text)
        case RealtimeTranscriptEvent(text=words):
            own = len(words)
        case _:
            own = 0
    return _EVENT_BYTES + max(_payload_size(event.service_event), own)


def _payload_size(payload: Any) -> int:
    size = 0
    parts = [] if payload is None else [payload]
    while parts:  # not recursive: a frame may nest deeper than the stack
        part = parts.pop()
        if isinstance(part, str | bytes):
            size += len(part)
        elif isinstance(part, Mapping):
            parts.extend(part)
            parts.extend(part.values())
        elif isinstance(part, list | tuple):
            parts.extend(part)
        size += _VALUE_BYTES
    return size
