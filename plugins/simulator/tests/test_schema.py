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
        (string(), 1, "invalid_value", "p"),
        (string(3), "abcd", "invalid_value", "p"),
        (string(3, 1), "", "invalid_value", "p"),
        (boolean, 1, "invalid_value", "p"),
        (integer(1, 3), 4, "invalid_value", "p"),
        (integer(1, 3), 0, "invalid_value", "p"),
        (integer(1, 3), True, "invalid_value", "p"),
        (integer(1, 3), 1.5, "invalid_value", "p"),
        (number(0.0, 1.0), 1.01, "invalid_value", "p"),
        (number(0.0, 1.0), False, "invalid_value", "p"),
        (number(0.0, 1.0), "0.5", "invalid_value", "p"),
        (word("a", "b"), "c", "invalid_value", "p"),
        (word("a", "b"), None, "invalid_value", "p"),
        (items(integer(0)), {}, "invalid_value", "p"),
        (items(integer(0)), [1, -1], "invalid_value", "p[1]"),
        (POINT, [], "invalid_value", "p"),
        (POINT, {"label": "x"}, "missing_required_parameter", "p.x"),
        (POINT, {"x": 1, "y": 2}, "unknown_parameter", "p.y"),
        (SHAPE, "dot", "invalid_value", "p"),
        (SHAPE, {}, "missing_required_parameter", "p.type"),
        (SHAPE, {"type": "blob"}, "invalid_value", "p.type"),
        (SHAPE, {"type": "line", "to": {"x": "1"}}, "invalid_value", "p.to.x"),
        (mapping(2, string(3), 1), [], "invalid_value", "p"),
        (mapping(2, string(3), 1), {"a": "b", "c": "d"}, "invalid_value", "p"),
        (mapping(2, string(3), 1), {"abc": "d"}, "invalid_value", "p"),
        (mapping(2, string(3), 1), {"a": "long"}, "invalid_value", "p.a"),
        (json_object, "x", "invalid_value", "p"),
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
