"""The provider ``openai-ws``: OpenAI's endpoint, reached through the ``openai`` package.

Cheap to import: ``openai`` loads with the first connection.
"""

from contextlib import AbstractAsyncContextManager, nullcontext
from typing import TYPE_CHECKING, Final

from realtime_core.capabilities import Capabilities
from realtime_core.provider import Provider, Setup, hookimpl
from realtime_core.unset import UNSET
from realtime_openai_wire import (
    WEBSOCKET_CAPABILITIES,
    OpenAIRealtimeExecutionSettings,
    WireConnection,
    session_payload,
    websocket_capabilities,
)
from realtime_openai_wire.connecting import connect_websocket, make_openai_client
from realtime_openai_wire.credentials import key_from
from realtime_openai_wire.options import websocket_endpoint

from realtime_openai.options import OpenAIOptions

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
    return await connect_websocket(
        await _client(options),
        setup,
        session_type=options.intent,
        model=_model(options, setup),
        query=_query(options),
        headers=_headers(options),
        timeout_s=options.timeout_s,
    )


def _capabilities(options: OpenAIOptions) -> Capabilities:
    return websocket_capabilities(options.intent)


def _endpoint(options: OpenAIOptions) -> str:
    client = options.openai_client
    if client is None:
        return websocket_endpoint(options.base_url)
    return websocket_endpoint(str(client.websocket_base_url or client.base_url))


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
        endpoint=_endpoint,
    )


async def _client(options: OpenAIOptions) -> AbstractAsyncContextManager["AsyncOpenAI"]:
    if options.openai_client is not None:
        return nullcontext(options.openai_client)  # closing it stays with its owner
    key = await key_from(options.api_key, "the function given as api_key")
    return await make_openai_client(options.base_url, key)


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
