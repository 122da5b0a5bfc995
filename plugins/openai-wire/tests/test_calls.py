import pytest
from realtime_core import ToolCall
from realtime_openai_wire.calls import GivenCalls, call_id_of, is_complete_call, read_call

CALL = {"type": "function_call", "id": "i1", "call_id": "c1", "name": "f", "arguments": "{}"}


def given_calls(*calls):
    given = GivenCalls()
    for response_id, call_id in calls:
        given.note(response_id, call_id)
    return given


@pytest.mark.parametrize(
    ("noted", "asked", "is_given"),
    [
        (("r1", "c1"), ("r1", "c1"), True),
        (("r1", "c1"), ("r1", "c2"), False),
        (("r1", "c1"), ("r2", "c1"), False),
        (("r1", "c1"), (None, "c1"), True),
        (("r1", "c1"), (None, "c2"), False),
        ((None, "c1"), ("r1", "c1"), True),
        ((None, "c1"), (None, "c1"), True),
    ],
)
def test_a_call_is_known_by_its_response_and_its_id_or_where_none_is_named_by_its_id(noted, asked, is_given):
    assert given_calls(noted).is_given(*asked) is is_given


@pytest.mark.parametrize("response_id", ["r1", None])
def test_a_call_without_an_id_was_never_given(response_id):
    assert not given_calls((response_id, "c1")).is_given(response_id, None)


def test_calls_are_remembered_within_bounds():
    given = given_calls(*((None, f"c{number}") for number in range(5000)))

    assert len(given) == 1024
    assert given.is_given(None, "c4999")
    assert not given.is_given(None, "c0")


def test_calls_that_wait_are_released_with_their_response_or_with_any():
    given = GivenCalls()
    for response_id in ("r1", "r2", None):
        given.hold(response_id, {"id": response_id})

    assert [given.release("r1") for _ in range(2)] == [[{"id": "r1"}, {"id": None}], []]
    assert given.release("r2") == [{"id": "r2"}]


def test_calls_that_wait_are_kept_within_bounds():
    given = GivenCalls()
    for number in range(1000):
        given.hold("r1", {"id": number})

    assert len(given) == 64
    assert [item["id"] for item in given.release("r1")] == list(range(936, 1000))


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
