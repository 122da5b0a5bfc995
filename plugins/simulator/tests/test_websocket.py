"""How a WebSocket session ends, whatever its client does meanwhile."""

import asyncio
import json
import logging

import attrs
import pytest
from aiohttp import WebSocketError
from realtime_simulator.brain import Say
from realtime_simulator.link import Link
from realtime_simulator.options import configure
from realtime_simulator.server import SimulatorServer
from realtime_simulator.turns import Turns
from realtime_simulator.websocket import MAX_FRAME_BYTES, WebSocket, ending
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

KEY = "sk-proj-abcdefghijklmnopqrstuvwxyz"
CREATE = json.dumps({"type": "response.create"})
APPEND = json.dumps({"type": "input_audio_buffer.append", "audio": "A" * 12_800})
STORY = configure(speed=0, brain=lambda _: Say("a very long story " * 500))


def session(server, **options):
    headers = {"Authorization": f"Bearer {KEY}"}
    url = f"{server.websocket_url}?model=m"
    return connect(url, additional_headers=headers, compression=None, ping_interval=None, **options)


async def for_ever(call, *args):
    while True:
        await call(*args)


async def end_of(connection):
    with pytest.raises(ConnectionClosed) as caught:
        await for_ever(connection.recv)
    return caught.value.rcvd.code if caught.value.rcvd else None


@pytest.mark.parametrize("size", [MAX_FRAME_BYTES + 1, 2 * MAX_FRAME_BYTES])
async def test_frame_that_is_too_large_ends_the_session_with_1009(size):
    async with SimulatorServer() as server, session(server) as connection:
        await connection.send("x" * size)

        assert await end_of(connection) == 1009


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (1000, 1000),
        (4000, 4000),
        (0, 1005),
        (WebSocketError(1007, "no"), 1007),
        (OSError(), None),
        (None, None),
    ],
)
def test_code_of_the_end_is_what_ended_it(data, code):
    assert ending(data).code == code


async def test_text_that_is_not_utf8_ends_the_session_with_1007():
    async with SimulatorServer() as server, session(server) as connection:
        await connection.send(b"\xff\xfe", text=True)

        assert await end_of(connection) == 1007


@pytest.mark.parametrize("code", [1001, 1011, 4000])
async def test_close_arrives_although_the_client_goes_on_talking(code):
    async with (
        SimulatorServer(configure(speed=0, faults=f"close:{code}@5")) as server,
        session(server) as connection,
    ):
        ended = asyncio.ensure_future(end_of(connection))
        await connection.send(CREATE)
        with pytest.raises(ConnectionClosed):
            await for_ever(connection.send, APPEND)

        assert await ended == code


async def test_session_that_breaks_here_ends_with_1011_and_others_go_on(caplog, monkeypatch):
    respond = Turns.respond

    def broken(turns, request, event_id=None):
        if event_id == "break":
            raise LookupError("our own mistake")
        respond(turns, request, event_id)

    monkeypatch.setattr(Turns, "respond", broken)
    async with (
        SimulatorServer(configure(speed=0)) as server,
        session(server) as other,
        session(server) as connection,
    ):
        await connection.send(json.dumps({"type": "response.create", "event_id": "break"}))
        assert await end_of(connection) == 1011
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello!"}]}
        await other.send(json.dumps({"type": "conversation.item.create", "item": item}))
        await other.send(CREATE)
        while json.loads(await other.recv())["type"] != "response.done":
            pass

    (record,) = (record for record in caplog.records if record.levelno >= logging.ERROR)
    assert record.getMessage() == "session 2: failed"


async def test_client_that_stops_reading_holds_up_neither_others_nor_the_end():
    async with SimulatorServer(STORY) as server, session(server, max_queue=1) as deaf:
        await deaf.send(CREATE)
        deaf.transport.pause_reading()
        async with session(server) as other:
            await other.send(CREATE)
            while json.loads(await other.recv())["type"] != "response.done":
                pass
        story, heard = len(server.sessions[1].sent), len(server.sessions[0].sent)
        await server.aclose()
        deaf.transport.abort()

    assert heard < story
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_connection_that_asks_nothing_leaves_no_task():
    async with SimulatorServer() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        await server.aclose()
        assert await reader.read() == b""
        writer.close()

    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_key_among_the_subprotocols_is_not_logged(caplog):
    caplog.set_level(logging.DEBUG)
    protocols = [f"openai-insecure-api-key.{KEY}"]
    async with (
        SimulatorServer() as server,
        connect(f"{server.websocket_url}?model=m", subprotocols=protocols) as connection,
    ):
        await connection.recv()

    assert "session 1: opened, model m" in caplog.text
    assert not any(KEY in r.getMessage() for r in caplog.records if not r.name.startswith("websockets"))


