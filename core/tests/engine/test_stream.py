import asyncio
from contextlib import aclosing

import pytest
from realtime_core.engine.queue import EventQueue
from realtime_core.engine.stream import EventStream
from realtime_core.errors import ConnectionLost, LostReason
from realtime_core.events import RealtimeEvent

LOST = ConnectionLost("gone", reason=LostReason.DROPPED)


def _queue(*names, ended=True):
    queue = EventQueue(1_000_000)
    for name in names:
        queue.put(RealtimeEvent(item_id=name))
    if ended:
        queue.end()
    return queue


def _stream(queue, failure=None):
    return EventStream(queue, lambda: failure, lambda: None)


async def test_a_stream_gives_the_events_and_ends():
    assert [event.item_id async for event in _stream(_queue(*"abc"))] == ["a", "b", "c"]


async def test_a_stream_raises_the_failure_after_the_last_event():
    stream = _stream(_queue("a"), LOST)

    assert (await anext(stream)).item_id == "a"
    with pytest.raises(ConnectionLost) as caught:
        await anext(stream)
    assert caught.value is LOST


async def test_a_stream_is_its_own_iterator():
    stream = _stream(_queue())

    assert aiter(stream) is stream


async def test_a_closed_stream_has_ended():
    stream = _stream(_queue("a"))
    await stream.aclose()

    assert [event async for event in stream] == []


async def test_closing_a_stream_twice_is_harmless():
    stream = _stream(_queue())

    await stream.aclose()
    await stream.aclose()


async def test_a_closed_stream_leaves_the_rest_to_the_next():
    queue = _queue("a", "b")
    async with aclosing(_stream(queue)) as stream:
        first = await anext(stream)

    assert [first.item_id, *[event.item_id async for event in _stream(queue)]] == ["a", "b"]


async def test_cancelling_anext_loses_nothing_and_ends_nothing(idle):
    queue = _queue(ended=False)
    stream = _stream(queue)
    waiting = asyncio.ensure_future(anext(stream))
    await idle()
    waiting.cancel()
    await asyncio.wait([waiting])

    queue.put(RealtimeEvent(item_id="a"))

    assert (await anext(stream)).item_id == "a"


async def test_a_consumer_far_behind_lets_others_run():
    queue = _queue(*map(str, range(100)))
    left = []

    async def other():
        left.append(len(queue))

    task = asyncio.create_task(other())
    async for _ in _stream(queue):
        pass
    await task

    assert left[0] > 80


async def test_cancelling_a_consumer_in_its_pause_loses_nothing():
    queue = _queue(*map(str, range(20)))
    stream = _stream(queue)
    seen = []

    async def consume():
        async for event in stream:
            seen.append(event.item_id)  # what was seen before the cancellation counts

    task = asyncio.create_task(consume())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    seen += [event.item_id async for event in stream]

    assert task.cancelled()
    assert seen == list(map(str, range(20)))
