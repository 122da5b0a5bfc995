"""Shows a conversation to machines: JSON Lines, each an object with a ``type``."""

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import IO, Any, Final, Self

import attrs
import click

from realtime_core.cli.output import own_output
from realtime_core.cli.presenter import Presenter, warning
from realtime_core.cli.program import complain
from realtime_core.cli.turns import Called, Play, Say, Turn
from realtime_core.contents import AudioContent, ImageContent, TextContent
from realtime_core.events import RealtimeEvent
from realtime_core.unset import UNSET
from realtime_core.usage import add_usage

__all__ = ["JsonLines"]

# The frame would make the lines long; the others mean something to this process only.
_LEFT_OUT: Final = ("service_event", "command_id", "exception")


class JsonLines(Presenter):
    """One object a line, written as soon as there is something to tell; nothing else is, whoever prints."""

    def __init__(self) -> None:
        self._ending = ExitStack()
        self._out: IO[str] | None = None

    def __enter__(self) -> Self:
        self._out = self._ending.enter_context(own_output())
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ending.close()

    def turn_begun(self, turn: Turn) -> None:
        """``turn``."""
        match turn.input:
            case Say(text):
                self._write("turn", turn=turn.number, say=text)
            case Play(name, audio):
                self._write("turn", turn=turn.number, wav=name, duration_ms=round(audio.duration_ms, 1))
            case _:
                self._write("turn", turn=turn.number)

    def sent(self, turn: Turn, sent_ms: float) -> None:
        """Nothing that a machine waits for."""

    def took(self, turn: Turn | None, event: RealtimeEvent) -> None:
        """The event."""
        self._write(_type(event), turn=turn and turn.number, **_fields(event))
        if (trouble := warning(event, turn)) is not None:
            complain(trouble)

    def turn_ended(self, turn: Turn) -> None:
        """``turn_done``."""
        self._write("turn_done", **_result(turn))

    def asking(self) -> None:
        """The event has told it."""

    def asked(self) -> None:
        """So will its result."""

    def summarise(self, turns: Sequence[Turn]) -> None:
        """``summary``."""
        usage = add_usage(turn.usage for turn in turns)
        self._write("summary", turns=[_result(turn) for turn in turns], usage=attrs.asdict(usage))

    def _write(self, kind: str, /, **fields: Any) -> None:
        click.echo(json.dumps({"type": kind, **fields}), file=self._out)


def _result(turn: Turn) -> dict[str, Any]:
    return {
        "turn": turn.number,
        "status": turn.status,
        "status_reason": turn.status_reason,
        "heard": turn.heard,
        "said": turn.said,
        "tools": [_called(called) for called in turn.calls],
        "audio_ms": round(turn.audio_ms, 1),
        "first_audio_ms": None if turn.first_audio_ms is None else round(turn.first_audio_ms, 1),
        "usage": attrs.asdict(turn.usage),
    }


def _called(called: Called) -> dict[str, Any]:
    result = called.result
    if result is None:
        return {"name": called.call.name, "called": False}
    took = None if result.duration_ms is None else round(result.duration_ms, 1)
    return {"name": called.call.name, "called": True, "duration_ms": took, "is_error": result.is_error}


def _type(event: RealtimeEvent) -> str:
    """``RealtimeRateLimitEvent`` is ``rate_limit``, a plain ``RealtimeEvent`` is ``event``."""
    words = type(event).__name__.removeprefix("Realtime").removesuffix("Event")
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in words).lstrip("_") or "event"


def _fields(event: RealtimeEvent) -> dict[str, Any]:
    names = [field.name for field in attrs.fields(type(event)) if field.name not in _LEFT_OUT]
    values = {name: getattr(event, name) for name in names}
    return {name: _plain(value) for name, value in values.items() if value not in (None, UNSET)}


def _plain(value: Any) -> Any:
    match value:
        case AudioContent():
            return {"format": str(value.format), "duration_ms": round(value.duration_ms, 1)}
        case ImageContent(data, media_type):
            return {"media_type": media_type, "bytes": len(data)}
        case TextContent(text):
            return text
        case Mapping():
            return dict(value)
        case tuple() | list():
            return [_plain(one) for one in value]
        case _ if attrs.has(type(value)):
            return attrs.asdict(value, filter=lambda _, part: part is not UNSET)
        case _:
            return value
