"""One session with the service, over its WebSocket. Knows nothing of what the frames mean."""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from typing import Final, Self

from realtime_core import (
    AuthenticationFailed,
    ConnectionFailed,
    ConnectionLost,
    FailedReason,
    LostReason,
    RateLimited,
    RealtimeError,
    RealtimeEvent,
)
from realtime_core.commands import Command
from realtime_core.provider import Setup
from realtime_core.reasons import NOT_RETRYABLE, failed_reason, failed_reason_of_status, lost_reason
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.http11 import Response

from realtime_echo.codec import EchoCodec, Frame

__all__ = ["EchoConnection"]

_MOST_BYTES: Final = 16 * 1024 * 1024
_CLOSE_S: Final = 2.0

_log: Final = logging.getLogger("realtime_echo.websocket")
_log.addFilter(lambda record: record.levelno > logging.DEBUG)  # websockets writes keys, words and audio there

_NO_PONG: Final = 1011  # what websockets sends when its ping gets no answer


class _Opening(connect):
    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc  # the key goes to the URL that it was given for, and nowhere else


class EchoConnection:
    """`realtime_core.provider.Connection` to the service."""

    def __init__(self, websocket: ClientConnection, codec: EchoCodec) -> None:
        self._websocket = websocket
        self._codec = codec
        self._closed = False

    @classmethod
    async def open(cls, url: str, api_key: str | None, setup: Setup) -> Self:
        """Connect, and say how the session is to be; who calls this bounds its time.

        Raises:
            UnsupportedSetting: the service has no such setting.
            AuthenticationFailed, RateLimited, ConnectionFailed: the service, or the network, said no.
        """
        codec = EchoCodec(setup)
        first = codec.begin()  # raises before anything is opened
        try:
            websocket = await _Opening(
                url,
                additional_headers={"Authorization": f"Bearer {api_key}"} if api_key else None,
                compression=None,
                max_size=_MOST_BYTES,
                open_timeout=None,
                close_timeout=_CLOSE_S,
                logger=_log,
            )
        except (OSError, WebSocketException) as exc:
            raise _failed(url, exc) from exc
        connection = cls(websocket, codec)
        try:
            await connection._write(first)
        except BaseException:  # a cancelled set-up leaves nothing open
            await connection.aclose()
            raise
        return connection

    async def send(self, command: Command) -> None:
        """See `realtime_core.provider.Connection`."""
        await self._write(self._codec.encode(command))

    async def receive(self) -> Sequence[RealtimeEvent]:
        """See `realtime_core.provider.Connection`."""
        if self._closed:
            raise _lost(None)
        try:
            frame = await self._websocket.recv()
        except ConnectionClosed as exc:
            raise _lost(exc) from exc
        return self._codec.decode(frame)

    async def aclose(self) -> None:
        """See `realtime_core.provider.Connection`."""
        self._closed = True
        try:
            with contextlib.suppress(TimeoutError):  # a peer that takes nothing gets no more time
                async with asyncio.timeout(_CLOSE_S):
                    await self._websocket.close()
        finally:
            self._websocket.transport.abort()
            await self._websocket.wait_closed()

    async def _write(self, frame: Frame) -> None:
        if self._closed:
            raise _lost(None)
        try:
            await self._websocket.send(frame)
        except ConnectionClosed as exc:
            raise _lost(exc) from exc


def _failed(url: str, exc: Exception) -> RealtimeError:
    match exc:
        case InvalidStatus(response=Response(status_code=401 | 403 as status)):
            said = f"echo-ws: HTTP {status}; check the option api_key, or ECHO_API_KEY"
            return AuthenticationFailed(said, status=status)
        case InvalidStatus(response=Response(status_code=429)):
            return RateLimited("echo-ws: HTTP 429; try again later")
        case InvalidStatus(response=Response(status_code=status)):
            reason = failed_reason_of_status(status)
            said = f"echo-ws: {url} answered HTTP {status} ({reason}); check the URL"
            return ConnectionFailed(said, reason=reason, status=status)
        case WebSocketException():
            reason = FailedReason.NOT_WEBSOCKET
        case _:
            reason = failed_reason(exc)
    return ConnectionFailed(f"echo-ws: cannot connect to {url} ({reason}); check the URL", reason=reason)


def _lost(exc: ConnectionClosed | None) -> ConnectionLost:
    """``exc`` is how it ended, None: by our own hand."""
    if exc is None:
        return ConnectionLost("echo-ws: it was closed here", reason=LostReason.CLOSED, retryable=False)
    end = exc.rcvd or exc.sent
    code = None if end is None or (exc.rcvd is None and end.code == _NO_PONG) else end.code
    reason = lost_reason(code)
    said = f"echo-ws: the connection has ended ({reason})"
    return ConnectionLost(said, reason=reason, code=code, retryable=reason not in NOT_RETRYABLE)
