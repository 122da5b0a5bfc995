import asyncio
from fractions import Fraction

import av
import numpy as np
import pytest
import soundfile
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, Packet, VideoFrame
from realtime_core.clock import VirtualClock, use_clock
from realtime_core.errors import InvalidOptions
from realtime_openai_webrtc.tracks import FileTrack, LastingTrack

FRAME = 480


@pytest.fixture
def clock():
    clock = VirtualClock()
    with use_clock(clock):
        yield clock


async def next_frame(track, clock):
    """The next frame of a paced track, however long that takes by its clock."""
    frame = asyncio.ensure_future(track.recv())
    while not frame.done():
        clock.advance(0.02)
        await asyncio.sleep(0.001)
    return frame.result()


def samples(frame):
    """Of one channel: the other one has the same."""
    left, right = frame.to_ndarray().reshape(-1, 2).T
    assert (left == right).all()
    return left


class TestFileTrack:
    @pytest.mark.parametrize(("suffix", "rate_hz", "channels"), [("wav", 24_000, 1), ("flac", 44_100, 2)])
    async def test_a_file_is_played_at_its_pace_and_silence_follows(
        self, clock, tmp_path, tone, frequency_hz, suffix, rate_hz, channels
    ):
        mono = np.frombuffer(tone(440, rate_hz).read(rate_hz // 2), "<i2")
        file = tmp_path / f"question.{suffix}"
        soundfile.write(file, np.stack([mono] * channels, axis=1), rate_hz)

        track = FileTrack(file)
        frames = [await next_frame(track, clock) for _ in range(30)]

        assert [frame.pts for frame in frames] == [FRAME * n for n in range(30)]
        assert {(frame.sample_rate, frame.samples) for frame in frames} == {(24_000, FRAME)}
        played = np.concatenate([samples(frame) for frame in frames])
        assert frequency_hz(played[:12_000].tobytes()) == pytest.approx(440, abs=3)
        assert np.sqrt((played[:12_000].astype(float) ** 2).mean()) == pytest.approx(9000 / 2**0.5, rel=0.03)
        assert abs(played[12_000 + FRAME :]).max() == 0

    async def test_a_frame_is_given_when_it_is_due(self, clock, tmp_path):
        file = tmp_path / "question.wav"
        soundfile.write(file, np.zeros(24_000), 24_000)
        track = FileTrack(file)
        await track.recv()

        second = asyncio.create_task(track.recv())
        await clock.until_waiting(clock.now_s() + 0.02)
        assert not second.done()
        clock.advance(0.02)

        await second

    async def test_it_is_known_when_the_file_has_been_played(self, clock, tmp_path):
        file = tmp_path / "question.wav"
        soundfile.write(file, np.zeros(FRAME * 2), 24_000)
        track = FileTrack(file)
        played = asyncio.create_task(track.played())
        for _ in range(2):
            await next_frame(track, clock)
        assert not played.done()

        await next_frame(track, clock)

        await played

    async def test_stopped_it_is_played(self, tmp_path):
        file = tmp_path / "question.wav"
        soundfile.write(file, np.zeros(FRAME), 24_000)
        track = FileTrack(file)

        track.stop()

        await track.played()

    async def test_stopped_it_gives_nothing_more(self, tmp_path):
        file = tmp_path / "question.wav"
        soundfile.write(file, np.zeros(24_000), 24_000)
        track = FileTrack(file)

        track.stop()

        with pytest.raises(MediaStreamError):
            await track.recv()

    def test_what_cannot_be_read_is_refused(self, tmp_path):
        (tmp_path / "words.wav").write_text("these are no sounds")

        for name in ("none.wav", "words.wav"):
            with pytest.raises(InvalidOptions, match=f"{name}' cannot be read"):
                FileTrack(tmp_path / name)

    def test_a_file_without_audio_is_refused(self, tmp_path):
        with av.open(tmp_path / "still.mp4", "w") as container:
            stream = container.add_stream("mpeg4", rate=25)
            stream.width = stream.height = 16
            stream.pix_fmt = "yuv420p"
            for packet in [*stream.encode(VideoFrame(16, 16, "yuv420p")), *stream.encode(None)]:
                container.mux(packet)

        with pytest.raises(InvalidOptions, match=r"still\.mp4' has no audio"):
            FileTrack(tmp_path / "still.mp4")


class Scripted(MediaStreamTrack):
    """Gives what it was given, then raises."""

    kind = "audio"

    def __init__(self, *items, end=MediaStreamError):
        super().__init__()
        self._items = [*items, end]

    async def recv(self):
        item = self._items.pop(0)
        if isinstance(item, type):
            raise item("words of the user")
        return item


def frame_of(value, *, samples=FRAME, rate_hz=24_000, layout="mono", fmt="s16"):
    dtype = {"s16": np.int16, "fltp": np.float32}[fmt]
    channels = 1 if layout == "mono" else 2
    shape = (1, samples * channels) if fmt == "s16" else (channels, samples)
    frame = AudioFrame.from_ndarray(np.full(shape, value, dtype), format=fmt, layout=layout)
    frame.sample_rate, frame.pts, frame.time_base = rate_hz, 7, Fraction(1, rate_hz)
    return frame


def ignored(_samples):
    """Nobody counts."""


class TestLastingTrack:
    async def test_frames_of_any_format_become_those_of_the_encoder(self):
        given = [
            frame_of(100),
            frame_of(0.5, fmt="fltp", layout="stereo", samples=1024, rate_hz=48_000),
            frame_of(0.5, fmt="fltp", layout="stereo", samples=1024, rate_hz=48_000),
        ]
        sent = []
        track = LastingTrack(Scripted(*given), sent.append, pytest.fail)

        frames = [await track.recv() for _ in range(4)]

        assert {(frame.format.name, frame.layout.name, frame.sample_rate) for frame in frames} == {
            ("s16", "stereo", 24_000)
        }
        assert [(frame.pts, frame.time_base) for frame in frames] == [
            (FRAME * n, Fraction(1, 24_000)) for n in range(4)
        ]
        assert samples(frames[0])[0] == 100
        assert abs(samples(frames[1])[100:300] - 16_384).max() < 400
        assert sent[:2] == [FRAME, FRAME]

    @pytest.mark.usefixtures("clock")
    async def test_silence_follows_an_end_which_is_no_failure(self):
        sent, failures = [], []
        track = LastingTrack(Scripted(frame_of(100)), sent.append, failures.append)

        frames = [await track.recv() for _ in range(2)]

        assert [abs(samples(frame)).max() for frame in frames] == [100, 0]
        assert sent == [FRAME, 0]
        assert failures == []

    async def test_silence_follows_a_failure_which_is_told_once(self, clock):
        failures = []
        track = LastingTrack(Scripted(frame_of(100), end=RuntimeError), ignored, failures.append)

        frames = [await next_frame(track, clock) for _ in range(3)]

        assert [abs(samples(frame)).max() for frame in frames] == [100, 0, 0]
        assert [type(failure) for failure in failures] == [RuntimeError]

    @pytest.mark.usefixtures("clock")
    @pytest.mark.parametrize("item", ["no frame", None, VideoFrame(16, 16)])
    async def test_something_that_is_no_audio_is_a_failure(self, item):
        failures = []
        track = LastingTrack(Scripted(item), ignored, failures.append)

        assert abs(samples(await track.recv())).max() == 0
        assert [type(failure) for failure in failures] == [TypeError]

    async def test_packets_are_passed_on(self):
        packet = Packet(b"opus")
        sent = []

        assert await LastingTrack(Scripted(packet), sent.append, pytest.fail).recv() is packet
        assert sent == [1]

    async def test_stopping_it_stops_the_given_one(self):
        given = Scripted()
        track = LastingTrack(given, ignored, pytest.fail)

        track.stop()

        assert given.readyState == "ended"
        with pytest.raises(MediaStreamError):
            await track.recv()
