import datetime as dt
import enum
import json
import uuid
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import attrs
import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from realtime_core.tools.arguments import read_arguments
from realtime_core.tools.failures import BadArguments
from realtime_core.tools.schema import build_schema
from realtime_core.tools.signature import Parameter


class Unit(enum.Enum):
    CELSIUS = "C"
    FAHRENHEIT = "F"


@dataclass
class Place:
    city: str
    zip: str | None = None

    def __post_init__(self):
        if self.city == "Atlantis":
            raise ValueError("there is no Atlantis")
        if self.city == "Nowhere":
            raise KeyError(self.city)


@attrs.frozen
class Trip:
    stops: list[Place]
    days: int = attrs.field(default=1, validator=attrs.validators.gt(0))


class Query(TypedDict):
    text: str
    limit: NotRequired[int]


@dataclass
class Tree:
    name: str
    children: "list[Tree]" = field(default_factory=list)


def read(text, *parameters):
    return read_arguments(text, parameters, build_schema(parameters, {}, "f"))


def read_one(value, annotation):
    return read(json.dumps({"a": value}), Parameter("a", annotation))["a"]


def problem(text, *parameters):
    with pytest.raises(BadArguments) as caught:
        read(text, *parameters)
    return str(caught.value)


@pytest.mark.parametrize(
    ("value", "annotation", "expected"),
    [
        ("x", str, "x"),
        (3, int, 3),
        (3.0, int, 3),
        (1e3, int, 1000),
        (3, float, 3.0),
        (2.5, float, 2.5),
        (1e300, float, 1e300),
        (True, bool, True),
        (None, int | None, None),
        ("C", Unit, Unit.CELSIUS),
        ("a", Literal["a", "b"], "a"),
        ([1, 2], set[int], {1, 2}),
        ([1, "x"], tuple[int, str], (1, "x")),
        ({"5": "C"}, dict[int, Unit], {5: Unit.CELSIUS}),
        ("2030-01-02", dt.date, dt.date(2030, 1, 2)),
        ("2030-01-02T03:04:05Z", dt.datetime, dt.datetime(2030, 1, 2, 3, 4, 5, tzinfo=dt.UTC)),
        ("2030-01-02T03:04:05", dt.datetime, dt.datetime(2030, 1, 2, 3, 4, 5)),  # noqa: DTZ001  # as written
        ("PT90S", dt.timedelta, dt.timedelta(seconds=90)),
        ("12.50", Decimal, Decimal("12.50")),
        (1.1, Decimal, Decimal("1.1")),
        ("aGk=", bytes, b"hi"),
        (str(uuid.UUID(int=1)), uuid.UUID, uuid.UUID(int=1)),
        ({"city": "Oslo"}, Place, Place("Oslo")),
        ({"stops": [{"city": "Oslo", "zip": "0150"}]}, Trip, Trip([Place("Oslo", "0150")])),
        ({"text": "x"}, Query, {"text": "x"}),
        ({"name": "x", "children": [{"name": "y"}]}, Tree, Tree("x", [Tree("y")])),
        ({"any": [1, {"x": None}]}, Any, {"any": [1, {"x": None}]}),
        (5, Annotated[int, "how many", msgspec.Meta(ge=1)], 5),
    ],
    ids=str,
)
def test_a_value_becomes_what_the_annotation_says(value, annotation, expected):
    got = read_one(value, annotation)

    assert got == expected
    assert type(got) is type(expected)


@pytest.mark.parametrize("text", ["", " \n", "null", "{}"])
def test_no_arguments_are_an_empty_object(text):
    assert read(text, Parameter("a", int, 1)) == {}


def test_what_the_model_leaves_out_is_left_to_the_function():
    assert read('{"a": 1}', Parameter("a", int), Parameter("b", list, [])) == {"a": 1}


@pytest.mark.parametrize(
    ("value", "annotation", "words"),
    [
        ("3", int, "argument 'a': Expected `int`, got `str`."),
        (3.5, int, "argument 'a': Expected `int`, got `float`."),
        (1, bool, "argument 'a': Expected `bool`, got `int`."),
        (None, str, "argument 'a': Expected `str`, got `null`."),
        ("K", Unit, "argument 'a': Invalid enum value 'K'; choose from \"C\", \"F\"."),
        ("K", Unit | None, "argument 'a': Invalid enum value 'K'; choose from \"C\", \"F\"."),
        ("c", Literal["a", "b"], "argument 'a': Invalid enum value 'c'; choose from \"a\", \"b\"."),
        (["C", "K"], list[Unit], "argument 'a[1]': Invalid enum value 'K'; choose from \"C\", \"F\"."),
        ({"x": "K"}, dict[str, Unit], "argument 'a[...]': Invalid enum value 'K'; choose from \"C\", \"F\"."),
        ({"x": 1}, dict[int, int], "a key in argument 'a': Expected `int`, got `str`."),
        ({"zip": "1"}, Place, "argument 'a': Object missing required field `city`."),
        ({"stops": [{"city": 1}]}, Trip, "argument 'a.stops[0].city': Expected `str`, got `int`."),
        ({"city": "Atlantis"}, Place, "argument 'a': there is no Atlantis."),
        ({"stops": [], "days": 0}, Trip, "argument 'a': 'days' must be > 0: 0."),
        ("soon", dt.date, "argument 'a': Invalid RFC3339 encoded date."),
        (0, Annotated[int, msgspec.Meta(ge=1)], "argument 'a': Expected `int` >= 1."),
    ],
    ids=str,
)
def test_a_value_that_does_not_fit_is_named_with_what_would(value, annotation, words):
    text = problem(json.dumps({"a": value}), Parameter("a", annotation))

    assert text == f"Wrong arguments: {words} Correct them and call the function again."


