"""Options of the provider: endpoint and credentials of OpenAI. Imports nothing of ``openai``."""

import re
import sys
from collections.abc import Awaitable, Callable, Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, get_args
from urllib.parse import SplitResult, urlsplit, urlunsplit

import attrs
from realtime_core.errors import InvalidOptions
from realtime_core.options import missing_option, option
from realtime_openai_wire import SessionType

if TYPE_CHECKING:
    from openai import AsyncOpenAI

__all__ = ["ApiKey", "OpenAIOptions", "checked_key"]

ApiKey = str | Callable[[], str] | Callable[[], Awaitable[str]]
"""A key, or what gives one: called again on every connect."""

_KEY_ENV: Final = "OPENAI_API_KEY"
_SCHEMES: Final = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

# What follows never shows a value: any of them may hold a secret.


def checked_key(value: Any) -> str:
    """A key that can stand in a header.

    Raises:
        InvalidOptions: it is empty, or holds blanks or characters beyond ASCII.
    """
    if (
        not isinstance(value, str)
        or not value
        or not value.isascii()
        or not value.isprintable()
        or " " in value
    ):
        raise InvalidOptions("a key is one word of ASCII characters")
    return value


def _api_key(value: Any) -> Any:
    if not callable(value) and not isinstance(value, str):
        raise InvalidOptions("a key is a string, or a function that gives one")
    return value if callable(value) else checked_key(value)


def _base_url(value: Any) -> str:
    parts = _parts(value)
    if parts is None:
        raise InvalidOptions("a base URL looks like https://api.openai.com/v1")
    if "@" in parts.netloc:
        raise InvalidOptions("a base URL holds no user or password; give the key as api_key=...")
    if parts.query or parts.fragment:
        raise InvalidOptions("a base URL ends with its path; give parameters as query={...}")
    return urlunsplit(parts._replace(scheme=_SCHEMES[parts.scheme], path=parts.path.rstrip("/")))


def _parts(value: Any) -> SplitResult | None:
    if not isinstance(value, str):
        return None
    try:
        parts = urlsplit(value.strip())
        # a port that is no number raises when it is read
        is_url = parts.scheme in _SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if is_url else None


def _seconds(value: Any) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        seconds = 0.0
    if isinstance(value, bool) or not isfinite(seconds) or seconds <= 0:
        raise InvalidOptions("a timeout is a positive number of seconds")
    return seconds


def _word(value: Any) -> str:
    if not isinstance(value, str) or not value.isprintable() or not value.strip():
        raise InvalidOptions("it is a string in one line")
    return value


def _intent(value: Any) -> SessionType:
    if value not in get_args(SessionType):
        raise InvalidOptions(f"an intent is {' or '.join(map(repr, get_args(SessionType)))}")
    intent: SessionType = value
    return intent


def _strings(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping) or not all(
        isinstance(part, str) for pair in value.items() for part in pair
    ):
        raise InvalidOptions("it is a mapping of strings to strings, given in code")
    return dict(value)


def _headers(value: Any) -> dict[str, str]:
    headers = _strings(value)
    if not all(_HEADER_NAME.fullmatch(name) and item.isprintable() for name, item in headers.items()):
        raise InvalidOptions(
            "a header's name is one word of ASCII characters, its value a string in one line"
        )
    return headers


def _openai_client(value: Any) -> Any:
    # whoever has one has loaded openai
    openai = sys.modules.get("openai")
    if openai is None or not isinstance(value, openai.AsyncOpenAI):
        raise InvalidOptions("it is an openai.AsyncOpenAI, not the class and not the synchronous client")
    return value


@attrs.frozen(kw_only=True)
class OpenAIOptions:
    """Where and as whom to connect.

    Args:
        api_key: the key, or a function or coroutine function that gives one on every connect.
        base_url: where the API is, without user, password and query; ``ws://`` and ``wss://`` are taken too.
        intent: ``realtime`` for conversations, ``transcription`` for sessions that write down what is said:
            these have no model but that of the setting ``input_audio_transcription``, and never respond.
        model: the model of conversations, unless the setting ``model`` names another.
        organization: the organization to bill.
        project: the project to bill.
        headers: more headers of the upgrade request.
        query: more parameters of the URL.
        timeout_s: the longest that opening a session may take.
        openai_client: an ``AsyncOpenAI`` of your own, used instead of key, base URL, organization
            and project; closing it stays with you.

    Raises:
        InvalidOptions: there is neither a key nor a client, or the base URL holds a secret.
    """

    api_key: ApiKey | None = option(env=_KEY_ENV, default=None, secret=True, convert=_api_key)
    base_url: str = option(env="OPENAI_BASE_URL", default="https://api.openai.com/v1", convert=_base_url)
    intent: SessionType = option(default="realtime", convert=_intent)
    model: str = option(env="OPENAI_REALTIME_MODEL", default="gpt-realtime-2.1", convert=_word)
    organization: str | None = option(env="OPENAI_ORG_ID", default=None, convert=_word)
    project: str | None = option(env="OPENAI_PROJECT_ID", default=None, convert=_word)
    headers: Mapping[str, str] = option(default=attrs.Factory(dict), secret=True, convert=_headers)
    query: Mapping[str, str] = option(default=attrs.Factory(dict), secret=True, convert=_strings)
    timeout_s: float = option(default=10.0, convert=_seconds)
    openai_client: "AsyncOpenAI | None" = option(default=None, secret=True, convert=_openai_client)

    def __attrs_post_init__(self) -> None:
        # its value shows in the repr
        _base_url(self.base_url)
        if self.api_key is None and self.openai_client is None:
            raise missing_option("api_key", _KEY_ENV)
