"""Tools at a service that goes on by itself after their results, and may withdraw one: see `own_protocol`."""

import asyncio
import contextlib
import threading
from typing import Any

import pytest
from listening import printed, until
from own_protocol.frames import MOST_BYTES
from own_protocol.server import Peer, serving
from own_protocol.talk import Player, both, has, parley
from realtime_core import (
    ActiveCall,
    AudioFormat,
    RealtimeApprovalEvent,
    RealtimeError,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeFunctionCallEvent,
    RealtimeFunctionCancelledEvent,
    RealtimeFunctionResultEvent,
    RealtimeSession,
    SessionState,
    SessionStateError,
    Tool,
    ToolError,
    ToolResult,
    UnsupportedSetting,
)
from realtime_core.clock import VirtualClock, use_clock
from realtime_core.provider import Provider

pytestmark = pytest.mark.usefixtures("no_leaks")


def weather(city: str) -> str:
    """The weather of a city.

    Args:
        city: Its name.
    """
    return f"sunny in {city}"


async def time_of_day() -> dict[str, int]:
    """What the clock says."""
    return {"hour": 12}


class Held:
    """A tool that has begun and does not end: until it is let go where it runs in a thread, else never."""

    def __init__(self, name: str, *, is_async: bool) -> None:
        self.started, self._let_go = asyncio.Event(), threading.Event()
        self._loop = asyncio.get_running_loop()
        self.tool = Tool(self._wait_async if is_async else self._wait, name=name)

    async def _wait_async(self) -> str:
        self.started.set()
        await asyncio.Event().wait()
        return "done"

    def _wait(self) -> str:
        self._loop.call_soon_threadsafe(self.started.set)
        self._let_go.wait()
        return "done"

    def let_go(self) -> None:
        self._let_go.set()


def results(events: list[RealtimeEvent]) -> list[RealtimeFunctionResultEvent]:
    return [event for event in events if isinstance(event, RealtimeFunctionResultEvent)]


@both
async def test_tools_go_out_with_the_set_up(provider: Provider):
    async with serving() as service, parley(service, provider)(tools=[weather, time_of_day]):
        peer = await service.peer()
        ((first, second),) = [setup["tools"] for setup in peer.told("setup")]

    assert (first["name"], first["description"]) == ("weather", "The weather of a city.")
    assert first["parameters"]["properties"]["city"]["type"] == "string"
    assert first["parameters"]["required"] == ["city"]
    assert second["name"] == "time_of_day"


@both
@pytest.mark.parametrize("turn_ends", [False, True], ids=["one turn", "two turns"])
async def test_service_goes_on_by_itself_after_all_results_and_is_never_asked_to(
    provider: Provider, *, turn_ends: bool
):
    async def script(peer: Peer) -> None:
        await peer.expect("says")
        more = {"over": True} if turn_ends else {}
        told = await peer.call(("c1", "weather", {"city": "Oslo"}), ("c2", "time_of_day", {}), **more)
        peer.says(f"{told['c1']} {told['c2']}")
        peer.over(end=True)

    async with serving(script) as service, parley(service, provider)(tools=[weather, time_of_day]) as session:
        await session.send_text("How is it?")
        events = await until(session, has("end"))
        peer = await service.peer()

    assert printed(events) == 'sunny in Oslo {"hour":12} '
    assert sorted(peer.order) == ["returns", "returns", "says", "setup"]
    calls = [event.function_call for event in events if isinstance(event, RealtimeFunctionCallEvent)]
    assert [(call.call_id, call.name, call.arguments) for call in calls] == [
        ("c1", "weather", '{"city": "Oslo"}'),
        ("c2", "time_of_day", "{}"),
    ]
    assert sorted(event.function_result.call_id for event in results(events)) == ["c1", "c2"]
    assert all(event.sent and not event.function_result.is_error for event in results(events))


async def test_response_that_was_asked_for_spans_its_calls():
    async def script(peer: Peer) -> None:
        await peer.expect("go")
        await peer.call(("c1", "weather", {"city": "Oslo"}))
        peer.says("Sunny.")
        peer.over()

    async with serving(script) as service, parley(service)(tools=[weather]) as session:
        handle = await session.send_text("How is it?", respond=True)
        assert handle is not None
        done = await handle
        peer = await service.peer()

    assert (done.status, handle.text) == ("completed", "Sunny. ")
    assert peer.order == ["setup", "says", "go", "returns"]


