"""Calls of tools: each made once, off the reader, and answered with exactly one output (§5.4)."""

import asyncio
import datetime as dt
import json
import subprocess
import sys
import threading
from typing import Any

import attrs
import numpy as np
import pytest
from conftest import Serve, frame, open_session
from guarantees.talk import Talk, talking
from listening import ended, errors, is_done, printed, until
from realtime_core import (
    ActiveCall,
    RealtimeApprovalEvent,
    RealtimeAudioEvent,
    RealtimeEvent,
    RealtimeFunctionCallEvent,
    RealtimeFunctionResultEvent,
    RealtimeInterruptionEvent,
    RealtimeSession,
    SessionLimits,
    SessionStateError,
    Tool,
    ToolError,
    ToolResult,
    create_client,
)
from realtime_simulator import Action, Call, McpCall, Say, Turn
from settling import settle

pytestmark = pytest.mark.usefixtures("no_leaks")

OUTPUT = {"type": "function_call_output"}


def weather(city: str) -> str:
    """The weather of a city."""
    return f"sunny in {city}"


def call(name: str, **arguments: Any) -> dict[str, Any]:
    return {"call": {"name": name, "arguments": arguments}}


def script(*entries: dict[str, Any]) -> list[dict[str, Any]]:
    """What the service does: calls for the word "go", and then says what came of them."""
    first, *rest = entries
    return [{"when": "go", **first}, *rest, {"otherwise": True, "say": "Done."}]


def outputs(talk: Talk) -> list[str]:
    """The outputs of calls that the service was sent."""
    items = [sent["item"] for sent in talk.sent("conversation.item.create")]
    return [item["output"] for item in items if item["type"] == "function_call_output"]


def results(events: list[RealtimeEvent]) -> list[ToolResult]:
    return [event.function_result for event in events if isinstance(event, RealtimeFunctionResultEvent)]


def is_approval(event: RealtimeEvent) -> bool:
    return isinstance(event, RealtimeApprovalEvent)


async def answered(talk: Talk) -> list[RealtimeEvent]:
    """What a session gives up to the end of the second response: calls, and what is said of them."""
    return [*await until(talk.session, is_done), *await until(talk.session, is_done)]


# -- nothing waits for a tool ------------------------------------------------------------------


@pytest.mark.parametrize("is_async", [True, False], ids=["async", "sync"])
async def test_a_tool_blocks_audio_for_as_long_as_it_runs(realtime_simulator: Any, *, is_async: bool):
    """Not here: a thousand deltas reach the callback while the tool is held."""
    held_async, held_sync, played = asyncio.Event(), threading.Event(), asyncio.Event()
    pieces = 0

    async def think_async() -> str:
        await held_async.wait()
        return "thought"

    def think_sync() -> str:
        held_sync.wait()
        return "thought"

    def play(_: Any) -> None:
        nonlocal pieces
        pieces += 1
        if pieces == 1_000:
            played.set()

    def brain(turn: Turn) -> list[Action]:
        if turn.results:
            return [Say(f"{turn.results[0].output}.")]
        return [Call("think"), Say("Meanwhile.", audio=np.zeros(24_000 * 260, np.int16))]

    tool = Tool(think_async if is_async else think_sync, name="think")
    settings = {"tools": [tool], "audio_output_callback": play}
    async with talking(realtime_simulator, session=settings, brain=brain, script=None) as talk:
        await talk.session.send_text("go", respond=True)
        await played.wait()

        assert outputs(talk) == []
        held_async.set()
        held_sync.set()
        events = await answered(talk)

    assert printed(events) == "Meanwhile.thought."


