import datetime as dt
import enum
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, NamedTuple, NotRequired, TypedDict, TypeVar

import attrs
import jsonschema
import msgspec
import pytest
from realtime_core.errors import InvalidTool
from realtime_core.tools.schema import build_schema, choices
from realtime_core.tools.signature import Parameter

T = TypeVar("T")


class Unit(enum.Enum):
    """A scale."""

    CELSIUS = "C"
    FAHRENHEIT = "F"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@dataclass
class Place:
    """Somewhere.

    Attributes:
        city: its name
    """

    city: str
    zip: Annotated[str | None, "the postcode"] = None


@attrs.frozen
class Trip:
    stops: list[Place]
    unit: Unit = Unit.CELSIUS


class Query(TypedDict):
    text: Annotated[str, "what to look for"]
    limit: NotRequired[int]


class Point(NamedTuple):
    x: int
    y: int = 0


@dataclass
class Tree:
    """A tree of names.

    Attributes:
        name: of this node
    """

    name: str
    kind: Literal["leaf", "branch"] = "leaf"
    children: "list[Tree]" = field(default_factory=list)
    partner: "Tree | None" = None


@dataclass
class Box(Generic[T]):
    content: T


class Circle(msgspec.Struct, tag=True):
    radius: float


class Square(msgspec.Struct, tag=True):
    side: float


def schema_of(*parameters, **descriptions):
    schema = build_schema(parameters, descriptions, "f")
    jsonschema.Draft202012Validator.check_schema(schema)
    return schema


def property_of(annotation):
    return schema_of(Parameter("a", annotation))["properties"]["a"]


def test_a_schema_is_one_object_that_admits_its_parameters_alone():
    assert schema_of(Parameter("a", int), Parameter("b", str, "x")) == {
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": "string", "default": "x"}},
        "required": ["a"],
        "additionalProperties": False,
    }


def test_a_function_without_parameters_has_an_empty_object():
    assert schema_of() == {"type": "object", "properties": {}, "required": [], "additionalProperties": False}


NULL = {"type": "null"}


@pytest.mark.parametrize(
    ("annotation", "written"),
    [
        (str, {"type": "string"}),
        (int, {"type": "integer"}),
        (float, {"type": "number"}),
        (bool, {"type": "boolean"}),
        (None, NULL),
        (Any, {}),
        (object, {}),
        (int | None, {"anyOf": [{"type": "integer"}, NULL]}),
        (Literal["a", "b"], {"enum": ["a", "b"]}),
        (Unit, {"description": "A scale.", "enum": ["C", "F"]}),
        (Level, {"enum": [1, 2]}),
        (list, {"type": "array", "items": {}}),
        (list[int], {"type": "array", "items": {"type": "integer"}}),
        (
            tuple[int, str],
            {
                "type": "array",
                "prefixItems": [{"type": "integer"}, {"type": "string"}],
                "minItems": 2,
                "maxItems": 2,
                "items": False,
            },
        ),
        (dict, {"type": "object"}),
        (
            dict[str, Unit],
            {"type": "object", "additionalProperties": {"description": "A scale.", "enum": ["C", "F"]}},
        ),
        (dt.date, {"type": "string", "format": "date"}),
        (dt.datetime, {"type": "string", "format": "date-time"}),
        (dt.timedelta, {"type": "string", "format": "duration"}),
        (uuid.UUID, {"type": "string", "format": "uuid"}),
        (Decimal, {"type": "string", "format": "decimal"}),
        (bytes, {"type": "string", "contentEncoding": "base64"}),
        (Annotated[int, msgspec.Meta(ge=1, le=9)], {"type": "integer", "minimum": 1, "maximum": 9}),
        (Annotated[int, msgspec.Meta(title="Size")], {"type": "integer", "title": "Size"}),
        (
            Point,
            {
                "type": "array",
                "prefixItems": [{"type": "integer"}, {"type": "integer", "default": 0}],
                "minItems": 1,
                "maxItems": 2,
                "items": {},
            },
        ),
        (
            Box[int],
            {"type": "object", "properties": {"content": {"type": "integer"}}, "required": ["content"]},
        ),
        (
            Query,
            {
                "type": "object",
                "properties": {
                    "text": {"type": "string", "description": "what to look for"},
                    "limit": {"type": "integer"},
                },
                "required": ["text"],
            },
        ),
    ],
    ids=str,
)
def test_every_supported_type_has_its_schema(annotation, written):
    assert property_of(annotation) == written


