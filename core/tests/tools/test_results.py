import collections
import datetime as dt
import enum
import json
import pathlib
import subprocess
import sys
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

import attrs
import msgspec
import numpy as np
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from realtime_core.tools.failures import BadResult
from realtime_core.tools.results import result_text


class Unit(enum.Enum):
    CELSIUS = "C"


class Word(enum.StrEnum):
    YES = "yes"


class Level(enum.IntEnum):
    LOW = 1


@dataclass
class Place:
    city: str
    raw: Any = None


@attrs.frozen
class Trip:
    stops: list[Place]


class Struct(msgspec.Struct):
    size: int


class Model(pydantic.BaseModel):
    day: dt.date
    raw: Any = None


class Pair(NamedTuple):
    left: Any
    right: Any


class Text(str):
    __slots__ = ()

    def __str__(self):
        return "something else"


def shown(value):
    """The id of a parameter; a set of strings has another order each time."""
    name = type(value).__name__
    return name if isinstance(value, frozenset) else f"{name} {value!r:.30}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ('{"a": 1}', '{"a": 1}'),
        ("", ""),
        (None, "null"),
        (True, "true"),
        (3, "3"),
        (2.5, "2.5"),
        ([1, "x", None], '[1,"x",null]'),
        ((1, 2), "[1,2]"),
        ({"a": {"b": "grün"}}, '{"a":{"b":"grün"}}'),
        ({3, 1, 2}, "[1,2,3]"),
        (frozenset({"b", "a"}), '["a","b"]'),
        (collections.deque([1]), "[1]"),
        (range(3), "[0,1,2]"),
        ({"a": 1}.keys(), '["a"]'),
        ({"a": 1}.values(), "[1]"),
        (collections.ChainMap({"a": 1}), '{"a":1}'),
        (Unit.CELSIUS, "C"),
        (Word.YES, "yes"),
        (Level.LOW, "1"),
        (Text("real"), "real"),
        (dt.date(2030, 1, 2), "2030-01-02"),
        (dt.datetime(2030, 1, 2, 3, 4, tzinfo=dt.UTC), "2030-01-02T03:04:00+00:00"),
        (dt.time(3, 4), "03:04:00"),
        (dt.timedelta(minutes=90), "PT5400S"),
        (Decimal("1.50"), "1.50"),
        ([Decimal("1.50")], '["1.50"]'),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (pathlib.PurePosixPath("a/b"), "a/b"),
        (Place("Oslo"), '{"city":"Oslo","raw":null}'),
        (Trip([Place("Oslo")]), '{"stops":[{"city":"Oslo","raw":null}]}'),
        (Struct(3), '{"size":3}'),
        (Model(day=dt.date(2030, 1, 2)), '{"day":"2030-01-02","raw":null}'),
        (Pair(1, 2), '{"left":1,"right":2}'),
        ({1: "a", None: "b"}, '{"1":"a","null":"b"}'),
        ({True: "a"}, '{"true":"a"}'),
        ({2.5: 1, dt.date(2030, 1, 2): 2, Unit.CELSIUS: 3}, '{"2.5":1,"2030-01-02":2,"C":3}'),
        ([float("nan"), float("inf"), -float("inf")], '[null,"Infinity","-Infinity"]'),
        (2**4096 - 1, str(2**4096 - 1)),
    ],
    ids=shown,
)
def test_whatever_json_can_say_is_told(value, text):
    assert result_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.int16(3), "3"),
        (np.float32(0.5), "0.5"),
        (np.float64("nan"), "null"),
        (np.bool_(1), "true"),
        (np.str_("x"), "x"),
        (np.array([[1, 2], [3, 4]]), "[[1,2],[3,4]]"),
        (np.array([1.5, np.inf]), '[1.5,"Infinity"]'),
        (np.array(7), "7"),
        (np.datetime64("2030-01-02T03:04:05", "ns"), "2030-01-02T03:04:05.000000000"),
        (np.array(["2030-01-02", "NaT"], "datetime64[D]"), '["2030-01-02","NaT"]'),
        ({np.int64(1): np.int8(2)}, '{"1":2}'),
        (np.zeros(10_000, np.int8), json.dumps([0] * 10_000, separators=(",", ":"))),
    ],
    ids=shown,
)
def test_numbers_of_numpy_are_numbers(value, text):
    assert result_text(value) == text


