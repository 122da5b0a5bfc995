"""The WebSocket pipe: the only module here that does I/O.

It connects through the ``openai`` package; that and ``websockets`` load on the first connection, in a
thread, since they take the better part of a second. Nothing is retried here.
"""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from realtime_core.clock import Clock, Timer, current_clock
from realtime_core.errors import ConnectionFailed, ConnectionLost, FailedReason, LostReason, RealtimeError
from realtime_core.masking import mask_secrets, secrets_in

from realtime_openai_wire.refusals import (
    OPENAI_CHECKS,
    Checks,
    closed_by_peer,
    closed_by_us,
    not_reached,
    refused,
    stalled,
)

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from websockets.asyncio.client import ClientConnection
    from websockets.exceptions import ConnectionClosed

__all__ = ["MAX_FRAME_BYTES", "WebSocketPipe", "open_websocket"]

MAX_FRAME_BYTES: Final = 64 * 1024 * 1024
"""The largest frame that is taken: ten minutes of audio in one piece, far beyond any real one."""

_CLOSE_TIMEOUT_S: Final = 2.0
_STALL_S: Final = 20.0


class _QuietAdapter(logging.LoggerAdapter[logging.Logger]):
    """Has nothing below INFO, whatever level anyone sets.

    At DEBUG ``websockets`` would write the Authorization header and every frame; it asks
    ``isEnabledFor`` first.
    """

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802  # the name that logging gave it
        """Whether a record of that level would be written."""
        return level >= logging.INFO and super().isEnabledFor(level)


_quiet = _QuietAdapter(logging.getLogger(__name__), {})


class WriteWatch:
    """Aborts a connection whose peer takes nothing for ``stall_s`` seconds of the current clock.

    Told by the transport when its buffer fills and when it drains, so that it costs a frame nothing.
    A ping would not do: it waits behind the full buffer, and so would the session, for ever.
    A slow peer that does take something is let be.
    """

    def __init__(self, stall_s: float = _STALL_S) -> None:
        self.stalled = False
        self._stall_s = stall_s
        self._clock: Clock = current_clock()
        self._timer: Timer | None = None

    def paused(self, transport: asyncio.WriteTransport) -> None:
        """The transport's buffer is full: look at it again in a while."""
        left = transport.get_write_buffer_size()
        self._timer = self._clock.call_later(self._stall_s, lambda: self._look(transport, left))

    def resumed(self) -> None:
        """The buffer has drained, or the connection has ended."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self, transport: asyncio.WriteTransport, before: int) -> None:
        if transport.get_write_buffer_size() < before:
            self.paused(transport)
            return
        self.stalled = True
        transport.abort()


class WebSocketPipe:
    """A `realtime_openai_wire.connection.Pipe` over an open WebSocket.

    ``host`` is named in errors; ``watch`` is the one that ``connection`` tells of its buffer.
    After this you must call `aclose`.
    """

    def __init__(self, connection: "ClientConnection", host: str, watch: WriteWatch) -> None:
        # loaded with the connection, and too dear to look up for every frame
        from websockets.exceptions import ConnectionClosed
        from websockets.protocol import CLOSED

        self._closed_error = ConnectionClosed
        self._closed_state = CLOSED
        self._connection = connection
        self._protocol = connection.protocol
        self._host = host
        self._watch = watch
        self._closing: asyncio.Task[None] | None = None

    async def send(self, text: str) -> None:
        """Write a frame; waits while the network is slower than we are. A cancelled call counts as written.

        Raises:
            ConnectionLost: the connection has ended, or the service takes nothing any more.
        """
        self._ensure_open()
        try:
            await self._connection.send(text)
        except self._closed_error as exc:
            raise self._lost(exc) from exc
        # one that waited returns as if all were well when the connection was aborted meanwhile
        if self._protocol.state is self._closed_state:
            end = self._protocol.close_exc
            raise self._lost(end) from end

    async def recv(self) -> bytes:
        """The next frame. Cancelling loses nothing.

        Raises:
            ConnectionLost: the connection has ended; again on every further call.
        """
        self._ensure_open()
        try:
            return await self._connection.recv(decode=False)
        except self._closed_error as exc:
            raise self._lost(exc) from exc

    async def aclose(self) -> None:
        """Close the connection and its socket, within two seconds. Never raises; may be called twice."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close())
        # whoever is cancelled here must not leave a half-closed socket behind
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        try:
            # its own time limit does not bound the wait for a full buffer
            with contextlib.suppress(Exception):
                async with asyncio.timeout(_CLOSE_TIMEOUT_S):
                    await self._connection.close()
        finally:
            self._connection.transport.abort()
            await self._connection.wait_closed()

    def _ensure_open(self) -> None:
        if self._closing is not None:
            raise _closed_here(self._host)

    def _lost(self, exc: "ConnectionClosed") -> ConnectionLost:
        if self._closing is not None:
            return _closed_here(self._host)
        if self._watch.stalled:
            return stalled(self._host)
        if exc.sent is not None and not exc.rcvd_then_sent:
            return closed_by_us(self._host, exc.sent.code, exc.sent.reason)
        if exc.rcvd is None:
            return closed_by_peer(self._host)
        reason = mask_secrets(exc.rcvd.reason, _secrets_sent(self._connection))
        return closed_by_peer(self._host, exc.rcvd.code, reason)


