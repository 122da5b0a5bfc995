"""The table of the protocol's events, made from what is installed: run this file to write it anew.

Rows are the event types of the ``openai`` package; what the codec makes of each is found by decoding an
example that is built from the package's own model, what the simulator does is what it declares.
"""

import json
from collections.abc import Iterable, Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

import attrs
import pydantic
from openai.types.realtime import RealtimeClientEvent, RealtimeServerEvent
from realtime_core.commands import (
    AddItem,
    AppendAudio,
    CancelResponse,
    ClearAudio,
    Command,
    CommitAudio,
    CreateResponse,
    DeleteItem,
    Truncate,
    UpdateSession,
)
from realtime_core.contents import Message
from realtime_core.events import RealtimeEvent
from realtime_openai_wire import OpenAIRealtimeCodec, OpenAIRealtimeExecutionSettings
from realtime_simulator.client_events import CLIENT_EVENTS
from realtime_simulator.server_events import NOT_SENT, SERVER_EVENTS
from workspace import ROOT

__all__ = ["DOCUMENT", "Row", "client_rows", "document", "recorded_types", "server_rows"]

DOCUMENT: Final = ROOT / "plugins" / "simulator" / "EVENTS.md"
RECORDINGS: Final = ROOT.parent / "shared" / "recordings"

REFUSED: Final = {"output_audio_buffer.clear": "refused, as over every WebSocket"}
"""What it answers with an error."""

RAW: Final = {
    "conversation.item.retrieve": "`Raw`: no neutral meaning",
    "output_audio_buffer.clear": "`Raw`: WebRTC and SIP only",
}
"""Client events that no command of core stands for."""

COMMANDS: Final[tuple[Command, ...]] = (
    UpdateSession(settings=OpenAIRealtimeExecutionSettings()),
    AppendAudio(data=b"\0\0"),
    CommitAudio(),
    ClearAudio(),
    AddItem(item=Message("user", "hello")),
    DeleteItem(item_id="item_1"),
    Truncate(item_id="item_1", keep_ms=100),
    CreateResponse(),
    CancelResponse(response_id="resp_1"),
)


@attrs.frozen
class Row:
    """One event of the protocol."""

    event: str
    codec: str
    simulator: str
    recorded: bool

    def __str__(self) -> str:
        return f"| `{self.event}` | {self.codec} | {self.simulator} | {'yes' if self.recorded else 'no'} |"


def event_models(union: Any) -> dict[str, type[pydantic.BaseModel]]:
    """The models of a union of events, by their ``type``."""
    return {get_args(model.model_fields["type"].annotation)[0]: model for model in _members(union)}


def _members(annotation: Any) -> Iterator[type[pydantic.BaseModel]]:
    if get_origin(annotation) in (Annotated, Union, UnionType):
        for inner in get_args(annotation):
            if isinstance(inner, type) or get_origin(inner) is not None:
                yield from _members(inner)
    elif issubclass(annotation, pydantic.BaseModel):
        yield annotation


def example(model: type[pydantic.BaseModel]) -> dict[str, Any]:
    """The smallest frame that is valid by ``model`` and says something."""
    return {
        name: _example_value(field.annotation)
        for name, field in model.model_fields.items()
        if field.is_required() or name == "delta"
    }


def _example_value(annotation: Any) -> Any:
    origin = get_origin(annotation)
    if origin is Literal:
        return get_args(annotation)[0]
    if origin is Annotated:
        return _example_value(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return _example_value(next(inner for inner in get_args(annotation) if inner is not NoneType))
    if origin is list:
        return []
    if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
        return example(annotation)
    # four zeros are a word, a number and valid base64
    return {str: "0000", int: 0, float: 0.0, bool: True}.get(annotation, {})


def _codec_of(frame: dict[str, Any]) -> str:
    events = OpenAIRealtimeCodec().decode(json.dumps(frame))
    return ", ".join(map(_name_of, events))


def _name_of(event: RealtimeEvent) -> str:
    if type(event) is RealtimeEvent:
        return "`RealtimeEvent`: as it is"
    phase = getattr(event, "phase", None)
    return f"`{type(event).__name__}`" + (f" `{phase}`" if phase else "")


def server_rows(recorded: Iterable[str]) -> list[Row]:
    """A row for each event of the server."""
    return [
        Row(
            kind,
            CODEC_NOTES.get(kind) or _codec_of({**example(model), "type": kind}),
            "yes" if kind in SERVER_EVENTS else f"no: {NOT_SENT[kind]}",
            kind in set(recorded),
        )
        for kind, model in event_models(RealtimeServerEvent).items()
    ]


_FINAL: Final = "`RealtimeTranscriptEvent`, after a `RealtimeTextEvent` if no delta came"

CODEC_NOTES: Final = {
    "response.output_item.done": "`RealtimeFunctionCallEvent` of a complete call, else `RealtimeEvent`",
    "response.output_text.done": _FINAL,
    "response.output_audio_transcript.done": _FINAL,
    "response.done": "`RealtimeResponseEvent` `done`, and `RealtimeErrorEvent` when it failed",
}
"""Where an example does not tell everything."""


def client_rows(recorded: Iterable[str]) -> list[Row]:
    """A row for each event of the client."""
    by_event: dict[str, str] = {}
    for command in COMMANDS:
        kind = json.loads(OpenAIRealtimeCodec().encode(command))["type"]
        by_event[kind] = f"`{type(command).__name__}`"
    return [
        Row(kind, by_event.get(kind) or RAW[kind], _taken(kind), kind in set(recorded))
        for kind in event_models(RealtimeClientEvent)
    ]


def _taken(kind: str) -> str:
    return REFUSED.get(kind, "yes") if kind in CLIENT_EVENTS else ""


def recorded_types(direction: str) -> list[str] | None:
    """The event types in the recorded traffic, if it is at hand; ``direction`` is ``in`` or ``out``."""
    if not RECORDINGS.is_dir():
        return None
    texts = [file.read_text() for file in RECORDINGS.glob("*/*.jsonl")]
    lines = [json.loads(line) for text in texts for line in text.splitlines()]
    return sorted({line["event"]["type"] for line in lines if line["dir"] == direction})


HEAD: Final = "| event | codec | simulator | recorded |\n|---|---|---|---|"

_INTRODUCTION: Final = """\
# Events of the protocol

Every event type of the `openai` package: what the codec of realtime-openai-wire makes of it, whether the
simulator has it, and whether it occurs in the recorded traffic that both are checked against. Made by
`tests/events_table.py`; a test says when it is out of date.
"""


def document(server: Iterable[Row], client: Iterable[Row]) -> str:
    """The whole page."""
    return f"""{_INTRODUCTION}
## Server events

{_rows(server)}

An old name of the beta protocol (`response.audio.delta`) is the same event under its current name. What
is not in this table is a plain `RealtimeEvent`, never an error.

## Client events

{_rows(client)}
"""


def _rows(rows: Iterable[Row]) -> str:
    return "\n".join([HEAD, *map(str, rows)])


def main() -> None:
    """Write the page anew."""
    seen = recorded_types("in"), recorded_types("out")
    if None in seen:
        raise SystemExit(f"the column 'recorded' needs the recordings at {RECORDINGS}")
    DOCUMENT.write_text(document(server_rows(seen[0] or ()), client_rows(seen[1] or ())))


if __name__ == "__main__":
    main()