def test_numpy_is_not_loaded_to_know_that_it_is_not_there():
    program = (
        "import sys; from realtime_core.tools.results import result_text; result_text([1, {'a': (2,)}]);"
        "print('numpy' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603  # our own words

    assert done.stdout == "False\n"


def _endless():
    value = {"a": []}
    value["a"].append(value)
    return value


def _deep(levels):
    value = 1
    for _ in range(levels):
        value = [value]
    return value


def _generator():
    yield 1


async def _coroutine(): ...


class Odd:
    pass


class Broken(collections.abc.Mapping):
    def __getitem__(self, key):
        raise KeyError(key)

    def __iter__(self):
        raise RuntimeError("password=hunter2")

    def __len__(self):
        return 1


BYTES = "return text, or encode it as base64."
OTHER = "return text, numbers, lists, dicts or dataclasses."


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (b"x", f"result is bytes; {BYTES}"),
        (bytearray(b"x"), f"result is bytearray; {BYTES}"),
        (memoryview(b"x"), f"result is memoryview; {BYTES}"),
        ({"items": [1, 2, {"data": b"x"}]}, f"result.items[2].data is bytes; {BYTES}"),
        (Trip([Place("Oslo", b"x")]), f"result.stops[0].raw is bytes; {BYTES}"),
        (Model(day=dt.date(2030, 1, 2), raw=[b"x"]), f"result.raw[0] is bytes; {BYTES}"),
        ({"two words": b"x"}, f"result['two words'] is bytes; {BYTES}"),
        ({b"x"}, f"result[...] is bytes; {BYTES}"),
        ({b"x": 1}, f"a key of result is bytes; {BYTES}"),
        (np.array([b"x"]), f"result[0] is bytes; {BYTES}"),
        ({"a": {(1, 2): 3}}, "a key of result.a is of type tuple; use strings."),
        ({Pair(1, 2): 3}, "a key of result is of type Pair; use strings."),
        ({1: "a", "1": "b"}, "result has two keys '1' once they are text; use strings."),
        (Odd(), f"result is of type Odd; {OTHER}"),
        ([Odd], f"result[0] is of type type; {OTHER}"),
        (Place, f"result is of type type; {OTHER}"),
        (len, f"result is of type builtin_function_or_method; {OTHER}"),
        (1j, f"result is of type complex; {OTHER}"),
        (np.complex64(1j), f"result is of type complex; {OTHER}"),
        (_generator(), f"result is of type generator; {OTHER}"),
        (_endless(), "result.a[0] holds itself; return a tree."),
        ({"n": 2**4096}, "result.n has too many digits; return it rounded, as a float."),
        (np.zeros(10_001), "result is an array of 10001 numbers; return what matters about them."),
        (_deep(101), f"result{'[0]' * 11}[... is nested deeper than 100 levels; return something flatter."),
    ],
    ids=lambda value: f"{type(value).__name__}",
)
def test_what_json_cannot_say_is_refused_by_its_place(value, words):
    with pytest.raises(BadResult) as caught:
        result_text(value)

    assert str(caught.value) == f"The result of the function cannot be told: {words}"


def test_a_coroutine_is_refused():
    coroutine = _coroutine()

    with pytest.raises(BadResult, match="result is of type coroutine"):
        result_text(coroutine)

    coroutine.close()


def test_a_hundred_levels_are_told():
    assert result_text(_deep(100)) == "[" * 100 + "1" + "]" * 100


def test_the_same_object_in_two_places_does_not_hold_itself():
    shared = [1]

    assert result_text([shared, shared]) == "[[1],[1]]"


def test_a_result_that_cannot_be_read_is_refused_without_its_words():
    with pytest.raises(BadResult) as caught:
        result_text(Broken())

    assert str(caught.value) == "The result of the function cannot be read (RuntimeError)."
    assert isinstance(caught.value.__cause__, RuntimeError)


@pytest.mark.parametrize(
    ("value", "text"),
    [("half \ud83d", "half \ufffd"), (["half \ud83d", "\ud83d\ude00"], '["half \ufffd","😀"]')],
)
def test_a_result_can_always_be_sent(value, text):
    assert result_text(value) == text


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.binary()
    | st.dates()
    | st.times()
    | st.datetimes()
    | st.timedeltas()
    | st.decimals()
    | st.uuids()
    | st.complex_numbers()
    | st.sampled_from([Unit.CELSIUS, Word.YES, Level.LOW, Odd(), np.int8(1), np.float32("nan")])
)


def _is_hashable(value):
    return not (isinstance(value, Decimal) and value.is_snan())


ANYTHING = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(LEAVES.filter(_is_hashable), inner)
        | st.builds(Place, inner, inner)
        | st.builds(Pair, inner, inner)
    ),
    max_leaves=8,
)


def _told(value):
    try:
        return result_text([value]), None
    except BadResult as refusal:
        return "[]", str(refusal)


@given(ANYTHING)
def test_a_result_is_always_json_or_refused_by_name(value):
    text, refusal = _told(value)

    json.loads(text, parse_constant=pytest.fail)
    assert text.encode()
    assert refusal is None or refusal.startswith("The result of the function cannot be told: ")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(JSON)
def test_what_is_json_is_told_unchanged(value):
    assert json.loads(result_text([value])) == [value]
