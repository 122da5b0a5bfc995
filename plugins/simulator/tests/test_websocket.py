"""How a WebSocket session ends, whatever its client does meanwhile."""

import asyncio
import json
import logging

import pytest
from aiohttp import WebSocketError
from realtime_simulator.brain import Say
from realtime_simulator.options import configure
from realtime_simulator.server import SimulatorServer
from realtime_simulator.turns import Turns
from realtime_simulator.websocket import MAX_FRAME_BYTES, ending
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
