import asyncio
import json
from contextlib import asynccontextmanager

import pytest
from openai import AsyncOpenAI
from realtime_simulator.brain import Say
from realtime_simulator.options import configure
from realtime_simulator.server import SimulatorServer
from realtime_simulator.wire_audio import encode_base64
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

KEY = "sk-proj-abcdefghijklmnopqrstuvwxyz"
BEARER = {"Authorization": f"Bearer {KEY}"}


@pytest.fixture
async def server():
    async with SimulatorServer(configure(speed=0, transcripts=["good day"])) as server:
        yield server


@asynccontextmanager
async def session(server, query="?model=gpt-realtime", headers=BEARER, **options):
    async with connect(
        f"{server.websocket_url}{query}",
        additional_headers=headers,
        compression=None,
        ping_interval=None,
        **options,
    ) as connection:
        yield connection


async def hear(connection):
    return json.loads(await connection.recv())


async def say(connection, kind, **payload):
    await connection.send(json.dumps({"type": kind, **payload}))


async def refusal(server, **options):
    with pytest.raises(InvalidStatus) as caught:
        async with session(server, **options):
            pass
    response = caught.value.response
    return response.status_code, response.headers["Content-Type"], json.loads(response.body)["error"]


async def test_session_created_is_first(server):
    async with session(server) as connection:
        created = await hear(connection)

    assert created["type"] == "session.created"
    assert created["session"]["model"] == "gpt-realtime"


async def test_sessions_are_apart(server):
    async with session(server) as one, session(server) as two:
        ids = {(await hear(connection))["session"]["id"] for connection in (one, two)}
        await say(one, "input_audio_buffer.clear")
        assert (await hear(one))["type"] == "input_audio_buffer.cleared"

    assert len(ids) == 2
    assert [len(session.received) for session in server.sessions] == [1, 0]


async def test_sessions_have_the_frames_of_each_session(server):
    async with session(server) as connection:
        created = await hear(connection)
        await say(connection, "input_audio_buffer.clear")
        cleared = await hear(connection)

    (watched,) = server.sessions
    assert (watched.model, watched.received) == ("gpt-realtime", [{"type": "input_audio_buffer.clear"}])
    assert watched.sent == [created, cleared]


async def test_watching_can_be_left_out():
    async with SimulatorServer(watch=False) as server, session(server) as connection:
        await hear(connection)

        assert server.sessions == []


async def test_binary_frame_is_answered_with_an_error(server):
    async with session(server) as connection:
        await hear(connection)
        await connection.send(b"\x00\xff")

        assert (await hear(connection))["error"]["code"] == "invalid_event"


async def test_key_may_come_as_subprotocol(server):
    protocols = ["realtime", f"openai-insecure-api-key.{KEY}"]
    async with session(server, headers={}, subprotocols=protocols) as connection:
        assert connection.subprotocol == "realtime"
        assert (await hear(connection))["type"] == "session.created"


async def test_client_without_subprotocols_gets_none(server):
    async with session(server) as connection:
        assert connection.subprotocol is None


async def test_client_that_offers_only_its_key_gets_no_subprotocol(server):
    async with session(server, headers={}, subprotocols=[f"openai-insecure-api-key.{KEY}"]) as connection:
        assert connection.subprotocol is None


async def test_missing_key_is_401_in_the_shape_of_the_service(server):
    status, content_type, error = await refusal(server, headers={})

    assert (status, content_type) == (401, "application/json")
    assert set(error) == {"message", "type", "param", "code"}


async def test_wrong_key_is_401_and_not_shown():
    async with SimulatorServer(api_key="sk-the-right-one") as server:
        status, _, error = await refusal(server)

    assert (status, error["code"]) == (401, "invalid_api_key")
    assert KEY not in error["message"]


async def test_right_key_comes_in():
    async with SimulatorServer(api_key=KEY) as server, session(server) as connection:
        assert (await hear(connection))["type"] == "session.created"


async def test_other_paths_are_404(server):
    status, _, error = await refusal(server, query="/other?model=x")

    assert (status, error["type"]) == (404, "invalid_request_error")


async def test_session_needs_a_model(server):
    status, _, error = await refusal(server, query="")

    assert (status, error["code"]) == (400, "missing_model")


async def test_beta_header_opens_then_closes_with_4000(server):
    async with session(server, headers={**BEARER, "OpenAI-Beta": "realtime=v1"}) as connection:
        error = await hear(connection)
        with pytest.raises(ConnectionClosed) as caught:
            await connection.recv()

    assert error["error"]["code"] == "beta_api_shape_disabled"
    assert caught.value.rcvd.code == 4000
    assert caught.value.rcvd.reason == "invalid_request_error.beta_api_shape_disabled"


