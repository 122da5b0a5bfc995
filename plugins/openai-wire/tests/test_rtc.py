"""The shared pieces of aiortc: pacing by the clock, gaps by RTP time, and both over a real connection."""

import asyncio
from collections import Counter
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from aiortc import RTCPeerConnection
from aiortc.mediastreams import MediaStreamError
from aiortc.rtp import RtpPacket
from av import AudioFrame
from hypothesis import given
from hypothesis import strategies as st
from pyee.asyncio import AsyncIOEventEmitter
from realtime_core.clock import VirtualClock, use_clock
from realtime_openai_wire import rtc
from realtime_openai_wire.rtc import (
    RECEIVED_FORMAT,
    PacedTrack,
    ReceivedAudio,
    ReorderBuffer,
    close_peer,
    new_peer,
    only_opus,
    reorder,
)

SAMPLES = 480


class Tone:
    """Mono PCM16 of one frequency, as much as is asked for."""

    def __init__(self, hz: int, rate_hz: int = 24_000) -> None:
        self.hz = hz
        self.rate_hz = rate_hz
        self.given = 0

    def read(self, samples: int) -> bytes:
        time = (self.given + np.arange(samples)) / self.rate_hz
        self.given += samples
        return (np.sin(2 * np.pi * self.hz * time) * 9000).astype("<i2").tobytes()


def frequency_hz(pcm: bytes) -> float:
    """The strongest frequency in stereo PCM of 48 kHz."""
    mono = np.frombuffer(pcm, "<i2").reshape(-1, 2).mean(axis=1)
    return float(np.argmax(np.abs(np.fft.rfft(mono))) * RECEIVED_FORMAT.rate_hz / len(mono))


