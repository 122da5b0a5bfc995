"""Finds what JSON has no value for, before an encoder makes something else of it."""

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

__all__ = ["no_json"]

_SMALLEST, _LARGEST = -(2**63), 2**64 - 1
_LONGEST_PATH: Final = 80


def no_json(value: Any, path: str = "") -> Iterator[str]:
    """What in ``value`` is no JSON: where it stands and its type, never what it is.

    JSON is None, bool, str, numbers of at most 64 bits, mappings with keys of str, lists and tuples.

    Raises:
        RecursionError: it is nested too deeply, or in itself.
    """
    match value:
        case None | bool() | str():
            return
        case int():
            fits, what = _SMALLEST <= value <= _LARGEST, "a number of more than 64 bits"
        case float():
            fits, what = math.isfinite(value), "no finite number"
        case Mapping():
            for key, inner in value.items():
                if isinstance(key, str):
                    yield from no_json(inner, f"{path}.{key}" if path else key)
                else:
                    yield f"a key in {_place(path)} is of the type {type(key).__name__}"
            return
        case list() | tuple():
            for index, inner in enumerate(value):
                yield from no_json(inner, f"{path}[{index}]")
            return
        case _:
            fits, what = False, f"of the type {type(value).__name__}"
    if not fits:
        yield f"{_place(path)} is {what}"


def _place(path: str) -> str:
    return repr(path[:_LONGEST_PATH]) if path else "it"
