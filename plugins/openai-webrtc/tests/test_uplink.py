import asyncio

import pytest
from realtime_core.clock import VirtualClock, use_clock
from realtime_core.errors import ConnectionLost, LostReason, UnsupportedCommand
from realtime_openai_webrtc.uplink import OwnTrack, PushBuffer

FRAME = 480
LAG_FRAMES = 6
FRAMES_OF_A_MINUTE = 3000
PCM = b"\1\0" * FRAME
LOST = ConnectionLost("it has gone", reason=LostReason.DROPPED)


@pytest.fixture
def buffer():
    return PushBuffer()


async def started(work):
    task = asyncio.create_task(work)
    await asyncio.sleep(0)
    return task


async def settle():
    for _ in range(3):
        await asyncio.sleep(0)


class TestPushBuffer:
    async def test_what_is_appended_leaves_in_order_frame_by_frame(self, buffer):
        await buffer.append(PCM + b"\2\0" * FRAME)
        await buffer.append(b"\3\0" * FRAME)

        assert [buffer.read(FRAME) for _ in range(4)] == [PCM, b"\2\0" * FRAME, b"\3\0" * FRAME, b""]

    async def test_a_microphone_that_never_stops_is_not_later_after_every_turn(self, buffer):
        quiet, loud = b"\1\0" * FRAME, b"\0\x20" * FRAME
        await buffer.append(loud)
        buffer.read(FRAME)
        flushed = await started(buffer.flushed())
        for _ in range(LAG_FRAMES):
            assert buffer.read(FRAME) == b""  # meanwhile six frames of the microphone wait
        await settle()
        await flushed
        await buffer.append(loud + quiet * 3 + loud + quiet * 2 + loud * 2)

        assert [buffer.read(FRAME) for _ in range(5)] == [loud] * 4 + [b""]

    async def test_a_pause_is_as_long_as_it_is_where_nothing_was_late(self, buffer):
        quiet = b"\1\0" * FRAME
        flushed = await started(buffer.flushed())
        await flushed
        assert buffer.read(FRAME) == b""
        await buffer.append(quiet * 3)

        assert [buffer.read(FRAME) for _ in range(4)] == [quiet] * 3 + [b""]

    async def test_what_was_late_is_forgotten_where_nothing_waits(self, buffer):
        quiet = b"\1\0" * FRAME
        await buffer.append(PCM)
        buffer.read(FRAME)
        flushed = await started(buffer.flushed())
        for _ in range(LAG_FRAMES):
            buffer.read(FRAME)
        await settle()
        await flushed
        buffer.read(FRAME)
        await buffer.append(quiet * 3)

        assert [buffer.read(FRAME) for _ in range(4)] == [quiet] * 3 + [b""]

    async def test_it_is_known_how_much_waits(self, buffer):
        await buffer.append(PCM * 3)
        buffer.read(FRAME)

        assert buffer.waiting_ms == 40

    async def test_a_part_of_a_frame_waits_once_for_its_rest(self, buffer):
        await buffer.append(PCM[:100])
        assert buffer.read(FRAME) == b""
        await buffer.append(PCM[100:])
        assert buffer.read(FRAME) == PCM

    async def test_a_part_without_a_rest_leaves_with_the_next_frame(self, buffer):
        await buffer.append(PCM + PCM[:100])

        assert [buffer.read(FRAME) for _ in range(4)] == [PCM, b"", PCM[:100], b""]

    async def test_a_minute_waits_and_more_waits_for_it(self, buffer):
        await buffer.append(PCM * FRAMES_OF_A_MINUTE)

        more = await started(buffer.append(PCM))
        assert not more.done()
        buffer.read(FRAME)
        await more

        assert [buffer.read(FRAME) for _ in range(FRAMES_OF_A_MINUTE)] == [PCM] * FRAMES_OF_A_MINUTE
        assert buffer.read(FRAME) == b""

    async def test_cancelled_wait_counts_as_appended(self, buffer):
        await buffer.append(PCM * FRAMES_OF_A_MINUTE)
        more = await started(buffer.append(PCM))

        more.cancel()
        await asyncio.gather(more, return_exceptions=True)

        assert sum(len(buffer.read(FRAME)) for _ in range(4000)) == len(PCM) * (FRAMES_OF_A_MINUTE + 1)

    async def test_clear_drops_what_has_not_left_and_ends_the_wait(self, buffer):
        await buffer.append(PCM * FRAMES_OF_A_MINUTE)
        more = await started(buffer.append(PCM))

        buffer.clear()
        await more

        assert buffer.read(FRAME) == b""

    async def test_nothing_to_flush_is_flushed_at_once(self, buffer):
        await buffer.flushed()
        for _ in range(100):
            buffer.read(FRAME)

        await buffer.flushed()

    async def test_flushed_is_what_has_left_and_had_time_to_arrive(self, buffer):
        await buffer.append(PCM * 3)
        flushed = await started(buffer.flushed())

        for _ in range(3 + LAG_FRAMES - 1):
            buffer.read(FRAME)
            await settle()
        assert not flushed.done()
        buffer.read(FRAME)

        await flushed

    async def test_what_is_appended_later_is_not_waited_for(self, buffer):
        await buffer.append(PCM)
        flushed = await started(buffer.flushed())
        await buffer.append(PCM * 1000)

        for _ in range(1 + LAG_FRAMES):
            buffer.read(FRAME)
            await settle()

        await flushed

    async def test_what_left_just_now_is_still_on_its_way(self, buffer):
        await buffer.append(PCM)
        buffer.read(FRAME)

        flushed = await started(buffer.flushed())
        assert not flushed.done()
        for _ in range(LAG_FRAMES):
            buffer.read(FRAME)

        await flushed

    async def test_what_was_cleared_is_not_waited_for(self, buffer):
        await buffer.append(PCM * 1000)
        flushed = await started(buffer.flushed())

        buffer.clear()

        await flushed

    async def test_the_end_is_told_to_everybody_who_waits_and_who_comes(self, buffer):
        await buffer.append(PCM * FRAMES_OF_A_MINUTE)
        waiting = [await started(buffer.append(PCM)), await started(buffer.flushed())]

        buffer.end(LOST)
        buffer.end(ConnectionLost("later", reason=LostReason.CLOSED))

        for task in [*waiting, buffer.append(PCM), buffer.flushed()]:
            with pytest.raises(ConnectionLost, match="it has gone"):
                await task


