"""Options of the provider: endpoint and credentials of OpenAI. Imports nothing of ``openai``."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit, urlunsplit

import attrs
from realtime_core.options import missing_option, option

if TYPE_CHECKING:
    from openai import AsyncOpenAI

__all__ = ["ApiKey", "OpenAIOptions", "checked_key"]

ApiKey = str | Callable[[], str] | Callable[[], Awaitable[str]]
"""A key, or what gives one: called again on every connect."""

_KEY_ENV: Final = "OPENAI_API_KEY"
_SCHEMES: Final = {"http": "http", "https": "https", "ws": "http", "wss": "https"}


def checked_key(value: Any) -> str:
    """A key that can stand in a header.

    Raises:
        ValueError: it is empty, or holds blanks or characters beyond ASCII. Never shows it.
    """
    if (
        not isinstance(value, str)
        or not value
        or not value.isascii()
        or not value.isprintable()
        or " " in value
    ):
        raise ValueError("a key is one word of ASCII characters")
    return value


def _api_key(value: Any) -> Any:
    return value if callable(value) else checked_key(value)


def _base_url(value: Any) -> str:
    parts = urlsplit(str(value).strip())
    # a port that is no number raises when it is read
    if parts.scheme not in _SCHEMES or not parts.hostname or parts.port == 0:
        raise ValueError("a base URL looks like https://api.openai.com/v1")
    return urlunsplit(parts._replace(scheme=_SCHEMES[parts.scheme], path=parts.path.rstrip("/")))


def _seconds(value: Any) -> float:
    seconds = float(value)
    if not 0 < seconds < float("inf"):
        raise ValueError("a timeout is a positive number of seconds")
    return seconds


def _strings(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise TypeError("a mapping of strings, given in code")
    return {str(key): str(item) for key, item in value.items()}


@attrs.frozen(kw_only=True)
class OpenAIOptions:
    """Where and as whom to connect.

    Args:
        api_key: the key, or a function or coroutine function that gives one on every connect.
        base_url: where the API is; ``ws://`` and ``wss://`` are taken too.
        model: the model, unless the setting ``model`` names another.
        organization: the organization to bill.
        project: the project to bill.
        headers: more headers of the upgrade request.
        query: more parameters of the URL.
        timeout_s: the longest that opening a session may take.
        openai_client: an ``AsyncOpenAI`` of your own, used instead of key, base URL, organization
            and project; closing it stays with you.

    Raises:
        InvalidOptions: there is neither a key nor a client.
    """

    api_key: ApiKey | None = option(env=_KEY_ENV, default=None, secret=True, convert=_api_key)
    base_url: str = option(env="OPENAI_BASE_URL", default="https://api.openai.com/v1", convert=_base_url)
    model: str = option(env="OPENAI_REALTIME_MODEL", default="gpt-realtime-2.1")
    organization: str | None = option(env="OPENAI_ORG_ID", default=None)
    project: str | None = option(env="OPENAI_PROJECT_ID", default=None)
    headers: Mapping[str, str] = option(default=attrs.Factory(dict), secret=True, convert=_strings)
    query: Mapping[str, str] = option(default=attrs.Factory(dict), secret=True, convert=_strings)
    timeout_s: float = option(default=10.0, convert=_seconds)
    openai_client: "AsyncOpenAI | None" = option(default=None, secret=True)

    def __attrs_post_init__(self) -> None:
        if self.api_key is None and self.openai_client is None:
            raise missing_option("api_key", _KEY_ENV)
