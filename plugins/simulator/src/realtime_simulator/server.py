"""The simulator on a port, for any client of OpenAI.

aiohttp and numpy load when the server starts.
"""

from typing import TYPE_CHECKING, Any, Final, Self

from realtime_simulator.frames import End
from realtime_simulator.options import SimulatorOptions
from realtime_simulator.watch import Watch
from realtime_simulator.watched import WITHIN_S

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Coroutine
    from contextlib import AbstractAsyncContextManager
    from types import TracebackType

    from aiohttp import web

    from realtime_simulator.door import Door
    from realtime_simulator.reception import Reception
    from realtime_simulator.watched import WatchedSession

__all__ = ["SimulatorServer"]

_BACKLOG: Final = 1024
"""How many clients may knock at the same moment; those beyond try again after a second."""

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
        self._door: Door | None = None
        self._runner: web.ServerRunner | None = None

    async def start(self) -> None:
        """Listen. After this you must call `aclose`.

        Raises:
            OSError: the port is taken, or the host is not ours.
            RuntimeError: it has been started before.
        """
        if self._runner is not None:
            raise RuntimeError("this server has been started already: make another SimulatorServer")
        # they load with the door, not with the package
        from aiohttp import web

        from realtime_simulator.door import Door
        from realtime_simulator.http import http_log

        door = Door(self.options, api_key=self._api_key, watch=self._watch if self._is_watched else None)
        runner = web.ServerRunner(
            web.Server(door.answer, access_log=None, logger=http_log), shutdown_timeout=_STOP_TIMEOUT_S
        )
        await runner.setup()
        await web.TCPSite(runner, self._host, self._port, backlog=_BACKLOG).start()
        self._door, self._runner = door, runner
        self._port = runner.addresses[0][1]

    async def aclose(self) -> None:
        """Close all sessions and the port; may be called twice."""
        if self._runner is None or self._door is None:
            return
        for site in self._runner.sites:
            await site.stop()
        # before the runner stops, which is then deaf to the goodbyes of the clients
        await self._door.hang_up(End(1001))
        await self._runner.cleanup()

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

    @property
    def reception(self) -> "Reception":
        """How those are met who come next: a test may have them refused, ignored, or badly served."""
        return self._watch.reception

    async def session(self, *, within_s: float = WITHIN_S) -> "WatchedSession":
        """`Watch.session` of this server.

        Raises:
            AssertionError: none began in time.
        """
        __tracebackhide__ = True
        return await self._watch.session(within_s=within_s)

    async def expect(self, kind: str, /, *, within_s: float = WITHIN_S, **fields: Any) -> Any:
        """`Watch.expect` of this server: the next frame of that type that the client sends.

        Raises:
            AssertionError: the frame did not come; the message tells what came instead.
        """
        __tracebackhide__ = True
        return await self._watch.expect(kind, within_s=within_s, **fields)

    def running(
        self, application: "Coroutine[Any, Any, Any]"
    ) -> "AbstractAsyncContextManager[asyncio.Task[Any]]":
        """`Watch.running`: run an application for the length of an ``async with`` block, fail as it fails."""
        return self._watch.running(application)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._port

    @property
    def base_url(self) -> str:
        """What to give a client of OpenAI as ``base_url``.

        Raises:
            RuntimeError: the server has not started, so that its port is not known.
        """
        return f"{self.azure_endpoint}/v1"

    @property
    def azure_endpoint(self) -> str:
        """What to give a client of Azure as ``endpoint``; its API begins at ``/openai/v1`` there.

        Raises:
            RuntimeError: the server has not started, so that its port is not known.
        """
        if self._port == 0:
            raise RuntimeError("the server has no port before it has started: use it in `async with`")
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    @property
    def websocket_url(self) -> str:
        """Where WebSocket sessions begin; ``?model=`` is to be added."""
        return f"{self.base_url.replace('http', 'ws', 1)}/realtime"
