"""What TOML says differently from Python, and which of several values is at fault. Knows nothing of files."""

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from realtime_core.config.places import KeyPath
from realtime_core.errors import RealtimeError
from realtime_core.settings import kind_of

__all__ = ["culprit", "settings_from_toml"]


def settings_from_toml(cls: type[attrs.AttrsInstance], values: Mapping[str, Any]) -> dict[str, Any]:
    """``values`` for ``cls``: ``false`` is None for what can be switched off and is no truth value."""
    fields = attrs.fields_dict(cls)
    found: dict[str, Any] = {}
    for name, value in values.items():
        kind = kind_of(fields[name]) if name in fields else None
        if kind is not None and value is False and kind.nullable and bool not in kind.types:
            found[name] = None
        elif kind is not None and kind.nested is not None and isinstance(value, Mapping):
            found[name] = settings_from_toml(kind.nested, value)
        else:
            found[name] = value
    return found


def culprit(values: Mapping[str, Any], make: Callable[[Mapping[str, Any]], object]) -> KeyPath:
    """The key, with those around it, without which ``make(values)`` would not fail as it does.

    One that the error names goes before others. Empty: the error comes from something else.
    """
    told = _failure(values, make)
    found: KeyPath = ()
    for key, value in values.items():
        rest = {other: given for other, given in values.items() if other != key}
        if told is None or _failure(rest, make) == told:
            continue
        path = (key, *_inside(values, key, make)) if isinstance(value, Mapping) else (key,)
        if repr(path[-1]) in told:
            return path
        found = found or path
    return found


def _inside(values: Mapping[str, Any], key: str, make: Callable[[Mapping[str, Any]], object]) -> KeyPath:
    return culprit(values[key], lambda inner: make({**values, key: inner}))


def _failure(values: Mapping[str, Any], make: Callable[[Mapping[str, Any]], object]) -> str | None:
    try:
        make(values)
    except RealtimeError as exc:
        return f"{type(exc).__name__}: {exc}"
    return None
