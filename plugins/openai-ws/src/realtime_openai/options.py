"""Options of the provider: endpoint and credentials of OpenAI. Imports nothing of ``openai``."""

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, get_args

import attrs
from realtime_core.errors import InvalidOptions
from realtime_core.options import missing_option, option
from realtime_openai_wire import SessionType
from realtime_openai_wire.credentials import ApiKey, as_api_key
from realtime_openai_wire.options import as_base_url, as_headers, as_seconds, as_strings, as_word

if TYPE_CHECKING:
    from openai import AsyncOpenAI

__all__ = ["OpenAIOptions"]

_KEY_ENV: Final = "OPENAI_API_KEY"


def _intent(value: Any) -> SessionType:
    if value not in get_args(SessionType):
        raise InvalidOptions(f"an intent is {' or '.join(map(repr, get_args(SessionType)))}")
    intent: SessionType = value
    return intent


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

    api_key: ApiKey | None = option(env=_KEY_ENV, default=None, secret=True, convert=as_api_key)
    base_url: str = option(env="OPENAI_BASE_URL", default="https://api.openai.com/v1", convert=as_base_url)
    intent: SessionType = option(default="realtime", convert=_intent)
    model: str = option(env="OPENAI_REALTIME_MODEL", default="gpt-realtime-2.1", convert=as_word)
    organization: str | None = option(env="OPENAI_ORG_ID", default=None, convert=as_word)
    project: str | None = option(env="OPENAI_PROJECT_ID", default=None, convert=as_word)
    headers: Mapping[str, str] = option(default=attrs.Factory(dict), secret=True, convert=as_headers)
    query: Mapping[str, str] = option(default=attrs.Factory(dict), secret=True, convert=as_strings)
    timeout_s: float = option(default=10.0, convert=as_seconds)
    openai_client: "AsyncOpenAI | None" = option(default=None, secret=True, convert=_openai_client)

    def __attrs_post_init__(self) -> None:
        # its value shows in the repr
        as_base_url(self.base_url)
        if self.api_key is None and self.openai_client is None:
            raise missing_option("api_key", _KEY_ENV)
