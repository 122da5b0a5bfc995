"""Checks of values at the door, as attrs validators; what fails is `InvalidSettings` and names the field."""

import math
from collections.abc import Callable
from typing import Any

import attrs

from realtime_core.errors import InvalidSettings

__all__ = ["one_of", "optional_ms", "positive"]

Validator = Callable[[Any, "attrs.Attribute[Any]", Any], None]


def positive(*kinds: type[int] | type[float]) -> Validator:
    """A number above 0 of one of ``kinds``; a bool is none."""

    def check(_: Any, attribute: "attrs.Attribute[Any]", value: Any) -> None:
        if not isinstance(value, kinds) or isinstance(value, bool) or not value > 0:
            names = " or ".join(kind.__name__ for kind in kinds)
            raise InvalidSettings(f"{attribute.name!r} takes {names} above 0, not {value!r}")

    return check


def one_of(*choices: str) -> Validator:
    """One of a closed list of words."""

    def check(_: Any, attribute: "attrs.Attribute[Any]", value: Any) -> None:
        if value not in choices:
            named = " or ".join(map(repr, choices))
            raise InvalidSettings(f"{attribute.name!r} takes {named}, not {value!r}")

    return check


def optional_ms(_: Any, attribute: "attrs.Attribute[Any]", value: Any) -> None:
    """A number of milliseconds, 0 or more and finite, or None; a bool is none."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if value is not None and not (is_number and 0 <= value < math.inf):
        raise InvalidSettings(f"{attribute.name!r} takes milliseconds, 0 or more, or None")