async def test_fifty_calls_at_once_give_fifty_outputs_and_one_follow_up(realtime_simulator: Any):
    """Successes, time-outs and exceptions, sync and async."""
    hanging, release = asyncio.Semaphore(0), threading.Event()
    loop = asyncio.get_running_loop()

    def square(number: int) -> int:
        return number * number

    async def fail(number: int) -> None:
        raise RuntimeError(f"the password is {number}")

    def say(number: int) -> None:
        raise ToolError(f"not {number}")

    async def hang(number: int) -> None:
        assert number % 5 == 3
        hanging.release()
        await asyncio.Event().wait()

    def hang_sync(number: int) -> None:
        assert number % 5 == 4
        loop.call_soon_threadsafe(hanging.release)
        release.wait()

    names = ["square", "fail", "say", "hang", "hang_sync"]
    calls = [{"name": names[n % 5], "arguments": {"number": n}} for n in range(50)]
    tools = [square, fail, say, Tool(hang, timeout_s=30), Tool(hang_sync, timeout_s=30)]
    limits = {"limits": SessionLimits(tool_concurrency=50)}
    async with talking(
        realtime_simulator, session={"tools": tools}, client=limits, script=script({"call": calls})
    ) as talk:
        await talk.session.send_text("go", respond=True)
        for _ in range(20):
            await hanging.acquire()
        talk.clock.advance(30)
        events = await answered(talk)
        release.set()
        abandoned = talk.session.stats.abandoned_tools
        events += await ended(talk.session)
        told = outputs(talk)
        requests = talk.sent("response.create")
        kinds = [sent["type"] for sent in talk.service.received]

    assert len(told) == 50
    assert len(requests) == 2
    assert kinds[-1] == "response.create"  # the follow-up, after all of them
    assert len(results(events)) == 50
    assert {"25", "not 12"} <= set(told)
    assert not [text for text in told if "password" in text]
    assert len([text for text in told if "30" in text and "result within" in text]) == 20
    assert len([result for result in results(events) if result.is_error]) == 40
    assert abandoned == 10
    assert errors(events) == []


async def test_two_parallel_tools_send_two_response_create(realtime_simulator: Any):
    """Not here: one, after both outputs and after the response that made the calls is done."""
    second = asyncio.Event()

    async def first() -> int:
        return 1

    async def other() -> int:
        await second.wait()
        return 2

    do = [{"call": ["first", "other"]}, {"wait_ms": 1_000}, {"say": "Let me see."}]
    async with talking(
        realtime_simulator, session={"tools": [first, other]}, script=script({"do": do})
    ) as talk:
        await talk.session.send_text("go", respond=True)
        await talk.service.expect("conversation.item.create", item={**OUTPUT, "output": "1"})
        second.set()
        await talk.service.expect("conversation.item.create", item={**OUTPUT, "output": "2"})
        assert len(talk.sent("response.create")) == 1  # the response is not done
        talk.let_go()
        events = await answered(talk)
        assert len(talk.sent("response.create")) == 2

    assert printed(events) == "Let me see.Done."


async def test_a_response_that_the_service_begins_by_itself_after_all_outputs_is_the_follow_up(
    serve_script: Serve,
):
    asked: list[str] = []

    async def service(socket: Any) -> None:
        async def tell(kind: str, **fields: Any) -> None:
            await socket.send(frame(kind, **fields))

        async def hear() -> dict[str, Any]:
            message: dict[str, Any] = json.loads(await socket.recv())
            asked.append(message["type"])
            return message

        await open_session(socket)
        item = {"id": "item_1", "type": "function_call", "name": "weather", "call_id": "c1"}
        item |= {"arguments": '{"city": "Rome"}', "status": "completed"}
        await tell("response.created", response={"id": "resp_1", "status": "in_progress", "output": []})
        await tell("response.output_item.added", response_id="resp_1", output_index=0, item=item)
        named = {"response_id": "resp_1", "item_id": "item_1", "output_index": 0, "call_id": "c1"}
        await tell("response.function_call_arguments.done", **named, arguments=item["arguments"])
        await tell("response.output_item.done", response_id="resp_1", output_index=0, item=item)
        await tell("response.done", response={"id": "resp_1", "status": "completed", "output": [item]})
        sent = await hear()
        output = {**sent["item"], "status": "completed"}
        await tell("conversation.item.added", previous_item_id="item_1", item=output)
        await tell("conversation.item.done", previous_item_id="item_1", item=output)
        # turn detection was quicker than the request for a follow-up
        await tell("input_audio_buffer.committed", item_id="item_2", previous_item_id=None)
        await tell("response.created", response={"id": "resp_2", "status": "in_progress", "output": []})
        request = await hear()
        refused = {"type": "invalid_request_error", "code": "conversation_already_has_active_response"}
        refused |= {"event_id": request["event_id"], "message": "active", "param": None}
        await tell("error", error=refused)
        await tell("response.done", response={"id": "resp_2", "status": "completed", "output": []})
        await hear()

    async with serve_script(service) as url:
        client = create_client("openai-ws", api_key="any", base_url=url)
        async with client(tools=[weather]) as session:
            events = await until(session, is_done)
            events += await until(session, is_done)
            await session.send_text("bye")
            events += await ended(session)

    assert errors(events) == []
    assert asked[:2] == ["conversation.item.create", "response.create"]
    assert asked[2:] == ["conversation.item.create"]  # and no second request


