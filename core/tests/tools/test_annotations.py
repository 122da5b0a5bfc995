import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, Literal, NotRequired, Optional, TypedDict, TypeVar

import attrs
import msgspec
import pytest
from realtime_core.tools.annotations import described, field_descriptions, structures, unfillable_field

T = TypeVar("T")
NAME = Annotated[str, msgspec.Meta(description="a name")]
DATE_TIME = Annotated[dt.datetime, msgspec.Meta(extra_json_schema={"format": "date-time"})]


@dataclass
class Box(Generic[T]):
    """A box.

    Attributes:
        content: what is in it
        label: what it says
    """

    content: T
    label: Annotated[str, "what is written on it", msgspec.Meta(max_length=5)] = ""


@attrs.frozen
class Shelf:
    boxes: list[Box[int]]
    above: "Shelf | None" = None


class Order(TypedDict):
    box: Annotated[Box[str], msgspec.Meta(title="Box")]
    shelf: NotRequired[Shelf]


@pytest.mark.parametrize(
    ("annotation", "meant"),
    [
        (int, int),
        (Any, Any),
        (object, Any),
        (list, list),
        (tuple[()], tuple[()]),
        (Annotated[str, "a name"], NAME),
        (
            Annotated[str, msgspec.Meta(min_length=1), "a name"],
            Annotated[str, msgspec.Meta(min_length=1), *NAME.__metadata__],
        ),
        (list[Annotated[str, "a name"]], list[NAME]),
        (dict[str, Annotated[str, "a name"]], dict[str, NAME]),
        (tuple[Annotated[str, "a name"], ...], tuple[NAME, ...]),
        (Sequence[Annotated[str, "a name"]], Sequence[NAME]),
        (Annotated[str, "a name"] | None, Optional[NAME]),  # noqa: UP045  # compared by ==
        (Box[Annotated[str, "a name"]], Box[NAME]),
        (Literal["a name"], Literal["a name"]),
        (Callable[[int], str], Callable[[int], str]),
        (dt.datetime, DATE_TIME),
        (list[dt.datetime | None], list[Optional[DATE_TIME]]),  # noqa: UP045  # compared by ==
    ],
    ids=str,
)
def test_descriptions_stand_where_msgspec_looks_for_them(annotation, meant):
    assert described(annotation) == meant


def test_structures_are_found_wherever_they_stand_and_once():
    assert structures(dict[str, Order | int]) == [Order, Box[str], Shelf, Box[int]]


def test_plain_types_hold_no_structures():
    assert structures(list[int | Literal["a"]]) == []


@pytest.mark.parametrize("structure", [Box, Box[int]])
def test_fields_are_described_by_their_annotations_else_by_the_docstring(structure):
    assert field_descriptions(structure) == {"content": "what is in it", "label": "what is written on it"}


@attrs.define
class _Converted:
    name: str = attrs.field(converter=str.strip)


@attrs.define
class _Computed:
    size: int = attrs.field(init=False, default=1)


@dataclass
class _Counted:
    size: int = field(init=False, default=1)


@pytest.mark.parametrize(
    ("structure", "problem"),
    [
        (_Converted, "field 'name' of _Converted has a converter, which would not run"),
        (_Computed, "field 'size' of _Computed is not for the caller to fill (init=False)"),
        (_Counted, "field 'size' of _Counted is not for the caller to fill (init=False)"),
        (Box[int], None),
        (Shelf, None),
        (Order, None),
    ],
)
def test_a_field_that_msgspec_would_fill_otherwise_is_named(structure, problem):
    assert unfillable_field(structure) == problem