async def test_ipv6_loopback_is_served():
    server = SimulatorServer(host="::1")
    try:
        await server.start()
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    try:
        async with session(server) as connection:
            assert json.loads(await connection.recv())["type"] == "session.created"
    finally:
        await server.aclose()


async def until_writing_is_paused(server):
    (socket,) = server._door._open
    transport = socket._request.transport
    _, high = transport.get_write_buffer_limits()
    async with asyncio.timeout(20):
        while transport.get_write_buffer_size() <= high:  # noqa: ASYNC110  # it tells nobody
            await asyncio.sleep(0.01)


async def until_all_are_over(server):
    async with asyncio.timeout(20):
        while server._door._open:  # noqa: ASYNC110  # it tells nobody
            await asyncio.sleep(0.01)


async def test_client_that_reads_on_after_a_pause_gets_everything():
    async with SimulatorServer(STORY) as server, session(server, max_queue=1) as client:
        client.transport.pause_reading()
        await client.send(CREATE)
        await until_writing_is_paused(server)

        client.transport.resume_reading()
        frames = []
        while not frames or frames[-1]["type"] != "response.done":
            frames.append(json.loads(await client.recv()))

        assert frames == server.sessions[0].sent


@pytest.mark.parametrize(
    ("how", "max_session_s"),
    [(lambda s: s.drop(), 60), (lambda s: s.close(1013, "later"), 60), (lambda s: s, 0.5)],
    ids=["drop", "close", "expiry"],
)
async def test_end_reaches_a_client_that_does_not_read(how, max_session_s):
    options = attrs.evolve(STORY, max_session_s=max_session_s)
    async with SimulatorServer(options) as server, session(server, max_queue=1) as deaf:
        deaf.transport.pause_reading()
        await deaf.send(CREATE)
        (watched,) = server.sessions
        await until_writing_is_paused(server)

        how(watched)

        await until_all_are_over(server)
        assert watched.ended_by == "server"
        deaf.transport.abort()


async def test_client_that_goes_while_it_is_not_heard_is_missed():
    async with SimulatorServer() as server, session(server, max_queue=1) as deaf:
        deaf.transport.pause_reading()
        link = []
        feed = Link.feed

        def fed(self, text):
            link.append(self)
            feed(self, text)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Link, "feed", fed)
            flooding = asyncio.ensure_future(for_ever(deaf.send, json.dumps({"type": "x" * 30_000})))
            async with asyncio.timeout(20):
                while not link or not link[0]._engine.is_full:  # noqa: ASYNC110  # it tells nobody
                    await asyncio.sleep(0.01)
        deaf.transport.abort()
        await until_all_are_over(server)
        await asyncio.wait([flooding])
        assert flooding.exception()


async def test_flood_of_one_session_leaves_room_for_others(monkeypatch):
    """Between any two of its frames everybody else has a turn."""
    turns = 0
    fed = []
    feed = Link.feed

    def counted(link, text):
        fed.append(turns)
        feed(link, text)

    async def other():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    monkeypatch.setattr(Link, "feed", counted)
    clear = json.dumps({"type": "input_audio_buffer.clear"})
    async with SimulatorServer() as server, session(server) as connection:
        running = asyncio.ensure_future(other())
        for _ in range(300):
            await connection.send(clear)
        heard = 0
        while heard < 300:
            heard += json.loads(await connection.recv())["type"] == "input_audio_buffer.cleared"
        running.cancel()

    assert len(set(fed)) == len(fed) == 300


async def test_client_that_does_not_answer_the_close_is_cut_off(monkeypatch):
    aborted = []
    abort = WebSocket._abort
    monkeypatch.setattr(WebSocket, "_abort", lambda socket, last: aborted.append(abort(socket, last)))
    async with SimulatorServer() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(
            b"GET /v1/realtime?model=m HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OTAxMjM0NQ==\r\n"
            b"Authorization: Bearer x\r\n\r\n"
        )
        await reader.readuntil(b"session.created")
        (watched,) = server.sessions

        watched.close(1013)

        # it reads all, and says nothing
        await reader.read()
        await until_all_are_over(server)
        writer.close()

    assert len(aborted) == 1


async def test_server_that_closes_has_ended_its_sessions():
    async with SimulatorServer(STORY) as server, session(server) as one, session(server, max_queue=1) as deaf:
        await one.recv()
        deaf.transport.pause_reading()
        await deaf.send(CREATE)
        await server.sessions[1].expect_sent("response.output_audio.delta")

        await server.aclose()

        assert await end_of(one) == 1001
        assert [session.ended_by for session in server.sessions] == ["server", "server"]
        deaf.transport.abort()
