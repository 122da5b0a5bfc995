"""What the tests of the simulator stand on: an engine in their own time, speech, a clock, a caller."""

import asyncio
import itertools
import json
from typing import Any, Self, get_args

import numpy as np
import pytest
from hypothesis import settings
from openai.types.realtime import RealtimeServerEvent
from realtime_core.audio.formats import PCM16_24KHZ, AudioFormat
from realtime_core.clock import VirtualClock
from realtime_simulator.engine import Engine
from realtime_simulator.frames import End
from realtime_simulator.options import configure
from realtime_simulator.session_defaults import SessionKind
from realtime_simulator.wire_audio import encode_base64, from_samples

# Hypothesis' deadline is a timing assertion
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


class Talk:
    """A session with an engine, without a door."""

    def __init__(
        self,
        *,
        model: str = "gpt-realtime-2.1",
        kind: SessionKind = "realtime",
        speed: float = 0,
        session: dict[str, Any] | None = None,
        on_tracks: bool = False,
        **options: Any,
    ) -> None:
        self.now_s = 100.0
        self.engine = Engine(
            configure(speed=speed, **options),
            model=model,
            kind=kind,
            session=session,
            on_tracks=on_tracks,
            now_s=self.now_s,
            epoch_s=1e9,
        )
        self.engine.open()
        self.created, *self.greeting = self.hear()
        """What the session began with."""

    def say(self, kind: str, **payload: Any) -> None:
        """Send an event."""
        self.say_raw(json.dumps({"type": kind, **payload}))

    def say_raw(self, text: str | bytes) -> None:
        self.engine.receive(text, self.now_s)

    def hear_one(self) -> dict[str, Any] | End | None:
        return self.engine.next(self.now_s)

    def hear(self) -> list[Any]:
        """All that is due."""
        return list(iter(self.hear_one, None))

    def ask(self, kind: str, **payload: Any) -> list[Any]:
        """Send an event, and all that is due after it."""
        self.say(kind, **payload)
        return self.hear()

    def play(self, samples: int) -> bytes:
        """What the track of a call sends next."""
        return self.engine.play(samples, self.now_s)

    def speak(self, pcm: bytes) -> list[Any]:
        """Let the client's track bring audio, and all that is due after it."""
        self.engine.hear(pcm, self.now_s)
        return self.hear()

    def play_out(self) -> list[Any]:
        """Let the track play all there is, in real time; all that is due meanwhile."""
        frames = []
        while self.play(480):
            self.now_s += 0.02
            frames += self.hear()
        return frames

    def update(self, **session: Any) -> list[Any]:
        return self.ask("session.update", session={"type": "realtime", **session})

    def manual(self) -> "Talk":
        """Switch turn detection off."""
        self.update(audio={"input": {"turn_detection": None}})
        return self

    def type_text(self, text: str, **payload: Any) -> list[Any]:
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
        return self.ask("conversation.item.create", item=item, **payload)

    def append(self, data: bytes) -> list[Any]:
        return self.ask("input_audio_buffer.append", audio=encode_base64(data))


@pytest.fixture(scope="session")
def talk() -> type[Talk]:
    return Talk


def kinds_of(frames: list[Any]) -> list[str]:
    return [frame["type"] for frame in frames]


@pytest.fixture
def kinds() -> Any:
    """The types of frames, in order."""
    return kinds_of


@pytest.fixture
def collapsed() -> Any:
    """The types of frames, each run of equal ones once."""
    return lambda frames: [kind for kind, _ in itertools.groupby(kinds_of(frames))]


@pytest.fixture
def the() -> Any:
    """The one frame of a type."""

    def find(kind: str, frames: list[Any]) -> dict[str, Any]:
        (found,) = (frame for frame in frames if frame["type"] == kind)
        return found

    return find


@pytest.fixture
def speech() -> Any:
    """A tone as loud as speech, in a wire format."""

    def make(ms: int, fmt: AudioFormat = PCM16_24KHZ) -> bytes:
        samples = (8000 * np.sin(np.arange(ms * 24) * 0.05)).astype(np.int16)
        return bytes(from_samples(samples, fmt).data)

    return make


