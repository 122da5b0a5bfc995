import asyncio

import pytest
from realtime_core.audio.formats import AudioFormat
from realtime_core.contents import AudioContent
from realtime_core.errors import ConnectionLost, LostReason
from realtime_core.events import RealtimeErrorEvent
from realtime_openai_webrtc.inbox import Inbox, again

STEREO = AudioFormat("pcm16", 48_000, 2)
MOST_AUDIO_S = 10
FAILED = RealtimeErrorEvent(kind="callback")
SECOND = bytes(STEREO.bytes_per_s)


def lost(reason=LostReason.DROPPED):
    return ConnectionLost("it has gone", reason=reason, code=7, retryable=False)


@pytest.fixture
def inbox():
    return Inbox(STEREO)


async def test_frames_audio_and_events_come_in_the_order_of_arrival(inbox):
    inbox.put_frame("one")
    inbox.put_audio(b"\1\0\1\0")
    inbox.put_frame(b"two")
    inbox.put_frame("three")
    inbox.put_audio(b"\2\0\2\0")
    inbox.put_frame(FAILED)

    assert [await inbox.get() for _ in range(6)] == [
        "one",
        AudioContent(b"\1\0\1\0", STEREO),
        b"two",
        "three",
        AudioContent(b"\2\0\2\0", STEREO),
        FAILED,
    ]


async def test_a_reader_waits_for_what_comes(inbox):
    reader = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)

    inbox.put_frame("one")

    assert await reader == "one"


async def test_cancelling_loses_nothing(inbox):
    reader = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    inbox.put_frame("one")
    reader.cancel()
    await asyncio.gather(reader, return_exceptions=True)

    assert await inbox.get() == "one"


async def test_of_too_much_audio_the_oldest_leaves_and_frames_never_do(inbox):
    for number in range(MOST_AUDIO_S + 2):
        inbox.put_frame(str(number))
        inbox.put_audio(SECOND)

    got = [await inbox.get() for _ in range(2 * MOST_AUDIO_S + 2)]

    assert inbox.dropped_pieces == 2
    assert got[:3] == ["0", "1", "2"]
    assert [frame for frame in got if isinstance(frame, str)] == list(map(str, range(MOST_AUDIO_S + 2)))


async def test_what_was_read_makes_room(inbox):
    for _ in range(3 * MOST_AUDIO_S):
        inbox.put_audio(SECOND)
        await inbox.get()

    assert inbox.dropped_pieces == 0


async def test_what_arrived_before_the_end_is_read_first(inbox):
    inbox.put_frame("last words")
    inbox.end(lost())
    inbox.end(lost(LostReason.CLOSED))

    assert await inbox.get() == "last words"
    for _ in range(2):
        with pytest.raises(ConnectionLost, match="it has gone") as caught:
            await inbox.get()
        assert (caught.value.reason, caught.value.code, caught.value.retryable) == (
            LostReason.DROPPED,
            7,
            False,
        )


async def test_an_end_wakes_the_reader(inbox):
    reader = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)

    inbox.end(lost())

    with pytest.raises(ConnectionLost):
        await reader


async def test_who_closes_wants_nothing_more(inbox):
    inbox.put_frame("one")
    inbox.put_audio(SECOND)

    inbox.end(lost(), drop=True)

    with pytest.raises(ConnectionLost):
        await inbox.get()


def test_an_error_raised_again_is_the_same_and_another():
    error = lost()

    assert str(again(error)) == str(error)
    assert again(error) is not error
    assert again(error).__cause__ is error