@both
async def test_fifty_calls_at_once_give_fifty_results_and_no_request(provider: Provider):
    """Successes, failures and time-outs, sync and async."""
    clock, hanging, release = VirtualClock(), asyncio.Semaphore(0), threading.Event()

    def square(number: int) -> int:
        return number * number

    async def cube(number: int) -> int:
        return number**3

    def fail(number: int) -> None:
        raise RuntimeError(f"the password is {number}")

    async def say(number: int) -> None:
        raise ToolError(f"not {number}")

    async def hang(number: int) -> None:
        assert number % 5 == 4
        hanging.release()
        await asyncio.Event().wait()

    names = ["square", "cube", "fail", "say", "hang"]
    calls = [(f"c{number}", names[number % 5], {"number": number}) for number in range(50)]
    told: dict[str, str] = {}

    async def script(peer: Peer) -> None:
        told.update(await peer.call(*calls))
        peer.says("That was a lot.")
        peer.over(end=True)

    tools = [square, cube, fail, say, Tool(hang, timeout_s=30)]
    with use_clock(clock):
        async with serving(script) as service, parley(service, provider)(tools=tools) as session:
            for _ in range(10):
                await hanging.acquire()
            clock.advance(30)
            events = await until(session, has("end"))
            peer = await service.peer()
    release.set()

    assert len(told) == 50
    assert len(peer.told("returns")) == 50
    assert peer.told("go") == []
    assert told["c5"] == "25"
    assert told["c6"] == "216"
    assert "password" not in told["c7"]
    assert told["c8"] == "not 8"
    assert "30" in told["c9"]
    assert len(results(events)) == 50
    failed = {event.function_result.call_id for event in results(events) if event.function_result.is_error}
    assert failed == {f"c{number}" for number in range(50) if number % 5 >= 2}


@both
async def test_unknown_function_and_bad_arguments_are_told_to_the_model(provider: Provider):
    told: dict[str, str] = {}

    async def script(peer: Peer) -> None:
        told.update(
            await peer.call(("c1", "wether", {}), ("c2", "weather", {"city": 3}), ("c3", "weather", {}))
        )
        peer.over(end=True)

    async with serving(script) as service, parley(service, provider)(tools=[weather]) as session:
        await until(session, has("end"))

    assert "weather" in told["c1"]
    assert "city" in told["c2"]
    assert "city" in told["c3"]


# -- a call that the service wants no more -------------------------------------------------------


@both
@pytest.mark.parametrize("is_async", [True, False], ids=["async", "sync"])
async def test_result_of_a_withdrawn_call_is_not_sent(provider: Provider, *, is_async: bool):
    book = Held("book", is_async=is_async)

    async def script(peer: Peer) -> None:
        await peer.call(("c1", "book", {}))
        told = await peer.call(("c2", "weather", {"city": "Oslo"}))
        peer.says(told["c2"])
        peer.over(end=True)

    async with serving(script) as service, parley(service, provider)(tools=[book.tool, weather]) as session:
        await book.started.wait()
        peer = await service.peer()
        peer.withdraw("c1")
        events = await until(session, has("withdrawn"))
        book.let_go()
        events += await until(session, has("end"))

    assert [result["id"] for result in peer.told("returns")] == ["c2"]
    assert [event.call_id for event in events if isinstance(event, RealtimeFunctionCancelledEvent)] == ["c1"]
    assert [event.function_result.call_id for event in results(events) if event.sent] == ["c2"]


async def test_user_who_interrupts_has_the_calls_withdrawn_and_the_session_goes_on():
    started = asyncio.Event()

    async def book() -> str:
        started.set()
        await asyncio.Event().wait()
        return "booked"

    async def script(peer: Peer) -> None:
        await peer.expect("go")
        await peer.call(("c1", "book", {}))
        peer.over()
        await peer.expect("go", 2)
        peer.says("Yes?")
        peer.over(end=True)

    async with serving(script) as service, parley(service)(tools=[book]) as session:
        first = await session.send_text("Book it", respond=True)
        await started.wait()
        peer = await service.peer()
        peer.withdraw("c1", interrupted=True)
        assert first is not None
        assert (await first).status == "cancelled"
        second = await session.send_text("No, wait", respond=True)
        assert second is not None
        assert (await second).status == "completed"

    assert peer.told("returns") == []


