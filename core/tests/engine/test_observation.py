import gc
import logging
import os
import subprocess
import sys
import textwrap
import threading
import weakref

import pytest
from realtime_core.commands import AddItem, AppendAudio, CreateResponse, Raw
from realtime_core.contents import ImageContent, ToolCall, ToolResult
from realtime_core.engine import observation as module
from realtime_core.engine.observation import Observation, ObserverThread, drain, observation_for
from realtime_core.engine.queue import wire_size
from realtime_core.errors import ConnectionLost, LostReason
from realtime_core.events import RealtimeEvent, RealtimeFunctionCallEvent, RealtimeFunctionResultEvent
from realtime_core.observers import SessionInfo, hookimpl
from realtime_core.observers.loading import given_observers

CALL = ToolCall("call_1", "f", "{}")
RESULT = ToolResult("call_1", "f", "1")
EVENT = RealtimeEvent(service_type="a")
CALLED = RealtimeFunctionCallEvent(function_call=CALL)
ANSWERED = RealtimeFunctionResultEvent(function_result=RESULT)
COMMAND = CreateResponse()
PNG = b"\x89PNG\r\n\x1a\n"


class Recorder:
    """Remembers what it is told, and on which thread."""

    def __init__(self):
        self.seen = []
        self.threads = set()

    def _see(self, *what):
        self.seen.append(what)
        self.threads.add(threading.current_thread())

    @hookimpl
    def realtime_session_opened(self, session):
        self._see("opened", session)

    @hookimpl
    def realtime_session_closed(self, session, reason, error):
        self._see("closed", session, reason, error)

    @hookimpl
    def realtime_event(self, session, event):
        self._see("event", session, event)

    @hookimpl
    def realtime_command(self, session, command):
        self._see("command", session, command)

    @hookimpl
    def realtime_tool(self, session, call, result):
        self._see("tool", session, call, result)


class Held:
    """Hangs in its hook until it is released."""

    def __init__(self):
        self.entered = threading.Event()
        self.released = threading.Event()
        self.events = []

    @hookimpl
    def realtime_event(self, event):
        self.entered.set()
        self.released.wait()
        self.events.append(event)


class Raising:
    @hookimpl
    def realtime_event(self):
        raise ValueError("what somebody said")


@pytest.fixture(autouse=True)
def _none_installed(monkeypatch):
    monkeypatch.setattr(module, "installed_observers", lambda: ())


@pytest.fixture
def held():
    held = Held()
    yield held
    held.released.set()


def observe(*plugins, thread=None, number=1):
    info = SessionInfo("acme-ws", number)
    return Observation(info, given_observers(plugins), ObserverThread() if thread is None else thread)


# -- what is told --------------------------------------------------------------------------------


def test_without_observers_there_is_nothing_to_tell():
    assert observation_for("acme-ws") is None


def test_given_observers_are_told():
    recorder = Recorder()
    observation = observation_for("acme-ws", given_observers([recorder]))

    observation.event(EVENT)

    assert drain(60)
    assert recorder.seen == [("event", observation.info, EVENT)]


def test_installed_observers_are_told_too(monkeypatch):
    installed, given = Recorder(), Recorder()
    monkeypatch.setattr(module, "installed_observers", lambda: given_observers([installed]))

    observation_for("acme-ws", given_observers([given])).event(EVENT)

    assert drain(60)
    assert len(installed.seen) == len(given.seen) == 1


def test_sessions_have_numbers_of_their_own():
    observers = given_observers([Recorder()])

    first, second = (observation_for("acme-ws", observers) for _ in range(2))

    assert second.info.number == first.info.number + 1
    assert first.info.provider == "acme-ws"


def test_what_is_told_comes_in_order_on_one_thread_that_is_not_ours():
    recorder, thread = Recorder(), ObserverThread()
    error = ConnectionLost("gone", reason=LostReason.DROPPED)
    observation = observe(recorder, thread=thread)

    observation.opened("sess_1")
    observation.event(EVENT)
    observation.command(COMMAND)
    observation.closed("dropped", error)

    assert thread.drain(60)
    info = SessionInfo("acme-ws", 1, "sess_1")
    assert recorder.seen == [
        ("opened", info),
        ("event", info, EVENT),
        ("command", info, COMMAND),
        ("closed", info, "dropped", error),
    ]
    assert len(recorder.threads) == 1
    assert recorder.threads.isdisjoint({threading.current_thread()})
    assert all(thread.daemon for thread in recorder.threads)


def test_events_are_passed_by_reference():
    recorder, thread = Recorder(), ObserverThread()

    observe(recorder, thread=thread).event(EVENT)

    assert thread.drain(60)
    assert recorder.seen[0][2] is EVENT