async def test_append_of_15_mib_is_taken(server):
    async with session(server, max_size=None) as connection:
        await hear(connection)
        await say(
            connection,
            "session.update",
            session={"type": "realtime", "audio": {"input": {"turn_detection": None}}},
        )
        await hear(connection)
        await say(connection, "input_audio_buffer.append", audio=encode_base64(bytes(15 * 1024 * 1024)))
        await say(connection, "input_audio_buffer.commit")

        assert (await hear(connection))["type"] == "input_audio_buffer.committed"


async def test_cancel_is_heard_while_audio_is_sent():
    options = configure(speed=0, brain=lambda _: Say("a very long story " * 100))
    async with SimulatorServer(options) as server, session(server) as connection:
        await say(connection, "response.create")
        while (await hear(connection))["type"] != "response.output_audio.delta":
            pass
        await say(connection, "response.cancel")
        while (frame := await hear(connection))["type"] != "response.done":
            pass

    assert frame["response"]["status"] == "cancelled"


async def test_close_ends_sessions_and_leaves_no_task():
    async with SimulatorServer() as server, session(server) as connection:
        await hear(connection)
        await server.aclose()
        with pytest.raises(ConnectionClosed) as caught:
            await connection.recv()

    assert caught.value.rcvd.code == 1001
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_goodbye_of_a_client_is_heard_when_the_server_closes():
    async with SimulatorServer() as server, session(server) as connection:
        await hear(connection)
        (socket,) = server._door._open

        await server.aclose()

        # 1006 if nothing was heard
        assert socket.response.close_code == 1001


async def test_client_that_goes_leaves_no_task():
    async with SimulatorServer() as server, session(server) as connection:
        await hear(connection)
        await say(connection, "response.create")

    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_client_that_hangs_up_in_the_middle_leaves_no_task():
    options = configure(speed=0, brain=lambda _: Say("a very long story " * 100))
    async with SimulatorServer(options) as server, session(server) as connection:
        await say(connection, "response.create")
        await hear(connection)
        connection.transport.abort()

    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_server_that_never_started_closes():
    await SimulatorServer().aclose()


async def test_busy_port_is_an_os_error(server):
    with pytest.raises(OSError, match="address already in use"):
        await SimulatorServer(port=server.port).start()


async def test_ipv6_loopback_has_a_url():
    server = SimulatorServer(host="::1", port=7)

    assert server.base_url == "http://[::1]:7/v1"
    assert server.websocket_url == "ws://[::1]:7/v1/realtime"
    assert server.azure_endpoint == "http://[::1]:7"


def test_server_that_has_not_started_has_no_url():
    with pytest.raises(RuntimeError, match="async with"):
        _ = SimulatorServer().websocket_url


@pytest.fixture
async def conversation(server):
    """A session by the client of the ``openai`` package."""
    async with (
        AsyncOpenAI(api_key=KEY, base_url=server.base_url) as client,
        client.realtime.connect(model="gpt-realtime-2.1") as connection,
    ):
        assert (await connection.recv()).type == "session.created"
        yield connection


async def transcript_of_reply(connection):
    said = ""
    async for event in connection:
        if event.type == "response.output_audio_transcript.delta":
            said += event.delta
        elif event.type == "response.done":
            assert event.response.status == "completed"
            return said
    raise AssertionError("the session ended")


async def test_openai_client_holds_a_text_turn(conversation):
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "good evening"}]}

    await conversation.conversation.item.create(item=item)
    await conversation.response.create()

    assert await transcript_of_reply(conversation) == "You said: good evening"


async def test_openai_client_holds_a_manual_audio_turn(conversation, speech):
    await conversation.session.update(
        session={"type": "realtime", "audio": {"input": {"turn_detection": None}}}
    )
    await conversation.input_audio_buffer.append(audio=encode_base64(speech(1000)))
    await conversation.input_audio_buffer.commit()
    await conversation.response.create()

    assert await transcript_of_reply(conversation) == "You said: good day"


async def test_openai_client_holds_a_vad_turn(conversation, speech, silence):
    for chunk in (silence(500), speech(1000), silence(1000)):
        await conversation.input_audio_buffer.append(audio=encode_base64(chunk))

    assert await transcript_of_reply(conversation) == "You said: good day"


async def test_server_starts_once(server):
    with pytest.raises(RuntimeError, match="started already"):
        await server.start()


async def test_application_that_fails_beside_the_server_fails_the_test():
    async def application():
        raise KeyError("city")

    with pytest.raises(KeyError):
        async with SimulatorServer(configure(speed=0)) as server, server.running(application()):
            await server.session()
