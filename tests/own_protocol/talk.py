"""What the tests of parley share: a client of a service, and a look at what a session gave."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from own_protocol.provider import LIVE, TURNS
from own_protocol.server import Service
from realtime_core import RealtimeClient, RealtimeEvent
from realtime_core.provider import Provider

KEY = "parley-key-1234"
both = pytest.mark.parametrize("provider", [TURNS, LIVE], ids=["turns", "live"])


def parley(service: Service, provider: Provider = TURNS, **client: Any) -> RealtimeClient:
    """A client of that service."""
    options = {"port": service.port, "key": KEY, **client.pop("options", {})}
    return RealtimeClient(provider, name="parley", options=options, **client)


def has(meaning: str) -> Callable[[RealtimeEvent], bool]:
    """Whether an event is what a frame says by that meaning."""
    return lambda event: event.service_type == meaning


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