def test_before_the_service_has_told_it_there_is_no_id():
    recorder, thread = Recorder(), ObserverThread()

    observe(recorder, thread=thread).closed("refused")

    assert thread.drain(60)
    assert recorder.seen == [("closed", SessionInfo("acme-ws", 1), "refused", None)]


def test_nothing_is_told_behind_the_end():
    recorder, thread = Recorder(), ObserverThread()
    observation = observe(recorder, thread=thread)

    observation.closed("deleted")
    observation.event(EVENT)
    observation.closed("deleted")

    assert thread.drain(60)
    assert len(recorder.seen) == 1


def test_what_no_observer_wants_is_not_even_queued(held):
    thread = ObserverThread(limit_bytes=1)
    observation = observe(held, thread=thread)
    observation.event(EVENT)
    held.entered.wait()

    for _ in range(10):
        observation.command(COMMAND)

    assert observation.dropped == 0


def test_a_call_and_its_result_tell_that_a_tool_has_run():
    recorder, thread = Recorder(), ObserverThread()
    observation = observe(recorder, thread=thread)

    observation.event(CALLED)
    observation.event(EVENT)
    observation.event(ANSWERED)

    assert thread.drain(60)
    assert [what for what, *_ in recorder.seen] == ["event", "event", "event", "tool"]
    assert recorder.seen[-1] == ("tool", observation.info, CALL, RESULT)


def test_a_result_without_its_call_or_told_twice_is_no_tool_that_ran():
    recorder, thread = Recorder(), ObserverThread()
    observation = observe(recorder, thread=thread)

    for event in (ANSWERED, CALLED, ANSWERED, ANSWERED):
        observation.event(event)

    assert thread.drain(60)
    assert [what for what, *_ in recorder.seen].count("tool") == 1


def test_calls_that_are_never_answered_do_not_fill_the_memory():
    observation = observe(Recorder())

    for number in range(module._OPEN_CALLS + 5):
        observation.event(RealtimeFunctionCallEvent(function_call=ToolCall(f"call_{number}", "f", "")))

    assert len(observation._calls) == module._OPEN_CALLS


def test_an_observer_need_not_want_events():
    class Ends:
        seen = 0

        @hookimpl
        def realtime_session_closed(self):
            self.seen += 1

    ends, thread = Ends(), ObserverThread()
    observation = observe(ends, thread=thread)

    observation.event(EVENT)
    observation.closed("deleted")

    assert thread.drain(60)
    assert ends.seen == 1


def test_an_event_is_not_kept_until_the_next_one_comes():
    class Frame(dict):
        pass

    class Forgetful:
        @hookimpl
        def realtime_event(self, event):
            pass

    thread = ObserverThread()
    frame = Frame()
    gone = threading.Event()
    weakref.finalize(frame, gone.set)

    observe(Forgetful(), thread=thread).event(RealtimeEvent(service_event=frame))
    del frame
    assert thread.drain(60)
    gc.collect()

    assert gone.wait(60)


# -- guarded -------------------------------------------------------------------------------------


def test_an_observer_that_raises_disturbs_neither_the_others_nor_itself(caplog):
    before, after, thread = Recorder(), Recorder(), ObserverThread()
    observation = observe(before, Raising(), after, thread=thread)

    observation.event(EVENT)
    observation.event(EVENT)

    assert thread.drain(60)
    assert len(before.seen) == len(after.seen) == 2
    assert caplog.messages == [
        (
            "observer 'Raising' raised ValueError in realtime_event; "
            "it is called again, and this is not logged again"
        )
    ]


def test_an_observer_that_hangs_does_not_hold_whoever_tells(held):
    thread = ObserverThread()
    observation = observe(held, thread=thread)

    for _ in range(100):
        observation.event(EVENT)
    assert held.events == []
    held.released.set()

    assert thread.drain(60)
    assert len(held.events) == 100


# -- bounded -------------------------------------------------------------------------------------


def full(held, *others):
    """An observation whose queue is full, with four events behind one that hangs."""
    thread = ObserverThread(5 * wire_size(EVENT))
    observation = observe(held, *others, thread=thread)
    observation.event(RealtimeEvent(service_type="held"))
    held.entered.wait()
    for number in range(4):
        observation.event(RealtimeEvent(service_type=f"{number}"))
    assert observation.dropped == 0
    return observation, thread


def test_when_the_queue_is_full_the_newest_are_dropped_and_counted(held):
    observation, thread = full(held)

    for _ in range(3):
        observation.event(RealtimeEvent(service_type="late"))
    held.released.set()

    assert thread.drain(60)
    assert observation.dropped == 3
    assert [event.service_type for event in held.events] == ["held", "0", "1", "2", "3"]


