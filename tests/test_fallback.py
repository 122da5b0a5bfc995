"""A service that does not open a session, in each way that one can fail, and another that does."""

from typing import Any

import pytest
from realtime_core import (
    AuthenticationFailed,
    ConnectionFailed,
    ConnectionLost,
    ProviderError,
    RateLimited,
    RealtimeError,
    create_client,
)

pytestmark = pytest.mark.usefixtures("no_leaks")

SHORT_S = 0.5
"""Enough to see that nothing comes."""


async def talk(server: Any, *, timeout_s: float = 10.0, **setting: Any) -> Any:
    """A turn with the one that opens; gives the session."""
    other = create_client("simulator", speed=0, script=["Good evening!"])
    client = create_client(
        "openai-ws", base_url=server.base_url, api_key="any", timeout_s=timeout_s, fallbacks=[other]
    )
    async with client(output_modalities=["text"], **setting) as session:
        response = await session.send_text("Good evening!", respond=True)
        await response
        assert response.text == "Good evening!"
    return session


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, AuthenticationFailed), (403, AuthenticationFailed), (429, RateLimited), (503, ConnectionFailed)],
)
async def test_one_that_refuses_is_replaced(status: int, error: type[RealtimeError], realtime_simulator):
    async with realtime_simulator() as server:
        server.reception.refuse(status=status)
        session = await talk(server)

    (attempt,) = session.failed_attempts
    assert (session.provider, attempt.provider, type(attempt.error)) == ("simulator", "openai-ws", error)


@pytest.mark.parametrize(
    ("fault", "error"),
    [("close:1011@1", ConnectionLost), ("abort@2", ConnectionLost), ("close:1001@2", ConnectionLost)],
)
async def test_one_that_hangs_up_is_replaced(fault: str, error: type[RealtimeError], realtime_simulator):
    async with realtime_simulator(faults=fault) as server:
        session = await talk(server)

    assert (session.provider, [type(one.error) for one in session.failed_attempts]) == ("simulator", [error])


@pytest.mark.parametrize("fault", ["stall@1", "stall@2"])
async def test_one_that_stays_silent_is_replaced(fault: str, realtime_simulator):
    async with realtime_simulator(faults=fault) as server:
        session = await talk(server, timeout_s=SHORT_S)

    assert session.provider == "simulator"


async def test_one_that_is_gone_is_replaced(realtime_simulator):
    async with realtime_simulator() as server:
        pass
    session = await talk(server)

    assert session.provider == "simulator"


async def test_one_that_works_is_kept(realtime_simulator):
    async with realtime_simulator(script=["Good evening!"]) as server:
        session = await talk(server)

    assert (session.provider, session.failed_attempts) == ("openai-ws", ())


async def test_what_the_service_refuses_the_caller_is_told_and_not_tried_elsewhere(realtime_simulator):
    async with realtime_simulator() as server:
        with pytest.raises(ProviderError, match="nonsense") as caught:
            await talk(server, include=["nonsense"])

        assert not caught.value.retryable
        assert len(server.sessions) == 1
