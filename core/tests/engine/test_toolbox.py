"""Calls of the model, made: the runner, with a session that only takes notes."""

import asyncio
import threading

import pytest
from realtime_core.contents import ToolCall, ToolResult
from realtime_core.engine.toolbox import Host, Toolbox
from realtime_core.errors import ConnectionLost, LostReason, SessionStateError
from realtime_core.events import (
    RealtimeApprovalEvent,
    RealtimeErrorEvent,
    RealtimeFunctionCallEvent,
    RealtimeFunctionResultEvent,
)
from realtime_core.tools.call import ActiveCall
from realtime_core.tools.tool import Tool
from realtime_core.turnstile import Turnstile

LOST = ConnectionLost("gone", reason=LostReason.DROPPED)


class Session:
    """What a session does for its tools, noted."""

    def __init__(self):
        self.order = Turnstile()
        self.sent = []
        self.events = []
        self.requests = []
        self.said = []
        self.told = []
        self.tasks = []
        self.error = None
        self.refuses_tasks_of = None

    def spawn(self, coroutine, name):
        if self.refuses_tasks_of is not None and name.startswith(self.refuses_tasks_of):
            coroutine.close()
            return None
        task = asyncio.create_task(coroutine, name=name)
        self.tasks.append(task)
        return task

    async def send(self, command):
        if self.error is not None:
            raise self.error
        self.sent.append(command)

    @property
    def outputs(self):
        return [command.item.output for command in self.sent]

    @property
    def results(self):
        return [event for event in self.events if isinstance(event, RealtimeFunctionResultEvent)]

    async def idle(self):
        """Wait for all that was begun."""
        while pending := [task for task in self.tasks if not task.done()]:
            await asyncio.wait(pending)


@pytest.fixture
def session():
    return Session()


@pytest.fixture
def box(session, clock):
    def make(*tools, auto_invoke=True, acks=True, concurrency=4):
        host = Host(
            session=session,
            spawn=session.spawn,
            order=session.order,
            send=session.send,
            report=session.events.append,
            go_on=session.requests.append,
            progress=session.said.append,
            tell=session.told.append,
        )
        ready = [tool if isinstance(tool, Tool) else Tool(tool) for tool in tools]
        return Toolbox(
            ready,
            host,
            auto_invoke=auto_invoke,
            concurrency=concurrency,
            timeout_s=7,
            error_hook=None,
            acks=acks,
            clock=clock,
        )

    return make


async def until(holds):
    """Let all others run until it does."""
    for _ in range(10_000):
        if holds():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never did")


def call(name="look", call_id="c1", arguments="{}", response="r1"):
    return RealtimeFunctionCallEvent(response_id=response, function_call=ToolCall(call_id, name, arguments))


async def look() -> str:
    return "seen"


async def test_a_call_is_made_once_and_answered_once(box, session):
    tools = box(look)
    for _ in range(2):
        tools.take(call())
    tools.response_done("r1")
    await session.idle()

    assert session.outputs == ["seen"]
    assert [event.sent for event in session.results] == [True]
    assert len(session.requests) == 1


@pytest.mark.parametrize("acks", [True, False])
async def test_a_response_covers_the_follow_up_once_all_results_are_confirmed(box, session, acks):
    tools = box(look, acks=acks)
    tools.take(call())
    tools.response_done("r1")
    await session.idle()
    (covered,) = session.requests

    assert covered() is False
    tools.confirmed(session.sent[0].command_id)
    assert covered() is acks


async def test_the_model_goes_on_after_all_results_and_the_end_of_the_response(box, session):
    tools = box(look)
    tools.take(call())
    tools.take(call(call_id="c2"))
    await session.idle()
    assert session.requests == []

    tools.response_done("r1")

    assert len(session.requests) == 1


async def test_no_more_calls_run_at_once_than_may(box, session):
    running, most, release = 0, 0, asyncio.Event()

    async def count() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await release.wait()
        running -= 1

    tools = box(count, concurrency=2)
    for number in range(5):
        tools.take(call("count", f"c{number}"))
    await until(lambda: running == 2)
    release.set()
    await session.idle()

    assert most == 2
    assert len(session.sent) == 5