@both
async def test_call_that_is_withdrawn_before_its_tool_begins_is_not_made(provider: Provider):
    made: list[str] = []

    async def book(room: str) -> str:
        made.append(room)
        return room

    async def script(peer: Peer) -> None:
        peer.send(calls=[{"id": "c1", "name": "book", "args": {"room": "green"}}], withdrawn=["c1"])
        told = await peer.call(("c2", "book", {"room": "blue"}))
        peer.says(told["c2"])
        peer.over(end=True)

    async with serving(script) as service, parley(service, provider)(tools=[book]) as session:
        await until(session, has("end"))
        peer = await service.peer()

    assert made == ["blue"]
    assert [result["id"] for result in peer.told("returns")] == ["c2"]


@both
async def test_result_that_waits_to_be_written_is_withdrawn_with_its_call(provider: Provider):
    asked, done, native = asyncio.Event(), asyncio.Event(), AudioFormat("pcm16", 16_000)

    async def book() -> str:
        asked.set()
        await done.wait()
        return "booked"

    async def script(peer: Peer) -> None:
        await peer.call(("c1", "book", {}))
        told = await peer.call(("c2", "weather", {"city": "Oslo"}))
        peer.says(told["c2"])
        peer.over(end=True)

    async with (
        serving(script) as service,
        parley(service, provider)(tools=[book, weather], input_audio_format=native) as session,
    ):
        await asked.wait()
        peer = await service.peer()
        peer.stop_reading()
        talking = asyncio.create_task(session.send_audio(bytes(MOST_BYTES)))  # more than a socket holds
        await asyncio.sleep(0)  # it stands in the way of everything after it
        done.set()
        for _ in range(50):  # as many steps as the result could need to get there
            await asyncio.sleep(0)
        peer.withdraw("c1")
        await until(session, has("withdrawn"))
        peer.go_on_reading()
        await talking
        await until(session, has("end"))

    assert [result["id"] for result in peer.told("returns")] == ["c2"]


@both
async def test_call_that_comes_twice_is_made_once(provider: Provider):
    made: list[str] = []

    async def book(room: str) -> str:
        made.append(room)
        return room

    async def script(peer: Peer) -> None:
        call = {"id": "c1", "name": "book", "args": {"room": "green"}}
        peer.send(calls=[call, call])
        await peer.call(("c1", "book", {"room": "green"}))
        await peer.call(("c2", "book", {"room": "blue"}))
        peer.over(end=True)

    async with serving(script) as service, parley(service, provider)(tools=[book]) as session:
        await until(session, has("end"))
        peer = await service.peer()

    assert made == ["green", "blue"]
    assert [result["id"] for result in peer.told("returns")] == ["c1", "c2"]


async def test_service_may_number_its_calls_anew_in_every_turn():
    async def script(peer: Peer) -> None:
        for city in ("Oslo", "Bergen"):
            told = await peer.call(("call_0", "weather", {"city": city}))
            peer.says(told["call_0"])
            peer.over()
            peer.forget_calls()
        peer.send(end=True)

    async with serving(script) as service, parley(service)(tools=[weather]) as session:
        events = await until(session, has("end"))

    assert printed(events) == "sunny in Oslo sunny in Bergen "


@both
async def test_withdrawal_of_a_call_that_nobody_knows_changes_nothing(provider: Provider):
    async def script(peer: Peer) -> None:
        peer.send(withdrawn=["c9"])
        await peer.call(("c1", "weather", {"city": "Oslo"}))
        peer.send(withdrawn=["c1"])  # too late
        peer.over(end=True)

    async with serving(script) as service, parley(service, provider)(tools=[weather]) as session:
        events = await until(session, has("end"))

    assert [event.function_result.output for event in results(events)] == ["sunny in Oslo"]


# -- nothing waits for a tool --------------------------------------------------------------------


@both
@pytest.mark.parametrize("is_async", [True, False], ids=["async", "sync"])
async def test_thousand_pieces_of_audio_reach_the_callback_while_a_tool_is_held(
    provider: Provider, *, is_async: bool
):
    held_async, held_sync, player = asyncio.Event(), threading.Event(), Player()

    async def think_async() -> str:
        await held_async.wait()
        return "done"

    def think_sync() -> str:
        held_sync.wait()
        return "done"

    async def script(peer: Peer) -> None:
        calling = asyncio.create_task(peer.call(("c1", "think", {})))
        await asyncio.sleep(0)  # so that the call goes out first
        for _ in range(1_000):
            peer.send(audio=bytes(640))
        peer.says((await calling)["c1"])
        peer.over(end=True)

    think = Tool(think_async if is_async else think_sync, name="think")
    async with (
        serving(script) as service,
        parley(service, provider)(tools=[think], audio_output_callback=player) as session,
    ):
        wire_ms = 1_000 * provider.capabilities.output_formats[0].duration_ms(640)
        await player.until(lambda: player.given_ms > wire_ms - 50)  # a converter keeps a little
        peer = await service.peer()
        assert peer.told("returns") == []
        held_async.set()
        held_sync.set()
        events = await until(session, has("end"))

    assert printed(events) == "done "


