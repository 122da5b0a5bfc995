"""Never silent: DESIGN §5.1, over a real socket, with what provokes each clause."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from guarantees.talk import serving, talking
from listening import collect, ended, errors, is_done, printed, until
from realtime_core import (
    ConnectionLost,
    LostReason,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeFunctionResultEvent,
    RealtimeSession,
    RealtimeSessionEvent,
    SessionLimits,
    SessionStateError,
    ToolResult,
)
from settling import settle

pytestmark = pytest.mark.usefixtures("no_leaks")

ENDS = {
    "close:1000": LostReason.CLOSED,
    "close:1001": LostReason.EXPIRED,
    "close:1001:back soon": LostReason.GOING_AWAY,
    "close:1008": LostReason.POLICY,
    "close:1009": LostReason.FRAME_TOO_BIG,
    "close:1011": LostReason.SERVER_ERROR,
    "close:1012": LostReason.GOING_AWAY,
    "close:4000": LostReason.REJECTED,
    "abort": LostReason.DROPPED,
}
ends = pytest.mark.parametrize(("fault", "reason"), ENDS.items(), ids=ENDS.keys())

SENDS: dict[str, Callable[[RealtimeSession], Awaitable[Any]]] = {
    "send_text": lambda session: session.send_text("Hello!"),
    "send_text and respond": lambda session: session.send_text("Hello!", respond=True),
    "send_audio": lambda session: session.send_audio(bytes(960)),
    "send_image": lambda session: session.send_image(b"\x89PNG\r\n\x1a\n" + bytes(32)),
    "raw": lambda session: session.send(RealtimeEvent(service_type="response.create")),
    "result": lambda session: session.send(
        RealtimeFunctionResultEvent(function_result=ToolResult("call_1", "look", "x"))
    ),
    "commit_audio": lambda session: session.commit_audio(),
    "clear_audio": lambda session: session.clear_audio(),
    "create_response": lambda session: session.create_response(),
    "out of band": lambda session: session.create_response(conversation="none"),
    "update_session": lambda session: session.update_session(instructions="Be brief."),
    "interrupt": lambda session: session.interrupt(),
}
sends = pytest.mark.parametrize("send", SENDS.values(), ids=SENDS.keys())


@ends
async def test_end_that_nobody_asked_for_has_a_last_event_and_a_typed_reason(
    realtime_simulator: Any, fault: str, reason: LostReason
):
    events: list[Any] = []
    async with talking(realtime_simulator, faults=f"{fault}@5") as talk:
        await talk.session.send_text("Hello!", respond=True)
        with pytest.raises(ConnectionLost) as lost:
            await collect(talk.session, events)

    assert lost.value.reason is reason
    assert events[-1] == RealtimeSessionEvent(
        phase="closed", session_id=talk.session.id, reason=str(reason), code=lost.value.code
    )
    assert [event.phase for event in events if isinstance(event, RealtimeSessionEvent)][-2:] == [
        "updated",
        "closed",
    ]


async def talk_until_it_ends(realtime_simulator: Any, fault: str, *, raises: Exception | None = None) -> None:
    """A session that nobody reads, left when the service has ended it."""
    async with talking(realtime_simulator, faults=f"{fault}@3") as talk:
        await talk.session.send_text("Hello!")
        await talk.session.wait_closed()
        if raises is not None:
            raise raises


@ends
async def test_end_that_nobody_iterates_is_raised_where_the_session_is_left(
    realtime_simulator: Any, fault: str, reason: LostReason
):
    with pytest.raises(ConnectionLost) as lost:
        await talk_until_it_ends(realtime_simulator, fault)

    assert lost.value.reason is reason


async def test_end_does_not_hide_what_the_block_raises(realtime_simulator: Any):
    with pytest.raises(ZeroDivisionError):
        await talk_until_it_ends(realtime_simulator, "close:1000", raises=ZeroDivisionError())


async def test_end_that_we_asked_for_is_the_only_quiet_one(realtime_simulator: Any):
    async with talking(realtime_simulator) as talk:
        await talk.session.send_text("Hello!", respond=True)
        await until(talk.session, is_done)
        (closed,) = await ended(talk.session)

    assert (closed.phase, closed.reason, closed.code) == ("closed", "deleted", None)


async def test_sixty_minute_limit_is_an_end_with_its_reason(realtime_simulator: Any):
    # a row of PAINS: the cap looks like a normal end
    events: list[Any] = []
    async with talking(realtime_simulator) as talk:
        talk.service_clock.advance(3_600)
        with pytest.raises(ConnectionLost) as lost:
            await collect(talk.session, events)

    assert lost.value.reason is LostReason.EXPIRED
    assert events[-1].phase == "closed"


# -- sending -----------------------------------------------------------------------------------------------


@sends
async def test_sending_before_the_session_is_open_raises_at_once(realtime_simulator: Any, send: Any):
    async with serving(realtime_simulator) as (client, server, _):
        with pytest.raises(SessionStateError, match="not open"):
            await send(client())

        assert server.sessions == []


@sends
@pytest.mark.parametrize("end", ["deleted", "dropped"])
async def test_sending_after_its_end_raises_at_once_and_says_why(
    realtime_simulator: Any, send: Any, end: str
):
    async with talking(realtime_simulator) as talk:
        if end == "deleted":
            await talk.session.delete_session()
        else:
            talk.service.drop()
            await talk.session.wait_closed()

        with pytest.raises(SessionStateError, match=rf"has ended \({end}\)") as error:
            await send(talk.session)

        if end == "dropped":
            assert isinstance(error.value.__cause__, ConnectionLost)
            with pytest.raises(ConnectionLost):
                await until(talk.session, lambda _: False)


@sends
async def test_sending_while_the_connection_goes_is_accepted_or_raises(realtime_simulator: Any, send: Any):
    async with talking(realtime_simulator) as talk:
        outcomes: list[str] = []

        async def go_on() -> None:
            while True:
                try:
                    await send(talk.session)
                    outcomes.append("accepted")
                except (ConnectionLost, SessionStateError) as error:
                    outcomes.append(type(error).__name__)
                    if isinstance(error, SessionStateError):
                        return
                except Exception as error:  # noqa: BLE001  # the service refused it, and said so
                    outcomes.append(type(error).__name__)
                await asyncio.sleep(0)

        sending = asyncio.create_task(go_on())
        await settle_some()
        talk.service.drop()
        await sending
        with pytest.raises(ConnectionLost):
            await until(talk.session, lambda _: False)

    assert outcomes[-1] == "SessionStateError"


async def settle_some() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


# -- events ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["garbage", "unknown-event"])
@pytest.mark.parametrize("number", [3, 6, 9, 12])
async def test_frame_that_cannot_be_understood_is_told_and_survived(
    realtime_simulator: Any, fault: str, number: int
):
    async with talking(realtime_simulator, faults=f"{fault}@{number}") as talk:
        handle = await talk.session.send_text("Hello!", respond=True)
        await handle
        events = await ended(talk.session)

    assert printed(events) == "Yes."
    if fault == "garbage":
        assert [event.code for event in errors(events)] == ["malformed_frame"]
    else:
        (unknown,) = [event for event in events if event.service_type == "simulator.unknown"]
        assert type(unknown) is RealtimeEvent


async def test_every_frame_is_an_event_in_the_order_of_the_wire(realtime_simulator: Any):
    async with talking(realtime_simulator) as talk:
        for text in ("Hello!", "And now?"):
            handle = await talk.session.send_text(text, respond=True)
            await handle
        await settle()
        events = await ended(talk.session)

    told = [id(event.service_event) for event in events if event.service_event is not None]
    types = [event.service_event["event_id"] for event in events if event.service_event is not None]
    assert list(dict.fromkeys(types)) == [frame["event_id"] for frame in talk.service.sent]
    assert len(set(told)) == len(talk.service.sent)


async def test_harmless_error_ends_nothing(realtime_simulator: Any):
    # a row of PAINS: a harmless server error is treated as fatal
    async with talking(realtime_simulator) as talk:
        for code in ("never_heard_of", "response_cancel_not_active", "rate_limit_exceeded"):
            talk.service.send("error", error={"type": "invalid_request_error", "code": code, "message": "x"})
        handle = await talk.session.send_text("Hello!", respond=True)

        assert (await handle).status == "completed"
        assert [error.fatal for error in errors(await ended(talk.session))] == [False] * 3


async def test_what_leaves_a_full_queue_is_told_in_its_place(realtime_simulator: Any):
    said = " ".join(["word"] * 400)
    limits = {"limits": SessionLimits(queue_bytes=200_000)}
    async with talking(realtime_simulator, client=limits, script=[{"otherwise": True, "say": said}]) as talk:
        handle = await talk.session.create_response()
        await handle
        stats = talk.session.stats
        events = await ended(talk.session)

    lost = [event for event in events if isinstance(event, RealtimeErrorEvent) and event.kind == "overflow"]
    assert stats.dropped_events == sum(event.lost_events for event in lost) > 0
    assert stats.queued_bytes <= 200_000
    assert events.index(lost[0]) < max(n for n, event in enumerate(events) if is_done(event))
    assert sum(event.lost_audio_ms for event in lost) == stats.dropped_audio_ms > 0


async def test_consumer_that_never_reads_what_may_not_be_dropped_ends_the_session(realtime_simulator: Any):
    limits = {"limits": SessionLimits(queue_bytes=20_000)}
    async with talking(realtime_simulator, client=limits) as talk:
        for number in range(200):
            error = {"type": "invalid_request_error", "code": f"error_{number}", "message": "x" * 100}
            talk.service.send("error", error=error)
        await talk.session.wait_closed()
        events: list[Any] = []
        with pytest.raises(ConnectionLost) as lost:
            await collect(talk.session, events)

    assert lost.value.reason is LostReason.CONSUMER_STUCK
    assert "iterate receive()" in str(lost.value)
    assert (events[-1].phase, events[-1].reason) == ("closed", "consumer_stuck")
    assert [event.code for event in errors(events)] == [f"error_{n}" for n in range(len(errors(events)))]
