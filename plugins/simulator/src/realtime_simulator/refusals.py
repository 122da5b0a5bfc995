"""What the server says when it refuses a client event: one ``error`` event, with the service's words.

Knows no event and no state; each function below is one row of the service's table of errors.
"""

from collections.abc import Iterable
from typing import Any, Final

__all__ = ["Refusal", "cut", "invalid_value", "missing", "quoted", "unknown_parameter", "wrong_type"]

_LONGEST: Final = 200


class Refusal(Exception):
    """A client event that is not carried out; nothing of it has had any effect."""

    def __init__(
        self,
        message: str,
        *,
        code: str | None,
        param: str | None = None,
        kind: str = "invalid_request_error",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.param = param
        self.kind = kind

    def body(self, event_id: str | None) -> dict[str, Any]:
        """The ``error`` object; ``event_id`` is that of the client's event, if it gave one."""
        return {
            "type": self.kind,
            "code": self.code,
            "message": str(self),
            "param": self.param,
            "event_id": event_id,
        }


def quoted(names: Iterable[object]) -> str:
    """``'a', 'b', and 'c'``, as the service lists what it supports."""
    *rest, last = [f"'{name}'" for name in names]
    if not rest:
        return last
    return f"{', '.join(rest)}{',' if len(rest) > 1 else ''} and {last}"


def cut(given: object) -> str:
    """What a client sent, as long as an error quotes it."""
    text = str(given)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def unknown_parameter(path: str) -> Refusal:
    """The client sent a key that nobody knows."""
    path = cut(path)
    return Refusal(f"Unknown parameter: '{path}'.", code="unknown_parameter", param=path)


def missing(path: str) -> Refusal:
    """The client left out a key that is needed."""
    return Refusal(f"Missing required parameter: '{path}'.", code="missing_required_parameter", param=path)


def invalid_value(path: str, value: object, choices: Iterable[object]) -> Refusal:
    """The client gave a word that is not one of the choices."""
    message = f"Invalid value: '{cut(value)}'. Supported values are: {quoted(choices)}."
    return Refusal(message, code="invalid_value", param=path)


def wrong_type(path: str, expected: str, value: object) -> Refusal:
    """The client gave a value of another JSON type."""
    message = f"Invalid type for '{path}': expected {expected}, but got {_json_type(value)} instead."
    return Refusal(message, code="invalid_type", param=path)


def _json_type(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int():
            return "an integer"
        case float():
            return "a decimal"
        case str():
            return "a string"
        case list():
            return "an array"
        case _:
            return "an object"
