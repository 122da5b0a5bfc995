"""The table of events in the docs is what the code does."""

import json
import re

import pytest
from events_table import (
    CASES,
    DOCUMENT,
    RECORDINGS,
    client_rows,
    document,
    event_models,
    example,
    recorded_types,
    server_rows,
)
from openai.types.realtime import RealtimeServerEvent
from realtime_core import RealtimeErrorEvent, RealtimeEvent
from realtime_openai_wire import MALFORMED_FRAME, OpenAIRealtimeCodec
from realtime_openai_wire.fields import LONGEST_NAME

ROW = re.compile(r"^\| `([\w.]+)` \| (.+?) \| (.+?) \| (yes|no) \|$", re.MULTILINE)
THEIRS, OURS = (ROW.findall(part) for part in DOCUMENT.read_text().split("## Client events"))


def recorded(rows):
    return [event for event, *_, seen in rows if seen == "yes"]


def test_table_is_current():
    made = document(server_rows(recorded(THEIRS)), client_rows(recorded(OURS)))

    assert DOCUMENT.read_text() == made, "run: python tests/events_table.py"


@pytest.mark.skipif(recorded_types("in") is None, reason="no recordings beside the repository")
def test_recorded_column_is_what_the_recordings_hold():
    assert sorted(recorded(THEIRS)) == recorded_types("in")
    assert sorted(recorded(OURS)) == recorded_types("out")


def test_no_cell_is_empty():
    rows = [*server_rows([]), *client_rows([])]

    assert [row.event for row in rows if not (row.codec and row.simulator)] == []


@pytest.mark.parametrize(
    "model", event_models(RealtimeServerEvent).values(), ids=event_models(RealtimeServerEvent)
)
def test_examples_behind_the_table_are_valid(model):
    model.model_validate(example(model))


MODELS = event_models(RealtimeServerEvent)


@pytest.mark.parametrize(
    ("kind", "case"), [(kind, case) for kind, cases in CASES.items() for case in cases], ids=str
)
def test_special_cases_are_valid_too(kind, case):
    for frame in (*case.before, {**example(MODELS[kind]), **case.frame, "type": kind}):
        model = MODELS[frame["type"]]
        model.model_validate({**example(model), **frame})


def codec_cells():
    return {event: codec for event, codec, *_ in THEIRS}


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (
            "response.done",
            ["if it failed; `RealtimeFunctionCallEvent`"],
        ),
        ("response.output_item.done", ["`RealtimeFunctionCallEvent` if the item is a completed call"]),
        (
            "response.output_text.done",
            ["`RealtimeTextEvent`, `RealtimeTranscriptEvent` if a rest is missing"],
        ),
        ("conversation.item.created", ["under the name `conversation.item.added`"]),
    ],
)
def test_cells_tell_what_depends_on_what(kind, words):
    assert [part for part in words if part not in codec_cells()[kind]] == []


@pytest.mark.parametrize("kind", CASES)
def test_what_has_several_cases_has_several_meanings(kind):
    assert "; " in codec_cells()[kind]


@pytest.mark.skipif(recorded_types("in") is None, reason="no recordings beside the repository")
def test_nothing_recorded_is_decoded_to_what_no_cell_tells():
    for file in RECORDINGS.glob("*/*.jsonl"):
        codec = OpenAIRealtimeCodec()
        for line in map(json.loads, file.read_text().splitlines()):
            for event in codec.decode(json.dumps(line["event"])) if line["dir"] == "in" else ():
                assert f"`{type(event).__name__}`" in codec_cells()[line["event"]["type"]]


def test_types_outside_the_table_become_what_the_page_says():
    (unknown,) = OpenAIRealtimeCodec().decode(json.dumps({"type": "x" * LONGEST_NAME}))
    (long,) = OpenAIRealtimeCodec().decode(json.dumps({"type": "x" * (LONGEST_NAME + 1)}))

    assert type(unknown) is RealtimeEvent
    assert (type(long), long.code) == (RealtimeErrorEvent, MALFORMED_FRAME)
    assert f"longer than {LONGEST_NAME}\ncharacters" in DOCUMENT.read_text()
