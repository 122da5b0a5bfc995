import asyncio
import contextvars
import gc
import subprocess
import sys
import threading

import pytest
import pytest_asyncio
from realtime_core.tools.executor import ToolThreads
from realtime_core.tools.failures import ToolError


class Held:
    """A function that stays in its thread until the test lets it go."""

    def __init__(self, result=None, error=None):
        self.began = threading.Event()
        self.go_on = threading.Event()
        self.thread = None
        self.result = result
        self.error = error

    def __call__(self):
        self.thread = threading.current_thread()
        self.began.set()
        self.go_on.wait()
        if self.error is not None:
            raise self.error
        return self.result

    async def until_begun(self):
        await asyncio.to_thread(self.began.wait)

    async def end(self):
        self.go_on.set()
        await asyncio.to_thread(self.thread.join)


@pytest.fixture
def threads():
    return ToolThreads(limit=2, stuck_limit=2)


@pytest_asyncio.fixture
async def complaints():
    """What the loop is told of by nobody's exceptions."""
    heard = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: heard.append(context))
    return heard


async def leave(task):
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_function_runs_in_a_thread_of_its_own(threads):
    thread = await threads.run(threading.current_thread)

    assert thread is not threading.current_thread()
    assert thread.daemon


async def test_what_the_function_raises_is_raised(threads):
    problem = ValueError("no")

    def fail():
        raise problem

    with pytest.raises(ValueError, match="no") as caught:
        await threads.run(fail)

    assert caught.value is problem


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, asyncio.CancelledError, GeneratorExit])
async def test_what_would_end_the_loop_or_the_task_is_an_error_of_the_function(threads, kind):
    def fail():
        raise kind

    with pytest.raises(RuntimeError, match=f"the function raised {kind.__name__}"):
        await threads.run(fail)


async def test_context_variables_are_the_callers_and_changes_stay_in_the_thread(threads):
    variable = contextvars.ContextVar("variable", default="nothing")
    variable.set("the caller's")

    def change():
        seen = variable.get()
        variable.set("the thread's")
        return seen

    assert await threads.run(change) == "the caller's"
    assert variable.get() == "the caller's"


async def test_no_more_than_the_limit_run_at_once_and_the_rest_follow_in_order(threads):
    held = [Held(number) for number in range(4)]
    tasks = [asyncio.create_task(threads.run(each)) for each in held]
    await held[0].until_begun()
    await held[1].until_begun()

    assert [each.began.is_set() for each in held] == [True, True, False, False]

    held[1].go_on.set()
    await held[2].until_begun()
    assert not held[3].began.is_set()

    for each in held:
        each.go_on.set()
    assert await asyncio.gather(*tasks) == [0, 1, 2, 3]


async def test_the_loop_goes_on_while_a_function_runs(threads):
    held = Held("done")
    task = asyncio.create_task(threads.run(held))
    await held.until_begun()
    turns = [await asyncio.sleep(0, turn) for turn in range(1000)]

    assert len(turns) == 1000
    assert not task.done()

    held.go_on.set()
    assert await task == "done"


@pytest.mark.parametrize("outcome", [{"result": "late"}, {"error": ValueError("late")}])
async def test_a_call_that_is_left_is_counted_and_its_late_result_is_nobodys(threads, complaints, outcome):
    held = Held(**outcome)
    task = asyncio.create_task(threads.run(held))
    await held.until_begun()

    await leave(task)
    assert (threads.abandoned, threads.stuck) == (1, 1)

    await held.end()
    assert threads.stuck == 0
    gc.collect()
    await asyncio.sleep(0)
    assert threads.abandoned == 1
    assert complaints == []


async def test_a_timeout_leaves_the_call(threads):
    held = Held()

    async def within_no_time():
        async with asyncio.timeout(None) as scope:
            call = asyncio.ensure_future(threads.run(held))
            await held.until_begun()
            scope.reschedule(0)
            await call

    with pytest.raises(TimeoutError):
        await within_no_time()

    assert threads.stuck == 1
    await held.end()
    assert threads.stuck == 0


async def test_a_stuck_call_gives_its_place_back():
    threads = ToolThreads(limit=1)
    held = Held()
    task = asyncio.create_task(threads.run(held))
    await held.until_begun()
    await leave(task)

    assert await threads.run(lambda: "done") == "done"

    await held.end()


async def test_when_too_many_are_stuck_calls_are_refused_until_one_returns(threads):
    held = [Held(), Held()]
    for each in held:
        task = asyncio.create_task(threads.run(each))
        await each.until_begun()
        await leave(task)

    with pytest.raises(ToolError, match="Too many earlier calls have not come to an end; try again later"):
        await threads.run(lambda: "done")

    await held[0].end()
    assert threads.stuck == 1
    assert await threads.run(lambda: "done") == "done"
    await held[1].end()


async def test_a_call_that_waits_for_its_turn_can_be_left_without_a_trace(threads):
    held = [Held(), Held(), Held()]
    tasks = [asyncio.create_task(threads.run(each)) for each in held]
    await held[0].until_begun()
    await held[1].until_begun()

    await leave(tasks[2])

    assert (threads.abandoned, threads.stuck) == (0, 0)
    for each in held:
        each.go_on.set()
    await asyncio.gather(*tasks[:2])
    assert not held[2].began.is_set()


@pytest.mark.parametrize("outcome", [{"result": "late"}, {"error": ValueError("late")}])
async def test_a_call_that_ended_before_it_was_left_is_not_stuck(threads, complaints, outcome):
    held = Held(**outcome)
    task = asyncio.create_task(threads.run(held))
    await held.until_begun()
    held.go_on.set()
    held.thread.join()  # it has told the loop, which has not turned since

    await leave(task)

    await asyncio.sleep(0)
    gc.collect()
    await asyncio.sleep(0)
    assert (threads.abandoned, threads.stuck) == (0, 0)
    assert complaints == []


def test_a_function_that_ends_after_the_loop_was_closed_disturbs_nobody():
    held = Held()
    raised = []
    hook, threading.excepthook = threading.excepthook, raised.append

    async def main():
        threads = ToolThreads()
        task = asyncio.ensure_future(threads.run(held))
        await held.until_begun()
        return task

    loop = asyncio.new_event_loop()
    try:
        task = loop.run_until_complete(main())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
        held.go_on.set()
        held.thread.join()
    finally:
        threading.excepthook = hook
    assert raised == []
    task._log_destroy_pending = False  # the loop is gone, so it stays pending: that is what is tested


STUCK = """
import asyncio, threading
from realtime_core.tools.executor import ToolThreads
began = threading.Event()
def stuck():
    began.set()
    threading.Event().wait()
async def main():
    threads = ToolThreads()
    task = asyncio.create_task(threads.run(stuck))
    await asyncio.to_thread(began.wait)
    task.cancel()
asyncio.run(main())
print("the end")
"""


def test_a_stuck_function_does_not_hold_up_the_end_of_the_interpreter():
    command = [sys.executable, "-c", STUCK]

    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)  # noqa: S603  # our own words

    assert (done.stdout, done.stderr) == ("the end\n", "")
