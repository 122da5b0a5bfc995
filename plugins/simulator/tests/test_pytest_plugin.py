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
