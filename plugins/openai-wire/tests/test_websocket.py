import asyncio
import logging
import socket
import struct
import subprocess
import sys

import pytest
from realtime_core.errors import (
    ConnectionLost,
    LostReason,
)
from realtime_openai_wire.websocket import MAX_FRAME_BYTES


async def loss(pipe) -> ConnectionLost:
    with pytest.raises(ConnectionLost) as caught:
        await pipe.recv()
    await pipe.aclose()
    return caught.value


def sending(*frames, code=None, reason=""):
    """A server that sends frames and closes with a code, or keeps the connection."""

    async def handle(connection):
        for frame in frames:
            await connection.send(frame)
        if code is not None:
            await connection.close(code, reason)
        await connection.wait_closed()

    return handle


@pytest.mark.parametrize(
    ("code", "said", "reason", "retryable"),
    [
        (1000, "bye", LostReason.CLOSED, True),
        (1001, "restart", LostReason.GOING_AWAY, True),
        (1001, "Your session hit the maximum duration of 60 minutes.", LostReason.EXPIRED, True),
        (1008, "no", LostReason.POLICY, False),
        (1011, "oops", LostReason.SERVER_ERROR, True),
        (1013, "later", LostReason.GOING_AWAY, True),
        (4000, "invalid_request_error.beta_api_shape_disabled", LostReason.REJECTED, False),
    ],
)
async def test_whatever_code_the_server_closes_with_is_a_loss_with_its_reason(
    code, said, reason, retryable, websocket_server, open_pipe
):
    async with websocket_server(sending("first", code=code, reason=said)) as host:
        pipe = await open_pipe(host)
        first = await pipe.recv()

        lost = await loss(pipe)

    assert first == b"first"
    assert (lost.reason, lost.code, lost.retryable) == (reason, code, retryable)
    assert said in str(lost)


async def test_a_connection_cut_without_a_close_is_dropped(websocket_server, open_pipe):
    async def cut(connection):
        connection.transport.abort()

    async with websocket_server(cut) as host:
        lost = await loss(await open_pipe(host))

    assert (lost.reason, lost.code, lost.retryable) == (LostReason.DROPPED, 1006, True)


async def test_a_reset_connection_is_dropped(websocket_server, open_pipe):
    async def reset(connection):
        raw = connection.transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.transport.abort()

    async with websocket_server(reset) as host:
        lost = await loss(await open_pipe(host))

    assert lost.reason is LostReason.DROPPED


async def test_a_frame_above_the_limit_is_a_loss_of_that_name(websocket_server, open_pipe):
    frame = "x" * (70 * 1024 * 1024)
    assert len(frame) > MAX_FRAME_BYTES
    async with websocket_server(sending(frame)) as host:
        lost = await loss(await open_pipe(host))

    assert (lost.reason, lost.code) == (LostReason.FRAME_TOO_BIG, 1009)


async def test_a_frame_of_fifteen_megabytes_is_received(websocket_server, open_pipe):
    frame = "x" * (15 * 1024 * 1024)
    async with websocket_server(sending(frame)) as host:
        pipe = await open_pipe(host)

        assert len(await pipe.recv()) == len(frame)

        await pipe.aclose()


async def test_bytes_that_are_no_websocket_frame_are_a_broken_protocol(websocket_server, open_pipe):
    async def garbage(connection):
        connection.transport.write(b"\xff\xff\xff\xff")
        await connection.wait_closed()

    async with websocket_server(garbage) as host:
        lost = await loss(await open_pipe(host))

    assert (lost.reason, lost.retryable) == (LostReason.PROTOCOL, False)


async def test_after_a_loss_sending_raises_the_same_reason(websocket_server, open_pipe):
    async with websocket_server(sending(code=1011, reason="oops")) as host:
        pipe = await open_pipe(host)
        with pytest.raises(ConnectionLost):
            await pipe.recv()

        with pytest.raises(ConnectionLost) as caught:
            await pipe.send("late")

        await pipe.aclose()

    assert caught.value.reason is LostReason.SERVER_ERROR


async def test_closing_ends_a_waiting_recv_and_every_later_call(websocket_server, open_pipe):
    async with websocket_server() as host:
        pipe = await open_pipe(host)
        waiting = asyncio.create_task(pipe.recv())
        await asyncio.sleep(0)

        await pipe.aclose()
        await pipe.aclose()

        for call in (waiting, pipe.recv(), pipe.send("late")):
            with pytest.raises(ConnectionLost, match="closed here") as caught:
                await call
            assert (caught.value.reason, caught.value.retryable) == (LostReason.CLOSED, False)


async def test_closing_says_goodbye_to_the_server(websocket_server, open_pipe):
    codes = []

    async def handle(connection):
        await connection.wait_closed()
        codes.append(connection.close_code)

    async with websocket_server(handle) as host:
        await (await open_pipe(host)).aclose()

    assert codes == [1000]


async def test_a_cancelled_close_still_closes(websocket_server, open_pipe):
    said_goodbye = asyncio.Event()

    async def handle(connection):
        await connection.wait_closed()
        said_goodbye.set()

    async with websocket_server(handle) as host:
        pipe = await open_pipe(host)
        closing = asyncio.create_task(pipe.aclose())
        await asyncio.sleep(0)
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing

        async with asyncio.timeout(5):
            await said_goodbye.wait()
        await pipe.aclose()


async def test_cancelling_a_waiting_recv_loses_nothing(websocket_server, open_pipe):
    go = asyncio.Event()

    async def handle(connection):
        await go.wait()
        await connection.send("first")
        await connection.wait_closed()

    async with websocket_server(handle) as host:
        pipe = await open_pipe(host)
        waiting = asyncio.create_task(pipe.recv())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        go.set()

        assert await pipe.recv() == b"first"

        await pipe.aclose()


# --- secrets and weight


async def test_neither_key_nor_frames_reach_a_log_of_ours(caplog, websocket_server, open_pipe, key):
    caplog.set_level(logging.DEBUG)

    async def echo_once(connection):
        await connection.send(await connection.recv())
        await connection.close(1011, "oops")

    async with websocket_server(echo_once) as host:
        pipe = await open_pipe(host)
        await pipe.send("secret words")
        await pipe.recv()
        await loss(pipe)

    ours = [record.getMessage() for record in caplog.records if record.name.startswith("realtime")]
    assert not [line for line in ours if key in line or "secret words" in line]
    theirs = [record.getMessage() for record in caplog.records if record.name == "websockets.client"]
    assert theirs == []


def test_importing_the_package_loads_neither_openai_nor_websockets():
    show = "import sys, realtime_openai_wire; print(sorted({'openai', 'websockets'} & sys.modules.keys()))"

    # its own interpreter: this one has them loaded
    done = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, check=True)  # noqa: S603

    assert done.stdout.strip() == "[]"
