"""From an endpoint and a key to a connection, through the ``openai`` package.

That loads with the first connection. Knows no service and none of its options.
"""

import asyncio
from collections.abc import Collection, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from realtime_core.provider import Setup

from realtime_openai_wire.connection import WireConnection
from realtime_openai_wire.refusals import OPENAI_CHECKS, Checks, not_reached
from realtime_openai_wire.settings import FIXED_SETTINGS, SessionType
from realtime_openai_wire.websocket import open_websocket

if TYPE_CHECKING:
    from openai import AsyncOpenAI

__all__ = ["bare_headers", "connect_websocket", "make_openai_client"]


async def make_openai_client(base_url: str, key: str, checks: Checks = OPENAI_CHECKS) -> "AsyncOpenAI":
    """A client for one connection, which retries nothing; made in a thread, since the import takes long.

    After this you must close it.

    Raises:
        ConnectionFailed: it dislikes the proxies or certificates that the environment names.
    """
    try:
        return await asyncio.to_thread(_make, base_url, key)
    except Exception as exc:
        raise not_reached(str(urlsplit(base_url).hostname), exc, checks) from exc


def _make(base_url: str, key: str) -> "AsyncOpenAI":
    from openai import AsyncOpenAI, DefaultAsyncHttpxClient

    # a redirect would take the key, and the configuration with people's words in it, to another host
    http_client = DefaultAsyncHttpxClient(follow_redirects=False)
    return AsyncOpenAI(
        api_key=key,
        base_url=base_url,
        max_retries=0,
        http_client=http_client,
        # given outright: OPENAI_CUSTOM_HEADERS would replace it otherwise
        default_headers={"Authorization": f"Bearer {key}"},
    )


def bare_headers(client: "AsyncOpenAI", *given: Mapping[str, str | None]) -> dict[str, str | None]:
    """The headers ``given``, of which later ones win, and None for all else that the client would send.

    For services of others: what ``openai`` takes from the environment is for OpenAI. Upper and lower case
    of a name make no difference; the first spelling holds.
    """
    own: dict[str, str | None] = dict.fromkeys(client.default_headers)
    product: dict[str, str | None] = {"User-Agent": client.user_agent}
    headers: dict[str, tuple[str, str | None]] = {}
    for layer in (own, product, *given):
        for name, value in layer.items():
            spelling, _ = headers.get(name.lower(), (name, None))
            headers[name.lower()] = (spelling, value)
    return dict(headers.values())


async def connect_websocket(
    client: AbstractAsyncContextManager["AsyncOpenAI"],
    setup: Setup,
    *,
    model: str | None,
    query: Mapping[str, str],
    headers: Mapping[str, str | None],
    timeout_s: float,
    session_type: SessionType = "realtime",
    checks: Checks = OPENAI_CHECKS,
    fixed: Collection[str] = FIXED_SETTINGS,
) -> WireConnection:
    """A connection over a WebSocket that `open_websocket` opens.

    ``client`` is left as soon as it is open, or cannot be: an upgraded connection needs it no more.
    ``fixed``: names of the settings that an open session cannot change.

    Raises:
        AuthenticationFailed: the key was refused.
        RateLimited: too many requests, or no quota.
        ConnectionFailed: everything else that keeps us from connecting.
        UnsupportedCommand: the settings cannot be written.
    """
    async with AsyncExitStack() as on_failure:
        async with client as opener:
            pipe = await open_websocket(
                opener, model=model, query=query, headers=headers, timeout_s=timeout_s, checks=checks
            )
            on_failure.push_async_callback(pipe.aclose)
            connection = WireConnection(pipe, setup, session_type=session_type, fixed=fixed)
        on_failure.pop_all()
    return connection
