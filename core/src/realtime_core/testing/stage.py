"""Where a clause meets a provider: connections to the double, with every wait bounded.

Knows nothing of clauses; what it finds wrong it says in their words.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from realtime_core.audio.formats import AudioFormat
from realtime_core.capabilities import Capabilities
from realtime_core.client import RealtimeClient
from realtime_core.commands import Command, CreateResponse
from realtime_core.contents import ToolDefinition
from realtime_core.engine.native import native_settings
from realtime_core.errors import RealtimeError, UnsupportedSetting
from realtime_core.events import (
    RealtimeAudioEvent,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeResponseEvent,
    RealtimeSessionEvent,
    RealtimeTextEvent,
)
from realtime_core.options import build_options
from realtime_core.provider import Connection, Provider, Setup
from realtime_core.settings import merge_settings
from realtime_core.testing.clauses import NotApplicable, broken
from realtime_core.testing.subject import ServiceDouble, Subject

__all__ = ["Line", "Stage", "shape"]

T = TypeVar("T")

A_TOOL = ToolDefinition(
    name="look_up",
    description="Looks something up.",
    parameters={"type": "object", "properties": {"what": {"type": "string"}}, "required": ["what"]},
)


def shape(events: Sequence[RealtimeEvent]) -> str:
    """Classes and phases of events, in order; content never shows."""
    names = [type(event).__name__.removeprefix("Realtime").removesuffix("Event") for event in events]
    told = [
        " ".join(filter(None, (name or "plain", getattr(event, "phase", ""))))
        for name, event in zip(names, events, strict=True)
    ]
    return ", ".join(told) or "nothing"


class Line:
    """A connection under test, and all it has given.

    Attributes:
        connection: the provider's.
        frames: what each call of ``receive`` gave.
    """

    def __init__(self, connection: Connection, stage: "Stage", setup: Setup) -> None:
        self.connection = connection
        self.setup = setup
        self.frames: list[Sequence[RealtimeEvent]] = []
        self._stage = stage
        self._seen = 0

    @property
    def events(self) -> list[RealtimeEvent]:
        """All events so far, in order."""
        return [event for frame in self.frames for event in frame]

    @property
    def text(self) -> str:
        """What would have been printed so far."""
        return "".join(event.text.text for event in self.events if isinstance(event, RealtimeTextEvent))

    @property
    def pcm(self) -> bytes:
        """What would have been played so far."""
        return b"".join(event.audio.data for event in self.events if isinstance(event, RealtimeAudioEvent))

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

    async def send(self, command: Command) -> None:
        """Give the connection a command."""
        await self._stage.bounded(
            self.connection.send(command), f"send({type(command).__name__}) did not return"
        )

    async def frame(self, awaited: str = "a frame") -> Sequence[RealtimeEvent]:
        """The next frame's events."""
        events = await self._stage.bounded(
            self.connection.receive(), f"receive() gave nothing while {awaited} was due"
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
            broken(f"opening gave an error event (kind {event.kind!r}, code {event.code!r})")

    async def turn(self) -> None:
        """A turn begins: it is asked for where that can be, and the double begins it."""
        stage = self._stage
        if stage.capabilities.turns and stage.capabilities.client_responses:
            asked = stage.double.heard.responses
            await self.send(CreateResponse())
            await stage.heard(lambda heard: heard.responses > asked, "CreateResponse", self)
        await stage.double.begin()

    async def turn_ends(self) -> None:
        """The double ends the turn; where there are turns, read until the provider says so."""
        await self._stage.double.end()
        if self._stage.capabilities.turns:
            await self.until(is_done, "RealtimeResponseEvent(phase='done')")

    async def marked(self) -> None:
        """Read up to a mark that the double makes now: everything it said before has been given then."""
        await self._stage.double.unknown()
        before = len(self.frames)
        await self.until_told(
            lambda: any(type(event) is RealtimeEvent for frame in self.frames[before:] for event in frame),
            "the plain event of an unknown frame",
        )

    async def aclose(self) -> None:
        """Close the connection."""
        await self._stage.bounded(self.connection.aclose(), "aclose() did not return")


def _opens(event: RealtimeEvent) -> bool:
    return (isinstance(event, RealtimeSessionEvent) and event.phase == "updated") or (
        isinstance(event, RealtimeErrorEvent) and not event.benign
    )


def is_done(event: RealtimeEvent) -> bool:
    """Whether a response ends."""
    return isinstance(event, RealtimeResponseEvent) and event.phase == "done"


class Stage:
    """One clause's own double and provider.

    Attributes:
        double: the far end, fresh.
        provider: what is tested.
        capabilities: what it can do, with the options that the double gives.
        lines: the connections that were made by `connect`; closed at the end.
    """

    def __init__(self, subject: Subject, double: ServiceDouble) -> None:
        self.subject = subject
        self.double = double
        self.provider: Provider = subject.load()
        self.option_values = {**double.options, **subject.options}
        self.options = build_options(self.provider.options, self.option_values, {})
        self.capabilities: Capabilities = (
            self.provider.capabilities
            if self.provider.capabilities_for is None
            else self.provider.capabilities_for(self.options)
        )
        self.lines: list[Line] = []

    @property
    def context(self) -> str:
        """What happened so far, for a message."""
        events = shape(self.lines[-1].events) if self.lines else "no connection"
        return f"events: {events}; the double heard: {', '.join(self.double.heard.kinds) or 'nothing'}"

    async def bounded(self, work: Awaitable[T], seen: str, bound_s: float | None = None) -> T:
        """Await ``work``; it is given up, and ``seen`` told, when it takes too long."""
        bound_s = self.subject.bound_s if bound_s is None else bound_s
        task = asyncio.ensure_future(work)
        try:
            done, _ = await asyncio.wait({task}, timeout=bound_s)
        except BaseException:
            task.cancel()
            raise
        if not done:
            task.cancel()
            broken(f"{seen} within {bound_s:g} s")
        return task.result()

    def setup(self, *, tools: Sequence[ToolDefinition | Mapping[str, Any]] = (), **settings: Any) -> Setup:
        """A set-up as the engine makes it.

        Raises:
            UnsupportedSetting: the settings class has no such field.
        """
        merged = merge_settings(self.provider.settings, settings)
        return Setup(settings=native_settings(merged, self.capabilities), tools=tuple(tools))

    async def begin_connect(self, setup: Setup) -> Line:
        """A connection of which nothing was read yet."""
        connection = await self.bounded(
            self.provider.connect(self.options, setup), "connect() did not return"
        )
        line = Line(connection, self, setup)
        self.lines.append(line)
        return line

    async def connect(self, *, tools: Sequence[ToolDefinition] = (), **settings: Any) -> Line:
        """An open connection, configured.

        Raises:
            NotApplicable: it takes no tools.
        """
        try:
            line = await self.begin_connect(self.setup(tools=tools, **settings))
        except UnsupportedSetting as exc:
            if not tools or settings:
                raise
            raise NotApplicable(
                "connect refuses tools with UnsupportedSetting: it calls no functions"
            ) from exc
        await line.opened()
        return line

    async def heard(self, holds: Callable[[Any], bool], what: str, line: Line | None = None) -> None:
        """Wait until the double has heard something; ``line`` is read meanwhile, as the engine would."""
        waiting = asyncio.ensure_future(self.double.heard.until(holds))
        reading = asyncio.ensure_future(_read_on(line)) if line is not None else None
        try:
            await self.bounded(asyncio.shield(waiting), f"the service heard no {what}")
        finally:
            waiting.cancel()
            if reading is not None:
                reading.cancel()
                await asyncio.wait({reading}, timeout=self.subject.bound_s)

    def client(self, **options: Any) -> RealtimeClient:
        """A client of the provider at the double."""
        return RealtimeClient(
            self.provider, name=self.subject.name, options={**self.option_values, **options}
        )

    async def aclose(self) -> None:
        """Close what the clause has not."""
        for line in self.lines:
            task = asyncio.ensure_future(line.connection.aclose())
            await asyncio.wait({task}, timeout=self.subject.bound_s)
            if not task.done():
                task.cancel()
            elif not task.cancelled():
                task.exception()  # the clauses of closing say so


async def _read_on(line: Line) -> None:
    try:
        while True:
            line.frames.append(await line.connection.receive())
    except RealtimeError:
        pass