def test_a_set_is_an_array():
    written = property_of(set[int])

    # older versions of msgspec do not say that entries are unique
    assert written | {"uniqueItems": True} == {
        "type": "array",
        "items": {"type": "integer"},
        "uniqueItems": True,
    }


PLACE = {
    "description": "Somewhere.",
    "type": "object",
    "properties": {
        "city": {"type": "string", "description": "its name"},
        "zip": {"anyOf": [{"type": "string"}, NULL], "default": None, "description": "the postcode"},
    },
    "required": ["city"],
}


def test_nested_classes_are_written_out_in_place():
    assert property_of(Trip) == {
        "type": "object",
        "properties": {
            "stops": {"type": "array", "items": PLACE},
            "unit": {"description": "A scale.", "enum": ["C", "F"], "default": "C"},
        },
        "required": ["stops"],
    }


@dataclass
class Documented:
    """Something.

    Attributes:
        name: its name
        size: what it had once
    """

    name: str


@dataclass
class Empty:
    """Nothing.

    Attributes:
        size: what it had once
    """


def test_what_a_docstring_says_of_no_field_is_not_told():
    assert property_of(Documented) == {
        "description": "Something.",
        "type": "object",
        "properties": {"name": {"type": "string", "description": "its name"}},
        "required": ["name"],
    }
    assert property_of(Empty) == {
        "description": "Nothing.",
        "type": "object",
        "properties": {},
        "required": [],
    }


def test_a_class_that_holds_itself_is_written_once_and_referred_to():
    schema = schema_of(Parameter("a", Tree), Parameter("b", list[Tree]))

    assert schema["properties"] == {
        "a": {"$ref": "#/$defs/Tree"},
        "b": {"type": "array", "items": {"$ref": "#/$defs/Tree"}},
    }
    assert schema["$defs"] == {
        "Tree": {
            "description": "A tree of names.",
            "type": "object",
            "properties": {
                "name": {"type": "string", "description": "of this node"},
                "kind": {"enum": ["branch", "leaf"], "default": "leaf"},
                "children": {"type": "array", "items": {"$ref": "#/$defs/Tree"}},
                "partner": {"anyOf": [{"$ref": "#/$defs/Tree"}, NULL], "default": None},
            },
            "required": ["name"],
        }
    }
    jsonschema.validate({"a": {"name": "x", "children": [{"name": "y"}]}, "b": []}, schema)


@dataclass
class Town:
    name: str
    roads: "list[Road]"


@dataclass
class Road:
    length_km: float
    end: Town


def test_classes_that_hold_each_other_are_written_once_each():
    schema = schema_of(Parameter("a", Town))

    assert schema["properties"] == {"a": {"$ref": "#/$defs/Town"}}
    assert set(schema["$defs"]) == {"Town", "Road"}
    assert schema["$defs"]["Road"]["properties"]["end"] == {"$ref": "#/$defs/Town"}
    jsonschema.validate({"a": {"name": "x", "roads": []}}, schema)


def test_a_tagged_union_leaves_no_dangling_reference():
    written = property_of(Circle | Square)

    assert set(written) == {"anyOf"}
    assert [each["properties"]["type"] for each in written["anyOf"]] == [
        {"enum": ["Circle"]},
        {"enum": ["Square"]},
    ]


