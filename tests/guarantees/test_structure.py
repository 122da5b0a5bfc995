"""Structured: DESIGN §5.8. Cancelled, deleted or dropped at any await: no hang, no leak, one reason."""

import asyncio
import itertools
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from guarantees.stepping import AtStep, cancel
from guarantees.talk import ANY, HELD, Talk, serving, talking
from listening import collect, until
from realtime_core import (
    ConnectionLost,
    Message,
    RealtimeApprovalEvent,
    RealtimeError,
    RealtimeSession,
    RealtimeSessionEvent,
    SessionState,
    Tool,
)

pytestmark = pytest.mark.usefixtures("no_leaks")

Scenario = Callable[[Talk], Awaitable[Any]]


def look(place: str = "here") -> str:
    """Look there."""
    return place


# -- what is done to a session ---------------------------------------------------------------------------


async def respond(talk: Talk) -> None:
    handle = await talk.session.send_text("Hello!", respond=True)
    assert handle is not None
    await handle.created()
    await handle
    asyncio.get_running_loop().call_soon(talk.clock.advance, 60)
    await handle.heard()


async def queue(talk: Talk) -> None:
    await talk.hold()
    handle = await talk.session.create_response(instructions="and this")
    asyncio.get_running_loop().call_soon(talk.let_go)
    await handle


async def ask_aside(talk: Talk) -> None:
    await talk.hold()
    handle = await talk.session.create_response(conversation="none", input=[])
    await handle


async def interrupt(talk: Talk) -> None:
    handle = await talk.hold()
    await talk.session.interrupt()
    await handle


async def update(talk: Talk) -> None:
    await talk.session.update_session(tools=[look], instructions="Be brief.")
    await talk.session.update_session(input_audio_format="g711_ulaw", output_audio_format="g711_ulaw")


async def race_updates(talk: Talk) -> None:
    await asyncio.gather(*(talk.session.update_session(instructions=str(n)) for n in range(3)))


async def say(talk: Talk) -> None:
    await talk.session.update_session(turn_detection=None)
    await talk.session.send_audio(bytes(1_000_000))
    await talk.session.commit_audio()
    await talk.session.clear_audio()


async def read(talk: Talk) -> None:
    handle = await talk.session.send_text("Hello!", respond=True)
    await until(talk.session, lambda event: event.service_type == "response.done")
    assert handle is not None
    await handle


SCENARIOS: dict[str, Scenario] = {
    "respond": respond,
    "queue": queue,
    "out of band": ask_aside,
    "interrupt": interrupt,
    "update": update,
    "racing updates": race_updates,
    "speak": say,
}
scenarios = pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS.keys())


def play(_: Any) -> None: ...


PLAYED = {"audio_output_callback": play}


async def outcome_of(work: Awaitable[Any]) -> BaseException | None:
    """What it raises."""
    (outcome,) = await asyncio.gather(work, return_exceptions=True)
    return outcome if isinstance(outcome, BaseException) else None


async def awaited(step: AtStep) -> None:
    await step


async def reason_of(session: RealtimeSession) -> str | None:
    """Why it has ended, which it says once and last."""
    events: list[Any] = []
    failure = await outcome_of(collect(session, events))
    closed = [
        event for event in events if isinstance(event, RealtimeSessionEvent) and event.phase == "closed"
    ]
    assert closed == events[-1:]
    assert (failure is None) == (closed[0].reason == "deleted")
    return closed[0].reason


async def at_every_await(run: Callable[[int], Awaitable[AtStep]]) -> None:
    """Run it again and again, until it does not wait so often."""
    for number in itertools.count(1):
        step = await run(number)
        if not step.acted:
            assert number > 1
            return


# -- at any await ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("scenario", [*SCENARIOS.values(), read], ids=[*SCENARIOS, "read"])
async def test_cancelled_at_any_await_the_session_goes_on(realtime_simulator: Any, scenario: Scenario):
    async def run(number: int) -> AtStep:
        async with talking(realtime_simulator, session=PLAYED) as talk:
            step = AtStep(scenario(talk), number, cancel)
            outcome = await outcome_of(awaited(step))

            assert isinstance(outcome, asyncio.CancelledError if step.acted else type(None))
            await talk.session.interrupt()
            handle = await talk.session.send_text("Still there?", respond=True)
            assert handle is not None
            assert (await handle).status == "completed"
            await talk.session.delete_session()
            assert await reason_of(talk.session) == "deleted"
        return step

    await at_every_await(run)


