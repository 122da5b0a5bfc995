"""What the tests of the simulator stand on: an engine at a time they decide, speech, a clock they move."""

import itertools
import json
from typing import Any, get_args

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
        **options: Any,
    ) -> None:
        self.now_s = 100.0
        self.engine = Engine(
            configure(speed=speed, **options),
            model=model,
            kind=kind,
            session=session,
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
