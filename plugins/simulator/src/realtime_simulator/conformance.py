"""The far end of a provider that speaks OpenAI's dialect, for `realtime_core.testing.ProviderConformance`.

::

    class TestAcme(ProviderConformance):
        @pytest.fixture
        def subject(self) -> Subject:
            options = lambda server: {"base_url": server.base_url, "api_key": "any"}
            return Subject("acme-ws", service=over_network(options))

It is the simulator, held back: it answers commands, and says nothing but what the kit asks it to. Needs
pytest, as the kit does.
"""

import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any, Final, TypeAlias

from realtime_core.contents import ToolCall
from realtime_core.testing import NO_OBJECTS, Heard, Meeting, ServiceDouble

from realtime_simulator import reception
from realtime_simulator.brain import Action, Call, Pieces, Turn
from realtime_simulator.faults import parse_faults
from realtime_simulator.frames import End
from realtime_simulator.held import HeldSession, HeldWatch
from realtime_simulator.options import configure
from realtime_simulator.server import SimulatorServer

__all__ = ["OPENAI_SETTINGS", "Service", "SimulatedService", "in_process", "over_network"]

OPENAI_SETTINGS: Final[Mapping[str, Any]] = {
    "parallel_tool_calls": False,
    "reasoning": {"effort": "low"},
    "truncation": "disabled",
    "tracing": None,
    "prompt": {"id": "pmpt_1"},
    "include": ["item.input_audio_transcription.logprobs"],
}
"""For ``Subject(settings=...)`` of a provider with OpenAI's own settings: a value for each of them."""

Service: TypeAlias = Callable[[], AbstractAsyncContextManager[ServiceDouble]]
"""What a `realtime_core.testing.Subject` wants."""

Options: TypeAlias = Callable[[SimulatorServer], Mapping[str, Any]]
"""The options with which a provider reaches a server."""

_MEETINGS: Final[Mapping[Meeting, reception.Meeting]] = {
    Meeting.ACCEPT: reception.Meeting(),
    Meeting.REFUSE: reception.Meeting(status=401),
    Meeting.STAY_SILENT: reception.Meeting(is_ignored=True),
    Meeting.SAY_NOTHING: reception.Meeting(faults=parse_faults("stall@1")),
    Meeting.HANG_UP: reception.Meeting(faults=parse_faults("close:1000@1")),
}

_DELTAS: Final = (
    "response.output_text.delta",
    "response.output_audio_transcript.delta",
    "response.output_audio.delta",
)

_WORDS: Final = (
    *_DELTAS,
    "response.output_text.done",
    "response.output_audio.done",
    "response.output_audio_transcript.done",
    "response.content_part.done",
    "conversation.item.done",
    "response.output_item.done",
)
"""Every event that may tell what is said, but the last."""


_MALFORMED: Final[Mapping[str, Mapping[str, Any]]] = {
    "response.output_text.delta": {"delta": 7},
    "response.output_audio.delta": {"delta": "no base64"},
    "response.function_call_arguments.done": {"call_id": []},
    "session.updated": {"session": "none"},
    "error": {"error": None},
}


def over_network(options: Options, **behaviour: Any) -> Service:
    """A service on a port of this machine, for providers over WebSocket and WebRTC alike.

    Args:
        options: gives the options that lead the provider to a server.
        behaviour: what the service does unlike OpenAI's, as options of the simulator (`SimulatorOptions`):
            ``key_header="X-Api-Key"`` takes the key in another header, ``own_settings=["humour"]`` knows what
            else its sessions have.
    """

    @asynccontextmanager
    async def service() -> AsyncIterator[ServiceDouble]:
        double = SimulatedService()
        async with SimulatorServer(configure(**{**behaviour, **double.behaviour})) as server:
            reaching = options(server)
            yield double.reached_with(reaching, astray=_closed(reaching, server.port))

    return service


def in_process() -> Service:
    """A service in this process, without a port: that of the provider ``simulator``."""

    @asynccontextmanager
    async def service() -> AsyncIterator[ServiceDouble]:
        double = SimulatedService(is_read=True)
        yield double.reached_with(double.behaviour)

    return service


def _closed(options: Mapping[str, Any], port: int) -> Sequence[Mapping[str, Any]]:
    """The options that have the port of a service, with one at which nothing listens."""
    return [
        {
            name: value.replace(f":{port}", ":1")
            for name, value in options.items()
            if isinstance(value, str) and f":{port}" in value
        }
    ]


