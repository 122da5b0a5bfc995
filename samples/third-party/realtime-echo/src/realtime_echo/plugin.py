"""The provider ``echo-ws``: its options, what it can do, and how it connects.

Cheap to import: ``websockets`` loads with the first connection.
"""

from urllib.parse import urlsplit

import attrs
from realtime_core import Capabilities, InvalidOptions, RealtimeSettings
from realtime_core.options import option
from realtime_core.provider import Connection, Provider, Setup, hookimpl

from realtime_echo.codec import PCM16_16KHZ

__all__ = ["EchoOptions", "connect", "realtime_provider"]


def _websocket_url(value: str) -> str:
    # `urlsplit` and a bad port raise ValueError, which `option` makes an InvalidOptions of
    parts = urlsplit(value)
    is_url = parts.scheme in {"ws", "wss"} and parts.hostname and parts.port != 0
    if not is_url or "@" in parts.netloc:
        raise InvalidOptions("a URL looks like wss://host:port, and holds no user or password")
    return value


@attrs.frozen
class EchoOptions:
    """Where the service is, and who asks."""

    url: str = option(env="ECHO_URL", default="ws://127.0.0.1:8770", convert=_websocket_url)
    api_key: str | None = option(env="ECHO_API_KEY", default=None, secret=True)
    timeout_s: float = option(default=10.0)


async def connect(options: EchoOptions, setup: Setup) -> Connection:
    """Open a session; see `realtime_core.provider.Provider`."""
    from realtime_echo.connection import EchoConnection

    return await EchoConnection.open(options.url, options.api_key, setup)


@hookimpl
def realtime_provider() -> Provider:
    """What the entry point ``echo-ws`` gives."""
    return Provider(
        connect=connect,
        options=EchoOptions,
        settings=RealtimeSettings,
        capabilities=Capabilities(
            input_formats=(PCM16_16KHZ,),
            output_formats=(PCM16_16KHZ,),
            ids=False,
            turns=False,
            client_responses=False,
            auto_continue=True,
            cancel=False,
            truncate="none",
            history="none",
            acks=False,
        ),
        api_version=1,
        endpoint=lambda options: options.url,
    )
