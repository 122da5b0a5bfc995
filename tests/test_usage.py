"""What a session counts and bounds: against the tokens in real traffic, and over a real WebSocket."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from events_table import RECORDINGS
from realtime_core import (
    Budget,
    ConnectionLost,
    LostReason,
    Prices,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeFunctionResultEvent,
    RealtimeResponseEvent,
    RealtimeSession,
    RealtimeSessionEvent,
    SessionStateError,
    Usage,
    create_client,
)
from realtime_core.clock import VirtualClock, use_clock
from realtime_core.engine.metering import Meter
from realtime_core.usage import add_usage
from realtime_openai_wire import OpenAIRealtimeCodec

FILES = sorted(RECORDINGS.glob("*/*.jsonl"))
recorded = pytest.mark.skipif(not FILES, reason=f"no recordings at {RECORDINGS}")
over_a_socket = pytest.mark.usefixtures("no_leaks")

PRICES = Prices(input_text=4, input_audio=32, cached_text=0.4, output_text=16, output_audio=64)


# -- real traffic --------------------------------------------------------------------------------


def metered(frames: list[dict[str, Any]]) -> Any:
    meter, codec = Meter(VirtualClock()), OpenAIRealtimeCodec()
    for frame in frames:
        for event in codec.decode(json.dumps(frame)):
            meter.take(event)
    return meter.usage


def frames_in(file: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    return [line["event"] for line in lines if line["dir"] == "in"]


@recorded
@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_tokens_of_a_recorded_session_are_those_that_its_responses_tell(file: Path):
    frames = frames_in(file)
    ended = {
        frame["response"]["id"]: frame["response"] for frame in frames if frame["type"] == "response.done"
    }
    told = [response["usage"] for response in ended.values() if response.get("usage")]

    usage = metered(frames)

    assert usage.responses == len(ended)
    assert usage.unreported_responses == len(ended) - len(told)
    assert usage.tokens.total_tokens == sum(row["total_tokens"] for row in told)
    assert usage.tokens.input_tokens + usage.tokens.output_tokens == usage.tokens.total_tokens
    into = [row["input_token_details"] for row in told]
    assert usage.tokens.cached_tokens == sum(row["cached_tokens"] for row in into)
    assert usage.tokens.input_audio_tokens == sum(row["audio_tokens"] for row in into)
    assert usage.tokens.cached_tokens <= usage.tokens.input_tokens


@recorded
def test_the_recordings_hold_cached_and_audio_tokens():
    usage = metered([frame for file in FILES for frame in frames_in(file)])

    assert min(usage.tokens.cached_tokens, usage.tokens.input_audio_tokens) > 0


# -- over a socket -------------------------------------------------------------------------------


def client(server: Any, **kwargs: Any) -> Any:
    return create_client("openai-ws", api_key="sk-test", base_url=server.base_url, **kwargs)


async def turn(session: RealtimeSession, text: str = "Hello!") -> list[RealtimeEvent]:
    """Say something; the events up to the end of the answer."""
    events = []
    await session.send_text(text, respond=True)
    async for event in session.receive():
        events.append(event)
        if isinstance(event, RealtimeResponseEvent) and event.phase == "done":
            break
    return events


def done(events: list[RealtimeEvent]) -> RealtimeResponseEvent:
    assert isinstance(events[-1], RealtimeResponseEvent)
    return events[-1]


def codes(events: list[RealtimeEvent]) -> list[str | None]:
    return [event.code for event in events if isinstance(event, RealtimeErrorEvent)]


@over_a_socket
async def test_usage_of_a_session_is_the_sum_of_its_responses(realtime_simulator: Any):
    async with realtime_simulator(speed=0) as server, client(server)() as session:
        told = [done(await turn(session)).usage or Usage() for _ in range(3)]

        assert session.usage.responses == 3
        assert session.usage.tokens == add_usage(told)
        assert session.usage.tokens.total_tokens > 0
        assert session.usage.cost is None


@over_a_socket
async def test_an_end_tells_the_time_to_first_audio(realtime_simulator: Any):
    async with realtime_simulator(speed=0) as server, client(server)() as session:
        first_ms = done(await turn(session)).first_audio_ms

        assert first_ms is not None
        assert session.usage.first_audio.last_ms == first_ms
        assert session.usage.first_audio.count == 1


@over_a_socket
async def test_usage_can_be_read_when_the_session_has_ended(realtime_simulator: Any):
    async with realtime_simulator(speed=0) as server, client(server)() as session:
        await turn(session)

    assert session.usage.responses == 1
    assert session.usage.duration_s > 0


@over_a_socket
async def test_prices_make_a_cost(realtime_simulator: Any):
    async with (
        realtime_simulator(speed=0) as server,
        client(server, budget=Budget(prices=PRICES))() as session,
    ):
        told = done(await turn(session)).usage

        assert told is not None
        assert session.usage.cost == pytest.approx(PRICES.cost(told))


async def rest(session: RealtimeSession) -> tuple[list[RealtimeEvent], ConnectionLost]:
    """What comes until the session is lost, and the error that says why."""
    events: list[RealtimeEvent] = []
    with pytest.raises(ConnectionLost) as caught:
        await collect(session, events)
    await session.delete_session()
    return events, caught.value


async def collect(session: RealtimeSession, events: list[RealtimeEvent]) -> None:
    async for event in session.receive():
        events.append(event)  # noqa: PERF401  # those before the error are wanted too


@over_a_socket
async def test_a_budget_warns_then_refuses_then_ends_the_session(realtime_simulator: Any):
    clock = VirtualClock()
    async with realtime_simulator(script=["One."] * 9, speed=0) as server:
        async with client(server)() as session:
            await turn(session)
            one = session.usage.tokens.total_tokens
        with use_clock(clock):  # it stands still: what is said goes on being heard
            budget = Budget(max_tokens=2 * one, warn_at=0.4)
            session = await client(server, budget=budget).create_session()

        first, second = await turn(session), await turn(session)
        with pytest.raises(SessionStateError, match="the budget of the session is used up, max_tokens of"):
            await session.create_response()
        clock.advance(10)
        events, lost = await rest(session)

    # what an answer has used is told after its end
    assert (codes(first), codes(second)) == ([], ["budget_warning"])
    assert "max_tokens" in str(lost)
    assert (lost.reason, lost.retryable) == (LostReason.BUDGET_EXHAUSTED, False)
    assert codes(events) == ["budget_exhausted"]
    assert isinstance(events[-1], RealtimeSessionEvent)
    assert (events[-1].phase, events[-1].reason) == ("closed", "budget_exhausted")
    assert session.usage.responses == 2


@over_a_socket
async def test_what_tools_ask_for_is_refused_too(realtime_simulator: Any):
    held, clock = asyncio.Event(), VirtualClock()

    async def look_up() -> str:
        """Look it up."""
        await held.wait()
        return "found"

    script = [
        {"say": "One moment.", "call": {"name": "look_up", "arguments": {}}},
        {"result_of": "look_up", "say": "never said"},
    ]
    async with realtime_simulator(script=script, speed=0) as server:
        with use_clock(clock):
            budget = Budget(max_tokens=1)
            session = await client(server, budget=budget).create_session(tools=[look_up])
        await turn(session)
        held.set()
        called = []
        async for event in session.receive():
            called.append(event)
            if isinstance(event, RealtimeFunctionResultEvent):
                break
        clock.advance(10)
        events, _ = await rest(session)

    assert codes(called) == ["budget_exhausted"]
    assert not [event for event in events if isinstance(event, RealtimeResponseEvent)]
    assert (session.usage.responses, session.usage.tool_calls) == (1, 1)


@over_a_socket
async def test_a_session_ends_when_its_time_is_up(realtime_simulator: Any):
    clock = VirtualClock()
    async with realtime_simulator(speed=0) as server:
        with use_clock(clock):
            session = await client(server, budget=Budget(max_duration_s=600)).create_session()
        clock.advance(480)
        clock.advance(120)
        events, lost = await rest(session)

    assert codes(events) == ["budget_warning", "budget_exhausted"]
    assert "max_duration_s of 600 (600 used)" in str(lost)
    assert session.usage.duration_s == 600
    assert clock.pending == 0
