"""The table of events in the docs is what the code does."""

import re

import pytest
from events_table import (
    DOCUMENT,
    client_rows,
    document,
    event_models,
    example,
    recorded_types,
    server_rows,
)
from openai.types.realtime import RealtimeServerEvent

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
