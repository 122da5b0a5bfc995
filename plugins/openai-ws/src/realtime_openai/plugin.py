"""The provider ``openai-ws``: OpenAI's endpoint, reached through the ``openai`` package.

Cheap to import: ``openai`` loads with the first connection.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from realtime_core.capabilities import Capabilities
from realtime_core.errors import AuthenticationFailed, InvalidOptions, RealtimeError
from realtime_core.provider import Provider, Setup, hookimpl
from realtime_core.unset import UNSET
from realtime_openai_wire import (
    WEBSOCKET_CAPABILITIES,
    OpenAIRealtimeExecutionSettings,
    WireConnection,
    open_websocket,
    session_payload,
    websocket_capabilities,
)
from realtime_openai_wire.refusals import not_reached

from realtime_openai.options import ApiKey, OpenAIOptions, checked_key

if TYPE_CHECKING:
    from openai import AsyncOpenAI

__all__ = ["PROVIDER_NAME", "connect", "realtime_provider"]

PROVIDER_NAME: Final = "openai-ws"


async def connect(options: OpenAIOptions, setup: Setup) -> WireConnection:
    """Open a session.

    Raises:
        UnsupportedSetting: a session of that intent has no such setting.
        AuthenticationFailed: no key, or it was refused.
        RateLimited: too many requests, or no quota.
        ConnectionFailed: everything else that keeps us from connecting.
    """
    session_payload(setup.settings, options.intent)  # raises for what cannot be written, before any I/O
    async with AsyncExitStack() as until_connected:
        client = options.openai_client
        if client is None:
            try:
                client = await asyncio.to_thread(_make_client, options)
            except Exception as exc:
                # it reads proxies and certificates from the environment, and may dislike them
                raise not_reached(str(urlsplit(options.base_url).hostname), exc) from exc
            # an upgraded connection needs it no more
            until_connected.push_async_callback(client.close)
        async with AsyncExitStack() as on_failure:
            pipe = await open_websocket(
                client,
                model=_model(options, setup),
                query=_query(options),
                headers=_headers(options),
                timeout_s=options.timeout_s,
            )
            on_failure.push_async_callback(pipe.aclose)
            connection = WireConnection(pipe, setup, session_type=options.intent)
            await until_connected.aclose()
            on_failure.pop_all()
    return connection


def _capabilities(options: OpenAIOptions) -> Capabilities:
    return websocket_capabilities(options.intent)


@hookimpl
def realtime_provider() -> Provider:
    """What the entry point ``openai-ws`` gives."""
    return Provider(
        connect=connect,
        options=OpenAIOptions,
        settings=OpenAIRealtimeExecutionSettings,
        capabilities=WEBSOCKET_CAPABILITIES,
        api_version=1,
        capabilities_for=_capabilities,
    )


def _make_client(options: OpenAIOptions) -> "AsyncOpenAI":
    """A client that is never used but to connect; blocks for the import, so call it in a thread."""
    from openai import AsyncOpenAI

    key: Any = options.api_key
    return AsyncOpenAI(
        api_key=_key_source(key) if callable(key) else key,
        base_url=options.base_url,
        max_retries=0,
    )


def _model(options: OpenAIOptions, setup: Setup) -> str | None:
    if options.intent == "transcription":
        return None  # a URL with a model makes a conversation
    model = setup.settings.model
    return options.model if model is UNSET else model


def _query(options: OpenAIOptions) -> dict[str, str]:
    intent = {"intent": "transcription"} if options.intent == "transcription" else {}
    return {**intent, **options.query}


def _headers(options: OpenAIOptions) -> dict[str, str]:
    if options.openai_client is not None:
        return dict(options.headers)
    # older versions of openai leave these two out of an upgrade
    account = {"OpenAI-Organization": options.organization, "OpenAI-Project": options.project}
    return {**{name: value for name, value in account.items() if value}, **options.headers}


def _key_source(give: Callable[[], ApiKey]) -> Callable[[], Awaitable[str]]:
    """``give`` as the coroutine function that ``openai`` wants; what it raises becomes ours."""

    async def key() -> str:
        try:
            given: Any = give()
            given = await given if inspect.isawaitable(given) else given
        except RealtimeError:
            raise
        except Exception as exc:
            raise AuthenticationFailed(
                f"the function given as api_key gave no usable key ({type(exc).__name__}); check it"
            ) from exc
        try:
            return checked_key(given)
        except InvalidOptions as exc:
            raise AuthenticationFailed(f"the function given as api_key gave no usable key: {exc}") from exc

    return key