async def open_websocket(
    client: "AsyncOpenAI",
    *,
    model: str | None,
    query: Mapping[str, Any],
    headers: Mapping[str, str | None],
    timeout_s: float,
    checks: Checks = OPENAI_CHECKS,
) -> WebSocketPipe:
    """Connect to the realtime endpoint of ``client``.

    ``model`` goes into the URL, None leaves it out; ``query`` and ``headers`` add to the client's own, a
    header that is None takes that one away. Errors name the remedies of ``checks``.
    ``timeout_s`` bounds the network's part, up to the accepted upgrade. Proxies are taken from the
    environment; redirects are not followed. Cancelling leaves no socket behind.

    Raises:
        AuthenticationFailed: HTTP 401 or 403.
        RateLimited: HTTP 429.
        ConnectionFailed: everything else, with a typed reason.
    """
    url = str(client.websocket_base_url or client.base_url)
    host = _host_of(url)
    socket_options: dict[str, Any] = {
        "max_size": MAX_FRAME_BYTES,
        "compression": None,
        "open_timeout": timeout_s,
        "close_timeout": _CLOSE_TIMEOUT_S,
        "logger": _quiet,
    }
    request: dict[str, Any] = {
        "extra_query": dict(query),
        "websocket_connection_options": socket_options,
    }
    if model is not None:
        request["model"] = model
    try:
        context = await asyncio.to_thread(_prepare, url)
        if context is not None:
            socket_options["ssl"] = context
        request["extra_headers"] = _with_omissions(headers)
        # frames go past the openai package: what it does for reconnecting, which is not wanted
        # here, costs as much for each frame as sending it
        opened: list[ClientConnection] = []
        watch = WriteWatch()
        socket_options["create_connection"] = _connection_class(host, watch, opened, checks)
        await client.realtime.connect(**request).enter()
    except RealtimeError:
        raise
    except Exception as exc:
        raise _refusal(host, exc, checks) from exc
    return WebSocketPipe(opened[0], host, watch)


def _prepare(url: str) -> ssl.SSLContext | None:
    """What would block the loop: the imports, and for a secure URL the trusted certificates."""
    import_module("openai.resources.realtime.realtime")
    import_module("websockets.asyncio.client")
    return ssl.create_default_context() if urlsplit(url).scheme in {"https", "wss"} else None


def _with_omissions(headers: Mapping[str, str | None]) -> dict[str, Any]:
    from openai import Omit

    return {name: Omit() if value is None else value for name, value in headers.items()}


def _connection_class(
    host: str, watch: WriteWatch, opened: "list[ClientConnection]", checks: Checks
) -> type["ClientConnection"]:
    """A connection that tells ``watch`` of its buffer, and puts itself into ``opened`` when it is open.

    It takes every HTTP answer for a refusal, redirects too: the key goes to one host only.
    """
    from websockets.asyncio.client import ClientConnection
    from websockets.exceptions import InvalidStatus

    class WatchedConnection(ClientConnection):
        async def handshake(self, *args: Any, **kwargs: Any) -> None:
            try:
                await super().handshake(*args, **kwargs)
            except InvalidStatus as exc:
                status, body = exc.response.status_code, bytes(exc.response.body or b"")
                raise refused(host, status, body, checks, secrets=_secrets_sent(self)) from exc
            opened.append(self)

        def pause_writing(self) -> None:
            super().pause_writing()
            watch.paused(self.transport)

        def resume_writing(self) -> None:
            super().resume_writing()
            watch.resumed()

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            watch.resumed()

    return WatchedConnection


def _secrets_sent(connection: "ClientConnection") -> set[str]:
    return set() if connection.request is None else secrets_in(connection.request.headers.raw_items())


def _host_of(url: str) -> str:
    parts = urlsplit(url)
    host = parts.hostname or "the service"
    return host if parts.port is None else f"{host}:{parts.port}"


def _refusal(host: str, exc: Exception, checks: Checks) -> RealtimeError:
    from websockets import exceptions

    match exc:
        case _ if "Proxy" in type(exc).__name__:
            # classes that older versions do not have
            return not_reached(host, exc, checks)
        case exceptions.InvalidHandshake():
            message = f"{host} answered, but not as a WebSocket; check the {checks.place}"
            return ConnectionFailed(message, reason=FailedReason.NOT_WEBSOCKET)
        case _:
            return not_reached(host, exc, checks)


def _closed_here(host: str) -> ConnectionLost:
    return ConnectionLost(
        f"the connection to {host} was closed here", reason=LostReason.CLOSED, retryable=False
    )
