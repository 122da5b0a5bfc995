"""The far end of the small provider, played for the kit."""

import asyncio
import base64
import contextlib
import json
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from realtime_core import (
    AudioFormat,
    Capabilities,
    ImageContent,
    Message,
    ToolCall,
    ToolDefinition,
    ToolResult,
)
from realtime_core.testing import (
    NO_OBJECTS,
    Heard,
    Meeting,
    MemoryPipe,
    PipeClosed,
    PipeEnd,
    ServiceDouble,
    SocketPipe,
)

KEY = "small-key-1234"


async def _dead_end() -> PipeEnd:
    raise ConnectionRefusedError


def _read(name: str, word: Any) -> Any:
    """A setting as the kit has it."""
    match name:
        case "tools":
            return [ToolDefinition(*tool) if isinstance(tool, list) else tool for tool in word]
        case "input_audio_format" | "output_audio_format":
            return AudioFormat(*word)
        case _:
            return word


class SmallDouble(ServiceDouble):
    """One service in memory; the pipes that it makes can be anything."""

    def __init__(self, can: Capabilities, pipe: Callable[[], MemoryPipe] = MemoryPipe) -> None:
        self.can = can
        self._heard = Heard()
        self._is_silent = False
        self._meeting = Meeting.ACCEPT
        self._make_pipe = pipe
        self._pipe: MemoryPipe | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._turn = 0

    @property
    def options(self) -> dict[str, Any]:
        return {"dial": self._dial, "key": KEY}

    @property
    def astray(self) -> list[dict[str, Any]]:
        return [{"dial": _dead_end}]

    @property
    def odd_words(self) -> list[str]:
        return ["drizzly", "gibberish", "never comp"]

    @property
    def heard(self) -> Heard:
        return self._heard

    async def meet(self, how: Meeting) -> None:
        self._meeting = how

    # -- the connection --------------------------------------------------------------------------

    async def _dial(self) -> PipeEnd:
        await asyncio.sleep(0)
        if self._meeting is Meeting.STAY_SILENT:
            await asyncio.Event().wait()
        pipe = self._make_pipe()
        await pipe.dial()
        self._pipe = pipe
        self._heard.came()
        self._tasks.append(asyncio.ensure_future(self._serve(pipe, self._meeting)))
        return pipe.near

    async def _serve(self, pipe: MemoryPipe, meeting: Meeting) -> None:
        buffer = b""
        try:
            if meeting is Meeting.HANG_UP:
                await pipe.far.aclose()
            while chunk := await pipe.far.recv():
                *lines, buffer = (buffer + chunk).split(b"\n")
                for line in lines:
                    await self._take(json.loads(line), pipe, meeting)
        except PipeClosed:
            pass
        finally:
            await pipe.far.aclose()
            self._heard.left()

    async def _take(self, frame: dict[str, Any], pipe: MemoryPipe, meeting: Meeting) -> None:
        command_id = frame.pop("id", None)
        ((kind, value),) = frame.items()
        self._note(kind, value)
        if kind == "setup" and meeting is not Meeting.SAY_NOTHING:
            if meeting is Meeting.REFUSE or value["key"] != KEY:
                await self._send(pipe, refused=True)
                await pipe.far.aclose()
            else:
                await self._send(pipe, ready="small-1")
        if self._is_silent:
            return
        if value == {"type": "bye"}:
            await pipe.far.aclose()
        if kind == "cancel":
            await self._send(pipe, end="cancelled", **self._ids)
        if command_id is not None:
            await self._send(pipe, ack=command_id)

    def _note(self, kind: Any, value: Any) -> None:
        match kind:
            case "setup" | "update":
                value = {name: _read(name, word) for name, word in value.items() if name != "key"}
            case "audio":
                value = base64.b64decode(value)
            case "message":
                value = Message(*value)
            case "call":
                value = ToolCall(*value)
            case "result":
                value = ToolResult(*value)
            case "image":
                value = ImageContent(base64.b64decode(value))
            case "truncate":
                value = tuple(value)
        self._heard.note(kind, value)

    async def _send(self, pipe: MemoryPipe | None = None, **frame: Any) -> None:
        await self._write(json.dumps(frame).encode() + b"\n", pipe)

    async def _write(self, data: bytes, pipe: MemoryPipe | None = None) -> None:
        pipe = pipe or self._pipe
        assert pipe is not None
        with contextlib.suppress(PipeClosed):
            await pipe.far.send(data)

    @property
    def _ids(self) -> dict[str, str]:
        return {"r": f"r{self._turn}", "i": f"i{self._turn}"} if self.can.ids else {}

    # -- levers ----------------------------------------------------------------------------------

    async def begin(self) -> None:
        self._turn += 1
        if self.can.turns:
            await self._send(begin=True, **self._ids)

    async def text(self, piece: str) -> None:
        await self._send(text=piece, **self._ids)

    async def audio(self, pcm: bytes) -> None:
        await self._send(audio=base64.b64encode(pcm).decode(), **self._ids)

    async def end(self) -> None:
        if self.can.turns:
            await self._send(end="completed", **self._ids)

    async def call(self, *calls: ToolCall) -> None:
        await self.begin()
        words = [{"id": call.call_id, "name": call.name, "args": call.arguments} for call in calls]
        await self._send(calls=words, **self._ids)
        await self.end()

    async def hear(self, text: str) -> None:
        await self._send(heard=text)

    async def interrupt(self) -> None:
        if self.can.truncate == "client":
            await self._send(speech="started")
            return
        await self._send(interrupted=True, **self._ids)
        if self.can.turns:
            await self._send(end="cancelled", **self._ids)

    async def fail(self) -> None:
        await self._send(trouble="overheated")

    async def unknown(self) -> None:
        await self._send(weather={"sky": "drizzly"})

    async def garble(self) -> None:
        await self._write(b"\xff\xfe{gibberish]\n")

    async def malform(self) -> None:
        for frame in ({"text": None}, {"audio": 7}, {"calls": [{"id": 1}]}, {"calls": True}, {"ready": []}):
            await self._send(**frame)
        for words in NO_OBJECTS:
            await self._write(words.encode() + b"\n")

    async def together(self, piece: str) -> None:
        await self._send(text=piece, **({"end": "completed"} if self.can.turns else {}), **self._ids)

    async def fall_silent(self) -> None:
        self._is_silent = True

    async def hang_up(self) -> None:
        assert self._pipe is not None
        await self._pipe.far.aclose()

    async def drop(self) -> None:
        assert self._pipe is not None
        self._pipe.drop()

    async def vanish(self) -> None:
        await self._write(b'{"text": "never comp')
        await self.drop()

    async def aclose(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class SocketEnd(PipeEnd):
    """The end of a real connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def send(self, data: bytes) -> None:
        if self._writer.is_closing():
            raise PipeClosed("closed")
        try:
            self._writer.write(data)
            await self._writer.drain()
        except OSError as exc:
            raise PipeClosed("gone") from exc

    async def recv(self) -> bytes:
        try:
            return await self._reader.read(65_536)
        except OSError as exc:
            raise PipeClosed("gone") from exc

    async def aclose(self) -> None:
        self._writer.close()

    def reset(self) -> None:
        link: socket.socket = self._writer.get_extra_info("socket")
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


class SocketLine(MemoryPipe):
    """A real connection, seen from the service."""

    def __init__(self, far: SocketEnd) -> None:
        super().__init__()
        self.far = far

    def drop(self) -> None:
        assert isinstance(self.far, SocketEnd)
        self.far.reset()


class SocketDouble(SmallDouble):
    """The same service on a port, behind a pipe of its own that splits what passes."""

    port = 0

    async def _dial(self) -> PipeEnd:
        return SocketEnd(*await asyncio.open_connection("127.0.0.1", self.port))

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._meeting is Meeting.STAY_SILENT:
            self._meeting = Meeting.SAY_NOTHING
        self._pipe = SocketLine(SocketEnd(reader, writer))
        self._heard.came()
        self._tasks.append(asyncio.ensure_future(self._serve(self._pipe, self._meeting)))


@asynccontextmanager
async def listening(can: Capabilities) -> AsyncIterator[ServiceDouble]:
    """The service on a port."""
    double = SocketDouble(can)
    server = await asyncio.start_server(double.accept, "127.0.0.1", 0)
    try:
        async with SocketPipe(server.sockets[0].getsockname()[1], split_bytes=4_096) as pipe:
            double.port = pipe.port
            yield double
    finally:
        server.close()
        await double.aclose()


@asynccontextmanager
async def _played(double: SmallDouble) -> AsyncIterator[ServiceDouble]:
    try:
        yield double
    finally:
        await double.aclose()


def playing(
    can: Capabilities, pipe: Callable[[], MemoryPipe] = MemoryPipe, double: type[SmallDouble] = SmallDouble
) -> Callable[[], AbstractAsyncContextManager[ServiceDouble]]:
    """A service for a `Subject`."""
    return lambda: _played(double(can, pipe))
