"""Keys and tokens: what can be one, and what gives one on every connect.

Knows no service. What is raised here never shows one.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from realtime_core.errors import AuthenticationFailed, InvalidOptions, RealtimeError

__all__ = ["ApiKey", "as_api_key", "called", "checked_key", "key_from"]

ApiKey = str | Callable[[], str] | Callable[[], Awaitable[str]]
"""A key, or what gives one: called again on every connect."""


def checked_key(value: Any) -> str:
    """A key that can stand in a header.

    Raises:
        InvalidOptions: it is empty, or holds blanks or characters beyond ASCII.
    """
    if isinstance(value, str) and value.strip() and value != value.strip():
        raise InvalidOptions(
            "a key is one word, and this one has whitespace at its beginning or end; strip it"
        )
    if (
        not isinstance(value, str)
        or not value
        or not value.isascii()
        or not value.isprintable()
        or " " in value
    ):
        raise InvalidOptions("a key is one word of ASCII characters")
    return value


def as_api_key(value: Any) -> Any:
    """An `ApiKey`, of which a string can stand in a header.

    Raises:
        InvalidOptions: it is none.
    """
    if not callable(value) and not isinstance(value, str):
        raise InvalidOptions("a key is a string, or a function that gives one")
    return value if callable(value) else checked_key(value)


async def called(function: Callable[..., Any], *args: Any) -> Any:
    """What ``function`` gives, at once or awaited; if it is no coroutine function it runs in a thread,
    so that it may block.
    """
    given = (
        function(*args) if inspect.iscoroutinefunction(function) else await asyncio.to_thread(function, *args)
    )
    return await given if inspect.isawaitable(given) else given


async def key_from(source: Any, giver: str) -> str:
    """The key that ``source``, an `ApiKey`, is or gives by being `called`; ``giver`` names it in errors.

    Raises:
        AuthenticationFailed: it gives none, or raises something that is no error of ours.
    """
    if isinstance(source, str):
        return source
    try:
        given = await called(source)
    except RealtimeError:
        raise
    except Exception as exc:
        raise AuthenticationFailed(f"{giver} gave no usable key ({type(exc).__name__}); check it") from exc
    try:
        return checked_key(given)
    except InvalidOptions as exc:
        raise AuthenticationFailed(f"{giver} gave no usable key: {exc}") from exc