def test_a_reference_of_the_programs_own_is_left_alone():
    annotation = Annotated[str, msgspec.Meta(extra_json_schema={"$ref": "https://example.org/name"})]

    assert property_of(annotation) == {"$ref": "https://example.org/name", "type": "string"}


@pytest.mark.parametrize(
    ("annotation", "description"),
    [
        (Annotated[Unit, "by annotation"], "by annotation"),
        (Unit, "by docstring of the function"),
        (Tree, "by docstring of the function"),
    ],
)
def test_the_nearest_description_wins(annotation, description):
    schema = schema_of(Parameter("a", annotation), a="by docstring of the function")

    assert schema["properties"]["a"]["description"] == description


@pytest.mark.parametrize(
    ("annotation", "default", "written"),
    [
        (int, 3, 3),
        (int | None, None, None),
        (Unit, Unit.CELSIUS, "C"),
        (Place, Place("Oslo"), {"city": "Oslo", "zip": None}),
        (dt.date, dt.date(2030, 1, 2), "2030-01-02"),
        (float, float("nan"), None),
    ],
)
def test_a_default_is_told_as_json(annotation, default, written):
    schema = schema_of(Parameter("a", annotation, default))

    assert schema["properties"]["a"]["default"] == written


def test_a_default_that_json_cannot_say_is_not_told():
    schema = schema_of(Parameter("a", Any, object()))

    assert (schema["properties"], schema["required"]) == ({"a": {}}, [])


class Other:
    pass


@attrs.define
class Stripped:
    name: str = attrs.field(converter=str.strip)


@pytest.mark.parametrize(
    ("annotation", "reason"),
    [
        (Other, "type <class '.*Other'> is not supported"),
        (list[Other], "type <class '.*Other'> is not supported"),
        (Callable[[int], int], "Callable"),
        (Place | Trip, "more than one dataclass or attrs type"),
        (str | dt.date, "more than one str-like type"),
        (list[Stripped], "field 'name' of Stripped has a converter, .*; take plain values"),
    ],
    ids=str,
)
def test_a_type_that_json_cannot_be_converted_to_is_refused_by_name(annotation, reason):
    with pytest.raises(InvalidTool, match=rf"tool 'f': parameter 'a'.*{reason}"):
        build_schema([Parameter("a", annotation)], {}, "f")


def _speechless():
    raise LookupError


def test_a_refusal_without_words_is_named_by_its_kind():
    @dataclass
    class Holder:
        field: "_speechless()"

    with pytest.raises(InvalidTool, match=r"parameter 'a' .* converted to: LookupError; use"):
        build_schema([Parameter("a", Holder)], {}, "f")


SCHEMA = build_schema(
    [
        Parameter("unit", Unit | None),
        Parameter("trip", Trip),
        Parameter("tree", Tree),
        Parameter("pair", tuple[Literal["a"], Unit]),
        Parameter("units", dict[str, Unit]),
        Parameter("list", list[list[Level]]),
        Parameter("any", Any),
        Parameter("either", list[Unit] | Unit | int),
    ],
    {},
    "f",
)


@pytest.mark.parametrize(
    ("path", "listed"),
    [
        (["unit"], ["C", "F"]),
        (["trip", "unit"], ["C", "F"]),
        (["trip", "stops", 0, "city"], []),
        (["tree", "children", 3, "partner", "kind"], ["branch", "leaf"]),
        (["pair", 0], ["a"]),
        (["pair", 1], ["C", "F"]),
        (["pair", 2], []),
        (["units", "..."], ["C", "F"]),
        (["list", 1, "..."], [1, 2]),
        (["any", "x", 1], []),
        (["either"], ["C", "F"]),
        (["either", 0], ["C", "F"]),
        (["nowhere"], []),
        ([], []),
    ],
    ids=str,
)
def test_choices_are_found_where_a_path_leads(path, listed):
    assert choices(SCHEMA, path) == listed
