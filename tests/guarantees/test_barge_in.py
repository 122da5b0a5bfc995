"""Speech that interrupts the assistant, at any moment: by the clock of the test, a thousand times over."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from realtime_core import (
    NullSink,
    RealtimeAudioEvent,
    RealtimeInterruptionEvent,
    RealtimeSession,
    create_client,
)
from realtime_core.clock import VirtualClock, use_clock
from realtime_simulator import Watch
from settling import settle

BYTES_PER_MS = 48


class Listener:
    """Reads a session's events to the end, and keeps what the test looks at."""

    def __init__(self) -> None:
        self.events: list[Any] = []

    async def listen(self, session: RealtimeSession) -> None:
        async for event in session.receive():
            if isinstance(event, RealtimeAudioEvent | RealtimeInterruptionEvent):
                self.events.append(event)

    def take(self) -> list[Any]:
        events, self.events = self.events, []
        return events


@asynccontextmanager
async def conversing(clock: VirtualClock, callback: Any) -> AsyncIterator[tuple[Any, Any, Listener]]:
    """A session that is listened to, and what steers its simulated service."""
    watch, listener = Watch(), Listener()
    with use_clock(clock):
        client = create_client("simulator", watch=watch)
        async with client(audio_output_callback=callback() if callback else None) as session:
            listening = asyncio.create_task(listener.listen(session))
            yield session, watch.sessions[0], listener
        await listening


class Ledger:
    """What both sides of a simulated session have sent, read piece by piece."""

    def __init__(self, service: Any) -> None:
        self._service = service
        self._read = {"sent": 0, "received": 0}
        self._audio_ms: Counter[str] = Counter()
        self.commands: Counter[str] = Counter()

    def check(self) -> None:
        """The service has not complained, and no item was cut beyond the audio that was sent of it."""
        for frame in self._new("sent"):
            assert frame["type"] != "error", frame
            if frame["type"] == "response.output_audio.delta":
                self._audio_ms[frame["item_id"]] += len(frame["delta"]) * 3 / 4 / BYTES_PER_MS
        for frame in self._new("received"):
            self.commands[frame["type"]] += 1
            if frame["type"] == "conversation.item.truncate":
                assert 0 < frame["audio_end_ms"] <= self._audio_ms[frame["item_id"]]

    def _new(self, side: str) -> list[dict[str, Any]]:
        frames: list[dict[str, Any]] = getattr(self._service, side)
        start, self._read[side] = self._read[side], len(frames)
        return frames[start:]


@pytest.mark.parametrize(
    ("callback", "turns"),
    [(NullSink, 500), (lambda: lambda _: None, 300), (None, 200)],
    ids=["sink", "callback", "events alone"],
)
async def test_barge_in_at_any_moment(callback: Any, turns: int):
    chance = random.Random(4)  # noqa: S311  # the moments are to be the same each time
    clock = VirtualClock()
    interrupted = 0
    async with conversing(clock, callback) as (_, service, listener):
        ledger = Ledger(service)
        service.user_says("Tell me something that takes you a while, please.")
        for turn in range(turns):
            clock.advance(chance.choice([0.0, 0.05, 0.3, 1.0, 4.0]) * chance.random())
            await settle()
            listener.take()
            service.user_starts_speaking()
            await settle()
            service.user_stops_speaking(f"And this is turn {turn}, which says something else.")
            await settle()

            events = listener.take()
            interruptions = [event for event in events if isinstance(event, RealtimeInterruptionEvent)]
            cut = {event.response_id for event in interruptions}
            assert len(interruptions) <= 1
            assert [e for e in events if isinstance(e, RealtimeAudioEvent) and e.response_id in cut] == []
            ledger.check()
            interrupted += len(interruptions)

    # or else nothing was tested
    assert interrupted > turns / 2
    assert ledger.commands["conversation.item.truncate"] > turns / 10
    assert ledger.commands["conversation.item.delete"] > 0