# -- what is called, and how often ---------------------------------------------------------------


async def test_a_call_that_was_cut_off_never_runs(realtime_simulator: Any):
    made: list[str] = []

    def book(note: str) -> str:
        made.append(note)
        return "booked"

    note = "a room with a view of the lake and a bed for the dog"
    async with talking(
        realtime_simulator, session={"tools": [book]}, script=script(call("book", note=note))
    ) as talk:
        await talk.session.send_text("go")
        handle = await talk.session.create_response(max_output_tokens=4)
        done = await handle
        events = await ended(talk.session)
        told = outputs(talk)

    assert (done.status, done.status_reason) == ("incomplete", "max_output_tokens")
    assert not [event for event in events if isinstance(event, RealtimeFunctionCallEvent)]
    assert made == told == []


async def test_tool_result_lost_on_interruption_booking_made_twice(realtime_simulator: Any):
    """Not here: barge-in stops speech, not side effects; the call is made once and its output delivered."""
    made: list[str] = []
    started, go_on = asyncio.Event(), asyncio.Event()

    async def book(room: str) -> str:
        started.set()
        await go_on.wait()
        made.append(room)
        return f"booked {room}"

    calls = {"call": {"name": "book", "arguments": {"room": "green"}}}
    do = [calls, {"say": "Let me see."}, {"wait_ms": 1_000}, {"say": "One moment."}]
    entries = script({"do": do}, {"result_of": "book", "say": "{output}."})
    async with talking(realtime_simulator, session={"tools": [book]}, script=entries) as talk:
        await talk.session.send_text("go", respond=True)
        await started.wait()
        talk.service.user_starts_speaking()
        await until(talk.session, lambda event: isinstance(event, RealtimeInterruptionEvent))
        await until(talk.session, is_done)
        go_on.set()
        await talk.service.expect("conversation.item.create", item={**OUTPUT, "output": "booked green"})
        talk.service.user_stops_speaking("go on")
        await talk.service.expect("response.create")
        events = await ended(talk.session)

    assert made == ["green"]
    assert len(results(events)) == 1
    assert errors(events) == []


async def test_an_unknown_function_and_bad_arguments_are_told_to_the_model(realtime_simulator: Any):
    calls = [{"name": "wether"}, {"name": "weather", "arguments": {"city": 3}}, {"name": "weather"}]
    calls.append({"name": "weather", "arguments": "{not json"})
    async with talking(
        realtime_simulator, session={"tools": [weather]}, script=script({"call": calls})
    ) as talk:
        await talk.session.send_text("go", respond=True)
        events = await answered(talk)
        told = outputs(talk)

    assert len(told) == 4
    assert sum("'weather'" in text for text in told) >= 1
    assert sum("city" in text for text in told) == 2
    assert all(result.is_error for result in results(events))


async def test_a_required_tool_choice_does_not_loop(realtime_simulator: Any):
    async with talking(
        realtime_simulator,
        session={"tools": [weather], "tool_choice": "required"},
        script=script(call("weather", city="Rome")),
    ) as talk:
        await talk.session.send_text("go", respond=True)
        await answered(talk)
        first, second = talk.sent("response.create")

    assert "tool_choice" not in first.get("response", {})
    assert second["response"]["tool_choice"] == "auto"


async def test_tools_may_change_in_mid_session(realtime_simulator: Any):
    release = asyncio.Event()

    async def old() -> str:
        await release.wait()
        return "old"

    async def new() -> str:
        return "new"

    entries = [{"when": "go", "call": ["old"]}, {"when": "again", "call": ["new", "old"]}]
    entries.append({"otherwise": True, "say": "Done."})
    async with talking(realtime_simulator, session={"tools": [old]}, script=entries) as talk:
        await talk.session.send_text("go", respond=True)
        await until(talk.session, is_done)
        await talk.session.update_session(tools=[new])
        release.set()  # a call that runs goes on
        await until(talk.session, is_done)
        await talk.session.send_text("again", respond=True)
        await answered(talk)
        told = outputs(talk)
        declared = [
            [tool["name"] for tool in sent["session"].get("tools", [])]
            for sent in talk.sent("session.update")
        ]

    assert declared == [["old"], ["new"]]
    assert told[0] == "old"
    assert "new" in told[1:]
    assert any("There is no function 'old'" in text for text in told[1:])


