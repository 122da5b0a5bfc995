"""The pipe in memory."""

import asyncio

import pytest
from realtime_core.testing import MemoryPipe, PipeClosed


async def drained(end) -> bytes:
    data = b""
    while chunk := await end.recv():
        data += chunk
    return data


async def test_what_is_sent_arrives_in_both_directions():
    pipe = MemoryPipe()
    near = await pipe.dial()
    await near.send(b"up")
    await pipe.far.send(b"down")

    assert (await pipe.far.recv(), await near.recv()) == (b"up", b"down")


async def test_it_splits_what_was_sent_at_once():
    pipe = MemoryPipe(split_bytes=2)
    await pipe.far.send(b"abcde")

    assert [await pipe.near.recv() for _ in range(3)] == [b"ab", b"cd", b"e"]


async def test_it_delays_by_turns_of_the_loop():
    pipe = MemoryPipe(delay_turns=3)
    await pipe.far.send(b"late")
    reading = asyncio.ensure_future(pipe.near.recv())
    turns = 0
    while not reading.done():
        await asyncio.sleep(0)
        turns += 1

    assert turns >= 3


async def test_it_refuses():
    pipe = MemoryPipe()
    pipe.refuses = True

    with pytest.raises(ConnectionRefusedError):
        await pipe.dial()


async def test_nobody_sends_while_it_is_held():
    pipe = MemoryPipe()
    pipe.hold()
    sending = asyncio.ensure_future(pipe.near.send(b"late"))
    await asyncio.sleep(0)
    assert not sending.done()
    pipe.release()
    await sending
    await pipe.until_released()

    assert await pipe.far.recv() == b"late"


async def test_who_waits_to_send_learns_of_the_end():
    pipe = MemoryPipe()
    pipe.hold()
    sending = asyncio.ensure_future(pipe.near.send(b"late"))
    await asyncio.sleep(0)
    await pipe.far.aclose()

    with pytest.raises(PipeClosed):
        await sending


async def test_an_end_that_closes_is_read_to_its_last_byte():
    pipe = MemoryPipe()
    await pipe.far.send(b"last")
    await pipe.far.aclose()

    assert await drained(pipe.near) == b"last"
    with pytest.raises(PipeClosed):
        await pipe.near.send(b"too late")


async def test_closing_wakes_the_own_reader():
    pipe = MemoryPipe()
    reading = asyncio.ensure_future(pipe.near.recv())
    await asyncio.sleep(0)
    await pipe.near.aclose()

    with pytest.raises(PipeClosed):
        await reading


async def test_hanging_up_ends_both_directions():
    pipe = MemoryPipe()
    await pipe.far.send(b"last")
    pipe.hang_up()

    assert await drained(pipe.near) == b"last"
    assert await drained(pipe.far) == b""


async def test_a_pipe_that_drops_gives_what_has_arrived():
    pipe = MemoryPipe()
    await pipe.far.send(b"last")
    pipe.drop()

    assert await pipe.near.recv() == b"last"
    with pytest.raises(PipeClosed):
        await pipe.near.recv()


async def test_it_is_cut_in_the_middle():
    pipe = MemoryPipe()
    pipe.cut_after(6)
    await pipe.far.send(b"1234")
    await pipe.far.send(b"5678")

    assert [await pipe.near.recv() for _ in range(2)] == [b"1234", b"56"]
    with pytest.raises(PipeClosed):
        await pipe.near.recv()