def test_everything_that_is_wrong_is_said_at_once():
    text = problem(
        '{"unit": "K", "citi": "Oslo"}',
        Parameter("city", str),
        Parameter("unit", Unit),
        Parameter("day", int),
    )

    assert text == (
        "Wrong arguments: argument 'city' is missing; argument 'unit': Invalid enum value 'K'; choose from"
        " \"C\", \"F\"; argument 'day' is missing; there is no argument 'citi', did you mean 'city'?."
        " Correct them and call the function again."
    )


@pytest.mark.parametrize(
    ("parameters", "choice"),
    [([Parameter("city", str, ""), Parameter("unit", str, "")], "city, unit"), ([], "none")],
)
def test_an_argument_that_is_like_no_other_gets_the_list(parameters, choice):
    assert f"there is no argument 'xyz', choose from {choice}" in problem('{"xyz": 1}', *parameters)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": ', "The arguments are no valid JSON: Input data was truncated."),
        ("{'a': 1}", "The arguments are no valid JSON: JSON is malformed"),
        ('{"a": NaN}', "The arguments are no valid JSON: JSON is malformed"),
        ('{"a": 1e999}', "The arguments are no valid JSON: Number out of range"),
        ('{"a": "\\ud83d"}', "The arguments are no valid JSON:"),
        ('{"a": "\ud83d"}', "The arguments are no valid JSON:"),
        ("[1]", "The arguments are a JSON array. Write one JSON object, with names."),
        ('"{}"', "The arguments are a JSON string."),
        ("5", "The arguments are a JSON number."),
        ("5.5", "The arguments are a JSON number."),
        ("true", "The arguments are a JSON boolean."),
        ('{"a": ' * 100_000, "The arguments are nested too deeply."),
    ],
    ids=lambda text: text[:20],
)
def test_text_that_is_no_json_object_is_refused(text, words):
    assert problem(text, Parameter("a", Any, None)).startswith(words)


def test_what_a_class_raises_beyond_its_own_checks_is_left_to_the_caller():
    with pytest.raises(KeyError):
        read('{"a": {"city": "Nowhere"}}', Parameter("a", Place))


def test_no_refusal_tells_how_the_program_is_made():
    text = problem('{"a": "x"}', Parameter("a", Trip))

    assert "Traceback" not in text
    assert __name__ not in text


TYPES = {
    "text": str,
    "integer": int,
    "number": float,
    "yes_or_no": bool,
    "unit": Unit,
    "word": Literal["a", "b"],
    "maybe": int | None,
    "many": list[Unit],
    "pair": tuple[int, str],
    "table": dict[str, list[int]],
    "place": Place,
    "query": Query,
    "tree": Tree,
    "either": list[int] | dict[str, str] | str | None,
    "bounded": Annotated[int, msgspec.Meta(ge=-3, lt=3)],
    "anything": Any,
}
SCHEMAS = {name: build_schema([Parameter("a", kind)], {}, "f") for name, kind in TYPES.items()}
VALIDATORS = {name: jsonschema.Draft202012Validator(schema) for name, schema in SCHEMAS.items()}
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
NAMED = st.fixed_dictionaries({}, optional={"a": JSON | st.sampled_from([*"abCF", 3]), "b": JSON})


def _accepts(name, given):
    try:
        read_arguments(json.dumps(given), [Parameter("a", TYPES[name])], SCHEMAS[name])
    except BadArguments:
        return False
    return True


@pytest.mark.parametrize("name", TYPES)
@given(given=NAMED)
@settings(max_examples=40)
def test_what_is_accepted_is_what_the_schema_admits(name, given):
    assert _accepts(name, given) == VALIDATORS[name].is_valid(given)


@dataclass
class Leg:
    start: dt.date
    unit: Unit
    notes: list[str | None]
    inner: "Leg | None" = None


FINITE = st.floats(allow_nan=False, allow_infinity=False)
VALUES = {
    str: st.text(),
    int: st.integers(),
    float: FINITE,
    bool: st.booleans(),
    Unit: st.from_type(Unit),
    Leg: st.from_type(Leg),
    Trip: st.builds(
        Trip, st.lists(st.builds(Place, st.text(max_size=6), st.none() | st.text())), st.integers(1)
    ),
    Query: st.from_type(Query),
    bytes: st.binary(),
    uuid.UUID: st.uuids(),
    Decimal: st.decimals(allow_nan=False, allow_infinity=False),
    dt.date: st.dates(),
    dt.datetime: st.datetimes() | st.datetimes(timezones=st.just(dt.UTC)),
    dt.time: st.times(),
    dt.timedelta: st.timedeltas(),
    dict[int, list[Unit]]: st.dictionaries(st.integers(), st.lists(st.from_type(Unit))),
    tuple[int, str | None]: st.tuples(st.integers(), st.none() | st.text()),
    frozenset[int]: st.frozensets(st.integers()),
}


@pytest.mark.parametrize("kind", VALUES, ids=str)
@given(data=st.data())
@settings(max_examples=40)
def test_a_value_written_as_json_fits_the_schema_and_is_read_as_itself(kind, data):
    value = data.draw(VALUES[kind])
    parameter = Parameter("a", kind)
    schema = build_schema([parameter], {}, "f")

    text = msgspec.json.encode({"a": value}).decode()

    jsonschema.validate(json.loads(text), schema)
    assert read_arguments(text, [parameter], schema) == {"a": value}