async def test_calls_are_left_to_the_application_if_it_says_so(realtime_simulator: Any):
    entries = script(call("weather", city="Rome"), {"result_of": "weather", "say": "{output}."})
    async with talking(
        realtime_simulator, session={"tools": [weather], "auto_invoke": False}, script=entries
    ) as talk:
        await talk.session.send_text("go", respond=True)
        events = await until(talk.session, is_done)
        (wanted,) = [e.function_call for e in events if isinstance(e, RealtimeFunctionCallEvent)]
        answer = RealtimeFunctionResultEvent(function_result=ToolResult(wanted.call_id, "weather", "rain"))
        await talk.session.send(answer)
        with pytest.raises(SessionStateError, match="has its result"):
            await talk.session.send(answer)
        handle = await talk.session.create_response()
        await handle
        told = outputs(talk)

    assert told == ["rain"]
    assert handle.text == "rain."


# -- what becomes of a result ------------------------------------------------------------------


@attrs.frozen
class Room:
    """What a tool may give."""

    name: str
    free: dt.date


@pytest.mark.parametrize(
    ("value", "output"),
    [
        (3, "3"),
        (None, "null"),
        (True, "true"),
        ("text", "text"),
        (Room("green", dt.date(2026, 5, 4)), '{"name":"green","free":"2026-05-04"}'),
        ([np.int64(3), np.float32(0.5)], "[3,0.5]"),
        (np.arange(3), "[0,1,2]"),
    ],
    ids=["int", "None", "bool", "str", "attrs and date", "numpy scalars", "numpy array"],
)
async def test_a_tool_returning_an_int_kills_the_session(realtime_simulator: Any, value: object, output: str):
    """Not here: any result that JSON can say is sent."""

    def give() -> object:
        return value

    async with talking(realtime_simulator, session={"tools": [give]}, script=script(call("give"))) as talk:
        await talk.session.send_text("go", respond=True)
        events = await answered(talk)
        told = outputs(talk)

    assert told == [output]
    assert printed(events) == "Done."
    assert not results(events)[0].is_error


async def test_bytes_are_refused_by_name_and_the_session_goes_on(realtime_simulator: Any):
    def give() -> dict[str, Any]:
        return {"photo": b"secret bytes"}

    async with talking(realtime_simulator, session={"tools": [give]}, script=script(call("give"))) as talk:
        await talk.session.send_text("go", respond=True)
        events = await answered(talk)
        (told,) = outputs(talk)

    assert "photo" in told
    assert "bytes" in told
    assert "secret" not in told
    assert results(events)[0].is_error


async def test_exception_text_with_secrets_goes_to_the_model(
    realtime_simulator: Any, caplog: pytest.LogCaptureFixture
):
    """Not here, nor to the log; the text of a `ToolError` does go to the model, to the letter."""
    caplog.set_level("DEBUG")

    def fail() -> None:
        raise RuntimeError("the password is hunter2")

    async def say() -> None:
        raise ToolError("ask again tomorrow")

    async with talking(
        realtime_simulator, session={"tools": [fail, say]}, script=script({"call": ["fail", "say"]})
    ) as talk:
        await talk.session.send_text("go", respond=True)
        await answered(talk)
        told = outputs(talk)

    assert sorted(told) == ["The function 'fail' failed (RuntimeError).", "ask again tomorrow"]
    assert "hunter2" not in caplog.text


async def test_a_hook_decides_what_the_model_is_told_of_an_error(realtime_simulator: Any):
    def fail() -> None:
        raise KeyError("room 4")

    def hook(call: Any, exc: BaseException) -> str | None:
        return f"{call.name} does not know {exc.args[0]}" if isinstance(exc, KeyError) else None

    async with talking(
        realtime_simulator,
        session={"tools": [fail]},
        client={"tool_error": hook},
        script=script(call("fail")),
    ) as talk:
        await talk.session.send_text("go", respond=True)
        await answered(talk)

        assert outputs(talk) == ["fail does not know room 4"]


# -- a tool that takes too long ------------------------------------------------------------------