# -- the end, from inside ------------------------------------------------------------------------


@both
async def test_tool_may_end_the_session(provider: Provider):
    async def hang_up(session: RealtimeSession) -> str:
        await session.delete_session()
        return "bye"

    async def script(peer: Peer) -> None:
        await peer.call(("c1", "hang_up", {}))

    async with serving(script) as service, parley(service, provider)(tools=[hang_up]) as session:
        events = [event async for event in session.receive()]
        await session.wait_closed()
        peer = await service.peer()
        await peer.gone()

    assert getattr(events[-1], "reason", None) == "deleted"


@both
async def test_callback_may_end_the_session(provider: Provider):
    async with serving() as service:

        async def play(_: Any) -> None:
            await session.delete_session()

        session = await parley(service, provider).create_session(audio_output_callback=play)
        peer = await service.peer()
        peer.send(audio=bytes(6_400))
        await session.wait_closed()
        await peer.gone()


@both
@pytest.mark.parametrize("is_async", [True, False], ids=["async", "sync"])
async def test_tool_that_is_running_holds_up_no_end(provider: Provider, *, is_async: bool):
    hang = Held("hang", is_async=is_async)

    async def script(peer: Peer) -> None:
        await peer.call(("c1", "hang", {}))

    async with serving(script) as service:
        async with parley(service, provider)(tools=[hang.tool]):
            await hang.started.wait()
        peer = await service.peer()
        await peer.gone()
    hang.let_go()

    assert peer.told("returns") == []


@both
@pytest.mark.parametrize("end", ["deleted", "cancelled", "dropped"])
async def test_session_may_end_at_any_step_of_a_call(provider: Provider, end: str):
    """One loop step later each time: calls come, tools run, results go out, the service goes on."""
    held = threading.Event()

    def look() -> str:
        held.wait(0.001)
        return "seen"

    async def think(call: ActiveCall) -> str:
        call.progress("still thinking")
        await asyncio.sleep(0)
        return "thought"

    async def script(peer: Peer) -> None:
        await peer.expect("says")
        await peer.call(("c1", "look", {}), ("c2", "think", {}), audio=bytes(640))
        peer.says("Done.", pcm=bytes(6_400))
        peer.over(end=True)

    async def talk(session: RealtimeSession) -> None:
        await session.send_text("Go")
        await until(session, has("end"))

    async with serving(script) as service:
        for steps in range(80):
            session = await parley(service, provider).create_session(tools=[look, think])
            task = asyncio.create_task(talk(session))
            for _ in range(steps):
                await asyncio.sleep(0)
            match end:
                case "deleted":
                    await session.delete_session()
                case "cancelled":
                    task.cancel()
                case "dropped":
                    service.peers[-1].drop()
            with contextlib.suppress(asyncio.CancelledError, RealtimeError):
                await task
            await session.delete_session()

            assert session.state is SessionState.CLOSED
            await service.peers[-1].gone()


# -- what a person or the model is told ----------------------------------------------------------


@both
@pytest.mark.parametrize("approves", [True, False], ids=["yes", "no"])
async def test_call_waits_for_a_persons_decision(provider: Provider, *, approves: bool):
    made: list[str] = []

    async def book(room: str) -> str:
        made.append(room)
        return f"booked {room}"

    async def script(peer: Peer) -> None:
        told = await peer.call(("c1", "book", {"room": "green"}))
        peer.says(told["c1"])
        peer.over(end=True)

    async with (
        serving(script) as service,
        parley(service, provider)(tools=[Tool(book, approve=True)]) as session,
    ):
        (*_, asked) = await until(session, lambda event: isinstance(event, RealtimeApprovalEvent))
        assert isinstance(asked, RealtimeApprovalEvent)
        assert (asked.request.name, asked.request.arguments) == ("book", '{"room": "green"}')
        assert made == []
        await (session.approve if approves else session.deny)(asked.request)
        events = await until(session, has("end"))
        peer = await service.peer()

    assert made == (["green"] if approves else [])
    assert ("booked green" in printed(events)) is approves
    assert peer.order == ["setup", "returns"]  # no words of the system in between: the service takes none
    assert not [event for event in events if isinstance(event, RealtimeErrorEvent)]


