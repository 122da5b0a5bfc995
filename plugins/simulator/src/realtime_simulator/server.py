"""The network door: the simulator at ``/v1/realtime`` of a port, for any client of OpenAI.

aiohttp and numpy load when the server starts.
"""

import itertools
import logging
from typing import TYPE_CHECKING, Any, Final, Self

import msgspec

from realtime_simulator.access import Refused, check_access, is_beta
from realtime_simulator.frames import End
from realtime_simulator.options import SimulatorOptions
from realtime_simulator.watch import Watch
from realtime_simulator.watched import WITHIN_S

if TYPE_CHECKING:
    from types import TracebackType

    from aiohttp import web

    from realtime_simulator.watched import WatchedSession
    from realtime_simulator.websocket import WebSocket

__all__ = ["SimulatorServer"]

_log = logging.getLogger("realtime_simulator")

PATH: Final = "/v1/realtime"

_STOP_TIMEOUT_S: Final = 5.0
"""Above what a session takes to close when its client neither reads nor answers."""


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
        self._open: set[WebSocket] = set()
        self._runner: web.ServerRunner | None = None

    async def start(self) -> None:
        """Listen. After this you must call `aclose`.

        Raises:
            OSError: the port is taken, or the host is not ours.
        """
        # they load with the door, not with the package
        from aiohttp import web

        import realtime_simulator.websocket

        _ = realtime_simulator.websocket
        runner = web.ServerRunner(web.Server(self._answer, access_log=None), shutdown_timeout=_STOP_TIMEOUT_S)
        await runner.setup()
        await web.TCPSite(runner, self._host, self._port).start()
        self._runner = runner
        self._port = runner.addresses[0][1]

    async def aclose(self) -> None:
        """Close all sessions and the port; may be called twice."""
        if self._runner is not None:
            runner, self._runner = self._runner, None
            for site in runner.sites:
                await site.stop()
            for socket in self._open:
                socket.hang_up(End(1001))
            await runner.cleanup()

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

    async def _answer(self, request: "web.BaseRequest") -> "web.StreamResponse":
        """Answer any request."""
        from aiohttp import web

        try:
            return await self._session(request)
        except Refused as refused:
            why = f" ({refused.code})" if refused.code else ""
            _log.info("refused %s: HTTP %d%s", request.path, refused.status, why)
            body = msgspec.json.encode(refused.body())
            return web.Response(status=refused.status, body=body, content_type="application/json")

    async def _session(self, request: "web.BaseRequest") -> "web.StreamResponse":
        """One session, from the upgrade to its end."""
        from realtime_simulator.link import Link
        from realtime_simulator.websocket import INTERNAL_ERROR, WebSocket

        model = self._checked_model(request)
        socket = WebSocket(request)
        await socket.open()
        name = f"session {next(self._numbers)}"
        _log.info("%s: opened, model %s", name, model)
        link = Link(
            self.options,
            model=model,
            beta=is_beta(request.headers),
            watch=self._watch if self._is_watched else None,
            name=name,
        )
        self._open.add(socket)
        try:
            code = await socket.carry(link)
        # the fault of one session, whatever it is; the others go on
        except Exception:  # noqa: BLE001
            _log.exception("%s: failed", name)
            code = INTERNAL_ERROR
        finally:
            self._open.remove(socket)
        _log.info("%s: closed (%s)", name, code)
        return socket.response

    def _checked_model(self, request: "web.BaseRequest") -> str:
        if request.path != PATH:
            raise Refused(404, f"Invalid URL ({request.method} {request.path})", code=None)
        check_access(request.headers, self._api_key)
        model = request.query.get("model")
        if model is None:
            raise Refused(400, "You must provide a model parameter.", code="missing_model")
        return model