@pytest.mark.parametrize("own_s", [None, 5.0], ids=["of the session", "of the tool"])
@pytest.mark.parametrize("is_async", [True, False], ids=["async", "sync"])
async def test_a_call_has_a_time_out_and_its_late_result_is_discarded(
    realtime_simulator: Any, own_s: float | None, *, is_async: bool
):
    loop, started, held = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    def late() -> str:
        loop.call_soon_threadsafe(started.set)
        held.wait()
        return "too late"

    async def late_async() -> str:
        started.set()
        await asyncio.Event().wait()
        return "too late"

    tool = Tool(late_async if is_async else late, name="late", timeout_s=own_s)
    limits = {"limits": SessionLimits(tool_timeout_s=7)}
    async with talking(
        realtime_simulator, session={"tools": [tool]}, client=limits, script=script(call("late"))
    ) as talk:
        await talk.session.send_text("go", respond=True)
        await started.wait()
        limit_s = 7 if own_s is None else own_s
        talk.clock.advance(limit_s - 0.5)
        await settle()
        assert outputs(talk) == []
        talk.clock.advance(0.5)
        await answered(talk)
        held.set()
        await settle()
        told = outputs(talk)
        abandoned = talk.session.stats.abandoned_tools
        events = await ended(talk.session)

    assert len(told) == 1
    assert f"within {limit_s:g} s" in told[0]
    assert abandoned == (0 if is_async else 1)
    assert errors(events) == []


STUCK = """
import asyncio, threading
from realtime_core import create_client
from realtime_simulator import Watch

def stuck() -> str:
    started.set()
    threading.Event().wait()
    return "never"

started = threading.Event()

async def main() -> None:
    script = [{"when": "go", "call": ["stuck"]}, {"otherwise": True, "say": "Done."}]
    async with create_client("simulator", script=script, speed=0)(tools=[stuck]) as session:
        await session.send_text("go", respond=True)
        await asyncio.to_thread(started.wait)
    print("session over")

asyncio.run(main())
"""


def test_a_thread_that_is_stuck_holds_up_neither_the_end_of_the_session_nor_that_of_the_program():
    ran = subprocess.run(
        [sys.executable, "-c", STUCK], capture_output=True, text=True, timeout=100, check=False
    )

    assert (ran.returncode, ran.stdout.strip(), ran.stderr) == (0, "session over", "")


# -- a person is asked -----------------------------------------------------------------------------


@pytest.mark.parametrize("approves", [True, False], ids=["yes", "no"])
async def test_a_call_waits_for_a_person_who_sees_its_exact_arguments(
    realtime_simulator: Any, *, approves: bool
):
    made: list[str] = []

    async def book(room: str) -> str:
        made.append(room)
        return f"booked {room}"

    entries = script(call("book", room="green"), {"result_of": "book", "say": "{output}."})
    async with talking(
        realtime_simulator, session={"tools": [Tool(book, approve=True)]}, script=entries
    ) as talk:
        await talk.session.send_text("go", respond=True)
        (*_, asked) = await until(talk.session, is_approval)
        assert isinstance(asked, RealtimeApprovalEvent)
        assert (asked.request.name, asked.request.arguments) == ("book", '{"room":"green"}')
        assert made == []
        told = await talk.service.expect("conversation.item.create", item={"role": "system"})
        assert "approved" in told["item"]["content"][0]["text"]
        other = attrs.evolve(asked.request, arguments='{"room":"blue"}')
        with pytest.raises(SessionStateError, match="not the one"):
            await talk.session.approve(other)
        if approves:
            await talk.session.approve(asked.request)
        else:
            await talk.session.deny(asked.request, "too expensive")
        output = (await talk.service.expect("conversation.item.create", item=OUTPUT))["item"]["output"]
        with pytest.raises(SessionStateError, match="was decided"):
            await talk.session.approve(asked.request)

    assert made == (["green"] if approves else [])
    assert output == "booked green" if approves else "too expensive" in output


async def test_a_person_who_says_nothing_in_time_has_refused(realtime_simulator: Any):
    tool = Tool(weather, approve=True, approval_timeout_s=20)
    async with talking(
        realtime_simulator, session={"tools": [tool]}, script=script(call("weather", city="Rome"))
    ) as talk:
        await talk.session.send_text("go", respond=True)
        (*_, asked) = await until(talk.session, is_approval)
        assert isinstance(asked, RealtimeApprovalEvent)
        talk.clock.advance(20)
        told = await talk.service.expect("conversation.item.create", item=OUTPUT)
        with pytest.raises(SessionStateError, match="timed out"):
            await talk.session.approve(asked.request)

    assert "within 20 s" in told["item"]["output"]