def test_dropping_is_logged_when_it_begins_and_in_all_at_the_end(held, caplog):
    observation, _ = full(held)

    observation.event(EVENT)
    assert len(caplog.messages) == 1
    for _ in range(2):
        observation.event(EVENT)
    observation.closed("deleted")

    assert caplog.messages == [
        (
            "session 1 with 'acme-ws': observers do not keep up, or one hangs; realtime_event was dropped; "
            "more may be, and their number is told when the session ends"
        ),
        "session 1: 3 calls of observers were dropped",
    ]
    assert {record.levelno for record in caplog.records} == {logging.WARNING}


def test_openings_ends_and_tools_find_room_in_a_full_queue(held):
    recorder = Recorder()
    observation, thread = full(held, recorder)

    observation.opened("sess_1")
    observation.closed("deleted")
    held.released.set()

    assert thread.drain(60)
    assert [what for what, *_ in recorder.seen if what != "event"] == ["opened", "closed"]
    assert observation.dropped == 0


def test_tools_that_ran_find_room_too_within_bounds(held):
    class Tools:
        seen = 0

        @hookimpl
        def realtime_tool(self):
            self.seen += 1

    tools = Tools()
    observation, thread = full(held, tools)

    for _ in range(8):
        observation.event(CALLED)
        observation.event(ANSWERED)
    held.released.set()

    assert thread.drain(60)
    # the room is twice that of five events, which are there, and a tool that ran is a little more than one
    assert tools.seen == 4
    assert observation.dropped == 16 + 4


@pytest.mark.parametrize(
    "command",
    [
        AppendAudio(data=bytes(5000)),
        AddItem(item=ImageContent(PNG + bytes(5000))),
        Raw(service_type="a", payload={"audio": "A" * 5000}),
    ],
)
def test_large_commands_take_the_room_that_they_take(held, command):
    recorder = Recorder()
    observation, thread = full(held, recorder)

    observation.command(command)
    assert observation.dropped == 1
    held.released.set()
    assert thread.drain(60)

    # larger than the whole room, it is taken when nothing waits
    observation.command(command)
    assert thread.drain(60)
    assert recorder.seen[-1][2] is command


def test_small_commands_count_too(held):
    observation, _ = full(held, Recorder())

    observation.command(COMMAND)

    assert observation.dropped == 1


def test_a_queue_that_has_room_again_takes_again(held):
    observation, thread = full(held)
    observation.event(EVENT)
    held.released.set()
    assert thread.drain(60)

    observation.event(EVENT)

    assert thread.drain(60)
    assert observation.dropped == 1
    assert held.events[-1] is EVENT


# -- the thread ----------------------------------------------------------------------------------


def test_a_thread_that_was_never_started_has_nothing_to_drain():
    assert ObserverThread().drain()


def test_draining_gives_up_when_it_is_told_to(held):
    thread = ObserverThread()
    observe(held, thread=thread).event(EVENT)
    held.entered.wait()

    assert not thread.drain(0)


def test_sessions_share_one_thread():
    recorder, thread = Recorder(), ObserverThread()
    observe(recorder, thread=thread).event(EVENT)
    observe(recorder, thread=thread, number=2).event(EVENT)

    assert thread.drain(60)
    assert len(recorder.threads) == 1


PROGRAM = """
    import os, sys, threading
    from realtime_core.engine.observation import drain, observation_for
    from realtime_core.events import RealtimeEvent
    from realtime_core.observers import hookimpl
    from realtime_core.observers.loading import given_observers

    class Printer:
        @hookimpl
        def realtime_session_opened(self, session):
            threading.Event().wait()

        @hookimpl
        def realtime_event(self, event):
            print(event.service_type, flush=True)

    printer = given_observers([Printer()])

    def tell(what):
        observation_for("acme-ws", printer).event(RealtimeEvent(service_type=what))
"""


def run(program):
    source = textwrap.dedent(PROGRAM) + textwrap.dedent(program)
    done = subprocess.run(  # noqa: S603  # our own words
        [sys.executable, "-c", source], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.split(), done.stderr


def test_what_waits_at_the_end_of_the_program_is_still_seen():
    assert run("for n in range(100): tell(str(n))") == ([str(number) for number in range(100)], "")


def test_an_observer_that_hangs_does_not_hold_up_the_end_of_the_program():
    assert run('observation_for("acme-ws", printer).opened("sess_1"); tell("late")') == ([], "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_has_a_thread_of_its_own():
    printed, _ = run(
        """
        tell("parent")
        drain()
        child = os.fork()
        if child == 0:
            assert drain()
            tell("child")
            drain()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        tell("parent_again")
        """
    )

    assert printed == ["parent", "child", "parent_again"]


def test_installed_observers_are_looked_for_with_the_first_session_and_not_before():
    printed, _ = run(
        """
        import realtime_core
        from realtime_core.observers.loading import installed_observers

        print(installed_observers.cache_info().misses)
        observation_for("acme-ws")
        observation_for("acme-ws")
        print(installed_observers.cache_info().misses)
        """
    )

    assert printed == ["0", "1"]