def rms(pcm: bytes) -> float:
    """The level of the second half, when the encoder has found its feet."""
    samples = np.frombuffer(pcm, "<i2").astype(float)
    return float(np.sqrt((samples[len(samples) // 2 :] ** 2).mean()))


def pcm_of(frame: AudioFrame) -> bytes:
    return frame.to_ndarray().tobytes()


@pytest.fixture
def clock():
    clock = VirtualClock()
    with use_clock(clock):
        yield clock


def silence(_samples: int) -> bytes:
    return b""


@pytest.mark.usefixtures("clock")
class TestPacedTrack:
    async def test_first_frame_leaves_at_once_and_is_what_was_read(self):
        frame = await PacedTrack(lambda n: b"\1\0" * n).recv()

        assert pcm_of(frame) == b"\1\0" * SAMPLES * 2
        assert (frame.samples, frame.layout.name) == (SAMPLES, "stereo")
        assert (frame.sample_rate, frame.pts, frame.time_base) == (24_000, 0, Fraction(1, 24_000))

    async def test_what_is_missing_is_silence(self):
        frame = await PacedTrack(lambda _: b"\1\0").recv()

        assert pcm_of(frame) == b"\1\0" * 2 + bytes(4 * (SAMPLES - 1))

    async def test_a_frame_waits_until_it_is_due_and_reads_no_sooner(self, clock):
        asked = []
        track = PacedTrack(lambda n: asked.append(n) or b"")
        await track.recv()

        second = asyncio.create_task(track.recv())
        await clock.until_waiting(clock.now_s() + 0.020)
        assert asked == [SAMPLES]
        clock.advance(0.020)

        assert (await second).pts == SAMPLES
        assert asked == [SAMPLES, SAMPLES]

    async def test_late_frames_follow_at_once_and_pace_does_not_drift(self, clock):
        track = PacedTrack(silence)
        await track.recv()

        clock.advance(0.110)
        late = [await track.recv() for _ in range(5)]

        assert [frame.pts for frame in late] == [SAMPLES * n for n in range(1, 6)]
        waits = asyncio.create_task(track.recv())
        await clock.until_waiting(clock.now_s() + 0.010)  # due at 120 ms of the track's time, and it is 110
        clock.advance(0.010)
        await waits

    async def test_after_a_standstill_it_goes_on_from_there(self, clock):
        track = PacedTrack(silence)
        await track.recv()

        clock.advance(3600)
        await track.recv()

        waits = asyncio.create_task(track.recv())
        await clock.until_waiting(clock.now_s() + 0.020)
        waits.cancel()
        await asyncio.gather(waits, return_exceptions=True)
        assert clock.pending == 0

    async def test_rate_decides_how_much_is_asked_for(self):
        frame = await PacedTrack(silence, rate_hz=48_000).recv()

        assert (frame.samples, frame.sample_rate) == (960, 48_000)

    async def test_stopped_track_gives_nothing_more(self):
        track = PacedTrack(silence)
        track.stop()

        with pytest.raises(MediaStreamError):
            await track.recv()


def received(pts: int | None, value: int = 7) -> AudioFrame:
    frame = AudioFrame.from_ndarray(np.full((1, 2 * 960), value, np.int16), format="s16", layout="stereo")
    frame.sample_rate = 48_000
    frame.pts = pts
    return frame


PCM = np.full(2 * 960, 7, "<i2").tobytes()


class TestReceivedAudio:
    def test_frames_that_follow_each_other_are_given_as_they_are(self):
        audio = ReceivedAudio()

        assert [audio.take(received(pts)) for pts in (5000, 5960, 6920)] == [PCM] * 3
        assert audio.lost_samples == 0

    def test_lost_packets_are_as_much_silence(self):
        audio = ReceivedAudio()
        audio.take(received(0))

        assert audio.take(received(3 * 960)) == bytes(2 * 960 * 4) + PCM
        assert audio.take(received(4 * 960)) == PCM
        assert audio.lost_samples == 2 * 960

    @pytest.mark.parametrize("pts", [-960, 0, 960 + 48_000 * 10 + 1, 1 << 32, None])
    def test_a_jump_in_time_begins_anew(self, pts):
        audio = ReceivedAudio()
        audio.take(received(0))

        assert audio.take(received(pts)) == PCM
        assert audio.take(received(None if pts is None else pts + 960)) == PCM
        assert audio.lost_samples == 0


def frames_of(buffer: ReorderBuffer, *numbers: int) -> list[int]:
    """What the buffer gives for packets of these numbers, which are also their content."""
    frames = []
    for number in numbers:
        packet = RtpPacket(sequence_number=number % 65_536, timestamp=number * 960)
        packet._data = str(number).encode()
        needs_key_frame, frame = buffer.add(packet)
        assert not needs_key_frame
        if frame is not None:
            assert frame.timestamp == int(frame.data) * 960
            frames.append(int(frame.data))
    return frames


class TestReorderBuffer:
    def test_four_packets_are_held_back(self):
        assert frames_of(ReorderBuffer(), 1, 2, 3, 4) == []
        assert frames_of(ReorderBuffer(), 1, 2, 3, 4, 5, 6) == [1, 2]

    def test_what_comes_out_of_order_is_put_in_order(self):
        assert frames_of(ReorderBuffer(), 3, 1, 5, 2, 4, 6, 8, 7, 9) == [1, 2, 3, 4, 5]

    def test_of_what_came_nothing_is_lost_with_what_did_not(self):
        assert frames_of(ReorderBuffer(), 1, 2, 4, 5, 7, 8, 9, 20, 21, 22) == [1, 2, 4, 5, 7, 8]

    def test_what_comes_too_late_or_twice_is_dropped(self):
        assert frames_of(ReorderBuffer(), 1, 2, 3, 4, 5, 6, 1, 2, 6, 7, 8) == [1, 2, 3, 4]

    @pytest.mark.parametrize("first", [0, 1, 32_766, 32_768, 65_530])
    def test_numbers_begin_anew_after_65535(self, first):
        numbers = list(range(first, first + 140_000))

        assert frames_of(ReorderBuffer(), *numbers) == numbers[:-4]

    def test_a_sender_that_numbers_quite_differently_is_heard(self):
        assert frames_of(ReorderBuffer(), *range(1000, 1010), *range(10, 20))[-6:] == list(range(10, 16))

    @given(st.lists(st.integers(0, 65_535)))
    def test_whatever_comes_no_packet_is_given_twice(self, numbers):
        assert not Counter(frames_of(ReorderBuffer(), *numbers)) - Counter(numbers)


def test_without_the_buffer_that_is_known_nothing_is_changed():
    unknown = SimpleNamespace()

    reorder(unknown)

    assert vars(unknown) == {}


async def connected(offerer: RTCPeerConnection, answerer: RTCPeerConnection) -> None:
    await offerer.setLocalDescription(await offerer.createOffer())
    await answerer.setRemoteDescription(offerer.localDescription)
    await answerer.setLocalDescription(await answerer.createAnswer())
    await offerer.setRemoteDescription(answerer.localDescription)


async def heard_of(peer: RTCPeerConnection, frames: int) -> tuple[bytes, ReceivedAudio]:
    audio = ReceivedAudio()
    pcm = b""
    stream = audio.stream(peer.getReceivers()[0].track)
    for _ in range(frames):
        pcm += await anext(stream)
    await stream.aclose()
    return pcm, audio


async def test_tones_pass_both_ways_as_loud_as_they_were_and_no_sample_is_missing():
    one, other = new_peer(), new_peer()
    only_opus(one.addTransceiver(PacedTrack(Tone(440).read)))
    other.addTrack(PacedTrack(Tone(660).read))
    try:
        await connected(one, other)
        (at_other, _), (at_one, audio) = await asyncio.gather(heard_of(other, 50), heard_of(one, 50))
    finally:
        await one.close()
        await other.close()

    assert len(at_one) - audio.lost_samples * 4 == len(at_other) == 50 * 960 * 4
    assert frequency_hz(at_other) == pytest.approx(440, abs=2)
    assert frequency_hz(at_one) == pytest.approx(660, abs=2)
    assert [rms(at_other), rms(at_one)] == pytest.approx([9000 / 2**0.5] * 2, rel=0.03)
    assert audio.lost_samples == 0


async def test_stream_ends_with_the_track():
    one, other = new_peer(), new_peer()
    one.addTrack(PacedTrack(Tone(440).read))
    other.addTrack(PacedTrack(Tone(660).read))
    await connected(one, other)
    stream = ReceivedAudio().stream(one.getReceivers()[0].track)
    await anext(stream)

    await other.close()
    rest = [pcm async for pcm in stream]
    await one.close()

    assert len(rest) < 100


async def test_what_begins_while_a_peer_is_closed_ends_with_it(monkeypatch):
    before = asyncio.all_tasks()
    one, other = new_peer(), new_peer()
    one.addTrack(PacedTrack(Tone(440).read))
    one.createDataChannel("events")
    other.addTrack(PacedTrack(Tone(660).read))
    transport = one.getTransceivers()[0].receiver.transport
    states = []
    is_shaking_hands, is_connected = asyncio.Event(), asyncio.Event()

    @transport.on("statechange")
    def changed():
        states.append(transport.state)
        is_shaking_hands.set()
        if transport.state == "connected":
            is_connected.set()

    # the handshake comes to its end between the parts of closing
    monkeypatch.setattr(one.sctp, "stop", is_connected.wait)
    await connected(one, other)
    await is_shaking_hands.wait()

    await close_peer(one)
    await close_peer(other)

    assert states[:2] == ["connecting", "connected"]
    assert [task for task in asyncio.all_tasks() - before if "_run_rt" in str(task)] == []


async def test_a_peer_that_is_closed_while_it_shakes_hands_is_gone_when_that_fails():
    before = asyncio.all_tasks()
    one, other = new_peer(), new_peer()
    one.addTrack(PacedTrack(Tone(440).read))
    other.addTrack(PacedTrack(Tone(660).read))
    transport = one.getTransceivers()[0].receiver.transport
    is_shaking_hands = asyncio.Event()
    transport.on("statechange", is_shaking_hands.set)
    await connected(one, other)
    await is_shaking_hands.wait()
    await close_peer(other)

    await close_peer(one)

    assert transport.state in {"failed", "closed"}
    assert [task for task in asyncio.all_tasks() - before if "_run_rt" in str(task)] == []


async def test_closing_waits_until_the_handshake_is_over():
    transport = AsyncIOEventEmitter()
    transport.state = "connecting"
    waiting = asyncio.ensure_future(rtc._handshake_over(transport))

    for state in ("connecting", "failed"):
        await asyncio.sleep(0)
        assert not waiting.done()
        transport.state = state
        transport.emit("statechange")

    await waiting


async def test_only_opus_is_offered_and_only_own_addresses_are_told():
    peer = new_peer()
    only_opus(peer.addTransceiver("audio"))
    try:
        await peer.setLocalDescription(await peer.createOffer())
        sdp = peer.localDescription.sdp
    finally:
        await peer.close()

    assert [line for line in sdp.splitlines() if line.startswith("a=rtpmap")] == ["a=rtpmap:96 opus/48000/2"]
    assert " typ host" in sdp
    assert " typ srflx" not in sdp
