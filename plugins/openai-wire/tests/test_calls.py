import pytest
from realtime_core import ToolCall
from realtime_openai_wire.calls import GivenCalls, call_id_of, is_complete_call, read_call

CALL = {"type": "function_call", "id": "i1", "call_id": "c1", "name": "f", "arguments": "{}"}


def test_a_call_is_new_once():
    given = GivenCalls()

    assert [given.is_new(call_id) for call_id in ("c1", "c2", "c1")] == [True, True, False]


def test_a_call_without_an_id_is_always_new():
    given = GivenCalls()

    assert [given.is_new(None) for _ in range(2)] == [True, True]
    assert len(given) == 0


def test_calls_are_remembered_within_bounds():
    given = GivenCalls()
    for number in range(5000):
        given.is_new(f"c{number}")

    assert len(given) == 1024
    assert not given.is_new("c4999")
    assert given.is_new("c0")


@pytest.mark.parametrize(
    ("item", "complete"),
    [
        (CALL, True),
        ({**CALL, "status": None}, True),
        ({**CALL, "status": "completed"}, True),
        ({**CALL, "status": "incomplete"}, False),
        ({**CALL, "status": ["completed"]}, False),
        ({**CALL, "type": "function_call_output"}, False),
        ({**CALL, "type": "mcp_call"}, False),
        ({**CALL, "type": {}}, False),
        ({}, False),
    ],
)
def test_a_complete_call_says_so_or_says_nothing(item, complete):
    assert is_complete_call(item) is complete


@pytest.mark.parametrize(
    ("ids", "call_id"),
    [
        ({"call_id": "c1", "id": "i1"}, "c1"),
        ({"call_id": None, "id": "i1"}, "i1"),
        ({"call_id": "", "id": "i1"}, "i1"),
        ({"call_id": "c" * 257}, None),
        ({}, None),
    ],
)
def test_a_call_goes_by_its_own_id_else_by_its_items(ids, call_id):
    assert call_id_of(ids) == call_id


@pytest.mark.parametrize("arguments", ['{"city": "Paris"}', '{"city": "Par', "no JSON", ""])
def test_arguments_are_read_as_the_model_wrote_them(arguments):
    assert read_call({**CALL, "arguments": arguments}) == ToolCall("c1", "f", arguments)


def test_a_call_without_arguments_has_empty_ones():
    assert read_call({**CALL, "arguments": None}) == ToolCall("c1", "f", "")


@pytest.mark.parametrize(
    "lost", [{"call_id": None, "id": None}, {"name": None}, {"name": ""}, {"arguments": {}}, {"arguments": 5}]
)
def test_what_cannot_be_called_is_no_call(lost):
    assert read_call({**CALL, **lost}) is None
