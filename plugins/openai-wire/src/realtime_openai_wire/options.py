"""What every provider's options share: the converters that check one, for `realtime_core.options.option`.

Pure. What they raise never shows a value: any of them may hold a secret.
"""

import re
from collections.abc import Mapping
from math import isfinite
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit, urlunsplit

from realtime_core.errors import InvalidOptions

__all__ = [
    "as_base_url",
    "as_headers",
    "as_seconds",
    "as_strings",
    "as_word",
    "split_url",
    "websocket_endpoint",
]

_SCHEMES: Final = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def as_base_url(value: Any) -> str:
    """A URL with ``http`` or ``https``, without a slash at its end.

    Raises:
        InvalidOptions: it is none, or holds a user, a password or a query.
    """
    parts = split_url(value)
    if parts is None:
        raise InvalidOptions(f"a base URL looks like https://api.openai.com/v1{_hint(value)}")
    if "@" in parts.netloc:
        raise InvalidOptions("a base URL holds no user or password; give the key as api_key=...")
    if parts.query or parts.fragment:
        raise InvalidOptions("a base URL ends with its path; give parameters as query={...}")
    return urlunsplit(parts._replace(path=parts.path.rstrip("/")))


def split_url(value: Any) -> SplitResult | None:
    """The parts of a URL, ``ws`` and ``wss`` made ``http`` and ``https``; None for what is no such URL."""
    if not isinstance(value, str):
        return None
    try:
        parts = urlsplit(value.strip())
        # a port that is no number raises when it is read
        is_url = parts.scheme in _SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts._replace(scheme=_SCHEMES[parts.scheme]) if is_url else None


def websocket_endpoint(base_url: str) -> str:
    """Where the WebSocket of an API is, for `realtime_core.provider.Provider.endpoint`; without its query."""
    parts = urlsplit(base_url)
    scheme = "wss" if parts.scheme in {"https", "wss"} else "ws"
    return urlunsplit((scheme, parts.netloc, f"{parts.path.rstrip('/')}/realtime", "", ""))


def _hint(value: Any) -> str:
    """What keeps ``value`` from being a URL, where that is plain; nothing of it is shown."""
    if not isinstance(value, str):
        return ""
    if "//" not in value:
        return "; this one lacks its http:// or https://" if split_url(f"http://{value.strip()}") else ""
    try:
        parts = urlsplit(value.strip())
    except ValueError:
        return "; the host of this one is none: check its brackets and characters"
    if parts.scheme not in _SCHEMES:
        return "; this one begins with neither http:// nor https://"
    return "; the port of this one is no number from 1 to 65535" if parts.hostname else ""


def as_seconds(value: Any) -> float:
    """A time, as a number or as text.

    Raises:
        InvalidOptions: it is none that ends, or not positive.
    """
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        seconds = 0.0
    if isinstance(value, bool) or not isfinite(seconds) or seconds <= 0:
        raise InvalidOptions("a timeout is a positive number of seconds")
    return seconds


def as_word(value: Any) -> str:
    """A name, without the blanks around it.

    Raises:
        InvalidOptions: it is no string, blank, or has several lines.
    """
    if not isinstance(value, str) or not value.isprintable() or not value.strip():
        raise InvalidOptions("it is a string in one line, and not blank")
    return value.strip()


def as_strings(value: Any) -> dict[str, str]:
    """Strings by name.

    Raises:
        InvalidOptions: it is no mapping, or one of something else.
    """
    if not isinstance(value, Mapping) or not all(
        isinstance(part, str) for pair in value.items() for part in pair
    ):
        raise InvalidOptions("it is a mapping of strings to strings, given in code")
    return dict(value)


def as_headers(value: Any) -> dict[str, str]:
    """Strings that can stand in the headers of a request.

    Raises:
        InvalidOptions: one of them cannot.
    """
    headers = as_strings(value)
    if not all(map(_HEADER_NAME.fullmatch, headers)):
        raise InvalidOptions("a header's name is one word of ASCII characters")
    for name, item in headers.items():
        # others than these are taken by some libraries below, and by none of the services
        if not (item.isascii() and item.isprintable()):
            raise InvalidOptions(f"the value of header {name!r} is not one line of ASCII characters")
    return headers
