"""Reading never waits: DESIGN §5.2, over a real socket. Whatever is held the test holds; nothing is timed."""

import asyncio
import threading
from typing import Any

import pytest
from guarantees.talk import ANY, talking
from listening import ended, errors, is_done, until
from realtime_core import RealtimeAudioEvent, RealtimeErrorEvent, RealtimeInterruptionEvent
from realtime_core.observers import hookimpl

pytestmark = pytest.mark.usefixtures("no_leaks")

LONG = " ".join(["word"] * 300)
CALL = {"name": "look", "arguments": {}}
SCRIPT = [
    {"when": "go", "do": [{"call": CALL}, {"say": LONG}]},
    {"result_of": "look", "do": [{"say": "Seen."}, {"wait_ms": 1_000}]},
    {"when": "talk", "say": LONG},
    ANY,
]


class Played:
    """An audio callback that counts what it gets."""

    def __init__(self) -> None:
        self.samples = 0

    def __call__(self, pcm: Any) -> None:
        self.samples += len(pcm)


def printed(service: Any) -> int:
    """Samples of audio that the service has sent."""
    deltas = [frame["delta"] for frame in service.sent if frame["type"] == "response.output_audio.delta"]
    return sum((len(delta) * 3 // 4 - delta.count("=")) // 2 for delta in deltas)


async def test_consumer_that_is_held_delays_no_callback_no_tool_and_no_interruption(realtime_simulator: Any):
    played, looked, silenced = Played(), asyncio.Event(), asyncio.Event()

    class Sink:
        played_ms = 0.0

        def write(self, pcm: Any) -> None:
            played(pcm)

        def clear(self) -> None:
            silenced.set()

    def look() -> str:
        loop.call_soon_threadsafe(looked.set)
        return "seen"

    loop = asyncio.get_running_loop()
    session = {"tools": [look], "audio_output_callback": Sink()}
    async with talking(realtime_simulator, script=SCRIPT, session=session) as talk:
        stream = talk.session.receive()
        await anext(stream)  # held from here on
        first = await talk.session.send_text("go", respond=True)
        await first
        await looked.wait()
        await talk.service.expect("conversation.item.create", item={"output": "seen"})
        await talk.service.expect_sent("response.output_item.done", item={"type": "message"})
        await talk.service.expect_sent("response.done")
        await talk.service.expect_sent("response.output_item.done", item={"type": "message"})
        talk.service.user_starts_speaking()
        await silenced.wait()
        samples, sent = played.samples, printed(talk.service)
        queued = talk.session.stats.queued_events

        following = await anext(stream)

    assert samples == sent > 0
    assert queued > 100
    assert isinstance(following, RealtimeInterruptionEvent)  # ahead of everything unread


async def test_coroutine_callback_that_is_held_delays_no_event_and_no_tool(realtime_simulator: Any):
    gate, began = asyncio.Event(), asyncio.Event()

    async def play(_: Any) -> None:
        began.set()
        await gate.wait()

    async def look() -> str:
        return "seen"

    session = {"tools": [look], "audio_output_callback": play}
    async with talking(realtime_simulator, script=SCRIPT, session=session) as talk:
        await talk.session.send_text("go", respond=True)
        events = await until(talk.session, is_done)
        await began.wait()
        await talk.service.expect("conversation.item.create", item={"output": "seen"})
        more = await until(talk.session, lambda event: isinstance(event, RealtimeAudioEvent))
        gate.set()

    assert sum(isinstance(event, RealtimeAudioEvent) for event in events) > 10
    assert more


@pytest.mark.parametrize("kind", ["async", "sync"])
async def test_tool_that_is_held_delays_no_audio_and_no_event(realtime_simulator: Any, kind: str):
    # a row of PAINS: a tool blocks audio for as long as it runs
    played, began = Played(), threading.Event()
    gate, thread_gate = asyncio.Event(), threading.Event()

    async def wait() -> str:
        began.set()
        await gate.wait()
        return "seen"

    def block() -> str:
        began.set()
        thread_gate.wait()
        return "seen"

    look = wait if kind == "async" else block
    look.__name__ = "look"
    session = {"tools": [look], "audio_output_callback": played}
    async with talking(realtime_simulator, script=SCRIPT, session=session) as talk:
        try:
            await talk.session.send_text("go", respond=True)
            first = await until(talk.session, is_done)
            again = await talk.session.send_text("talk", respond=True)
            await again
            assert began.is_set()
            assert played.samples == printed(talk.service) > 0
            assert sum(isinstance(event, RealtimeAudioEvent) for event in first) > 10
            assert not any(frame.get("item", {}).get("output") for frame in talk.service.received)
        finally:
            gate.set()
            thread_gate.set()
        await talk.service.expect("conversation.item.create", item={"output": "seen"})


async def test_observer_that_is_held_delays_nothing(realtime_simulator: Any):
    held, gate, played = threading.Event(), threading.Event(), Played()

    class Observer:
        @hookimpl
        def realtime_event(self) -> None:
            held.set()
            gate.wait()

    client = {"observers": [Observer()]}
    session = {"audio_output_callback": played}
    async with talking(realtime_simulator, client=client, script=SCRIPT, session=session) as talk:
        try:
            handle = await talk.session.send_text("talk", respond=True)
            await handle
            assert held.is_set()
            assert played.samples == printed(talk.service) > 0
            events = await until(talk.session, is_done)
            assert sum(isinstance(event, RealtimeAudioEvent) for event in events) > 10
        finally:
            gate.set()


async def test_callback_that_raises_each_time_is_reported_and_delays_nothing(realtime_simulator: Any):
    # a row of PAINS: a raising callback ends receive()
    def play(_: Any) -> None:
        raise RuntimeError("no speaker")

    session = {"audio_output_callback": play}
    async with talking(realtime_simulator, script=SCRIPT, session=session) as talk:
        handle = await talk.session.send_text("talk", respond=True)
        await handle
        events = await ended(talk.session)

    assert [event.code for event in errors(events)] == ["callback_failed"]
    assert sum(isinstance(event, RealtimeAudioEvent) for event in events) > 10


async def test_consumer_merely_behind_catches_up_and_misses_nothing(realtime_simulator: Any):
    # a row of PAINS: an unbounded queue grows when nobody reads; this one holds a whole long response
    async with talking(realtime_simulator, script=SCRIPT) as talk:
        for _ in range(3):
            handle = await talk.session.send_text("talk", respond=True)
            await handle
        events = await ended(talk.session)

    samples = sum(len(event.audio.data) // 2 for event in events if isinstance(event, RealtimeAudioEvent))
    assert samples == printed(talk.service) > 0
    assert not any(isinstance(event, RealtimeErrorEvent) for event in events)
    assert talk.session.stats.dropped_events == 0
