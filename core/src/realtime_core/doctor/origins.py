"""What is told of a provider's options: which source won, and no secret. Pure."""

import re
import textwrap
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

import attrs

from realtime_core.doctor.steps import Trouble
from realtime_core.masking import mask_keys
from realtime_core.options import OptionOrigin, OptionSource

__all__ = [
    "MASK",
    "masker",
    "place_of",
    "said_by",
    "strange_address",
    "summary",
    "table",
    "whence",
    "with_missing",
]

MASK: Final = "***"
"""What is shown of a secret."""

_LONGEST: Final = 60
_SHORTEST_SECRET: Final = 4
_PLAIN: Final = (int, float, bool)
_USER: Final = re.compile(r"//[^/@\s]*@")


def masker(origins: Sequence[OptionOrigin]) -> Callable[[str], str]:
    """A function that takes the secrets among ``origins``, and whatever looks like a key, out of a text."""
    secrets = {
        origin.value
        for origin in origins
        if origin.secret and isinstance(origin.value, str) and len(origin.value) >= _SHORTEST_SECRET
    }

    def mask(text: str) -> str:
        # a longer one may hold a shorter one
        for secret in sorted(secrets, key=len, reverse=True):
            text = text.replace(secret, MASK)
        return mask_keys(_USER.sub(f"//{MASK}@", text))

    return mask


def whence(origin: OptionOrigin) -> str:
    """Where the value that an option was given comes from, in words."""
    where = ", ".join(filter(None, (origin.variable, origin.giver))) or "--option"
    return f"{where}, which goes before {' and '.join(origin.lost)}" if origin.lost else where


def with_missing(origins: Sequence[OptionOrigin], missing: Collection[str]) -> list[OptionOrigin]:
    """``origins``, with those marked whose options their class wants in the end: one of several, say."""
    return [
        attrs.evolve(origin, source=OptionSource.MISSING) if origin.name in missing else origin
        for origin in origins
    ]


def said_by(giver: str, origins: Sequence[OptionOrigin], names: Collection[str]) -> list[OptionOrigin]:
    """``origins``, with who gave those called ``names``, if neither the command line nor the process."""
    return [attrs.evolve(origin, giver=giver) if origin.name in names else origin for origin in origins]


def summary(origins: Sequence[OptionOrigin]) -> str:
    """In one line, which options have a value from whom."""
    told = []
    for origin in origins:
        if origin.value is not None:
            told.append(f"{origin.name}={_shown(origin)} ({whence(origin)})")
        elif origin.lost:
            told.append(f"{origin.name}: {' and '.join(origin.lost)} gives way to another option")
    others = len(origins) - len(told)
    if others:
        told.append(f"{'the other ' * bool(told)}{others} by default")
    return "; ".join(told) or "there are none"


def table(
    origins: Sequence[OptionOrigin], options: object | None, mask: Callable[[str], str]
) -> list[Mapping[str, Any]]:
    """What a program is told; without ``options``, which are made of them if they can be, no values."""
    return [
        {
            "name": origin.name,
            "source": str(origin.source),
            "variable": origin.variable,
            "lost": list(origin.lost),
            "giver": origin.giver,
            "value": None if options is None else _value(origin, getattr(options, origin.name), mask),
        }
        for origin in origins
    ]


def place_of(host: str, origins: Sequence[OptionOrigin], options: object) -> str:
    """The option that ``host`` is in, and who gave it."""
    for origin in origins:
        if origin.value is not None and not origin.secret and host in str(getattr(options, origin.name)):
            return f"{origin.name} ({whence(origin)})"
    return "the address, which is the provider's own"


def strange_address(url: str, origins: Sequence[OptionOrigin]) -> Trouble | None:
    """What to say of an endpoint that is no URL, if it is what an option says; None: nobody gave it."""
    for origin in origins:
        if not origin.secret and isinstance(origin.value, str) and origin.value and origin.value in url:
            return Trouble(
                f"option {origin.name!r} is no URL with a host and a port",
                f"correct {origin.name} ({whence(origin)})",
                is_callers=True,
            )
    return None


def _value(origin: OptionOrigin, value: Any, mask: Callable[[str], str]) -> Any:
    if origin.secret:
        return None if value is None else MASK
    given = value if origin.value is None else origin.value
    if isinstance(given, str):
        return mask(given)
    return given if isinstance(given, _PLAIN) else None


def _shown(origin: OptionOrigin) -> str:
    if origin.secret:
        return MASK
    if not isinstance(origin.value, str):
        return f"({type(origin.value).__name__})"
    return textwrap.shorten(origin.value, _LONGEST, placeholder=" …")
