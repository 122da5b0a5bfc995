"""The table of the protocol's events, made from what is installed: run this file to write it anew.

Rows are the event types of the ``openai`` package; what the codec makes of each is found by decoding an
example that is built from the package's own model, several where its meaning depends on something; what
the simulator does is what it declares.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

import attrs
import pydantic
from openai.types.realtime import RealtimeClientEvent, RealtimeServerEvent
from realtime_core.commands import (
    AddItem,
    AnswerApproval,
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
from realtime_openai_wire import MALFORMED_FRAME, OpenAIRealtimeCodec, OpenAIRealtimeExecutionSettings
from realtime_openai_wire.fields import LONGEST_NAME
from realtime_simulator.client_events import CLIENT_EVENTS
from realtime_simulator.server_events import NOT_SENT, SERVER_EVENTS
from workspace import ROOT

__all__ = ["CASES", "DOCUMENT", "Row", "client_rows", "document", "recorded_types", "server_rows"]

DOCUMENT: Final = ROOT / "plugins" / "simulator" / "EVENTS.md"
RECORDINGS: Final = ROOT.parent / "shared" / "recordings"

REFUSED: Final = {"output_audio_buffer.clear": "in calls; refused over a WebSocket, as by the service"}
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
    AnswerApproval(approval_id="mcpr_1", approve=True),
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


@attrs.frozen
class Case:
    """When a frame of some type means something else than others of it, by an example that is decoded."""

    when: str
    """The condition; empty: always."""
    frame: dict[str, Any]
    """Fields that differ from the smallest example."""
    before: tuple[dict[str, Any], ...] = ()
    """Frames that came before."""


_CALL: Final = {"type": "function_call", "id": "item_1", "call_id": "call_1", "name": "f", "arguments": "{}"}
_REQUEST: Final = {**_CALL, "type": "mcp_approval_request", "server_label": "docs"}
_PART: Final = {"response_id": "resp_1", "item_id": "item_1", "content_index": 0}
_FAILED: Final = {"status": "failed", "status_details": {"type": "failed", "error": {"code": "server_error"}}}


def _text_cases(kind: str, field: str) -> tuple[Case, ...]:
    whole = {**_PART, field: "all of it"}
    said = tuple({"type": f"{kind}.delta", "delta": delta, **_PART} for delta in ("all ", "of it"))
    return (Case("all of it came in deltas", whole, said), Case("a rest is missing", whole, said[:1]))


def _response_cases() -> tuple[Case, ...]:
    completed = {"id": "resp_1", "status": "completed", "output": [{**_CALL, "status": "completed"}]}
    item_done = {"type": "response.output_item.done", "response_id": "resp_1", "item": completed["output"][0]}
    return (
        Case("it did not fail, and its calls are known", {"response": completed}, (item_done,)),
        Case("it failed", {"response": {"id": "resp_1", "output": [], **_FAILED}}),
        Case("it has a completed call that no `response.output_item.done` brought", {"response": completed}),
        Case(
            "it has a request for approval that none brought",
            {"response": {**completed, "output": [_REQUEST]}},
        ),
    )


CASES: Final[dict[str, tuple[Case, ...]]] = {
    "conversation.item.input_audio_transcription.delta": (
        Case("it has words", {"delta": "0000"}),
        Case("it has none", {"delta": None}),
    ),
    "response.output_item.done": (
        Case("the item is a completed call", {"item": {**_CALL, "status": "completed"}}),
        Case("the call was cut off", {"item": {**_CALL, "status": "incomplete"}}),
        Case("the item is a call that waits for approval", {"item": _REQUEST}),
        Case("the item is neither", {}),
    ),
    "response.output_text.done": _text_cases("response.output_text", "text"),
    "response.output_audio_transcript.done": _text_cases("response.output_audio_transcript", "transcript"),
    "response.done": _response_cases(),
}
"""The types whose frames do not all become the same."""


def _codec_of(kind: str, smallest: dict[str, Any]) -> str:
    """What the frames of a type become, by condition, as decoding them shows."""
    by_events: dict[str, list[str]] = {}
    for case in CASES.get(kind, (Case("", {}),)):
        events = _decoded(*case.before, {**smallest, **case.frame, "type": kind})
        by_events.setdefault(", ".join(map(_name_of, events)), []).append(case.when)
    names = {event.service_type for event in _decoded(smallest)} - {kind}
    renamed = "".join(f", under the name `{name}`" for name in names)
    return (
        "; ".join(
            events + (f" if {' or '.join(whens)}" if any(whens) else "")
            for events, whens in by_events.items()
        )
        + renamed
    )


def _decoded(*frames: dict[str, Any]) -> Sequence[RealtimeEvent]:
    """The events of the last of ``frames``."""
    codec = OpenAIRealtimeCodec()
    return [codec.decode(json.dumps(frame)) for frame in frames][-1]


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
            _codec_of(kind, {**example(model), "type": kind}),
            "yes" if kind in SERVER_EVENTS else f"no: {NOT_SENT[kind]}",
            kind in set(recorded),
        )
        for kind, model in event_models(RealtimeServerEvent).items()
    ]


def client_rows(recorded: Iterable[str]) -> list[Row]:
    """A row for each event of the client."""
    by_event: dict[str, list[str]] = {}
    for command in COMMANDS:
        kind = json.loads(OpenAIRealtimeCodec().encode(command))["type"]
        by_event.setdefault(kind, []).append(f"`{type(command).__name__}`")
    return [
        Row(kind, ", ".join(by_event.get(kind, [RAW.get(kind, "")])), _taken(kind), kind in set(recorded))
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

An old name of the beta protocol (`response.audio.delta`) is the same event under its current name. A type
that is not in this table is a plain `RealtimeEvent`. A frame whose type is longer than {LONGEST_NAME}
characters, and one that cannot be read, is a `RealtimeErrorEvent` with the code `{MALFORMED_FRAME}`.

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
