import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from realtime_core.audio.sinks import AudioSink, NullSink, Pacer, WavSink
from realtime_core.clock import VirtualClock, use_clock
from realtime_core.errors import CallerError, InvalidSettings


def _piece(ms, *, value=1, rate_hz=24_000):
    return np.full(ms * rate_hz // 1000, value, np.int16)


def _heard(path):
    pcm, rate_hz = soundfile.read(path, dtype="int16")
    return pcm.tolist(), rate_hz


@pytest.fixture
def path(tmp_path):
    return tmp_path / "heard.wav"


@pytest.fixture
def wav(path, clock):
    with WavSink(path, clock=clock) as sink:
        yield sink


@pytest.fixture(params=["null", "wav"])
def sink(request, clock):
    return NullSink(clock=clock) if request.param == "null" else request.getfixturevalue("wav")


# -- any of them --------------------------------------------------------------------------------------


def test_it_is_an_audio_sink(sink):
    assert isinstance(sink, AudioSink)


def test_a_callable_is_no_audio_sink():
    assert not isinstance(print, AudioSink)


def test_nothing_is_played_before_anything_is_written(sink, clock):
    clock.advance(5)

    assert sink.played_ms == 0


def test_what_is_written_plays_in_real_time(sink, clock):
    sink.write(_piece(1_000))

    played = [sink.played_ms]
    for _ in range(4):
        clock.advance(0.3)
        played.append(sink.played_ms)

    assert played == [0, 300, 600, 900, 1_000]


def test_pieces_play_one_after_another(sink, clock):
    sink.write(_piece(100))
    sink.write(_piece(100))

    clock.advance(0.15)

    assert sink.played_ms == 150


def test_silence_between_pieces_does_not_count(sink, clock):
    sink.write(_piece(100))
    clock.advance(10)
    sink.write(_piece(100))

    clock.advance(0.05)

    assert sink.played_ms == 150


def test_what_was_cleared_is_never_played(sink, clock):
    sink.write(_piece(1_000))
    clock.advance(0.4)

    sink.clear()
    clock.advance(10)

    assert sink.played_ms == 400


def test_what_is_written_after_clear_plays_at_once(sink, clock):
    sink.write(_piece(1_000))
    clock.advance(0.4)
    sink.clear()

    sink.write(_piece(1_000))
    clock.advance(0.2)

    assert sink.played_ms == 600


def test_the_clock_in_force_is_taken(clock, path):
    with use_clock(clock):
        null, wav = NullSink(), WavSink(path)

    with wav:
        for sink in (null, wav):
            sink.write(_piece(500))
        clock.advance(0.2)

        assert (null.played_ms, wav.played_ms) == (200, 200)


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 48_000])
def test_it_has_the_rate_that_it_is_given(clock, path, rate_hz):
    with WavSink(path, rate_hz, clock) as wav:
        sinks = [NullSink(rate_hz, clock), wav]
        for sink in sinks:
            sink.write(_piece(500, rate_hz=rate_hz))
        clock.advance(10)

        assert [(sink.rate_hz, sink.played_ms) for sink in sinks] == [(rate_hz, 500)] * 2


@pytest.mark.parametrize(
    "make", [NullSink, lambda rate_hz: WavSink("never.wav", rate_hz)], ids=["null", "wav"]
)
def test_a_rate_that_is_none_is_refused(make):
    with pytest.raises(InvalidSettings, match="'rate_hz'"):
        make(0)


@given(st.lists(st.tuples(st.floats(0, 1_000), st.floats(0, 2)), max_size=30))
def test_played_time_never_goes_back_nor_beyond_what_was_written(steps):
    clock = VirtualClock()
    pace, written_ms, before_ms = Pacer(clock), 0.0, 0.0

    for audio_ms, wait_s in steps:
        pace.add(audio_ms)
        written_ms += audio_ms
        clock.advance(wait_s)
        played_ms = pace.played_ms
        assert before_ms - 1e-5 <= played_ms <= min(written_ms, before_ms + wait_s * 1000) + 1e-5
        before_ms = played_ms


def test_played_time_is_free_of_the_noise_of_seconds(clock):
    pace = Pacer(clock)
    pace.add(1_000)

    clock.advance(0.1)

    assert pace.played_ms == 100  # and not 100.00000000002274


# -- into a file --------------------------------------------------------------------------------------


