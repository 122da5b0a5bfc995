"""What annotations mean to msgspec, which makes schemas of them and converts to them.

Knows nothing of functions. A plain string in ``Annotated`` is a description; msgspec knows only its own
``Meta``.
"""

import collections.abc
import dataclasses
import datetime as dt
import functools
import types
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

import attrs

from realtime_core.tools.docstring import read_docstring

__all__ = ["described", "field_descriptions", "structures", "unfillable_field"]

_UNIONS: Final = (Union, types.UnionType)
_OPAQUE: Final = (Literal, collections.abc.Callable)


def described(annotation: Any) -> Any:
    """``annotation`` with its descriptions where msgspec looks for them."""
    # loads in a moment that `import realtime_core` can do without
    import msgspec

    if annotation is object:
        return Any
    if annotation is dt.datetime:
        # msgspec names the format only where it insists on a time zone
        return Annotated[annotation, msgspec.Meta(extra_json_schema={"format": "date-time"})]
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is None or origin in _OPAQUE or not args:
        return annotation
    if origin is Annotated:
        notes = [msgspec.Meta(description=note) if isinstance(note, str) else note for note in args[1:]]
        return functools.reduce(lambda kind, note: Annotated[kind, note], notes, described(args[0]))
    inner = tuple(described(arg) for arg in args)
    return Union[inner] if origin in _UNIONS else origin[inner]  # noqa: UP007  # made at run time


def structures(annotation: Any) -> list[Any]:
    """The dataclasses, attrs classes and typed dicts in ``annotation`` and in their fields, each once.

    One that takes type arguments is given with them.
    """
    found: list[Any] = []
    _collect(annotation, found)
    return found


def _collect(annotation: Any, found: list[Any]) -> None:
    for arg in get_args(annotation):
        _collect(arg, found)
    cls = get_origin(annotation) or annotation
    if _is_structure(cls) and annotation not in found:
        found.append(annotation)
        for hint in get_type_hints(cls, include_extras=True).values():
            _collect(hint, found)


def _is_structure(cls: Any) -> bool:
    return isinstance(cls, type) and (dataclasses.is_dataclass(cls) or attrs.has(cls) or is_typeddict(cls))


def unfillable_field(structure: Any) -> str | None:
    """A field of ``structure`` that msgspec would fill otherwise than Python, and why; None: there is none.

    Msgspec fills fields by itself: no converter runs, and ``init=False`` does not keep it away.
    """
    cls = get_origin(structure) or structure
    if attrs.has(cls):
        for field in attrs.fields(cls):
            if field.converter is not None:
                return f"field {field.name!r} of {cls.__name__} has a converter, which would not run"
            if not field.init:
                return f"field {field.name!r} of {cls.__name__} is not for the caller to fill (init=False)"
    for own in dataclasses.fields(cls) if dataclasses.is_dataclass(cls) else ():
        if not own.init:
            return f"field {own.name!r} of {structure.__name__} is not for the caller to fill (init=False)"
    return None


def field_descriptions(structure: Any) -> Mapping[str, str]:
    """What the fields of ``structure`` are, by the strings in its annotations, else by its docstring."""
    cls = get_origin(structure) or structure
    descriptions = dict(read_docstring(cls.__doc__).parameters)
    for name, hint in get_type_hints(cls, include_extras=True).items():
        notes = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
        for note in notes:
            if isinstance(note, str):
                descriptions[name] = note
    return descriptions
