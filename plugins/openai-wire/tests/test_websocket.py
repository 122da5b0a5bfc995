import asyncio
import contextlib
import logging
import socket
import ssl
import struct
import subprocess
import sys

import pytest
import trustme
from realtime_core.errors import (
    ConnectionLost,
    LostReason,
)
from realtime_openai_wire import websocket
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
    assert said.rstrip(".") in str(lost)


async def test_a_key_in_the_reason_of_a_close_is_not_quoted(websocket_server, open_pipe):
    async with websocket_server(sending(code=4001, reason="no zz-98765 here")) as host:
        pipe = await open_pipe(host, headers={"api-key": "zz-98765"})

        lost = await loss(pipe)

    assert "no … here" in str(lost)


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


# --- a service that reads nothing


HUGE = "x" * (64 * 1024 * 1024)
"""More than the buffers of any operating system hold."""


@pytest.fixture
def deaf_server(websocket_server):
    """A server that stops reading at once, as a context manager; gives its ``host:port`` and connection."""

    @contextlib.asynccontextmanager
    async def run(**options):
        connections = asyncio.Queue()

        async def handle(connection):
            connection.transport.pause_reading()
            await connections.put(connection)
            await connection.wait_closed()

        async with websocket_server(handle, ping_interval=None, max_size=None, **options) as host:
            yield host, connections
            # nothing is read, so the end would not be noticed
            (await connections.get()).transport.abort()

    return run


@pytest.fixture
def authority(tmp_path, monkeypatch):
    """What makes a server's certificate trusted here."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return authority


@pytest.mark.parametrize("secure", [False, True])
async def test_closing_while_nothing_is_read_frees_everything(
    secure, authority, clock, deaf_server, open_pipe
):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if secure else None
    if context is not None:
        authority.issue_cert("127.0.0.1").configure_cert(context)
    async with deaf_server(ssl=context) as (host, _):
        pipe = await open_pipe(host, scheme="https" if secure else "http")
        raw = pipe._connection.transport.get_extra_info("socket")
        blocked = asyncio.gather(pipe.send(HUGE), pipe.send(HUGE), pipe.recv(), return_exceptions=True)
        await clock.until_waiting()

        await pipe.aclose()

        errors = [error for error in await blocked if error is not None]
        assert {(type(error), error.reason) for error in errors} == {(ConnectionLost, LostReason.CLOSED)}
        assert len(errors) >= 2
        assert raw.fileno() == -1
        assert clock.pending == 0
        assert "WebSocketPipe._close" not in {task.get_coro().__qualname__ for task in asyncio.all_tasks()}


async def test_a_send_that_nobody_reads_is_a_loss_and_ends_recv_too(clock, deaf_server, open_pipe):
    async with deaf_server() as (host, _):
        pipe = await open_pipe(host)
        sending, receiving = asyncio.create_task(pipe.send(HUGE)), asyncio.create_task(pipe.recv())
        await clock.until_waiting()

        clock.advance(20)
        while clock.pending:  # the operating system had taken a little
            clock.advance(20)

        for call in (sending, receiving, pipe.send("late")):
            with pytest.raises(ConnectionLost, match="takes nothing any more") as caught:
                await call
            assert (caught.value.reason, caught.value.retryable) == (LostReason.DROPPED, True)
        await pipe.aclose()


async def test_a_full_buffer_is_a_loss_though_the_send_was_cancelled(clock, deaf_server, open_pipe):
    async with deaf_server() as (host, _):
        pipe = await open_pipe(host)
        sending = asyncio.create_task(pipe.send(HUGE))
        await clock.until_waiting()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending

        while clock.pending:
            clock.advance(20)

        lost = await loss(pipe)

    assert "takes nothing any more" in str(lost)


async def test_a_slow_service_is_let_be(clock, deaf_server, open_pipe):
    async with deaf_server() as (host, connections):
        pipe = await open_pipe(host)
        sending = asyncio.create_task(pipe.send(HUGE))
        await clock.until_waiting()
        slow = await connections.get()
        transport = pipe._connection.transport
        left = transport.get_write_buffer_size()
        slow.transport.resume_reading()
        while transport.get_write_buffer_size() == left:  # noqa: ASYNC110  # nothing tells of it
            await asyncio.sleep(0)
        assert not sending.done()

        clock.advance(20)
        await sending

        assert len(await slow.recv()) == len(HUGE)
        assert clock.pending == 0
        await connections.put(slow)
        await pipe.aclose()


async def test_a_service_that_reads_is_not_watched(clock, websocket_server, open_pipe):
    async def echo(connection):
        async for frame in connection:
            await connection.send(frame)

    async with websocket_server(echo) as host:
        pipe = await open_pipe(host)
        await pipe.send("small")
        await pipe.recv()
        await pipe.aclose()

    assert clock.pending == 0


# --- secrets and weight


@pytest.fixture
def every_logger_at_debug(caplog):
    """Sets DEBUG on every logger there is, once the caller's imports have made them."""
    caplog.set_level(logging.DEBUG)
    before = {}

    def run():
        for name, logger in logging.root.manager.loggerDict.items():
            if isinstance(logger, logging.Logger) and name != "websockets.server":
                before[logger] = logger.level
                logger.setLevel(logging.DEBUG)

    yield run
    for logger, level in before.items():
        logger.setLevel(level)


async def test_neither_key_nor_url_nor_frames_reach_any_log_at_any_level(
    caplog, every_logger_at_debug, websocket_server, open_pipe, key
):
    async def echo_once(connection):
        await connection.send(await connection.recv())
        await connection.close(1011, "oops")

    async with websocket_server(echo_once) as host:
        every_logger_at_debug()
        pipe = await open_pipe(host, query={"q": "secret-query"}, headers={"X-Safety": "secret-header"})
        await pipe.send("secret-words")
        await pipe.recv()
        await loss(pipe)

    ours = [record for record in caplog.records if not record.name.startswith("websockets.server")]
    said = [f"{record.name} {record.getMessage()}" for record in ours]
    # older versions of openai log the URL themselves, which holds no key
    ours = [line for line in said if not line.startswith("openai.")]
    assert not [line for line in said if key in line]
    assert not [line for line in ours if "secret-" in line]
    assert not [line for line in said if line.startswith(("realtime", "websockets"))]


def test_warnings_of_the_websocket_library_are_written(caplog):
    websocket._quiet.warning("keepalive %s", "failed")

    assert [record.getMessage() for record in caplog.records] == ["keepalive failed"]
    assert not websocket._quiet.isEnabledFor(logging.DEBUG)


def test_importing_the_package_loads_neither_openai_nor_websockets_nor_aiortc():
    heavy = {"openai", "websockets", "aiortc"}
    show = f"import sys, realtime_openai_wire; print(sorted({heavy} & sys.modules.keys()))"

    # its own interpreter: this one has them loaded
    done = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, check=True)  # noqa: S603

    assert done.stdout.strip() == "[]"
