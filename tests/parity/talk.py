"""What the tests of parity share: a session of any provider, with the simulator at its other end.

Nothing here asks for a provider's name: what differs is read from ``session.capabilities``.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import attrs
import numpy as np
import soundfile
from listening import is_done, shape
from parity.providers import NETWORKED, environment, only_environment
from realtime_core import (
    RealtimeAudioEvent,
    RealtimeClient,
    RealtimeEvent,
    RealtimeSession,
    create_client,
)
from realtime_simulator import SimulatorServer, Watch, WatchedSession, configure
from workspace import ROOT

KEY: Final = "sk-parity-0123456789"
RATE_HZ: Final = 24_000
SPEECH: Final = ROOT / "samples" / "audio" / "amiable.wav"
SPEECH_MS: Final = 3_290
WITHIN_S: Final = 20
"""How long an answer may take at the slowest of them; whoever waits longer waits for ever."""

LIKE: Final = {False: 0.9, True: 0.75}
"""The least `likeness` of a recording before and after its way, by whether that is paced: then it begins and
ends elsewhere. Of two different recordings, or one that is played backwards, it is below 0.7."""


@attrs.frozen
class Service:
    """A client, and the sessions at the other end."""

    client: RealtimeClient
    watch: Watch | SimulatorServer

    async def session(self) -> WatchedSession:
        return await self.watch.session()


@attrs.frozen
class Talk:
    """A session, and the service at its other end."""

    session: RealtimeSession
    service: WatchedSession

    def sent(self, kind: str) -> list[dict[str, Any]]:
        """What the client has sent of one kind."""
        return [frame for frame in self.service.received if frame["type"] == kind]


@asynccontextmanager
async def serving(
    provider: str, *, client: Any = None, key: str = KEY, **options: Any
) -> AsyncIterator[Service]:
    """A client of that provider; ``options`` are the simulator's, ``key`` is what the client has."""
    options = {"speed": 0, **options}
    given = client or {}
    if provider not in NETWORKED:
        watch = Watch()
        yield Service(create_client(provider, watch=watch, **options, **given), watch)
        return
    async with SimulatorServer(configure(**options), api_key=KEY) as server:
        origin = server.base_url.removesuffix("/v1")
        with only_environment(environment(provider, origin, key)):
            made = create_client(provider, **given)
        yield Service(made, server)


@asynccontextmanager
async def talking(
    provider: str, *, session: Any = None, client: Any = None, **options: Any
) -> AsyncIterator[Talk]:
    """An open session of that provider; ``options`` are the simulator's."""
    async with (
        serving(provider, client=client, **options) as service,
        service.client(**(session or {})) as opened,
    ):
        yield Talk(opened, await service.session())


async def answer(session: RealtimeSession, *, responses: int = 1) -> list[Any]:
    """What a session gives up to the end of so many responses."""
    events: list[RealtimeEvent] = []
    async with asyncio.timeout(WITHIN_S):
        async for event in session.receive():
            events.append(event)
            if sum(map(is_done, events)) >= responses:
                break
    return events


def story(events: list[RealtimeEvent]) -> list[str]:
    """What happened, in order, without repetitions: classes and phases, of all but audio and its playback.

    Events without a class of their own are the service's own words, and no part of it.
    """
    names = [name for name in shape(events) if name and name != "Audio" and "playback" not in name]
    return [name for name, _ in groupby(names)]


def samples(events: list[RealtimeEvent]) -> Any:
    """The audio that was heard."""
    pieces = [event.audio.to_ndarray() for event in events if isinstance(event, RealtimeAudioEvent)]
    return np.concatenate([np.zeros(0, np.int16), *pieces])


def recording(file: Path) -> Any:
    """What a WAV file holds, at 24 kHz."""
    pcm, rate_hz = soundfile.read(file)
    return np.interp(np.arange(0, len(pcm), rate_hz / RATE_HZ), np.arange(len(pcm)), pcm)


def tone(hz: float, ms: float) -> Any:
    """A soft tone, as int16 samples at 24 kHz."""
    seconds = np.arange(int(ms * RATE_HZ / 1000)) / RATE_HZ
    return (6_000 * np.sin(2 * np.pi * hz * seconds)).astype(np.int16)


def pitch_hz(pcm: Any, rate_hz: int = RATE_HZ) -> float:
    """The strongest frequency."""
    strengths = np.abs(np.fft.rfft(np.asarray(pcm, np.float64) * np.hanning(len(pcm))))
    return float(np.argmax(strengths) * rate_hz / len(pcm))


def loudness(pcm: Any) -> Any:
    """How loud each 20 ms are."""
    size = RATE_HZ // 50
    pieces = np.asarray(pcm[: len(pcm) // size * size], np.float64).reshape(-1, size)
    return np.sqrt((pieces**2).mean(axis=1))


def likeness(one: Any, other: Any) -> float:
    """How far two recordings rise and fall alike, wherever each begins: 1 is alike, 0 is not."""
    one, other = loudness(one), loudness(other)
    one, other = one - one.mean(), other - other.mean()
    both = np.correlate(one, other, "full")
    return float(both.max() / np.sqrt((one**2).sum() * (other**2).sum()))
