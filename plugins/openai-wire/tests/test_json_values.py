import json
import math
from collections import UserDict
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from realtime_core import UNSET, RealtimeSettings
from realtime_openai_wire.json_values import no_json

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.text()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


class Word(StrEnum):
    A = "a"


class Number(Enum):
    ONE = 1


@given(JSON)
def test_what_json_has_is_in_order(value):
    assert list(no_json(value)) == []
    assert json.loads(json.dumps(value)) == value


@pytest.mark.parametrize("value", [(1, 2), MappingProxyType({"a": 1}), UserDict(a=1), Word.A])
def test_what_is_written_as_itself_is_in_order(value):
    assert list(no_json({"x": value})) == []


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        (math.nan, "'a.b[1]' is no finite number"),
        (-math.inf, "'a.b[1]' is no finite number"),
        (2**64, "'a.b[1]' is a number of more than 64 bits"),
        (-(2**63) - 1, "'a.b[1]' is a number of more than 64 bits"),
        (b"secret", "'a.b[1]' is of the type bytes"),
        ({"secret"}, "'a.b[1]' is of the type set"),
        (datetime(2020, 1, 1, tzinfo=UTC), "'a.b[1]' is of the type datetime"),
        (Decimal(1), "'a.b[1]' is of the type Decimal"),
        (Number.ONE, "'a.b[1]' is of the type Number"),
        (UNSET, "'a.b[1]' is of the type UnsetType"),
        (RealtimeSettings(voice="secret"), "'a.b[1]' is of the type RealtimeSettings"),
        ({1: "secret"}, "a key in 'a.b[1]' is of the type int"),
    ],
)
def test_what_json_has_not_is_named_by_its_place(value, complaint):
    assert list(no_json({"a": {"b": ["fine", value]}})) == [complaint]


def test_a_value_alone_has_no_place():
    assert list(no_json(b"secret")) == ["it is of the type bytes"]
    assert list(no_json({1: 2})) == ["a key in it is of the type int"]


def test_a_long_place_is_cut():
    (complaint,) = no_json({"k" * 1000: b""})

    assert complaint == f"'{'k' * 80}' is of the type bytes"


def test_everything_is_found():
    assert len(list(no_json([b"", {"a": b""}, UNSET]))) == 3


def test_what_holds_itself_ends():
    endless = []
    endless.append(endless)

    with pytest.raises(RecursionError):
        list(no_json(endless))