async def test_tools_of_the_services_own_servers_pass_through_and_their_approvals_are_answered(
    realtime_simulator: Any,
):
    made: list[str] = []

    def search(q: str) -> str:
        made.append(q)
        return q

    def brain(turn: Turn) -> list[Action]:
        if turn.results:
            return [Say(f"{turn.results[0].output}.")]
        if turn.declined:
            return [Say("Then not.")]
        return [McpCall("docs", "search", {"q": turn.text}, output="a city", needs_approval=True)]

    server = {"type": "mcp", "server_label": "docs", "server_url": "https://docs.example.com/mcp"}
    settings = {"tools": [search, {**server, "allowed_tools": ["search"]}]}
    async with talking(realtime_simulator, session=settings, brain=brain, script=None) as talk:
        said = []
        for approves in (True, False):
            await talk.session.send_text("go", respond=True)
            (*_, asked) = await until(talk.session, is_approval)
            assert isinstance(asked, RealtimeApprovalEvent)
            assert asked.request.arguments == '{"q":"go"}'
            if approves:
                await talk.session.approve(asked.request)
            else:
                await talk.session.deny(asked.request, "private")
            await until(talk.session, is_done)
            said.append(printed(await until(talk.session, is_done)))
        answers = [
            sent["item"]["approve"]
            for sent in talk.sent("conversation.item.create")
            if sent["item"]["type"] == "mcp_approval_response"
        ]
        told = outputs(talk)

    assert said == ["a city.", "Then not."]
    assert answers == [True, False]
    assert made == told == []


# -- what a tool may do to its session -------------------------------------------------------------


async def test_progress_is_spoken_only_if_nothing_else_is(realtime_simulator: Any):
    told = asyncio.Queue[str]()

    async def look(call: ActiveCall) -> str:
        while (text := await told.get()) != "done":
            call.progress(text)
        return "found"

    do = [{"call": ["look"]}, {"wait_ms": 1_000}, {"say": "Let me see."}]
    async with talking(realtime_simulator, session={"tools": [look]}, script=script({"do": do})) as talk:
        await talk.session.send_text("go", respond=True)
        await until(talk.session, lambda event: isinstance(event, RealtimeFunctionCallEvent))
        told.put_nowait("too early")
        await settle()
        talk.let_go()
        await until(talk.session, is_done)
        told.put_nowait("still looking")
        await until(talk.session, is_done)
        told.put_nowait("done")
        await until(talk.session, is_done)
        first, progress, follow_up = talk.sent("response.create")

    assert "instructions" not in first.get("response", {})
    assert "still looking" in progress["response"]["instructions"]
    assert progress["response"]["tool_choice"] == "none"
    assert "instructions" not in follow_up.get("response", {})


async def test_a_tool_may_end_the_session(realtime_simulator: Any):
    async def hang_up(session: RealtimeSession) -> str:
        await session.delete_session()
        return "bye"

    async with talking(
        realtime_simulator, session={"tools": [hang_up]}, script=script(call("hang_up"))
    ) as talk:
        await talk.session.send_text("go", respond=True)
        events = [event async for event in talk.session.receive()]
        assert await talk.service.wait_ended() == "client"
        told = outputs(talk)

    assert getattr(events[-1], "reason", None) == "deleted"
    assert told == []


async def test_a_tool_may_interrupt_what_is_said(realtime_simulator: Any):
    async def quiet(session: RealtimeSession) -> str:
        await session.interrupt()
        return "quiet"

    do = [{"say": "Once upon a time"}, {"call": ["quiet"]}, {"wait_ms": 1_000}, {"say": "there was a king"}]
    async with talking(realtime_simulator, session={"tools": [quiet]}, script=script({"do": do})) as talk:
        handle = await talk.session.send_text("go", respond=True)
        assert handle is not None
        done = await handle
        await talk.service.expect("response.cancel", response_id=done.response_id)
        await talk.service.expect("conversation.item.create", item={**OUTPUT, "output": "quiet"})
        events = await ended(talk.session)

    assert done.status == "cancelled"
    assert not [e for e in events if isinstance(e, RealtimeAudioEvent) and e.response_id == done.response_id]
    assert errors(events) == []
