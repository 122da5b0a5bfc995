"""What a service double has heard from the provider under test, in neutral words.

Knows nothing of any wire.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import attrs

from realtime_core.audio.formats import AudioFormat
from realtime_core.contents import ImageContent, Message, ToolCall, ToolDefinition, ToolResult

__all__ = ["Heard", "HeardKind", "Note", "includes"]

HeardKind = Literal[
    "setup",
    "update",
    "audio",
    "commit",
    "clear",
    "message",
    "image",
    "call",
    "result",
    "response",
    "cancel",
    "truncate",
    "delete",
    "raw",
]
"""What a provider can say to its service, in the words of `realtime_core.commands`."""


@attrs.frozen
class Note:
    """One thing that was heard."""

    kind: HeardKind
    value: Any = attrs.field(default=None, repr=lambda value: type(value).__name__)


class Heard:
    """All that a double has heard, in order, over all its connections.

    The double calls `came`, `left` and `note`; the kit reads the rest.

    Attributes:
        notes: what was heard.
        connections: how many connections were made: accepted by the service, whatever came of them.
        open: how many of them the client has not let go of.
    """

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self.connections = 0
        self.open = 0
        self._news = asyncio.Event()

    # -- told by the double ----------------------------------------------------------------------

    def came(self) -> None:
        """A connection was made; one that was refused in place of it, as by an HTTP status, is none."""
        self.connections += 1
        self.open += 1
        self._wake()

    def left(self) -> None:
        """A connection is gone, whoever ended it."""
        self.open -= 1
        self._wake()

    def note(self, kind: HeardKind, value: Any = None) -> None:
        """Something was heard. What ``value`` is:

        ``setup``, ``update``: a mapping of what the service was told: settings by the names of
        `realtime_core.RealtimeSettings` (or of the provider's class), as far as they can be told apart:
        numbers as numbers, nested ones as mappings, formats as `AudioFormat` (or its name), what is switched
        off as None; and ``tools``: a list, each as it was heard: a `ToolDefinition` or a mapping of its
        fields, the mapping itself of a tool of the service's own, a name alone where the wire has no more;
        ``audio``: its bytes, in the connection's input format; ``message``: a `Message`;
        ``image``: an `ImageContent`; ``call`` (of the history): a `ToolCall`; ``result``: a `ToolResult`
        (where the wire has no name: any); ``response``: a mapping of its overrides, with ``conversation``:
        ``"none"`` where it is out of band; ``cancel``: the response's id, ``""`` where the wire could say it
        and did not, None where it cannot; ``truncate``: the item's id and the milliseconds kept;
        ``delete``: the item's id; ``raw``: the decoded frame; the others: None.
        """
        self.notes.append(Note(kind, value))
        self._wake()

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    # -- asked by the kit ------------------------------------------------------------------------

    def of(self, kind: HeardKind) -> list[Any]:
        """The values of one kind, in order."""
        return [note.value for note in self.notes if note.kind == kind]

    @property
    def kinds(self) -> list[HeardKind]:
        """The kinds, in order; pieces of audio that follow each other count once."""
        kinds: list[HeardKind] = []
        for note in self.notes:
            if note.kind != "audio" or kinds[-1:] != ["audio"]:
                kinds.append(note.kind)
        return kinds

    @property
    def settings(self) -> Mapping[str, Any]:
        """The settings in force, and ``tools``: the set-up with every later change."""
        merged: dict[str, Any] = {}
        for note in self.notes:
            if note.kind in ("setup", "update"):
                merged.update(note.value)
        return merged

    @property
    def tools(self) -> list[str]:
        """The names of the functions in force."""
        return [_name_of(tool) for tool in self.settings.get("tools", ())]

    def has_tools(self, tools: Sequence[ToolDefinition | Mapping[str, Any]]) -> bool:
        """Whether those are the tools in force, and no others, as far as they are told apart."""
        told = self.settings.get("tools", ())
        return len(told) == len(tools) and all(map(_is_tool, told, tools))

    def format_told(self, name: str) -> AudioFormat | None:
        """The audio format of the latest set-up, by the setting's name; None: not noted.

        Raises:
            InvalidSettings: what was noted is no format.
        """
        value = self.of("setup")[-1].get(name)
        return None if value is None else AudioFormat.parse(value)

    @property
    def pcm(self) -> bytes:
        """The user's audio so far, in the connection's input format."""
        return b"".join(self.of("audio"))

    @property
    def messages(self) -> list[Message]:
        """The messages so far."""
        return self.of("message")

    @property
    def images(self) -> list[ImageContent]:
        """The images so far."""
        return self.of("image")

    @property
    def calls(self) -> list[ToolCall]:
        """The calls that came as history."""
        return self.of("call")

    @property
    def results(self) -> list[ToolResult]:
        """The results of calls so far."""
        return self.of("result")

    @property
    def responses(self) -> int:
        """How many responses were asked for."""
        return len(self.of("response"))

    async def until(self, holds: Callable[["Heard"], bool]) -> None:
        """Wait until ``holds`` of this; the caller bounds it."""
        while not holds(self):
            await self._news.wait()


def includes(told: Any, wanted: Any) -> bool:
    """Whether ``told`` is ``wanted``; of mappings, whether they have all that it has."""
    match told, wanted:
        case Mapping(), Mapping():
            return all(key in told and includes(told[key], value) for key, value in wanted.items())
        case list() | tuple(), list() | tuple():
            return list(told) == list(wanted)
        case _:
            return bool(told == wanted)


def _name_of(tool: Any) -> str:
    return str(tool.get("name", "") if isinstance(tool, Mapping) else getattr(tool, "name", tool))


def _is_tool(told: Any, tool: ToolDefinition | Mapping[str, Any]) -> bool:
    match told, tool:
        case str(), _:
            return told == _name_of(tool)
        case _:
            return includes(_fields(told), _fields(tool))


def _fields(tool: Any) -> Any:
    return attrs.asdict(tool, recurse=False) if isinstance(tool, ToolDefinition) else tool
