"""Frames that a service should never send, made of those that it does. Knows nothing of any wire but JSON."""

import json
from collections.abc import Iterator
from typing import Any, Final

__all__ = ["NO_OBJECTS", "Frame", "cut", "twisted"]

Frame = str | bytes

_VALUES: Final[tuple[Any, ...]] = (
    None,
    True,
    -1,
    1e400,
    "",
    "\ud800",
    "x" * 10_000,
    [],
    [[]],
    {},
    {"": None},
)
_MOST_CUTS: Final = 256

_DEEP: Final = 50_000

NO_OBJECTS: Final = ("null", "true", "5", '"words"', "[]", "[{}]", "{}", "", "[" * _DEEP, '{"a":' * _DEEP)
"""Frames that are no JSON object, or an empty one, or nested more deeply than any reader goes: for
`ServiceDouble.malform`, where every frame that is meant is an object with a field."""


def cut(frame: Frame) -> Iterator[Frame]:
    """``frame`` without its end: cut at every place, or at some hundreds where it is long."""
    for size in range(0, len(frame), max(1, len(frame) // _MOST_CUTS)):
        yield frame[:size]


def twisted(frame: Frame) -> Iterator[Frame]:
    """``frame`` with each of its values in turn missing, or another; nothing where it is no JSON."""
    try:
        whole = json.loads(frame)
    except (ValueError, RecursionError):
        return
    for place in _places(whole):
        for value in _VALUES:
            yield _written(_with(whole, place, value), frame)
        if place:
            yield _written(_without(whole, place), frame)
    yield _like("[" * 100_000, frame)


def _places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield above
    match value:
        case dict():
            for key, inner in value.items():
                yield from _places(inner, (*above, key))
        case list():
            for index, inner in enumerate(value):
                yield from _places(inner, (*above, index))


def _with(whole: Any, place: tuple[Any, ...], value: Any) -> Any:
    if not place:
        return value
    copy = whole.copy()
    copy[place[0]] = _with(whole[place[0]], place[1:], value)
    return copy


def _without(whole: Any, place: tuple[Any, ...]) -> Any:
    copy = whole.copy()
    if len(place) == 1:
        del copy[place[0]]
    else:
        copy[place[0]] = _without(whole[place[0]], place[1:])
    return copy


def _written(value: Any, like: Frame) -> Frame:
    return _like(json.dumps(value), like)


def _like(text: str, frame: Frame) -> Frame:
    return text.encode() if isinstance(frame, bytes) else text
