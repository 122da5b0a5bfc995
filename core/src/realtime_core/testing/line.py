"""One connection under test: all that it has given, and every wait for more of it bounded.

Knows nothing of clauses; what it finds wrong it says in their words.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from realtime_core.audio.formats import AudioFormat
from realtime_core.capabilities import Capabilities
from realtime_core.commands import Command, CreateResponse
from realtime_core.errors import RealtimeError, UnsupportedCommand
from realtime_core.events import (
    RealtimeAudioEvent,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeResponseEvent,
    RealtimeSessionEvent,
    RealtimeTextEvent,
)
from realtime_core.provider import Connection, Setup
from realtime_core.testing.clauses import ClauseBroken, NotApplicable, broken
from realtime_core.testing.heard import Heard
from realtime_core.testing.subject import ServiceDouble

__all__ = ["Line", "bounded", "is_done", "plays", "refused", "shape"]

T = TypeVar("T")

_QUIET_S: Final = 0.02
"""How long it stays quiet where what must not come could still come: longer than a turn of the loop."""


async def bounded(work: Awaitable[T], seen: str, bound_s: float) -> T:
    """Await ``work``; it is given up, and ``seen`` told, when it takes too long.

    Raises:
        ClauseBroken: it does.
    """
    task = asyncio.ensure_future(work)
    try:
        done, _ = await asyncio.wait({task}, timeout=bound_s)  # asyncio.timeout waits for what ignores it
    except BaseException:
        task.cancel()
        raise
    if not done:
        task.cancel()
        broken(f"{seen} within {bound_s:g} s")
    return task.result()


def refused(how: str) -> ClauseBroken:
    """What is to be raised when a connection is refused that the double was told to accept."""
    return ClauseBroken(
        f"the double refused a connection that it was told to accept: {how}",
        remedy="make provider and double agree on how credentials are sent: in which header, query or frame; "
        "the double takes them unless it was told to refuse",
    )


def plays(event: RealtimeEvent) -> bool:
    """Whether an event is a piece of what the assistant says."""
    return isinstance(event, RealtimeAudioEvent | RealtimeTextEvent)


def is_done(event: RealtimeEvent) -> bool:
    """Whether a response ends."""
    return isinstance(event, RealtimeResponseEvent) and event.phase == "done"


def shape(events: Sequence[RealtimeEvent]) -> str:
    """Classes and phases of events, in order; content never shows."""
    names = [type(event).__name__.removeprefix("Realtime").removesuffix("Event") for event in events]
    told = [
        " ".join(filter(None, (name or "plain", getattr(event, "phase", ""))))
        for name, event in zip(names, events, strict=True)
    ]
    return ", ".join(told) or "nothing"


class Line:
    """A connection under test.

    Attributes:
        connection: the provider's.
        setup: what it was made with.
        frames: what each call of ``receive`` gave.
    """

    def __init__(
        self, connection: Connection, setup: Setup, double: ServiceDouble, can: Capabilities, bound_s: float
    ) -> None:
        self.connection = connection
        self.setup = setup
        self.frames: list[Sequence[RealtimeEvent]] = []
        self._double = double
        self._can = can
        self._bound_s = bound_s
        self._seen = 0

    # -- what it gave ------------------------------------------------------------------------------

    @property
    def events(self) -> list[RealtimeEvent]:
        """All events so far, in order."""
        return [event for frame in self.frames for event in frame]

    @property
    def text(self) -> str:
        """What would have been printed so far."""
        return "".join(event.text.text for event in self.of(RealtimeTextEvent))

    @property
    def pcm(self) -> bytes:
        """What would have been played so far."""
        return b"".join(event.audio.data for event in self.of(RealtimeAudioEvent))

    @property
    def output_format(self) -> AudioFormat:
        """The format in which the assistant is heard on it."""
        return AudioFormat.parse(self.setup.settings.output_audio_format)

    @property
    def input_format(self) -> AudioFormat:
        """The format in which the user is heard on it."""
        return AudioFormat.parse(self.setup.settings.input_audio_format)

    def of(self, kind: type[T]) -> list[T]:
        """The events of one class so far."""
        return [event for event in self.events if isinstance(event, kind)]

    def index_of(self, event: RealtimeEvent) -> int:
        """Where that very event stands among all."""
        return next(at for at, other in enumerate(self.events) if other is event)

    def printed(self, text: str) -> None:
        """Raises `ClauseBroken` unless that is what would have been printed."""
        if self.text != text:
            broken(f"the service said {text!r}, the events print {self.text!r}")

    # -- waiting for more --------------------------------------------------------------------------

    async def frame(self, awaited: str = "a frame") -> Sequence[RealtimeEvent]:
        """The next frame's events."""
        events = await bounded(
            self.connection.receive(), f"receive() gave nothing while {awaited} was due", self._bound_s
        )
        if not events:
            broken("receive() returned no event; each frame is at least one event")
        self.frames.append(events)
        return events

    async def until(self, holds: Callable[[RealtimeEvent], bool], awaited: str) -> RealtimeEvent:
        """Read until an event that no call of this has looked at yet ``holds``; gives it."""
        while True:
            events = self.events
            while self._seen < len(events):
                self._seen += 1
                if holds(events[self._seen - 1]):
                    return events[self._seen - 1]
            await self.frame(awaited)

    async def until_told(self, holds: Callable[[], bool], awaited: str) -> None:
        """Read until ``holds`` says that enough has come."""
        while not holds():
            await self.frame(awaited)

    async def opened(self) -> None:
        """Read until the session exists and its configuration is in force."""
        event = await self.until(_opens, "RealtimeSessionEvent(phase='updated')")
        if isinstance(event, RealtimeErrorEvent):
            if event.kind == "auth":
                raise refused("opening gave an error event of kind 'auth'")
            broken(f"opening gave an error event (kind {event.kind!r}, code {event.code!r})")

    async def done(self) -> RealtimeEvent:
        """Read until the running response is done."""
        return await self.until(is_done, "RealtimeResponseEvent(phase='done')")

    async def heard(self, holds: Callable[[Heard], bool], what: str) -> None:
        """Wait until the double has heard something; events are read meanwhile, as the engine would."""
        async with self.read_meanwhile():
            await bounded(self._double.heard.until(holds), f"the service heard no {what}", self._bound_s)

    @asynccontextmanager
    async def read_meanwhile(self) -> AsyncIterator[None]:
        """Events are read inside, as the engine would."""
        reading = asyncio.ensure_future(self._read_on())
        try:
            yield
        finally:
            reading.cancel()
            await asyncio.wait({reading}, timeout=self._bound_s)
            if not reading.done():  # it would take what the next call waits for
                broken(f"a cancelled receive() did not return within {self._bound_s:g} s")
            if not reading.cancelled():
                reading.result()

    async def _read_on(self) -> None:
        try:
            while True:
                self.frames.append(await self.connection.receive())
        except RealtimeError:
            pass

    # -- doing -------------------------------------------------------------------------------------

    async def send(self, command: Command) -> None:
        """Give the connection a command."""
        seen = f"send({type(command).__name__}) did not return"
        await bounded(self.connection.send(command), seen, self._bound_s)

    async def send_if_taken(self, command: Command) -> None:
        """The same; where it is refused the clause does not apply.

        Raises:
            NotApplicable: there is no means for it.
        """
        try:
            await self.send(command)
        except UnsupportedCommand as exc:
            raise NotApplicable(f"{type(command).__name__} raises UnsupportedCommand") from exc

    async def answer(self, command: Command) -> RealtimeEvent:
        """The event that answers a command."""
        return await self.until(
            lambda event: event.command_id == command.command_id,
            f"an event with the command_id of {type(command).__name__}",
        )

    async def turn(self) -> None:
        """A turn begins: it is asked for where that can be, and the double begins it."""
        await self.ask()
        await self._double.begin()

    async def ask(self) -> None:
        """Ask for a response, where that can be."""
        if self._can.turns and self._can.client_responses:
            asked = self._double.heard.responses
            await self.send(CreateResponse())
            await self.heard(lambda heard: heard.responses > asked, "CreateResponse")

    async def turn_ends(self) -> None:
        """The double ends the turn; where there are turns, read until the provider says so."""
        await self._double.end()
        if self._can.turns:
            await self.done()

    async def marked(self) -> None:
        """Read up to a mark that the double makes now: everything it said before has been given then."""
        await self._double.unknown()
        before = len(self.frames)
        await self.until_told(
            lambda: any(_is_plain(frame) for frame in self.frames[before:]),
            "the plain event of an unknown frame",
        )

    async def quiet(self) -> None:
        """Give what was sent, and must not have been, the time to arrive."""
        await self.marked()
        await asyncio.sleep(_QUIET_S)

    async def aclose(self) -> None:
        """Close the connection."""
        await bounded(self.connection.aclose(), "aclose() did not return", self._bound_s)


def _is_plain(frame: Sequence[RealtimeEvent]) -> bool:
    return bool(frame) and all(type(event) is RealtimeEvent for event in frame)


def _opens(event: RealtimeEvent) -> bool:
    return (isinstance(event, RealtimeSessionEvent) and event.phase == "updated") or (
        isinstance(event, RealtimeErrorEvent) and not event.benign
    )
