"""The far end of ``echo-ws`` for its tests: says what a test wants, and keeps what it is told."""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from realtime_core import Message, ToolCall, ToolResult
from realtime_core.testing import NO_OBJECTS, Heard, Meeting, ServiceDouble
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

__all__ = ["EchoDouble"]

_KEY: Final = "a-key-for-tests"

_log: Final = logging.getLogger("echo_double")
# the kit looks for keys and words in every log, also in what websockets would write here at DEBUG
_log.addFilter(lambda record: record.levelno > logging.DEBUG)


class EchoDouble(ServiceDouble):
    """One service, on a port of this machine."""

    def __init__(self) -> None:
        self._heard = Heard()
        self._how = Meeting.ACCEPT
        self._latest: ServerConnection
        self._url = ""
        self._over = asyncio.Event()

    @classmethod
    @contextlib.asynccontextmanager
    async def listening(cls) -> AsyncIterator["EchoDouble"]:
        """A fresh one, while ``async with`` lasts."""
        double = cls()
        options: Any = {"process_request": double._answer, "logger": _log, "close_timeout": 1}
        async with serve(double._serve, "127.0.0.1", 0, **options) as server:
            double._url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            try:
                yield double
            finally:
                double._over.set()

    @property
    def options(self) -> Mapping[str, Any]:
        return {"url": self._url, "api_key": _KEY}

    @property
    def astray(self) -> Sequence[Mapping[str, Any]]:
        return [{"url": "ws://127.0.0.1:1"}]

    @property
    def odd_words(self) -> Sequence[str]:
        return ["in high spirits", "no JSON", "never comp"]

    @property
    def heard(self) -> Heard:
        return self._heard

    # -- how the next connection is met ------------------------------------------------------------

    async def meet(self, how: Meeting) -> None:
        self._how = how

    async def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        if self._how is Meeting.STAY_SILENT:
            await self._over.wait()
        if self._how is Meeting.REFUSE or request.headers.get("Authorization") != f"Bearer {_KEY}":
            return connection.respond(HTTPStatus.UNAUTHORIZED, "wrong key\n")
        return None

    async def _serve(self, websocket: ServerConnection) -> None:
        self._latest = websocket
        self._heard.came()
        try:
            if self._how is Meeting.HANG_UP:
                return
            async for frame in websocket:
                await self._take(frame, websocket)
        finally:
            self._heard.left()

    async def _take(self, frame: str | bytes, websocket: ServerConnection) -> None:
        match frame if isinstance(frame, bytes) else json.loads(frame):
            case bytes(pcm):
                self._heard.note("audio", pcm)
            case {"setup": setup}:
                self._heard.note("setup", {**setup, "tools": setup["functions"]})
                if self._how is not Meeting.SAY_NOTHING:
                    await websocket.send(json.dumps({"ready": "echo-1"}))
            case {"say": text}:
                self._heard.note("message", Message("user", text))
            case {"result": {"call": call_id, "output": output}}:
                self._heard.note("result", ToolResult(call_id, "any", output))
            case raw:
                self._heard.note("raw", raw)

    # -- what it says ------------------------------------------------------------------------------

    async def _say(self, **meanings: Any) -> None:
        await self._latest.send(json.dumps(meanings))

    async def begin(self) -> None:
        pass

    async def text(self, piece: str) -> None:
        await self._say(said=piece)

    async def audio(self, pcm: bytes) -> None:
        await self._latest.send(pcm)

    async def end(self) -> None:
        pass

    async def call(self, *calls: ToolCall) -> None:
        for call in calls:
            arguments = json.loads(call.arguments)
            await self._say(call={"id": call.call_id, "name": call.name, "arguments": arguments})

    async def interrupt(self) -> None:
        await self._say(interrupted=True)

    async def fail(self) -> None:
        await self._say(error={"code": "trouble", "message": "it broke"})

    async def unknown(self) -> None:
        await self._say(mood="in high spirits")

    async def garble(self) -> None:
        await self._latest.send("{no JSON")

    async def malform(self) -> None:
        await self._say(said=7)
        await self._say(call=[])
        await self._say(error=True)
        for frame in NO_OBJECTS:
            await self._latest.send(frame)

    # -- how it ends -------------------------------------------------------------------------------

    async def fall_silent(self) -> None:
        self._latest.transport.pause_reading()

    async def hang_up(self) -> None:
        await self._latest.close()

    async def drop(self) -> None:
        self._latest.transport.abort()

    async def vanish(self) -> None:
        self._latest.transport.write(
            b'\x81\x20{"said": "never comp'
        )  # a text frame of 32 bytes, not all of them
        self._latest.transport.abort()