def test_the_file_holds_what_was_played_in_order(clock, path):
    with WavSink(path, clock=clock) as sink:
        for value in (1, 2, 3):
            sink.write(_piece(100, value=value))
        clock.advance(1)

    assert _heard(path) == ([1] * 2_400 + [2] * 2_400 + [3] * 2_400, 24_000)


def test_the_file_is_without_what_was_cleared(clock, path):
    with WavSink(path, clock=clock) as sink:
        sink.write(_piece(100, value=1))
        sink.write(_piece(100, value=2))
        clock.advance(0.15)
        sink.clear()
        sink.write(_piece(100, value=3))

    assert _heard(path)[0] == [1] * 2_400 + [2] * 1_200 + [3] * 2_400


def test_the_file_is_without_the_silence_between_pieces(clock, path):
    with WavSink(path, clock=clock) as sink:
        sink.write(_piece(100, value=1))
        clock.advance(10)
        sink.write(_piece(100, value=2))

    assert _heard(path)[0] == [1] * 2_400 + [2] * 2_400


def test_closing_keeps_what_has_not_been_played(wav, path):
    wav.write(_piece(100))

    wav.close()

    assert (len(_heard(path)[0]), wav.played_ms) == (2_400, 100)


def test_the_file_can_be_read_before_it_is_closed(wav, clock, path):
    wav.write(_piece(100, value=1))
    clock.advance(0.05)

    wav.write(_piece(100, value=2))

    assert _heard(path)[0] == [1] * 1_200


def test_the_file_has_the_rate_that_was_given(clock, path):
    with WavSink(path, 8_000, clock) as sink:
        sink.write(_piece(100, rate_hz=8_000))

    assert _heard(path) == ([1] * 800, 8_000)


def test_without_audio_it_is_an_empty_file(clock, path):
    WavSink(path, clock=clock).close()

    assert _heard(path) == ([], 24_000)


def test_what_was_written_may_change_afterwards(clock, path):
    buffer = _piece(100, value=1)
    with WavSink(path, clock=clock) as sink:
        sink.write(buffer)
        buffer[:] = 9

    assert _heard(path)[0] == [1] * 2_400


def test_closing_twice_is_harmless(wav, path):
    wav.write(_piece(100))

    wav.close()
    wav.close()

    assert len(_heard(path)[0]) == 2_400


def test_a_closed_sink_takes_no_more_audio(wav):
    wav.close()

    with pytest.raises(CallerError, match=r"heard\.wav is closed"):
        wav.write(_piece(100))


def test_a_path_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(CallerError, match="nowhere"):
        WavSink(tmp_path / "nowhere" / "heard.wav")


def _fail_after(sink, step):
    with sink:
        step()
        raise ZeroDivisionError


def test_what_was_heard_is_kept_when_the_block_fails(wav, path):
    with pytest.raises(ZeroDivisionError):
        _fail_after(wav, lambda: wav.write(_piece(100)))

    assert len(_heard(path)[0]) == 2_400


def test_a_file_that_fails_too_does_not_hide_what_went_wrong(wav, path):
    wav.write(_piece(100))

    with pytest.raises(ZeroDivisionError):
        _fail_after(wav, path.mkdir)


@pytest.mark.parametrize("end", ["clear", "close"])
def test_a_file_that_cannot_be_written_is_told(wav, clock, path, end):
    wav.write(_piece(100))
    clock.advance(0.05)
    path.mkdir()

    with pytest.raises(CallerError, match="cannot write"):
        getattr(wav, end)()

    assert wav.played_ms == {"clear": 50, "close": 100}[end]
    path.rmdir()


@given(st.lists(st.tuples(st.integers(0, 3_000), st.floats(0, 0.2), st.booleans()), max_size=30))
def test_the_file_is_what_was_played_to_the_frame(tmp_path_factory, steps):
    clock, path = VirtualClock(), tmp_path_factory.mktemp("wav") / "heard.wav"
    samples = np.arange(sum(frames for frames, _, _ in steps)).astype(np.int16)
    written = 0

    with WavSink(path, clock=clock) as sink:
        for frames, wait_s, clears in steps:
            sink.write(samples[written : written + frames])
            written += frames
            clock.advance(wait_s)
            if clears:
                sink.clear()

    heard, _ = _heard(path)
    assert len(heard) == int(sink.played_ms * 24 + 1e-3)
    order = iter(samples.tolist())
    assert all(sample in order for sample in heard)