async def test_a_call_withdrawn_before_its_place_is_free_is_not_made(box, session):
    release, made = asyncio.Event(), []

    async def hold(name: str) -> None:
        made.append(name)
        await release.wait()

    tools = box(hold, concurrency=1)
    tools.take(call("hold", "c1", '{"name":"one"}'))
    tools.take(call("hold", "c2", '{"name":"two"}'))
    await until(lambda: made)
    tools.cancel("c2")
    tools.cancel("c2")
    release.set()
    await session.idle()

    assert made == ["one"]
    assert len(session.sent) == 1
    assert [event.sent for event in session.results] == [True, False]


async def test_a_time_out_gives_up_waiting_and_the_late_result_is_nobodys(box, session, clock):
    started, held, returned = threading.Event(), threading.Event(), threading.Event()

    def late() -> str:
        started.set()
        held.wait()
        returned.set()
        return "late"

    tools = box(late)
    tools.take(call("late"))
    await asyncio.to_thread(started.wait)
    clock.advance(7)
    await session.idle()
    held.set()
    await asyncio.to_thread(returned.wait)

    assert len(session.outputs) == 1
    assert "within 7 s" in session.outputs[0]
    assert tools.abandoned == 1


async def test_a_time_out_of_the_tool_itself_is_its_own(box, session):
    async def fail() -> None:
        raise TimeoutError

    tools = box(fail)
    tools.take(call("fail"))
    await session.idle()

    assert session.outputs == ["The function 'fail' failed (TimeoutError)."]


async def test_a_tool_that_cancels_itself_has_failed_and_ends_nothing(box, session):
    async def cancelled() -> None:
        raise asyncio.CancelledError

    tools = box(cancelled)
    tools.take(call("cancelled"))
    await session.idle()

    assert "was cancelled" in session.outputs[0]


async def test_a_tool_that_outlives_its_time_out_is_heard_no_more(box, session, clock):
    """One that swallows its cancellation, and then returns or raises."""
    started = asyncio.Semaphore(0)

    async def stubborn(ends: str) -> str:
        started.release()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if ends == "raises":
                raise ValueError from None
        await asyncio.sleep(0)
        return "late"

    tools = box(stubborn)
    for call_id, ends in (("c1", "returns"), ("c2", "raises")):
        tools.take(call("stubborn", call_id, f'{{"ends":"{ends}"}}'))
        await started.acquire()
    clock.advance(7)
    await session.idle()

    assert len(session.outputs) == 2
    assert all("within 7 s" in output for output in session.outputs)


@pytest.mark.parametrize("error", [SystemExit, KeyError])
async def test_what_a_tool_raises_ends_nothing(box, session, error):
    async def fail() -> None:
        raise error("secret")

    tools = box(fail)
    tools.take(call("fail"))
    await session.idle()

    assert "secret" not in session.outputs[0]
    assert session.results[0].function_result.is_error


@pytest.mark.parametrize("error", [KeyboardInterrupt, GeneratorExit])
async def test_what_is_meant_for_the_program_is_no_result(box, session, error):
    task = None

    def spawn(coroutine, name):
        nonlocal task
        if not name.startswith("running"):
            return Session.spawn(session, coroutine, name)
        with pytest.raises(error):
            coroutine.send(None)
        task = asyncio.create_task(asyncio.sleep(0))
        return task

    async def fail() -> None:
        raise error

    session.spawn = spawn
    tools = box(fail)
    tools.take(call("fail"))
    await until(lambda: task is not None)

    assert session.sent == []
    for left in session.tasks:
        left.cancel()
    await session.idle()


async def test_a_sync_function_may_give_an_awaitable(box, session):
    def look_later():
        return look()

    tools = box(Tool(look_later, name="look"))
    tools.take(call())
    await session.idle()

    assert session.outputs == ["seen"]


async def test_a_session_that_ends_begins_no_call(box, session):
    session.refuses_tasks_of = "running"
    tools = box(look)
    tools.take(call())
    await session.idle()

    assert session.sent == []
    assert session.tasks[0].cancelled()


async def test_an_unknown_function_is_told_to_the_model(box, session):
    tools = box(look)
    tools.take(call("lok"))
    await session.idle()

    assert "'look'" in session.outputs[0]


