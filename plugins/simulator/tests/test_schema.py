import pytest
from realtime_simulator.refusals import Refusal
from realtime_simulator.schema import (
    MAX_DEPTH,
    boolean,
    by_type,
    integer,
    items,
    json_object,
    mapping,
    nullable,
    number,
    pattern,
    record,
    string,
    string_or,
    word,
)

POINT = record({"x": integer(0), "label": string()}, required=["x"])
SHAPE = by_type({"dot": record({"type": string()}), "line": record({"type": string(), "to": POINT})})


def nested(levels: int) -> dict[str, object]:
    value: dict[str, object] = {}
    for _ in range(levels):
        value = {"in": [value]}
    return value


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (string(), ""),
        (string(3, 1), "abc"),
        (boolean, True),
        (integer(1, 3), 3),
        (integer(1), 10**30),
        (integer(), -5),
        (pattern("[a-z]+", string()), "abc"),
        (number(0.0, 1.0), 1),
        (number(0.0, 1.0), 0.5),
        (word("a", "b"), "b"),
        (nullable(string()), None),
        (nullable(string()), "x"),
        (items(integer(0)), [1, 2]),
        (POINT, {"x": 1}),
        (SHAPE, {"type": "line", "to": {"x": 1, "label": "end"}}),
        (string_or(word("inf"), integer(1)), "inf"),
        (string_or(word("inf"), integer(1)), 5),
        (mapping(2, string(3), 1), {"ab": "abc"}),
        (json_object, nested(MAX_DEPTH // 2 - 1)),
    ],
)
def test_what_fits_is_given_back(check, value):
    assert check(value, "p") == value


@pytest.mark.parametrize(
    ("check", "value", "code", "param"),
    [
        (string(), 1, "invalid_type", "p"),
        (string(3), "abcd", "string_above_max_length", "p"),
        (string(3, 1), "", "empty_string", "p"),
        (pattern("[a-z]+", string()), "A", "invalid_value", "p"),
        (pattern("[a-z]+", string()), 1, "invalid_type", "p"),
        (boolean, 1, "invalid_type", "p"),
        (integer(1, 3), 4, "integer_above_max_value", "p"),
        (integer(1, 3), 0, "integer_below_min_value", "p"),
        (integer(1, 3), True, "invalid_type", "p"),
        (integer(1, 3), 1.5, "invalid_type", "p"),
        (number(0.0, 1.0), 1.01, "decimal_above_max_value", "p"),
        (number(0.0, 1.0), -1, "decimal_below_min_value", "p"),
        (number(0.0, 1.0), False, "invalid_type", "p"),
        (number(0.0, 1.0), "0.5", "invalid_type", "p"),
        (word("a", "b"), "c", "invalid_value", "p"),
        (word("a", "b"), None, "invalid_type", "p"),
        (items(integer(0)), {}, "invalid_type", "p"),
        (items(integer(0)), [1, -1], "integer_below_min_value", "p[1]"),
        (POINT, [], "invalid_type", "p"),
        (POINT, {"label": "x"}, "missing_required_parameter", "p.x"),
        (POINT, {"x": 1, "y": 2}, "unknown_parameter", "p.y"),
        (SHAPE, "dot", "invalid_type", "p"),
        (SHAPE, {}, "missing_required_parameter", "p.type"),
        (SHAPE, {"type": "blob"}, "invalid_value", "p.type"),
        (SHAPE, {"type": "line", "to": {"x": "1"}}, "invalid_type", "p.to.x"),
        (mapping(2, string(3), 1), [], "invalid_type", "p"),
        (mapping(2, string(3), 1), {"a": "b", "c": "d"}, "object_above_max_properties", "p"),
        (mapping(2, string(3), 1), {"abc": "d"}, "string_above_max_length", "p"),
        (mapping(2, string(3), 1), {"a": "long"}, "string_above_max_length", "p.a"),
        (json_object, "x", "invalid_type", "p"),
        (json_object, nested(MAX_DEPTH), "invalid_value", "p"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_path(check, value, code, param):
    with pytest.raises(Refusal) as caught:
        check(value, "p")

    assert (caught.value.code, caught.value.param) == (code, param)


def test_path_of_the_event_itself_is_empty():
    with pytest.raises(Refusal) as caught:
        POINT({"y": 2}, "")

    assert caught.value.param == "y"


@pytest.mark.parametrize(
    ("check", "value", "message"),
    [
        (
            string(3),
            "abcd",
            (
                "Invalid 'p': string too long. Expected a string with maximum length 3, "
                "but got a string with length 4 instead."
            ),
        ),
        (
            integer(1, 4096),
            5000,
            "Invalid 'p': integer above maximum value. Expected a value <= 4096, but got 5000 instead.",
        ),
        (
            number(0.25, 1.5),
            2.5,
            "Invalid 'p': decimal above maximum value. Expected a value <= 1.5, but got 2.5 instead.",
        ),
    ],
)
def test_bounds_are_told_in_the_words_of_the_service(check, value, message):
    with pytest.raises(Refusal) as caught:
        check(value, "p")

    assert str(caught.value) == message
