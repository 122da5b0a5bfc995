"""The pipe between two sockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from realtime_core.testing import SocketPipe


@asynccontextmanager
async def echo() -> AsyncIterator[int]:
    """A service that says everything back, until the client is done."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(100):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def test_what_is_said_arrives_split_and_late():
    async with echo() as port, SocketPipe(port, split_bytes=3, delay_s=0.001) as pipe:
        reader, writer = await asyncio.open_connection("127.0.0.1", pipe.port)
        writer.write(b"hello world")

        assert await reader.readexactly(11) == b"hello world"
        writer.close()


async def test_it_refuses_when_it_is_told_to():
    async with echo() as port, SocketPipe(port) as pipe:
        pipe.refuse()

        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", pipe.port)


async def test_it_hangs_up_where_nobody_listens():
    async with SocketPipe(1) as pipe:
        reader, writer = await asyncio.open_connection("127.0.0.1", pipe.port)

        with pytest.raises(ConnectionResetError):
            await reader.readexactly(1)
        writer.close()


async def test_nothing_passes_while_it_is_held():
    async with echo() as port, SocketPipe(port) as pipe:
        reader, writer = await asyncio.open_connection("127.0.0.1", pipe.port)
        pipe.hold()
        writer.write(b"late")
        reading = asyncio.ensure_future(reader.readexactly(4))
        done, _ = await asyncio.wait({reading}, timeout=0.05)
        pipe.release()

        assert (bool(done), await reading) == (False, b"late")
        writer.close()


async def test_it_hangs_up_in_the_orderly_way():
    async with echo() as port, SocketPipe(port) as pipe:
        reader, writer = await asyncio.open_connection("127.0.0.1", pipe.port)
        writer.write(b"hello")
        await reader.readexactly(5)
        pipe.hang_up()

        assert await reader.read() == b""
        writer.close()


async def test_it_drops():
    async with echo() as port, SocketPipe(port) as pipe:
        reader, writer = await asyncio.open_connection("127.0.0.1", pipe.port)
        writer.write(b"hello")
        await reader.readexactly(5)
        pipe.drop()

        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()


async def test_it_is_cut_in_the_middle():
    async with echo() as port, SocketPipe(port) as pipe:
        reader, writer = await asyncio.open_connection("127.0.0.1", pipe.port)
        pipe.cut_after(3)
        writer.write(b"hello")

        with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
            await reader.readexactly(5)
        writer.close()
