"""The WebSocket door: the simulator at ``/v1/realtime`` of a port, for any client of OpenAI.

``websockets`` and numpy load when the server starts.
"""

import asyncio
import contextlib
import http
import itertools
import logging
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import SplitResult, parse_qs, urlsplit

import msgspec

from realtime_simulator.access import Refused, check_access, is_beta, select_subprotocol
from realtime_simulator.options import SimulatorOptions
from realtime_simulator.watch import Watch
from realtime_simulator.watched import WITHIN_S

if TYPE_CHECKING:
    from types import TracebackType

    from websockets.asyncio.server import Server, ServerConnection
    from websockets.http11 import Request, Response
    from websockets.typing import Subprotocol

    from realtime_simulator.link import Ended, Link
    from realtime_simulator.watched import WatchedSession

__all__ = ["SimulatorServer"]

_log = logging.getLogger("realtime_simulator")

PATH: Final = "/v1/realtime"
MAX_FRAME_BYTES: Final = 32 * 1024 * 1024
"""An append may hold 15 MiB of audio, which base64 makes 20."""

_CLOSE_TIMEOUT_S: Final = 2.0


class SimulatorServer:
    """A server on one port, for any number of sessions at once; an asynchronous context manager.

    Args:
        options: how the simulated service behaves.
        host: where to listen.
        port: 0 takes a free one.
        api_key: the only key that is good; None: any key is, but there must be one.
        watch: whether `sessions` are kept, with all their frames.
    """

    def __init__(
        self,
        options: SimulatorOptions | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        api_key: str | None = None,
        watch: bool = True,
    ) -> None:
        self.options = options or SimulatorOptions()
        self._host = host
        self._port = port
        self._api_key = api_key
        self._watch = self.options.watch or Watch()
        self._is_watched = watch
        self._numbers = itertools.count(1)
        self._server: Server | None = None

    async def start(self) -> None:
        """Listen. After this you must call `aclose`.

        Raises:
            OSError: the port is taken, or the host is not ours.
            InvalidOptions: the script cannot be read.
        """
        # they load with the door, not with the package
        from websockets.asyncio.server import serve

        import realtime_simulator.link

        _ = realtime_simulator.link, self.options.mind
        self._server = await serve(
            self._session,
            self._host,
            self._port,
            process_request=self._process_request,
            select_subprotocol=lambda _, offered: _subprotocol(offered),
            compression=None,
            max_size=MAX_FRAME_BYTES,
            close_timeout=_CLOSE_TIMEOUT_S,
        )
        self._port = next(iter(self._server.sockets)).getsockname()[1]

    async def aclose(self) -> None:
        """Close all sessions and the port; may be called twice."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: "type[BaseException] | None", exc: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        await self.aclose()

    @property
    def sessions(self) -> "list[WatchedSession]":
        """The sessions in the order of their beginning, each with what was said and to be steered."""
        return self._watch.sessions

    async def session(self, *, within_s: float = WITHIN_S) -> "WatchedSession":
        """`Watch.session` of this server.

        Raises:
            AssertionError: none began in time.
        """
        return await self._watch.session(within_s=within_s)

    async def expect(self, kind: str, /, *, within_s: float = WITHIN_S, **fields: Any) -> Any:
        """`Watch.expect` of this server: the next frame of that type that the client sends.

        Raises:
            AssertionError: the frame did not come; the message tells what came instead.
        """
        return await self._watch.expect(kind, within_s=within_s, **fields)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._port

    @property
    def base_url(self) -> str:
        """What to give a client of OpenAI as ``base_url``."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}/v1"

    @property
    def websocket_url(self) -> str:
        """Where WebSocket sessions begin; ``?model=`` is to be added."""
        return f"{self.base_url.replace('http', 'ws', 1)}/realtime"

    def _process_request(self, connection: "ServerConnection", request: "Request") -> "Response | None":
        """Refuse what is no session, before the upgrade."""
        try:
            self._check(urlsplit(request.path), request)
        except Refused as refused:
            why = f" ({refused.code})" if refused.code else ""
            _log.info("refused %s: HTTP %d%s", urlsplit(request.path).path, refused.status, why)
            body = msgspec.json.encode(refused.body()).decode()
            response = connection.respond(http.HTTPStatus(refused.status), body)
            del response.headers["Content-Type"]
            response.headers["Content-Type"] = "application/json"
            return response
        return None

    def _check(self, url: SplitResult, request: "Request") -> None:
        if url.path != PATH:
            raise Refused(404, f"Invalid URL (GET {url.path})", code=None)
        check_access(request.headers, self._api_key)
        if "model" not in parse_qs(url.query):
            raise Refused(400, "You must provide a model parameter.", code="missing_model")

    async def _session(self, connection: "ServerConnection") -> None:
        """One session, from the upgrade to its end."""
        name = f"session {next(self._numbers)}"
        link = self._link(connection, name)
        try:
            async with asyncio.TaskGroup() as group:
                writer = group.create_task(_write(connection, link))
                async for message in _frames_of(connection):
                    link.feed(message)
                writer.cancel()
        finally:
            link.close()
            _log.info("%s: closed (%s)", name, connection.close_code)

    def _link(self, connection: "ServerConnection", name: str) -> "Link":
        from realtime_simulator.link import Link

        request: Any = connection.request
        model = parse_qs(urlsplit(request.path).query)["model"][0]
        _log.info("%s: opened, model %s", name, model)
        return Link(
            self.options,
            model=model,
            beta=is_beta(request.headers),
            watch=self._watch if self._is_watched else None,
            name=name,
        )


def _subprotocol(offered: "Sequence[Subprotocol]") -> "Subprotocol | None":
    chosen = select_subprotocol(list(offered))
    return next((protocol for protocol in offered if protocol == chosen), None)


async def _frames_of(connection: "ServerConnection") -> AsyncIterator[str | bytes]:
    """What the client sends, until the connection ends, in whichever way."""
    from websockets.exceptions import ConnectionClosed

    with contextlib.suppress(ConnectionClosed):
        while True:
            yield await connection.recv()


async def _write(connection: "ServerConnection", link: "Link") -> None:
    """Send what the server says, until one side ends the session."""
    from websockets.exceptions import ConnectionClosed

    from realtime_simulator.link import Ended

    with contextlib.suppress(ConnectionClosed):
        try:
            while True:
                await connection.send(await link.next())
        except Ended as end:
            await _hang_up(connection, end)


async def _hang_up(connection: "ServerConnection", end: "Ended") -> None:
    if end.code is None:
        connection.transport.abort()
    else:
        await connection.close(end.code, end.reason)
