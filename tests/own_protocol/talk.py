"""What the tests of parley share: a client of a service, and a look at what a session gave."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from own_protocol.provider import LIVE, TURNS
from own_protocol.server import Service
from realtime_core import (
    RealtimeAudioEvent,
    RealtimeClient,
    RealtimeEvent,
    RealtimeResponseEvent,
    RealtimeSession,
    RealtimeTextEvent,
)
from realtime_core.provider import Provider

KEY = "parley-key-1234"
both = pytest.mark.parametrize("provider", [TURNS, LIVE], ids=["turns", "live"])


def parley(service: Service, provider: Provider = TURNS, **client: Any) -> RealtimeClient:
    """A client of that service."""
    options = {"port": service.port, "key": KEY, **client.pop("options", {})}
    return RealtimeClient(provider, name="parley", options=options, **client)


async def until(session: RealtimeSession, ends: Callable[[RealtimeEvent], bool]) -> list[RealtimeEvent]:
    """What a session gives, up to the first event that ``ends`` it, which is the last."""
    events = []
    async for event in session.receive():
        events.append(event)
        if ends(event):
            break
    return events


async def collect(session: RealtimeSession, events: list[RealtimeEvent]) -> None:
    """Add what a session gives to ``events``, until it ends."""
    async for event in session.receive():
        events.append(event)  # noqa: PERF401  # what came is kept although the loop raises


def is_done(event: RealtimeEvent) -> bool:
    return isinstance(event, RealtimeResponseEvent) and event.phase == "done"


def has(meaning: str) -> Callable[[RealtimeEvent], bool]:
    """Whether an event is what a frame says by that meaning."""
    return lambda event: event.service_type == meaning


def shape(events: list[RealtimeEvent]) -> list[str]:
    """Classes and phases: what came, in order."""
    names = [type(event).__name__.removeprefix("Realtime").removesuffix("Event") for event in events]
    return [
        f"{name} {getattr(event, 'phase', '')}".strip() for name, event in zip(names, events, strict=True)
    ]


def spoken(events: list[RealtimeEvent]) -> str:
    return "".join(event.text.text for event in events if isinstance(event, RealtimeTextEvent))


def heard_ms(events: list[RealtimeEvent]) -> float:
    return sum(event.audio.duration_ms for event in events if isinstance(event, RealtimeAudioEvent))


class Player:
    """An audio sink that plays what the test says it has."""

    def __init__(self) -> None:
        self.samples = 0
        self.clears = 0
        self.played_ms = 0.0
        self._news = asyncio.Event()

    def write(self, pcm: Any) -> None:
        self.samples += len(pcm)
        self._news.set()

    def clear(self) -> None:
        self.clears += 1
        self._news.set()

    @property
    def given_ms(self) -> float:
        return self.samples / 24

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until ``holds`` does, which something that is written or cleared must bring about."""
        while not holds():
            self._news.clear()
            await self._news.wait()