class TestOwnTrack:
    async def test_sent_audio_is_refused_with_the_remedy(self):
        with pytest.raises(UnsupportedCommand, match="leave that out"):
            await OwnTrack().append(PCM)

    async def test_nothing_to_flush_is_flushed_at_once(self):
        track = OwnTrack()
        track.clear()

        assert track.waiting_ms == 0
        await track.flushed()

    async def test_flushed_is_when_the_last_frame_had_time_to_arrive(self):
        track = OwnTrack()
        track.sent(FRAME)
        flushed = await started(track.flushed())

        for samples in [FRAME, *[0] * (LAG_FRAMES - 2)]:
            track.sent(samples)
            await settle()
        assert not flushed.done()
        track.sent(0)

        await flushed

    async def test_a_track_that_pauses_is_not_waited_for(self):
        clock = VirtualClock()
        with use_clock(clock):
            track = OwnTrack()
            track.sent(FRAME)
            flushed = await started(track.flushed())

        clock.advance(0.12)

        await flushed

    async def test_silence_after_its_end_is_not_waited_for(self):
        track = OwnTrack()
        for _ in range(LAG_FRAMES):
            track.sent(0)

        await track.flushed()

    async def test_the_end_is_told(self):
        track = OwnTrack()
        track.sent(FRAME)
        flushed = await started(track.flushed())

        track.end(LOST)

        with pytest.raises(ConnectionLost, match="it has gone"):
            await flushed
