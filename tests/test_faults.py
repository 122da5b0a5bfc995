"""A service that fails, at every frame of a conversation: a typed reason, and nothing left behind."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from realtime_core import (
    ConnectionFailed,
    ConnectionLost,
    FailedReason,
    LostReason,
    RealtimeErrorEvent,
    RealtimeResponseEvent,
    RealtimeSessionEvent,
    RealtimeTextEvent,
    create_client,
)

pytestmark = pytest.mark.usefixtures("no_leaks")

# created, updated, two for the item, the response with its audio, and a few beyond its end
FRAMES = range(1, 19)

Opens = Callable[..., Any]


@pytest.fixture(params=["simulator", "openai-ws"])
def open_client(request: pytest.FixtureRequest, realtime_simulator: Any) -> Opens:
    """A client of that provider, whose service fails as asked."""

    @asynccontextmanager
    async def opening(faults: str, timeout_s: float = 5.0) -> AsyncIterator[Any]:
        if request.param == "simulator":
            yield create_client("simulator", faults=faults, speed=0, timeout_s=timeout_s)
            return
        async with realtime_simulator(faults=faults, speed=0) as server:
            yield create_client("openai-ws", api_key="x", base_url=server.base_url, timeout_s=timeout_s)

    return opening


async def converse(client: Any, events: list[Any]) -> None:
    """Two turns of text."""
    async with client() as session:
        for _ in range(2):
            await session.send_text("Hello!", respond=True)
            async for event in session.receive():
                events.append(event)
                if isinstance(event, RealtimeResponseEvent) and event.phase == "done":
                    break


@pytest.mark.parametrize("number", FRAMES)
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("close:1000", LostReason.CLOSED),
        ("close:1001", LostReason.EXPIRED),
        ("close:1011", LostReason.SERVER_ERROR),
        ("abort", LostReason.DROPPED),
    ],
)
async def test_service_that_dies_at_any_frame_gives_a_typed_reason(
    open_client: Opens, fault: str, reason: LostReason, number: int
):
    events: list[Any] = []

    async with open_client(f"{fault}@{number}") as client:
        with pytest.raises(ConnectionLost) as lost:
            await converse(client, events)

    assert lost.value.reason is reason


@pytest.mark.parametrize("number", [1, 2])
async def test_service_that_accepts_and_stays_silent_is_left_in_time(open_client: Opens, number: int):
    async with open_client(f"stall@{number}", timeout_s=0.2) as client:
        with pytest.raises(ConnectionFailed) as failed:
            await converse(client, [])

    assert failed.value.reason is FailedReason.TIMEOUT


@pytest.mark.parametrize("number", [3, 7, 11])
async def test_service_that_goes_silent_in_a_conversation_can_be_left(open_client: Opens, number: int):
    async with open_client(f"stall@{number}") as client, client() as session:
        await session.send_text("Hello!", respond=True)
        stream = session.receive()
        first = await anext(stream)

    assert isinstance(first, RealtimeSessionEvent)


@pytest.mark.parametrize("number", FRAMES)
@pytest.mark.parametrize("fault", ["unknown-event", "late-delta", "null-event-id", "slow:1"])
async def test_oddity_at_any_frame_ends_nothing(open_client: Opens, fault: str, number: int):
    events: list[Any] = []

    async with open_client(f"{fault}@{number}") as client:
        await converse(client, events)

    said = "".join(event.text.text for event in events if isinstance(event, RealtimeTextEvent))
    assert said == "You said: Hello!" * 2


@pytest.mark.parametrize("number", FRAMES)
async def test_garbage_at_any_frame_is_reported_and_survived(open_client: Opens, number: int):
    events: list[Any] = []

    async with open_client(f"garbage@{number}") as client:
        await converse(client, events)

    codes = [event.code for event in events if isinstance(event, RealtimeErrorEvent)]
    assert codes == ["malformed_frame"]