class SimulatedService(ServiceDouble):
    """A `realtime_core.testing.ServiceDouble` in OpenAI's dialect.

    ``behaviour`` are the options that make a simulator what this needs. ``is_read``: nothing is written
    before the provider reads, as there is nothing in between.
    """

    def __init__(self, *, is_read: bool = False) -> None:
        self._heard = Heard()
        self._options: Mapping[str, Any] = {}
        self._astray: Sequence[Mapping[str, Any]] = ()
        self._watch = HeldWatch(self._heard)
        self._is_read = is_read
        self._pieces: deque[str | bytes] = deque()
        self._calls: tuple[ToolCall, ...] = ()

    @property
    def heard(self) -> Heard:
        """What the provider has told it."""
        return self._heard

    @property
    def options(self) -> Mapping[str, Any]:
        """Those of the provider that lead it here."""
        return self._options

    @property
    def astray(self) -> Sequence[Mapping[str, Any]]:
        """Options of the provider that lead elsewhere."""
        return self._astray

    @property
    def odd_words(self) -> Sequence[str]:
        """Words that only frames have which are no events, or not whole."""
        return ("nobody knows this event", "from here to the end", "never comp")

    def reached_with(
        self, options: Mapping[str, Any], *, astray: Sequence[Mapping[str, Any]] = ()
    ) -> "SimulatedService":
        """The same, for a provider with those options, and others with which it is not reached."""
        self._options = options
        self._astray = astray
        return self

    @property
    def behaviour(self) -> Mapping[str, Any]:
        """Options of the simulator."""
        return {"watch": self._watch, "brain": self._answer, "speed": 0}

    @property
    def _session(self) -> HeldSession:
        session = self._watch.sessions[-1]
        assert isinstance(session, HeldSession)
        return session

    def _answer(self, _: Turn) -> list[Action]:
        calls, self._calls = self._calls, ()
        if calls:
            return [Call(call.name, call.arguments, call_id=call.call_id) for call in calls]
        return [Pieces(self._taken())] if self._pieces else []

    def _taken(self) -> Iterator[str | bytes]:
        while self._pieces:
            yield self._pieces.popleft()

    async def meet(self, how: Meeting) -> None:
        """Meet those who come from now on so."""
        self._watch.reception.usual = _MEETINGS[how]

    # what it says

    async def begin(self) -> None:
        """Begin a response, unless the provider has asked for one."""
        if not self._session.is_responding:
            await self._do(lambda session: session.respond())

    async def text(self, piece: str) -> None:
        """Say or write the next piece of the response."""
        await self._say(piece)

    async def audio(self, pcm: bytes) -> None:
        """Speak the next piece of the response."""
        await self._say(pcm)

    async def _say(self, piece: str | bytes) -> None:
        # one that was stopped says no more
        if self._session.is_responding:
            self._pieces.append(piece)
            await self._do(lambda session: session.release(*_DELTAS))

    async def end(self) -> None:
        """End the response."""
        if self._session.is_responding:
            await self._do(lambda session: session.release("response.done"))

    async def together(self, piece: str) -> None:
        """Say the last piece and end the response in one event: only ``response.done`` has these words."""
        self._pieces.append(piece)
        await self._do(lambda session: session.release("response.done"), *_WORDS)

    async def call(self, *calls: ToolCall) -> None:
        """Call functions, in one response."""
        await self.begin()
        self._calls = calls
        await self.end()

    async def hear(self, text: str) -> None:
        """Tell what the user said."""
        kind = "conversation.item.input_audio_transcription.completed"
        said = {"item_id": "item_heard", "content_index": 0, "transcript": text}
        await self._do(lambda session: session.send(kind, **said))

    async def interrupt(self) -> None:
        """Hear the user speak, which cancels the response."""
        await self._do(lambda session: session.user_starts_speaking())

    async def fail(self) -> None:
        """Tell of an error."""
        error = {"type": "server_error", "code": "server_error", "message": "Something went wrong."}
        await self._do(lambda session: session.send("error", error=error))

    async def unknown(self) -> None:
        """Send an event of a type that nobody knows."""
        await self._do(lambda session: session.send("conformance.unknown", note="nobody knows this event"))

    async def garble(self) -> None:
        """Send what is not JSON."""
        await self._do(lambda session: session.send_text("\x00no JSON from here to the end"))

    async def malform(self) -> None:
        """Send events whose fields are missing, or of other types."""
        for kind, fields in _MALFORMED.items():
            await self._do(partial(HeldSession.send_text, text=json.dumps({"type": kind, **fields})))
        for text in NO_OBJECTS:
            await self._do(partial(HeldSession.send_text, text=text))

    # how it ends

    async def hang_up(self) -> None:
        """Close the connection."""
        await self._do(lambda session: session.finish(End(1000)))

    async def drop(self) -> None:
        """Drop the connection."""
        await self._do(lambda session: session.finish(End(None)))

    async def vanish(self) -> None:
        """Drop the connection in the middle of a frame."""
        await self._do(lambda session: session.finish(End(None, is_torn=True)))

    async def _do(self, act: Callable[[HeldSession], object], *without: str) -> None:
        """Do something to the latest session; wait until what comes of it is written, but those events."""
        session = self._session
        act(session)
        session.settle(*without)
        if not self._is_read:
            await session.written()
