"""Whether what a service reports agrees with what it was asked for, as JSON. Knows nothing of sessions.

A service reports more than was asked for (defaults, ``parameters.strict``), writes some values another way,
and leaves some out; none of that is a contradiction. In doubt there is none.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from realtime_openai_wire.formats import format_from_wire

__all__ = ["agrees"]

_OF_AN_MCP_SERVER: Final = ("type", "server_label")
"""What is left of it as it was: its keys are not shown, its lists of tools may be written another way."""

_NAMING: Final = ("id", "name", "type")


def agrees(asked: Any, reported: Any) -> bool:
    """Whether ``reported`` is what was ``asked`` for, or more; what it does not mention is no contradiction.

    ``""`` and ``{}`` ask for the service's own default, whichever that is.
    """
    match asked, reported:
        case ("" | {}, _) if not asked:
            return True
        case (None | False | [], _):
            return not reported
        case str(), str():
            return asked.strip() == reported.strip()
        case (str(), Mapping()):
            return asked in _names(reported)
        case (Mapping(), str()):
            return reported in _names(asked) or _is_one_format(asked, reported)
        case Mapping(), Mapping():
            return _holds(asked, reported)
        case list(), list():
            return _lists_agree(asked, reported)
        case _ if _is_number(asked) and _is_number(reported):
            # a service may keep it in fewer bits
            return math.isclose(asked, reported, rel_tol=1e-6)
        case _:
            return bool(asked == reported)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _names(value: Mapping[str, Any]) -> list[Any]:
    return [value.get(key) for key in _NAMING]


def _is_one_format(asked: Any, reported: Any) -> bool:
    known = format_from_wire(asked)
    return known is not None and known == format_from_wire(reported)


def _holds(asked: Mapping[str, Any], reported: Mapping[str, Any]) -> bool:
    keys = _OF_AN_MCP_SERVER if asked.get("type") == "mcp" else asked
    return all(agrees(asked[key], reported[key]) for key in keys if key in asked and key in reported)


def _lists_agree(asked: Sequence[Any], reported: Sequence[Any]) -> bool:
    if len(asked) != len(reported):
        return False
    if all(isinstance(value, str) for value in (*asked, *reported)):
        return sorted(asked) == sorted(reported)
    return all(map(agrees, asked, reported))
