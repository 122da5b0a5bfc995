"""``acme-ws`` at the simulator, which plays Acme."""

import asyncio

import pytest
from realtime_core import (
    AuthenticationFailed,
    UnsupportedSetting,
    create_client,
)
from realtime_simulator import SimulatorServer

KEY = "a-key-for-tests"


async def answer(server: SimulatorServer, api_key: str) -> str | None:
    """How a response of a session there ended."""
    acme = create_client("acme-ws", base_url=server.base_url, api_key=api_key)
    async with acme(instructions="Be brief.") as session:
        done = await (await session.create_response())
        return done.status


def test_it_answers_who_has_the_key() -> None:
    async def run() -> None:
        async with SimulatorServer(api_key=KEY) as server:
            assert await answer(server, KEY) == "completed"
            with pytest.raises(AuthenticationFailed, match="ACME_API_KEY"):
                await answer(server, "another")

    asyncio.run(run())


def test_settings_that_are_openais_own_are_refused() -> None:
    acme = create_client("acme-ws", api_key=KEY)

    with pytest.raises(UnsupportedSetting, match="tracing"):
        acme(tracing="auto")
