"""JSON Schemas of what a TOML file may say for a Python type. Knows nothing of settings and options.

What has no form in TOML, such as a function, is the empty schema, which takes anything: the class that gets
the value checks it.
"""

import types
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Literal, Union, get_args, get_origin

from realtime_core.unset import UnsetType

__all__ = ["Schema", "any_of", "of_annotation"]

Schema = dict[str, Any]

_PLAIN: Final[Mapping[object, str]] = {
    str: "string",
    Path: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
}
_NOTHING: Final = (None, type(None), UnsetType)


def of_annotation(hint: Any) -> Schema:
    """The schema of a type; of one that is not known, ``{}``. None and unset are no values of TOML."""
    origin, args = get_origin(hint), get_args(hint)
    if hint in _PLAIN:
        return {"type": _PLAIN[hint]}
    if origin is Literal:
        return {"enum": list(args)}
    if origin in (Union, types.UnionType):
        return any_of(of_annotation(arg) for arg in args if arg not in _NOTHING)
    cls = origin or hint
    if not isinstance(cls, type) or issubclass(cls, (str, bytes)):
        return {}
    if issubclass(cls, Mapping):
        values = of_annotation(args[1]) if args else {}
        return {"type": "object", "additionalProperties": values} if values else {"type": "object"}
    if issubclass(cls, Collection):
        items = of_annotation(args[0]) if args else {}
        return {"type": "array", "items": items} if items else {"type": "array"}
    return {}


def any_of(schemas: Iterable[Schema]) -> Schema:
    """The schema of what one of ``schemas`` takes; of none, what takes anything."""
    found: list[Schema] = []
    for schema in schemas:
        if not schema:
            return {}
        alternatives = schema["anyOf"] if schema.keys() == {"anyOf"} else [schema]
        found.extend(one for one in alternatives if one not in found)
    match found:
        case []:
            return {}
        case [schema]:
            return schema
        case _:
            return {"anyOf": found}
