"""What a function returned -> the text that the model reads, or a refusal that names the place.

Knows nothing of calls. What has a customary spelling in JSON gets it (a date, an enum's value), what has none
is refused. NaN becomes null and infinity a word: the function has run, and its result should not fail for a
number.
"""

import dataclasses
import datetime as dt
import decimal
import json
import math
import pathlib
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence, ValuesView
from collections.abc import Set as AbstractSet
from enum import Enum
from typing import Any, Final

import attrs

from realtime_core.tools.failures import BadResult, sendable

__all__ = ["result_text"]

_MAX_DEPTH: Final = 100
_MAX_BITS: Final = 4096
_MAX_ARRAY: Final = 10_000
"""Numbers in an array of numpy: more is data, of which nobody can speak."""


def result_text(value: Any) -> str:
    """The text for the model: a string, and what is spelt as one, as it is; else JSON. ``None`` is ``null``.

    Taken are what JSON knows, mappings, sequences and sets, dataclasses, attrs and msgspec classes, named
    tuples, objects with ``model_dump`` (pydantic), enums, dates and times, `~decimal.Decimal`, `~uuid.UUID`,
    paths, numpy scalars and arrays of up to 10,000 numbers.

    Raises:
        BadResult: a part of it is nothing that JSON can say: bytes, functions, objects of other classes,
            something that holds itself. The text names the place.
    """
    try:
        plain = _plain(value, "result", ())
    except BadResult:
        raise
    except Exception as exc:
        raise BadResult(f"The result of the function cannot be read ({type(exc).__name__}).") from exc
    if not isinstance(plain, str):
        plain = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    return sendable(plain)


def _refusal(path: str, what: str, remedy: str) -> BadResult:
    return BadResult(f"The result of the function cannot be told: {path} {what}; {remedy}.")


def _plain(value: Any, path: str, above: tuple[int, ...]) -> Any:
    """``value`` as JSON's own types; ``above`` are the objects that hold it."""
    match value:
        case None | bool():
            return value
        case Enum():
            return _plain(value.value, path, above)
        case str():
            return str.__str__(value)
        case int():
            if value.bit_length() > _MAX_BITS:
                raise _refusal(path, "has too many digits", "return it rounded, as a float")
            return int(value)
        case float():
            return _number(float(value))
        case bytes() | bytearray() | memoryview():
            raise _refusal(path, f"is {type(value).__name__}", "return text, or encode it as base64")
    for kind, spelling in _SPELLINGS:
        if isinstance(value, kind):
            return spelling(value)
    if id(value) in above:
        raise _refusal(path, "holds itself", "return a tree")
    if len(above) == _MAX_DEPTH:
        raise _refusal(
            path[:40] + "...", f"is nested deeper than {_MAX_DEPTH} levels", "return something flatter"
        )
    return _container(value, path, (*above, id(value)))


def _number(value: float) -> float | str | None:
    if math.isnan(value):
        return None
    return value if math.isfinite(value) else ("Infinity" if value > 0 else "-Infinity")


def _container(value: Any, path: str, above: tuple[int, ...]) -> Any:
    fields = _fields(value)
    if fields is not None:
        return _object(fields, path, above)
    if _is_numpy(value):
        return _plain(_from_numpy(value, path), path, above)
    if isinstance(value, AbstractSet):
        plain = [_plain(entry, f"{path}[...]", above) for entry in value]
        return sorted(plain, key=json.dumps)  # the order of a set differs from run to run
    if isinstance(value, Sequence | ValuesView):
        return [_plain(entry, f"{path}[{number}]", above) for number, entry in enumerate(value)]
    raise _refusal(
        path, f"is of type {type(value).__name__}", "return text, numbers, lists, dicts or dataclasses"
    )


def _fields(value: Any) -> Mapping[Any, Any] | None:
    """The named parts of ``value``, if it is made of such."""
    cls = type(value)
    if isinstance(value, Mapping):
        return value
    if isinstance(value, type):
        return None
    if dataclasses.is_dataclass(cls):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(cls)}
    if attrs.has(cls):
        return {field.name: getattr(value, field.name) for field in attrs.fields(cls)}
    if hasattr(cls, "__struct_fields__"):
        return {name: getattr(value, name) for name in cls.__struct_fields__}
    for method in ("_asdict", "model_dump"):
        if callable(getattr(cls, method, None)):
            return dict(getattr(value, method)())
    return None


def _object(fields: Mapping[Any, Any], path: str, above: tuple[int, ...]) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for key, entry in fields.items():
        name = _plain(key, f"a key of {path}", above)
        if isinstance(name, dict | list):
            raise _refusal(f"a key of {path}", f"is of type {type(key).__name__}", "use strings")
        if not isinstance(name, str):
            name = json.dumps(name)
        if name in plain:
            raise _refusal(path, f"has two keys {name!r} once they are text", "use strings")
        plain[name] = _plain(entry, f"{path}.{name}" if name.isidentifier() else f"{path}[{name!r}]", above)
    return plain


def _is_numpy(value: Any) -> bool:
    """Whether it is of numpy's, which is not loaded for the question."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, numpy.generic | numpy.ndarray)


def _from_numpy(value: Any, path: str) -> Any:
    if value.size > _MAX_ARRAY:
        raise _refusal(path, f"is an array of {value.size} numbers", "return what matters about them")
    # times are told as text: as Python's objects, those in nanoseconds would be plain numbers
    return (value.astype(str) if value.dtype.kind in "mM" else value).tolist()


def _duration(value: dt.timedelta) -> Any:
    import msgspec

    return msgspec.to_builtins(value)


_SPELLINGS: Final[tuple[tuple[type | tuple[type, ...], Callable[[Any], Any]], ...]] = (
    ((dt.date, dt.time), lambda value: value.isoformat()),
    (dt.timedelta, _duration),
    ((decimal.Decimal, uuid.UUID, pathlib.PurePath), str),
)
