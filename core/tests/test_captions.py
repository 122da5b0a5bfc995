import asyncio
import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from realtime_core.captions import Caption, CaptionBoard
from realtime_core.errors import SessionStateError


def _caption(key="a", text="Hello", **fields):
    return Caption(key=key, role="assistant", text=text, **fields)


def _board(*current):
    return CaptionBoard(lambda: current)


def _now(coroutine):
    """The result of a coroutine that has no reason to wait."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("it waits")


async def _rest(captions):
    return [caption async for caption in captions]


def test_repr_shows_no_words():
    assert repr(_caption(text="secret")) == (
        "Caption(key='a', role='assistant', text=<6 chars>, final=False, interrupted=False, item_id=None)"
    )


async def test_a_reader_begins_with_the_turns_so_far():
    board = _board(_caption("a"), _caption("b"))
    captions = board.subscribe()
    board.publish(_caption("c"))
    board.end()

    assert [caption.key for caption in await _rest(captions)] == ["a", "b", "c"]


async def test_a_slow_reader_gets_the_latest_caption_of_each_turn_only():
    board = _board()
    captions = board.subscribe()
    for caption in (_caption("a", "It"), _caption("b", "Yes"), _caption("a", "It is")):
        board.publish(caption)
    board.end()

    assert await _rest(captions) == [_caption("a", "It is"), _caption("b", "Yes")]


async def test_a_turn_that_was_read_comes_again_when_it_is_revised():
    board = _board()
    captions = board.subscribe()
    board.publish(_caption("a", "It"))
    first = await anext(captions)
    board.publish(_caption("a", "It is"))

    assert (first.text, (await anext(captions)).text) == ("It", "It is")


async def test_each_reader_has_its_own_captions():
    board = _board()
    first, second = board.subscribe(), board.subscribe()
    board.publish(_caption("a"))
    board.end()

    assert await _rest(first) == await _rest(second) == [_caption("a")]


async def test_a_waiting_reader_gets_what_is_published():
    board = _board()
    captions = board.subscribe()
    waiting = asyncio.ensure_future(anext(captions))
    await asyncio.sleep(0)
    board.publish(_caption("a"))
    board.publish(_caption("b"))

    assert (await waiting).key == "a"
    assert (await anext(captions)).key == "b"


async def test_a_waiting_reader_ends_with_the_session():
    board = _board()
    waiting = asyncio.ensure_future(_rest(board.subscribe()))
    await asyncio.sleep(0)
    board.end()

    assert await waiting == []


async def test_captions_can_be_read_after_the_end():
    board = _board(_caption("a"))
    board.end()

    assert await _rest(board.subscribe()) == [_caption("a")]


async def test_cancelling_loses_nothing():
    board = _board()
    captions = board.subscribe()
    waiting = asyncio.ensure_future(anext(captions))
    await asyncio.sleep(0)
    board.publish(_caption("a"))
    waiting.cancel()
    await asyncio.wait([waiting])

    assert waiting.cancelled()
    assert await anext(captions) == _caption("a")


async def test_two_tasks_cannot_wait_for_the_captions_of_one_reader():
    board = _board()
    captions = board.subscribe()
    waiting = asyncio.ensure_future(anext(captions))
    await asyncio.sleep(0)

    with pytest.raises(SessionStateError, match=r"another task .* session\.captions\(\) for each"):
        await anext(captions)

    board.end()
    with pytest.raises(StopAsyncIteration):
        await waiting


def test_when_too_many_turns_wait_the_oldest_unfinished_one_leaves():
    board = _board()
    captions = board.subscribe()
    board.publish(_caption("done", final=True))
    for number in range(64):
        board.publish(_caption(str(number)))
    waiting = [_now(anext(captions)).key for _ in range(64)]

    assert waiting == ["done", *map(str, range(1, 64))]
    assert captions.skipped_turns == 1


def test_when_all_that_wait_are_final_the_oldest_leaves():
    board = _board()
    captions = board.subscribe()
    for number in range(65):
        board.publish(_caption(str(number), final=True))

    assert _now(anext(captions)).key == "1"
    assert captions.skipped_turns == 1


def test_a_reader_that_comes_late_has_missed_nothing():
    captions = _board(*(_caption(str(number)) for number in range(100))).subscribe()

    assert _now(anext(captions)).key == "36"
    assert captions.skipped_turns == 0


async def test_a_closed_reader_has_ended_and_the_others_go_on():
    board = _board(_caption("a"))
    closed, other = board.subscribe(), board.subscribe()
    await closed.aclose()
    await closed.aclose()
    board.publish(_caption("b"))
    board.end()

    assert await _rest(closed) == []
    assert [caption.key for caption in await _rest(other)] == ["a", "b"]


async def test_a_reader_that_nobody_holds_is_none():
    board = _board()
    captions = board.subscribe()
    assert board.is_read

    del captions
    gc.collect()

    assert not board.is_read


@given(st.lists(st.tuples(st.sampled_from("abc"), st.text(max_size=3)) | st.none(), max_size=30))
def test_the_last_that_is_read_of_a_turn_is_the_last_that_was_published(steps):
    board = _board()
    captions = board.subscribe()
    published, read = {}, {}
    for step in steps:
        if step is not None:
            published[step[0]] = step[1]
            board.publish(_caption(*step))
        elif published != read:
            caption = _now(anext(captions))
            read[caption.key] = caption.text
    while captions._waiting:
        caption = _now(anext(captions))
        read[caption.key] = caption.text

    assert read == published