@pytest.fixture
def silence() -> Any:
    """Silence, in a wire format."""

    def make(ms: int, fmt: AudioFormat = PCM16_24KHZ) -> bytes:
        return bytes(from_samples(np.zeros(ms * 24, np.int16), fmt).data)

    return make


_EVENT_TYPES = {
    get_args(cls.model_fields["type"].annotation)[0]: cls
    for cls in get_args(get_args(RealtimeServerEvent)[0])
}


@pytest.fixture
def event_types() -> Any:
    """The classes of the ``openai`` package's server events, by type."""
    return _EVENT_TYPES


@pytest.fixture
def validate() -> Any:
    """Check a frame against the class that the ``openai`` package has for its type."""

    def check(frame: dict[str, Any]) -> None:
        _EVENT_TYPES[frame["type"]].model_validate(frame, strict=True)

    return check


@pytest.fixture
def clock() -> Any:
    """A clock to put in force with `use_clock`."""
    return VirtualClock()


class Caller:
    """A client of a call, on bare ``aiortc``; `open` it with a function from its offer to the answer."""

    def __init__(self, *, label: str | None = "oai-events") -> None:
        from aiortc import RTCConfiguration, RTCPeerConnection
        from realtime_openai_wire.rtc import PacedTrack

        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.frames: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.heard = bytearray()
        self._more = asyncio.Event()
        self.ready = asyncio.Event()
        self.closed = asyncio.Event()
        self._said = bytearray()
        self._hearing: asyncio.Future[None] | None = None
        self.pc.addTrack(PacedTrack(self._take))
        self.pc.on("track", self._track_came)
        self.channel = None if label is None else self.pc.createDataChannel(label)
        if self.channel is not None:
            self.channel.on("message", lambda text: self.frames.put_nowait(json.loads(text)))
            self.channel.on("open", self.ready.set)
            self.channel.on("close", self.closed.set)

    def _take(self, samples: int) -> bytes:
        taken = bytes(self._said[: 2 * samples])
        del self._said[: 2 * samples]
        return taken

    def _track_came(self, track: Any) -> None:
        self._hearing = asyncio.ensure_future(self._hear(track))

    async def _hear(self, track: Any) -> None:
        from realtime_openai_wire.rtc import ReceivedAudio

        async for pcm in ReceivedAudio().stream(track):
            self.heard += pcm
            self._more.set()

    async def open(self, exchange: Any) -> Self:
        """Connect by ``exchange``, a coroutine function from the text of the offer to that of the answer."""
        from aiortc import RTCSessionDescription

        await self.pc.setLocalDescription(await self.pc.createOffer())
        answer = await exchange(self.pc.localDescription.sdp)
        await self.pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        return self

    async def aclose(self) -> None:
        await self.pc.close()
        if self._hearing is not None:
            # the track of a call that was never connected does not end
            self._hearing.cancel()
            await asyncio.wait([self._hearing])

    def send(self, kind: str, **fields: Any) -> None:
        assert self.channel is not None
        self.channel.send(json.dumps({"type": kind, **fields}))

    def say(self, pcm: bytes) -> None:
        """Let the track carry PCM16 mono at 24 kHz."""
        self._said += pcm

    async def until(self, kind: str) -> list[Any]:
        """All frames that come, up to the next of that type."""
        frames = []
        while not frames or frames[-1]["type"] != kind:
            frames.append(await self.frames.get())
        return frames

    async def until_heard(self, enough: Any) -> None:
        """Listen until the samples so far are ``enough``."""
        while not enough(self.samples):
            self._more.clear()
            await self._more.wait()

    @property
    def samples(self) -> Any:
        """What was heard, of one channel, at 48 kHz."""
        return np.frombuffer(bytes(self.heard), np.int16)[::2]


@pytest.fixture
async def caller() -> Any:
    """A function that makes callers, which hang up after the test."""
    callers: list[Caller] = []

    def make(**given: Any) -> Caller:
        callers.append(Caller(**given))
        return callers[-1]

    yield make
    for one in callers:
        await one.aclose()