@scenarios
@pytest.mark.parametrize("end", ["deleted", "dropped"])
async def test_ended_at_any_await_there_is_one_reason(realtime_simulator: Any, scenario: Scenario, end: str):
    async def run(number: int) -> AtStep:
        async with talking(realtime_simulator, session=PLAYED) as talk:
            deleting: list[asyncio.Task[None]] = []

            def finish() -> None:
                if end == "dropped":
                    talk.service.drop()
                else:
                    deleting.append(asyncio.create_task(talk.session.delete_session()))

            step = AtStep(scenario(talk), number, finish)
            outcome = await outcome_of(awaited(step))
            if step.acted:
                await asyncio.gather(*deleting)
                await talk.session.wait_closed()
                assert await reason_of(talk.session) == end
            assert isinstance(outcome, RealtimeError | None)
        return step

    await at_every_await(run)


HISTORY = [Message("user", "Hello!"), Message("assistant", "Yes?"), Message("user", "And now?")]


@pytest.mark.parametrize("how", ["cancelled", "deleted", "dropped"])
async def test_opening_with_history_may_end_at_any_await(realtime_simulator: Any, how: str):
    async def run(number: int) -> AtStep:
        async with serving(realtime_simulator) as (client, server, _):
            session = client(history=HISTORY, tools=[look], create_response=True)
            deleting: list[asyncio.Task[None]] = []

            def finish() -> None:
                if how == "cancelled":
                    cancel()
                elif how == "deleted":
                    deleting.append(asyncio.create_task(session.delete_session()))
                else:
                    for service in server.sessions:
                        service.drop()

            step = AtStep(session.create_session(), number, finish)
            outcome = await outcome_of(awaited(step))
            await asyncio.gather(*deleting)
            if outcome is None:
                await session.delete_session()

            expected = {"cancelled": asyncio.CancelledError}.get(how, RealtimeError)
            assert isinstance(outcome, expected | None)
            assert session.state is SessionState.CLOSED
            assert [service.ended_by for service in server.sessions] in ([], ["client"], ["server"])
        return step

    await at_every_await(run)


@pytest.mark.parametrize("number", range(1, 9))
@pytest.mark.parametrize("how", ["deleted", "dropped", "cancelled"])
async def test_opening_may_end_whatever_answer_it_waits_for(realtime_simulator: Any, how: str, number: int):
    async with serving(realtime_simulator, faults=f"stall@{number}") as (client, server, _):
        session = client(history=HISTORY, tools=[look], create_response=True)
        opening = asyncio.create_task(session.create_session())
        service = await server.session()
        for kind in ["session.update", *["conversation.item.create"] * 3][: [0, 1, 4][min(number - 1, 2)]]:
            await service.expect(kind)
        match how:
            case "deleted":
                await session.delete_session()
            case "dropped":
                service.drop()
            case "cancelled":
                opening.cancel()

        outcome = await outcome_of(opening)

        assert isinstance(outcome, asyncio.CancelledError if how == "cancelled" else RealtimeError)
        assert session.state is SessionState.CLOSED


# -- from inside -----------------------------------------------------------------------------------------

GO = [{"when": "go", "do": [{"call": {"name": "work", "arguments": {}}}, {"say": "One moment."}]}, HELD, ANY]


async def ask(session: RealtimeSession) -> None:
    await (await session.create_response())


async def change(session: RealtimeSession) -> None:
    await session.update_session(tools=[look], instructions="Be brief.")


async def add(session: RealtimeSession) -> None:
    await session.interrupt()
    handle = await session.send_text("And this", respond=True)
    assert handle is not None
    await handle.created()


@pytest.mark.parametrize("body", [ask, change, add])
@pytest.mark.parametrize("how", ["deleted", "dropped"])
async def test_tool_may_see_the_end_at_any_await(realtime_simulator: Any, body: Any, how: str):
    async def run(number: int) -> AtStep:
        steps: list[AtStep] = []
        left = asyncio.Event()

        async with talking(realtime_simulator, script=GO) as talk:

            def finish() -> None:
                if how == "dropped":
                    talk.service.drop()
                else:
                    deleting.append(asyncio.create_task(talk.session.delete_session()))

            async def work(session: RealtimeSession) -> str:
                steps.append(AtStep(body(session), number, finish))
                try:
                    await steps[0]
                    return "done"
                finally:
                    left.set()

            deleting: list[asyncio.Task[None]] = []
            await talk.session.update_session(tools=[work])
            await talk.session.send_text("go", respond=True)
            await left.wait()
            if steps[0].acted:
                await asyncio.gather(*deleting)
                await talk.session.wait_closed()
                assert await reason_of(talk.session) == how
        return steps[0]

    await at_every_await(run)


