"""Where a clause meets a provider: connections to the double, with every wait bounded.

Knows nothing of clauses; what it finds wrong it says in their words.
"""

import asyncio
import copy
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

import attrs

from realtime_core.audio.formats import AudioFormat
from realtime_core.capabilities import Capabilities
from realtime_core.client import RealtimeClient
from realtime_core.clock import VirtualClock, use_clock
from realtime_core.contents import ToolDefinition
from realtime_core.engine.native import native_settings
from realtime_core.errors import UnsupportedSetting
from realtime_core.options import build_options
from realtime_core.provider import Connection, Provider, Setup
from realtime_core.settings import RealtimeSettings, merge_settings
from realtime_core.testing.clauses import NotApplicable
from realtime_core.testing.heard import Heard
from realtime_core.testing.line import Line, bounded, shape
from realtime_core.testing.subject import ServiceDouble, Subject

__all__ = ["A_TOOL", "Stage"]

T = TypeVar("T")

A_TOOL = ToolDefinition(
    name="look_up",
    description="Looks something up.",
    parameters={"type": "object", "properties": {"what": {"type": "string"}}, "required": ["what"]},
)


_PATIENCE_S: Final = 0.2
"""What a provider gets to reach the wait in which it is to be given up."""
_HOURS_S: Final = 7_200.0
_SECRET: Final = ("key", "secret", "token", "password")


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
        self._heard = double.heard

    @property
    def context(self) -> str:
        """What happened so far, for a message."""
        events = shape(self.lines[-1].events) if self.lines else "no connection"
        return f"events: {events}; the double heard: {', '.join(self._heard.kinds) or 'nothing'}"

    @property
    def patience_s(self) -> float:
        """What a provider gets to reach the wait in which it is to be given up."""
        return _PATIENCE_S

    @property
    def secrets(self) -> Mapping[str, str]:
        """The credentials that the double gives, by option: secret ones, and those called like one."""
        fields = attrs.fields_dict(self.provider.options)
        return {
            name: value
            for name, value in self.option_values.items()
            if isinstance(value, str)
            and len(value) > 3
            and (not fields[name].repr or any(word in name for word in _SECRET))
        }

    async def open_impatiently(self) -> None:
        """Open a session; when the provider has had its time, hours pass at once for the engine.

        Raises:
            ConnectionFailed, RealtimeError: as opening a session does.
        """
        clock = VirtualClock()
        with use_clock(clock):
            session = self.client()()
        opening = asyncio.ensure_future(session.create_session())
        try:
            await asyncio.wait({opening}, timeout=_PATIENCE_S)
            clock.advance(_HOURS_S)
            await self.bounded(asyncio.shield(opening), "opening did not give up")
        finally:
            opening.cancel()
            clock.advance(_HOURS_S)  # one that does not let itself be cancelled is left alone then
            deleting = asyncio.ensure_future(session.delete_session())
            await asyncio.wait({deleting}, timeout=_PATIENCE_S)
            clock.advance(_HOURS_S)
            await asyncio.wait({deleting, opening}, timeout=self.subject.bound_s)

    async def bounded(self, work: Awaitable[T], seen: str) -> T:
        """Await ``work``; ``seen`` is told when it takes too long."""
        return await bounded(work, seen, self.subject.bound_s)

    @property
    def something(self) -> str:
        """The text of `say_something`."""
        return "Yes."

    async def say_something(self, line: Line) -> None:
        """The double says something, in the turn that was begun."""
        await self.say_something_in(line.output_format)

    async def say_something_in(self, native: AudioFormat) -> None:
        """The same, with audio of that format."""
        if self.capabilities.text:
            await self.double.text(self.something)
        if self.capabilities.output_formats:
            await self.double.audio(bytes(native.bytes_per_s // 10))

    @property
    def asks(self) -> bool:
        """Whether a response can be asked for."""
        return self.capabilities.turns and self.capabilities.client_responses

    @property
    def output_format(self) -> AudioFormat:
        """The format that the service speaks where nothing is set."""
        return AudioFormat.parse(self.setup().settings.output_audio_format)

    @property
    def input_format(self) -> AudioFormat:
        """The format that the service takes where nothing is set."""
        return AudioFormat.parse(self.setup().settings.input_audio_format)

    async def heard(self, holds: Callable[[Heard], bool], what: str) -> None:
        """Wait until the double has heard something; somebody else reads meanwhile."""
        await self.bounded(self.double.heard.until(holds), f"the service heard no {what}")

    def inherits(self, lever: str) -> bool:
        """Whether the double leaves a lever as it is: the service has no such thing."""
        return getattr(type(self.double), lever) is getattr(ServiceDouble, lever)

    def needs_interruptions(self) -> None:
        """The double plays interruptions.

        Raises:
            NotApplicable: it plays none.
        """
        if self.inherits("interrupt"):
            raise NotApplicable("the service tells of no interruption: the double has no interrupt()")

    def settings(self, **settings: Any) -> RealtimeSettings:
        """Settings of the provider's class.

        Raises:
            UnsupportedSetting: it has no such field.
        """
        return merge_settings(self.provider.settings, settings)

    def setup(self, *, tools: Sequence[ToolDefinition | Mapping[str, Any]] = (), **settings: Any) -> Setup:
        """A set-up as the engine makes it.

        Raises:
            UnsupportedSetting: the settings class has no such field.
        """
        native = native_settings(self.settings(**settings), self.capabilities)
        return Setup(settings=native, tools=copy.deepcopy(tuple(tools)))

    async def connect_astray(self, wrong: Mapping[str, Any]) -> Connection:
        """A connection with other options than lead to the double: what the provider makes of them."""
        options = build_options(self.provider.options, {**self.option_values, **wrong}, {})
        return await self.bounded(self.provider.connect(options, self.setup()), "connect() did not return")

    async def begin_connect(self, setup: Setup) -> Line:
        """A connection of which nothing was read yet."""
        connection = await self.bounded(
            self.provider.connect(self.options, setup), "connect() did not return"
        )
        line = Line(connection, setup, self.double, self.capabilities, self.subject.bound_s)
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

    def client(self, **options: Any) -> RealtimeClient:
        """A client of the provider at the double."""
        return RealtimeClient(
            self.provider, name=self.subject.name, options={**self.option_values, **options}
        )

    async def gone(self, seen: str = "") -> None:
        """Wait until the service has no connection any more."""
        await self.bounded(
            self.double.heard.until(lambda heard: heard.open == 0),
            f"{seen}the service still has a connection",
        )

    async def end(self, line: Line) -> None:
        """Close a line without a word about what comes of it."""
        # what it raises is the business of the clauses of closing
        closing = asyncio.gather(line.connection.aclose(), return_exceptions=True)
        await asyncio.wait({closing}, timeout=self.subject.bound_s)
        closing.cancel()

    async def aclose(self) -> None:
        """Close what the clause has not."""
        for line in self.lines:
            await self.end(line)
