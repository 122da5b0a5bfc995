"""What the model is told when a call comes to nothing.

Knows nothing of schemas, threads or sessions. No text of a foreign exception reaches the model unless a hook
of the program says so: it may hold keys, paths, or other people's words.
"""

import logging
from collections.abc import Callable, Iterable

from realtime_core.contents import ToolCall

__all__ = [
    "BadArguments",
    "BadResult",
    "ErrorHook",
    "ToolError",
    "approval_timed_out",
    "cancelled",
    "denied",
    "error_text",
    "sendable",
    "timed_out",
    "unknown_tool",
]

_log = logging.getLogger("realtime_core")

ErrorHook = Callable[[ToolCall, BaseException], str | None]
"""Given a call and what it raised, says what the model is told; None: what it would be told without."""


class ToolError(Exception):
    """Raised by a tool to say something to the model: its text is the output of the call, to the letter."""


class BadArguments(ToolError):
    """What the model wrote does not fit the function; the text says what would."""


class BadResult(ToolError):
    """What the function returned is nothing that JSON can say; the text says where, and what would be."""


def error_text(call: ToolCall, exc: BaseException, hook: ErrorHook | None = None) -> str:
    """What the model is told about a call that raised ``exc``.

    A `ToolError` speaks for itself; of anything else only the name of its class is told. ``hook`` is asked
    first, about a `ToolError`, too; a hook that raises, or gives no text, counts as one that has no opinion.
    """
    text = None
    if hook is not None:
        try:
            text = hook(call, exc)
        except Exception as problem:  # noqa: BLE001  # the model still has to be told something
            _log.warning("the hook for errors of tools failed (%s)", type(problem).__name__)
    if not isinstance(text, str):
        text = _own_words(exc)
    return sendable(text) or f"The function {call.name!r} failed ({type(exc).__name__})."


def _own_words(exc: BaseException) -> str:
    """What a `ToolError` says; nothing of any other exception."""
    try:
        return str(exc) if isinstance(exc, ToolError) else ""
    except Exception:  # noqa: BLE001  # a class of the application's own, whose text fails
        return ""


def sendable(text: str) -> str:
    """``text`` as UTF-8 can carry it: half a surrogate pair becomes U+FFFD."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def unknown_tool(name: str, choices: Iterable[str]) -> ToolError:
    """The model called a function that there is not."""
    named = ", ".join(map(repr, choices))
    return ToolError(
        f"There is no function {name!r}; " + (f"choose from {named}." if named else "there is none.")
    )


def timed_out(name: str, timeout_s: float) -> ToolError:
    """The function took too long; nobody waits for it any more."""
    return ToolError(
        f"The function {name!r} gave no result within {timeout_s:g} s. What it began may still take effect."
    )


def cancelled(name: str) -> ToolError:
    """The call was given up before it had a result."""
    return ToolError(f"The call of {name!r} was cancelled. What it began may still take effect.")


def denied(name: str, reason: str = "") -> ToolError:
    """A person has said that the call may not be made."""
    said = f": {reason}" if reason else "."
    return ToolError(f"The function {name!r} was not called, because a person refused it{said}")


def approval_timed_out(name: str, timeout_s: float) -> ToolError:
    """Nobody has said in time whether the call may be made."""
    return ToolError(f"The function {name!r} was not called: nobody approved it within {timeout_s:g} s.")
