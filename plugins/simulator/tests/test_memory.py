import asyncio
import json

import pytest
from realtime_core.errors import ConnectionLost, InvalidOptions, LostReason
from realtime_simulator.memory import MemoryPipe
from realtime_simulator.options import configure
from realtime_simulator.watch import Watch


async def test_pipe_carries_frames_both_ways():
    pipe = MemoryPipe.open()

    created = json.loads(await pipe.recv())
    await pipe.send(json.dumps({"type": "input_audio_buffer.clear"}))
    cleared = json.loads(await pipe.recv())

    assert (created["type"], cleared["type"]) == ("session.created", "input_audio_buffer.cleared")
    await pipe.aclose()


async def test_pipe_opens_with_its_model():
    pipe = MemoryPipe.open(model="gpt-realtime")

    assert json.loads(await pipe.recv())["session"]["model"] == "gpt-realtime"


async def test_watch_gets_the_frames():
    watch = Watch()
    pipe = MemoryPipe.open(configure(watch=watch))

    await pipe.recv()

    assert [frame["type"] for frame in watch.sessions[0].sent] == ["session.created"]


async def test_closed_pipe_raises_at_both_ends():
    pipe = MemoryPipe.open()

    await pipe.aclose()
    await pipe.aclose()

    for call in (pipe.recv, lambda: pipe.send("{}")):
        with pytest.raises(ConnectionLost) as caught:
            await call()
        assert (caught.value.reason, caught.value.retryable) == (LostReason.CLOSED, False)


async def test_closing_wakes_who_waits():
    pipe = MemoryPipe.open()
    await pipe.recv()
    waiting = asyncio.ensure_future(pipe.recv())
    await asyncio.sleep(0)

    await pipe.aclose()

    with pytest.raises(ConnectionLost, match="closed here"):
        await waiting


async def test_session_ended_by_the_server_takes_no_more():
    pipe = MemoryPipe.open(configure(faults="close:1011@1"))
    with pytest.raises(ConnectionLost):
        await pipe.recv()

    with pytest.raises(ConnectionLost) as caught:
        await pipe.send("{}")
    with pytest.raises(ConnectionLost):
        await pipe.recv()

    assert (caught.value.reason, caught.value.code) == (LostReason.SERVER_ERROR, 1011)


async def test_fault_that_never_fired_is_told_once(caplog):
    caplog.set_level("INFO", "realtime_simulator")
    pipe = MemoryPipe.open(configure(faults="slow@1,stall@7"))
    await pipe.recv()

    await pipe.aclose()
    await pipe.aclose()

    assert caplog.messages == [
        "session: fault slow:50@1 fired at session.created",
        "session: fault stall@7 never fired: 1 frames came",
    ]


async def test_script_that_cannot_be_read_opens_nothing():
    with pytest.raises(InvalidOptions, match=r"nowhere\.toml"):
        MemoryPipe.open(configure(script="nowhere.toml"))


async def test_pipe_leaves_no_task_behind():
    pipe = MemoryPipe.open()
    await pipe.recv()

    await pipe.aclose()

    assert asyncio.all_tasks() == {asyncio.current_task()}