@pytest.mark.parametrize("wait", range(4))
async def test_tool_that_deletes_its_session_ends_it_and_finishes(realtime_simulator: Any, wait: int):
    log: list[str] = []

    async def work(session: RealtimeSession) -> str:
        for _ in range(wait):
            await asyncio.sleep(0)
        await session.delete_session()
        log.append(session.state)
        await asyncio.sleep(0)
        log.append("finished")
        return "done"

    async with talking(realtime_simulator, script=GO, session={"tools": [work]}) as talk:
        await talk.session.send_text("go", respond=True)
        await talk.session.wait_closed()

        assert log == ["closing", "finished"]
        assert await reason_of(talk.session) == "deleted"


async def test_tool_in_a_thread_may_delete_its_session(realtime_simulator: Any):
    loop = asyncio.get_running_loop()
    deleted: list[Any] = []
    finished = threading.Event()

    async with talking(realtime_simulator, script=GO) as talk:

        def work() -> str:
            deleting = asyncio.run_coroutine_threadsafe(talk.session.delete_session(), loop)
            deleted.append(deleting.result())
            finished.set()
            return "done"

        await talk.session.update_session(tools=[work])
        await talk.session.send_text("go", respond=True)
        await talk.session.wait_closed()

        assert await reason_of(talk.session) == "deleted"
    await asyncio.to_thread(finished.wait)
    assert deleted == [None]


@pytest.mark.parametrize("kind", ["plain", "coroutine"])
async def test_callback_may_delete_its_session(realtime_simulator: Any, kind: str):
    deleting: list[Any] = []

    async with talking(realtime_simulator) as talk:

        def stop(_: Any) -> None:
            if not deleting:
                deleting.append(asyncio.create_task(talk.session.delete_session()))

        async def stop_and_wait(_: Any) -> None:
            await talk.session.delete_session()
            deleting.append(talk.session.wait_closed())

        talk.session.receive(stop if kind == "plain" else stop_and_wait)
        await talk.session.send_text("Hello!", respond=True)
        await talk.session.wait_closed()
        await asyncio.gather(*deleting)

        assert await reason_of(talk.session) == "deleted"


@pytest.mark.parametrize("how", ["deleted", "dropped", "approved", "cancelled"])
async def test_session_may_end_while_a_call_waits_for_a_person(realtime_simulator: Any, how: str):
    made: list[str] = []

    def work() -> str:
        made.append("made")
        return "done"

    session = {"tools": [Tool(work, approve=True)]}
    async with talking(realtime_simulator, script=GO, session=session) as talk:
        await talk.session.send_text("go", respond=True)
        events = await until(talk.session, lambda event: isinstance(event, RealtimeApprovalEvent))
        approval = events[-1]
        assert isinstance(approval, RealtimeApprovalEvent)
        match how:
            case "deleted":
                await talk.session.delete_session()
            case "dropped":
                talk.service.drop()
                await talk.session.wait_closed()
            case "approved":
                await talk.session.approve(approval.request)
                await talk.session.delete_session()
            case "cancelled":
                approving = asyncio.create_task(talk.session.approve(approval.request))
                approving.cancel()
                await outcome_of(approving)
                await talk.session.delete_session()

        assert await reason_of(talk.session) == ("dropped" if how == "dropped" else "deleted")
        assert made == [] or how == "approved"


# -- tasks -----------------------------------------------------------------------------------------------


async def test_session_outlives_the_task_that_opened_it(realtime_simulator: Any):
    async with serving(realtime_simulator) as (client, _, _):
        session = client()
        await asyncio.create_task(session.create_session())

        handle = await session.send_text("Hello!", respond=True)
        assert handle is not None
        assert (await handle).status == "completed"
        await session.delete_session()


async def test_end_of_a_session_cancels_nobody_who_uses_it(realtime_simulator: Any):
    async with talking(realtime_simulator) as talk:
        handle = await talk.hold()
        waiting = asyncio.create_task(outcome_of(handle.heard()))
        await asyncio.sleep(0)
        talk.service.drop()

        assert isinstance(await waiting, ConnectionLost)
        assert waiting.cancelling() == 0
        assert await reason_of(talk.session) == "dropped"


async def test_many_who_delete_at_once_find_it_deleted_once(realtime_simulator: Any):
    async with talking(realtime_simulator) as talk:
        await talk.hold()
        await asyncio.gather(*(talk.session.delete_session() for _ in range(10)))

        assert await reason_of(talk.session) == "deleted"
