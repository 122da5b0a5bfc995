"""Checks for decoded JSON, built from small ones; knows no field of the protocol.

A check takes a value and the path where it stands (``session.audio.input``) and returns the value;
what does not fit raises `Refusal` with that path as ``param``.
"""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeAlias

from realtime_simulator.refusals import Refusal, invalid_value, missing, unknown_parameter, wrong_type

__all__ = [
    "Check",
    "boolean",
    "by_type",
    "integer",
    "items",
    "json_object",
    "mapping",
    "nullable",
    "number",
    "pattern",
    "record",
    "string",
    "string_or",
    "word",
]

Check: TypeAlias = Callable[[Any, str], Any]

MAX_DEPTH = 64
"""How deep free JSON may nest; what is echoed must be encodable again."""


def string(max_length: int | None = None, min_length: int = 0) -> Check:
    """Text of a bounded length, which is at least 0 or 1."""

    def check(value: Any, path: str) -> Any:
        if not isinstance(value, str):
            raise wrong_type(path, "a string", value)
        if max_length is not None and len(value) > max_length:
            raise _out_of_range(
                path,
                "string_above_max_length",
                f"string too long. Expected a string with maximum length {max_length}, "
                f"but got a string with length {len(value)} instead.",
            )
        if len(value) < min_length:
            raise _out_of_range(
                path,
                "empty_string",
                f"empty string. Expected a string with minimum length {min_length}, "
                "but got an empty string instead.",
            )
        return value

    return check


def pattern(regex: str, inner: Check) -> Check:
    """Text that ``inner`` takes and that the regular expression fits."""

    def check(value: Any, path: str) -> Any:
        if not re.fullmatch(regex, inner(value, path)):
            raise _out_of_range(
                path,
                "invalid_value",
                f"string does not match pattern. Expected a string that matches the pattern '{regex}'.",
            )
        return value

    return check


def boolean(value: Any, path: str) -> Any:
    """``true`` or ``false``."""
    if not isinstance(value, bool):
        raise wrong_type(path, "a boolean", value)
    return value


def integer(low: int | None = None, high: int | None = None) -> Check:
    """A whole number between two bounds, which belong to it."""

    def check(value: Any, path: str) -> Any:
        if not isinstance(value, int) or isinstance(value, bool):
            raise wrong_type(path, "an integer", value)
        return _bounded(value, path, "integer", low, high)

    return check


def number(low: float, high: float) -> Check:
    """A number between two bounds, which belong to it."""

    def check(value: Any, path: str) -> Any:
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise wrong_type(path, "a decimal", value)
        return _bounded(value, path, "decimal", low, high)

    return check


def _bounded(value: float, path: str, kind: str, low: float | None, high: float | None) -> float:
    if low is not None and value < low:
        complaint = f"{kind} below minimum value. Expected a value >= {low:g}, but got {value} instead."
        raise _out_of_range(path, f"{kind}_below_min_value", complaint)
    if high is not None and value > high:
        complaint = f"{kind} above maximum value. Expected a value <= {high:g}, but got {value} instead."
        raise _out_of_range(path, f"{kind}_above_max_value", complaint)
    return value


def _out_of_range(path: str, code: str, complaint: str) -> Refusal:
    return Refusal(f"Invalid '{path}': {complaint}", code=code, param=path)


def word(*choices: str) -> Check:
    """One of a closed list of words."""

    def check(value: Any, path: str) -> Any:
        if not isinstance(value, str):
            raise wrong_type(path, "a string", value)
        if value not in choices:
            raise invalid_value(path, value, choices)
        return value

    return check


def nullable(inner: Check) -> Check:
    """``null``, or what ``inner`` takes."""
    return lambda value, path: None if value is None else inner(value, path)


def items(inner: Check) -> Check:
    """A list whose elements all fit ``inner``."""

    def check(value: Any, path: str) -> Any:
        if not isinstance(value, list):
            raise wrong_type(path, "an array", value)
        return [inner(element, f"{path}[{index}]") for index, element in enumerate(value)]

    return check


def record(fields: Mapping[str, Check], *, required: Collection[str] = ()) -> Check:
    """An object with these keys and no other; ``path`` may be empty for the event itself."""

    def check(value: Any, path: str) -> Any:
        if not isinstance(value, dict):
            raise wrong_type(path, "an object", value)
        for key in value:
            if key not in fields:
                raise unknown_parameter(_join(path, key))
        for key in required:
            if key not in value:
                raise missing(_join(path, key))
        return {key: fields[key](inner, _join(path, key)) for key, inner in value.items()}

    return check


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def by_type(kinds: Mapping[str, Check], *, tag: str = "type") -> Check:
    """An object whose ``type`` says which check it must pass."""

    def check(value: Any, path: str) -> Any:
        if not isinstance(value, dict):
            raise wrong_type(path, "an object", value)
        if tag not in value:
            raise missing(_join(path, tag))
        kind = word(*kinds)(value[tag], _join(path, tag))
        return kinds[kind](value, path)

    return check


def string_or(on_string: Check, otherwise: Check) -> Check:
    """Text for one check, anything else for another."""
    return lambda value, path: (on_string if isinstance(value, str) else otherwise)(value, path)


def mapping(key_length: int, inner: Check, max_pairs: int) -> Check:
    """An object with free keys of a bounded length."""

    def check(value: Any, path: str) -> Any:
        if not isinstance(value, dict):
            raise wrong_type(path, "an object", value)
        if len(value) > max_pairs:
            raise _out_of_range(
                path,
                "object_above_max_properties",
                f"too many properties. Expected an object with at most {max_pairs} properties, "
                f"but got an object with {len(value)} properties instead.",
            )
        for key in value:
            string(key_length)(key, path)
        return {key: inner(element, _join(path, key)) for key, element in value.items()}

    return check


def json_object(value: Any, path: str) -> Any:
    """Any JSON object, nested no deeper than `MAX_DEPTH`."""
    if not isinstance(value, dict):
        raise wrong_type(path, "an object", value)
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _children(outer)]
        if not level:
            return value
    raise _out_of_range(path, "invalid_value", f"nested too deeply. Expected at most {MAX_DEPTH} levels.")


def _children(value: Any) -> list[Any]:
    match value:
        case dict():
            return list(value.values())
        case list():
            return value
        case _:
            return []