async def test_tools_can_be_replaced(box, session):
    async def other() -> str:
        return "other"

    tools = box(look)
    tools.replace([Tool(other)])
    tools.take(call("other"))
    await session.idle()

    assert session.outputs == ["other"]


async def test_the_model_and_the_user_are_told_that_a_call_waits_for_a_person(box, session):
    tools = box(Tool(look, approve=True))
    tools.take(call())
    await until(lambda: session.events)
    (asked,) = session.events
    assert isinstance(asked, RealtimeApprovalEvent)
    assert session.told == session.said
    assert "'look'" in session.told[0]
    tools.approvals.decide(asked.request, approve=True)
    await session.idle()

    assert session.outputs == ["seen"]


async def test_nobody_is_told_of_a_call_that_a_function_decides_about(box, session):
    tools = box(Tool(look, approve=lambda _: True))
    tools.take(call())
    await session.idle()

    assert session.outputs == ["seen"]
    assert session.told == session.said == []


async def test_after_a_call_that_is_withdrawn_there_is_nothing_to_go_on_with(box, session):
    release = asyncio.Event()
    tools = box(Tool(release.wait, name="look"))
    tools.take(call())
    tools.response_done("r1")
    tools.cancel("c1")

    assert session.requests == []
    release.set()
    await session.idle()


async def test_the_end_of_the_session_tells_of_the_calls_that_run(box, session):
    tools = box(Tool(asyncio.Event().wait, name="look"))
    tools.take(call())
    tools.abandon()
    tools.abandon()

    (result,) = session.results
    assert (result.sent, result.function_result.is_error) == (False, True)
    for task in session.tasks:
        task.cancel()
    await session.idle()


async def test_a_result_that_cannot_be_sent_is_told_and_the_model_has_nothing_to_go_on_with(box, session):
    session.error = LOST
    tools = box(look)
    tools.take(call())
    tools.response_done("r1")
    await session.idle()

    error, result = session.events
    assert isinstance(error, RealtimeErrorEvent)
    assert (error.code, result.sent) == ("result_not_sent", False)
    assert session.requests == []


async def test_progress_goes_through_the_loop_from_any_thread(box, session):
    def work(call: ActiveCall) -> None:
        call.progress("still at it")

    tools = box(work)
    tools.take(call("work"))
    await session.idle()

    assert session.said == ["still at it"]


def test_progress_after_the_loop_is_closed_is_nobodys(session, box):
    kept = []

    async def work(call: ActiveCall) -> None:
        kept.append(call)

    async def run():
        tools = box(work)
        tools.take(call("work"))
        await session.idle()

    asyncio.run(run())
    kept[0].progress("too late")

    assert session.said == []


# -- results of the application --------------------------------------------------------------------


async def test_the_application_answers_where_calls_are_left_to_it(box, session):
    tools = box(look, auto_invoke=False)
    tools.take(call())
    await tools.send_result(ToolResult("c1", "look", "by hand"))

    assert session.outputs == ["by hand"]
    with pytest.raises(SessionStateError, match="has its result"):
        await tools.send_result(ToolResult("c1", "look", "again"))


async def test_a_result_for_a_call_that_a_tool_is_making_is_refused(box, session):
    tools = box(look)
    tools.take(call())

    with pytest.raises(SessionStateError, match="auto_invoke=False"):
        await tools.send_result(ToolResult("c1", "look", "by hand"))
    await session.idle()


async def test_a_result_for_a_call_that_nobody_knows_is_sent(box, session):
    await box(look).send_result(ToolResult("c9", "look", "of another session"))

    assert session.outputs == ["of another session"]


@pytest.mark.parametrize("known", [True, False])
async def test_a_result_that_could_not_be_sent_may_be_sent_again(box, session, known):
    tools = box(look, auto_invoke=False)
    if known:
        tools.take(call())
    session.error = LOST
    with pytest.raises(ConnectionLost):
        await tools.send_result(ToolResult("c1", "look", "by hand"))
    session.error = None
    await tools.send_result(ToolResult("c1", "look", "by hand"))

    assert session.outputs == ["by hand"]
