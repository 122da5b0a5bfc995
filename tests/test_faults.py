"""A service that fails, at every frame of a conversation: a typed reason, and nothing left behind."""

from typing import Any

import pytest
from parity.providers import NAMES
from parity.talk import serving
from realtime_core import (
    ConnectionFailed,
    ConnectionLost,
    FailedReason,
    LostReason,
    RealtimeErrorEvent,
    RealtimeResponseEvent,
    RealtimeSessionEvent,
    RealtimeTextEvent,
)
from realtime_core.registry import load_provider

# created, updated, two for the item, the response with its audio, and a few beyond its end
FRAMES = range(1, 19)

UNPACED = [name for name in NAMES if not load_provider(name).capabilities.paced]
"""On a track a session dies more slowly: `parity.test_sessions` has that."""

pytestmark = [pytest.mark.usefixtures("no_leaks"), pytest.mark.parametrize("provider", UNPACED)]


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
    provider: str, fault: str, reason: LostReason, number: int
):
    events: list[Any] = []

    async with serving(provider, faults=f"{fault}@{number}") as service:
        with pytest.raises(ConnectionLost) as lost:
            await converse(service.client, events)

    assert lost.value.reason is reason


@pytest.mark.parametrize("number", [1, 2])
async def test_service_that_accepts_and_stays_silent_is_left_in_time(provider: str, number: int):
    async with serving(provider, faults=f"stall@{number}", client={"timeout_s": 0.2}) as service:
        with pytest.raises(ConnectionFailed) as failed:
            await converse(service.client, [])

    assert failed.value.reason is FailedReason.TIMEOUT


@pytest.mark.parametrize("number", [3, 7, 11])
async def test_service_that_goes_silent_in_a_conversation_can_be_left(provider: str, number: int):
    async with serving(provider, faults=f"stall@{number}") as service, service.client() as session:
        await session.send_text("Hello!", respond=True)
        stream = session.receive()
        first = await anext(stream)

    assert isinstance(first, RealtimeSessionEvent)


@pytest.mark.parametrize("number", FRAMES)
@pytest.mark.parametrize("fault", ["unknown-event", "late-delta", "null-event-id", "slow:1"])
async def test_oddity_at_any_frame_ends_nothing(provider: str, fault: str, number: int):
    events: list[Any] = []

    async with serving(provider, faults=f"{fault}@{number}") as service:
        await converse(service.client, events)

    said = "".join(event.text.text for event in events if isinstance(event, RealtimeTextEvent))
    assert said == "You said: Hello!" * 2


@pytest.mark.parametrize("number", FRAMES)
async def test_garbage_at_any_frame_is_reported_and_survived(provider: str, number: int):
    events: list[Any] = []

    async with serving(provider, faults=f"garbage@{number}") as service:
        await converse(service.client, events)

    codes = [event.code for event in events if isinstance(event, RealtimeErrorEvent)]
    assert codes == ["malformed_frame"]
