import subprocess
import sys

import pytest
from realtime_core.errors import InvalidOptions
from realtime_simulator.brain import Say
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus


async def test_fixture_gives_a_started_server(realtime_simulator):
    async with realtime_simulator() as server:
        url = f"{server.websocket_url}?model=m"
        async with connect(url, additional_headers={"Authorization": "Bearer x"}) as connection:
            assert '"session.created"' in await connection.recv()

    assert len(server.sessions) == 1


async def test_server_tells_what_its_client_sent(realtime_simulator):
    async with realtime_simulator() as server:
        url = f"{server.websocket_url}?model=m"
        async with connect(url, additional_headers={"Authorization": "Bearer x"}) as connection:
            await connection.send('{"type": "input_audio_buffer.clear", "event_id": "mine"}')

            assert (await server.expect("input_audio_buffer.clear"))["event_id"] == "mine"
            assert await server.session() is server.sessions[0]


async def test_fixture_takes_the_options(realtime_simulator):
    server = realtime_simulator(brain=lambda _: Say("Moin."), faults="stall@2", speed=0)

    assert (server.options.speed, len(server.options.faults)) == (0, 1)


async def test_fixture_takes_a_key(realtime_simulator):
    async with realtime_simulator(api_key="right") as server:
        url = f"{server.websocket_url}?model=m"
        with pytest.raises(InvalidStatus):
            await connect(url, additional_headers={"Authorization": "Bearer wrong"})


async def test_servers_have_ports_of_their_own(realtime_simulator):
    async with realtime_simulator() as one, realtime_simulator() as two:
        assert one.port != two.port


def test_wrong_option_says_what_is_right(realtime_simulator):
    with pytest.raises(InvalidOptions, match="choose from close:CODE"):
        realtime_simulator(faults="clse@1")


BODY = """
    async with realtime_simulator(script=["Hello."], speed=0) as server:
        url = f"{server.websocket_url}?model=m"
        async with connect(url, additional_headers={"Authorization": "Bearer x"}) as connection:
            await connection.send('{"type": "response.create"}')
            await server.expect("response.create")
            await server.sessions[0].expect_sent("response.done", response={"status": "completed"})
"""
WITH_ANYIO = f"""
import pytest
from websockets.asyncio.client import connect

@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.mark.anyio
async def test_app(realtime_simulator):{BODY}"""
WITH_NEITHER = f"""
import asyncio
from websockets.asyncio.client import connect

async def talk(realtime_simulator):{BODY}
def test_app(realtime_simulator):
    asyncio.run(talk(realtime_simulator))
"""


@pytest.mark.parametrize(
    ("test", "without"),
    [(WITH_ANYIO, ["asyncio"]), (WITH_NEITHER, ["asyncio", "anyio"])],
    ids=["anyio", "neither"],
)
def test_fixture_needs_no_other_plugin(tmp_path, test, without):
    (tmp_path / "test_app.py").write_text(test)
    plugins = [argument for name in ["cacheprovider", *without] for argument in ("-p", f"no:{name}")]

    done = subprocess.run(  # noqa: S603  # our own test
        [sys.executable, "-W", "error", "-m", "pytest", "-q", *plugins, "test_app.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert "1 passed" in done.stdout, done.stdout + done.stderr
