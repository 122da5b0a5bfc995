"""One session over a WebSocket: frames both ways, until either side ends it.

Knows nothing of who may open a session. aiohttp loads with the first one.
"""

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Final, Protocol

from realtime_simulator.access import Refused, select_subprotocol
from realtime_simulator.frames import End
from realtime_simulator.link import Ended

if TYPE_CHECKING:
    from aiohttp import web

__all__ = ["INTERNAL_ERROR", "WebSocket", "ending"]

MAX_FRAME_BYTES: Final = 32 * 1024 * 1024
"""An append may hold 15 MiB of audio, which base64 makes 20."""

INTERNAL_ERROR: Final = 1011
"""The code of a session that broke here."""

_CLOSE_TIMEOUT_S: Final = 2.0
_NO_CODE: Final = 1005
"""What RFC 6455 calls a close frame without a code."""

_ABNORMAL: Final = 1006
"""What it calls the end of a connection without a close frame."""


_TORN: Final = b'\x81\x7e\x10\x00{"type": "response.output_text.delta", "delta": "never comp'
"""The beginning of a text frame of 4096 bytes."""


class Session(Protocol):
    """What a socket carries: a `Link`, or a `SideBand`."""

    def feed(self, text: str | bytes) -> None:
        """Take a frame of the client."""

    async def room(self) -> None:
        """Wait until the client may be heard again."""

    async def next(self) -> str:
        """The next frame of the server; raises `Ended` after the last."""

    async def overtaking(self) -> End:
        """The end that does not wait until a frame of `next` has been taken."""

    def end(self, end: End) -> None:
        """End it now: what waits is never sent."""

    def close(self) -> None:
        """The client has gone."""


class WebSocket:
    """The server's end of a WebSocket: `open` it, then `carry` a session.

    Args:
        request: one that asks for an upgrade.

    Raises:
        Refused: it does not.
    """

    def __init__(self, request: "web.BaseRequest") -> None:
        from aiohttp import web

        chosen = select_subprotocol(request.headers)
        self._request = _with_one_subprotocol(request, chosen)
        self._told: asyncio.Future[End] = asyncio.get_running_loop().create_future()
        self._over = asyncio.Event()
        self.response = web.WebSocketResponse(
            timeout=_CLOSE_TIMEOUT_S,
            protocols=[chosen] if chosen else [],
            compress=False,
            # aiohttp drops the connection at its own limit, in the middle of the frame, so that the close
            # may never arrive
            max_msg_size=4 * MAX_FRAME_BYTES,
        )
        """What the HTTP server wants back when all is over."""

        if not self.response.can_prepare(self._request):
            raise Refused(400, "A session begins with a WebSocket upgrade.", code=None)

    async def open(self) -> None:
        """Answer the upgrade."""
        await self.response.prepare(self._request)

    async def hang_up(self, end: End) -> None:
        """Make `carry` end the session, in whatever state it is, and wait until it has."""
        self._tell(end)
        await self._over.wait()

    def _tell(self, end: End) -> None:
        if not self._told.done():
            self._told.set_result(end)

    async def carry(self, session: Session) -> int:
        """Carry a session to its end, and close it; the code of the close.

        Raises:
            Exception: what broke the session here; the client was told 1011.
        """
        reading = asyncio.ensure_future(self._read(session))
        writing = asyncio.ensure_future(self._write(session))
        parts: list[asyncio.Future[Any]] = [reading, self._told, writing]
        end = End(INTERNAL_ERROR)
        try:
            await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            first: End | None = next(part for part in parts if part.done()).result()
            if first is None:
                # nothing can be written, so the connection is about to end: the reader hears how
                session.close()
                first = await reading
            end = first
        finally:
            reading.cancel()
            # so that the writer ends with the frame that it is at
            if self._told.done():
                session.end(end)
            else:
                session.close()
            await self._close(end, writing)
            await asyncio.gather(reading, writing, return_exceptions=True)
            session.close()
            self._over.set()
        return _ABNORMAL if end.code is None else end.code

    async def _read(self, session: Session) -> End:
        """Hear the client until the connection ends, in whichever way."""
        from aiohttp import WSMsgType

        while True:
            message = await self.response.receive()
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                return ending(message.data)
            if len(message.data) > MAX_FRAME_BYTES:
                return End(1009)
            session.feed(message.data)
            # what has come already is no reason to keep others waiting
            await asyncio.sleep(0)
            await session.room()

    async def _write(self, session: Session) -> End | None:
        """Say what the server has to say, until it ends the session, or, None, the connection is gone."""
        try:
            while True:
                await self._send(await session.next(), session)
        except Ended as ended:
            return ended.end
        except ConnectionError:
            return None

    async def _send(self, text: str, session: Session) -> None:
        """Send a frame; if the client does not take it, an end may come meanwhile."""
        sending = asyncio.ensure_future(self.response.send_str(text))
        # nearly always this is enough
        await asyncio.sleep(0)
        if not sending.done():
            overtaking = asyncio.ensure_future(self._overtake(session))
            try:
                await asyncio.wait([sending, overtaking], return_when=asyncio.FIRST_COMPLETED)
            finally:
                overtaking.cancel()
        await sending

    async def _overtake(self, session: Session) -> None:
        self._tell(await session.overtaking())

    async def _close(self, end: End, writing: "asyncio.Task[End | None]") -> None:
        """Say goodbye, unless the client did; cut off a client that does not take what is said in time."""
        if end.code is not None:
            # not cancelled: aiohttp lets nobody wait for a slow client once that was cancelled
            await asyncio.wait([writing], timeout=_CLOSE_TIMEOUT_S)
        if end.code is not None and writing.done():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE_TIMEOUT_S):
                    await self.response.close(code=end.code, message=end.reason.encode())
        if end.code is None or self.response.close_code in (None, _ABNORMAL):
            self._abort(_TORN if end.is_torn else b"")
        writing.cancel()

    def _abort(self, last: bytes = b"") -> None:
        transport = self._request.protocol.transport
        if transport is not None:
            transport.write(last)
            transport.abort()


def ending(data: Any) -> End:
    """How a session ended, from what the last message of aiohttp holds.

    That is the code of the client's close, 0 if it had none, or the error that aiohttp closed with, or
    whatever else ended the connection.
    """
    if isinstance(data, int):
        return End(data or _NO_CODE)
    return End(getattr(data, "code", None))


def _with_one_subprotocol(request: "web.BaseRequest", chosen: str | None) -> "web.BaseRequest":
    """The request as if the client had offered nothing else: what it offers holds its key, and aiohttp
    would log that it knows none of it.
    """
    headers = request.headers.copy()
    headers.popall("Sec-WebSocket-Protocol", None)
    if chosen:
        headers["Sec-WebSocket-Protocol"] = chosen
    return request.clone(headers=headers)