@both
async def test_call_that_is_withdrawn_while_a_person_thinks_is_not_made(provider: Provider):
    async def script(peer: Peer) -> None:
        await peer.call(("c1", "weather", {"city": "Oslo"}))
        peer.over(end=True)

    async with (
        serving(script) as service,
        parley(service, provider)(tools=[Tool(weather, approve=True)]) as session,
    ):
        (*_, asked) = await until(session, lambda event: isinstance(event, RealtimeApprovalEvent))
        assert isinstance(asked, RealtimeApprovalEvent)
        peer = await service.peer()
        peer.withdraw("c1")
        await until(session, has("end"))
        with pytest.raises(SessionStateError):
            await session.approve(asked.request)

    assert peer.told("returns") == []


async def test_progress_is_not_spoken_where_the_service_goes_on_by_itself():
    async def look(call: ActiveCall) -> str:
        call.progress("still looking")
        await asyncio.sleep(0)
        return "found"

    async def script(peer: Peer) -> None:
        told = await peer.call(("c1", "look", {}), over=True)
        peer.says(told["c1"])
        peer.over(end=True)

    async with serving(script) as service, parley(service)(tools=[look]) as session:
        events = await until(session, has("end"))
        peer = await service.peer()

    assert peer.order == ["setup", "returns"]
    assert not [event for event in events if isinstance(event, RealtimeErrorEvent)]


@both
async def test_tools_cannot_be_changed_in_an_open_session(provider: Provider):
    async with serving() as service, parley(service, provider)(tools=[weather]) as session:
        with pytest.raises(UnsupportedSetting, match="'tools'"):
            await session.update_session(tools=[time_of_day])
        peer = await service.peer()

    assert peer.order == ["setup"]


async def test_tool_may_interrupt_what_is_said():
    async def quiet(session: RealtimeSession) -> str:
        await session.interrupt()
        return "quiet"

    async def script(peer: Peer) -> None:
        peer.says("Once upon a time", pcm=bytes(32_000))
        told = await peer.call(("c1", "quiet", {}))
        peer.says(pcm=bytes(32_000))
        peer.over()
        peer.says(told["c1"])
        peer.over(end=True)

    player = Player()
    async with (
        serving(script) as service,
        parley(service)(tools=[quiet], audio_output_callback=player) as session,
    ):
        await until(session, has("end"))

    assert player.clears == 1
    assert player.given_ms == pytest.approx(1_000, abs=50)  # nothing of the second


# -- calls by hand -------------------------------------------------------------------------------


@both
async def test_calls_can_be_answered_by_hand(provider: Provider):
    async def script(peer: Peer) -> None:
        told = await peer.call(("c1", "weather", {"city": "Oslo"}))
        peer.says(told["c1"])
        peer.over(end=True)

    ran = False

    def weather(city: str) -> str:
        nonlocal ran
        ran = True
        return city

    async with (
        serving(script) as service,
        parley(service, provider)(tools=[weather], auto_invoke=False) as session,
    ):
        (*_, call) = await until(session, lambda event: isinstance(event, RealtimeFunctionCallEvent))
        assert isinstance(call, RealtimeFunctionCallEvent)
        result = ToolResult(call.function_call.call_id, "weather", "rain")
        await session.send(RealtimeFunctionResultEvent(function_result=result))
        events = await until(session, has("end"))

    assert printed(events) == "rain "
    assert not ran


@both
async def test_result_by_hand_of_a_withdrawn_call_is_refused(provider: Provider):
    async def script(peer: Peer) -> None:
        await peer.call(("c1", "weather", {"city": "Oslo"}))
        peer.over(end=True)

    async with (
        serving(script) as service,
        parley(service, provider)(tools=[weather], auto_invoke=False) as session,
    ):
        await until(session, lambda event: isinstance(event, RealtimeFunctionCallEvent))
        peer = await service.peer()
        peer.withdraw("c1")
        await until(session, has("end"))
        result = ToolResult("c1", "weather", "rain")
        with pytest.raises(SessionStateError, match="c1"):
            await session.send(RealtimeFunctionResultEvent(function_result=result))

    assert peer.told("returns") == []
