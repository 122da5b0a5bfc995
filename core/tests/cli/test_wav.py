import io
import os
import threading
import wave
from contextlib import suppress

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from realtime_core.audio.formats import PCM16_24KHZ, AudioFormat
from realtime_core.audio.wav import WavWriter, check_writable, read_wav
from realtime_core.errors import CallerError

SUBTYPES = "PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"

wav_files = st.fixed_dictionaries(
    {
        "rate_hz": st.integers(8_000, 48_000),
        "channels": st.integers(1, 6),
        "frames": st.integers(1, 3_000),
        "subtype": st.sampled_from(SUBTYPES),
        "container": st.sampled_from(["WAV", "WAVEX"]),
    }
)
in_one_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def ramp(frames, channels):
    return np.linspace(-0.9, 0.9, frames * channels).reshape(frames, channels)


@in_one_folder
@given(file=wav_files)
def test_any_wav_is_read_at_its_own_rate_in_full_length(tmp_path, file):
    samples = ramp(file["frames"], file["channels"])
    path = tmp_path / "any.wav"
    soundfile.write(path, samples, file["rate_hz"], subtype=file["subtype"], format=file["container"])

    audio = read_wav(path)

    assert audio.format == AudioFormat("pcm16", file["rate_hz"], file["channels"])
    read = audio.to_ndarray().reshape(samples.shape) / 32768
    assert np.abs(read - samples).max() < 1 / 120  # 8 bit is the coarsest


def test_floats_beyond_full_scale_are_clipped(tmp_path):
    path = tmp_path / "loud.wav"
    soundfile.write(path, np.array([2.0, -2.0, np.nan, 0.5]), 8000, subtype="FLOAT")

    assert read_wav(path).to_ndarray().tolist() == [32767, -32768, 0, 16384]


def test_a_pipe_is_read_as_well(tmp_path, tone):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=[tone.read_bytes()])
    writer.start()

    audio = read_wav(pipe)

    writer.join()
    assert audio.duration_ms == 500


def flac():
    file = io.BytesIO()
    soundfile.write(file, ramp(10, 1), 8000, format="FLAC")
    return file.getvalue()


def without_audio():
    file = io.BytesIO()
    soundfile.write(file, ramp(0, 1), 8000, format="WAV")
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty, not a WAV file"),
        (b"hello, this is text", "is not a WAV file"),
        (b"RIFF\xff\xff\xff\xffWAVEfmt ", "is not a WAV file"),
        (flac(), "is FLAC, not a WAV file"),
        (without_audio(), "holds no audio"),
    ],
)
def test_what_is_no_wav_is_refused_by_name(tmp_path, content, message):
    path = tmp_path / "in.wav"
    path.write_bytes(content)

    with pytest.raises(CallerError) as caught:
        read_wav(path)

    assert str(caught.value) == f"{path} {message}"


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.integers(0, 60), junk=st.binary(min_size=1, max_size=12), cut=st.integers(0, 100))
def test_a_damaged_file_is_read_or_refused(tmp_path, where, junk, cut):
    file = io.BytesIO()
    soundfile.write(file, ramp(40, 2), 16000, format="WAV", subtype="PCM_16")
    content = file.getvalue()
    path = tmp_path / "damaged.wav"
    path.write_bytes((content[:where] + junk + content[where + len(junk) :])[: len(content) - cut])

    with suppress(CallerError):
        assert read_wav(path).data


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CallerError, match=r"cannot read .*none\.wav: no such file or directory"):
        read_wav(tmp_path / "none.wav")


def test_a_file_is_valid_after_every_write(tmp_path):
    path = tmp_path / "out.wav"
    with WavWriter(path, PCM16_24KHZ) as writer:
        lengths = []
        for _ in range(3):
            writer.write(np.arange(240, dtype=np.int16))
            lengths.append(len(soundfile.read(path)[0]))

    assert lengths == [240, 480, 720]
    assert writer.duration_ms == 30


def test_what_is_written_is_16_bit_in_the_given_format(tmp_path):
    path = tmp_path / "out.wav"
    with WavWriter(path, AudioFormat("g711_ulaw")) as writer:
        writer.write(np.array([1, -2, 3], np.int16))

    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        assert file.readframes(9) == np.array([1, -2, 3], "<i2").tobytes()


def test_two_channels_are_written_interleaved(tmp_path):
    path = tmp_path / "out.wav"
    with WavWriter(path, AudioFormat("pcm16", 8000, 2)) as writer:
        writer.write(np.array([[1, 2], [3, 4]], np.int16))

    assert soundfile.read(path, dtype="int16")[0].tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize("name", [".", "none/out.wav"])
def test_what_cannot_be_written_is_named(tmp_path, name):
    path = tmp_path / name

    with pytest.raises(CallerError, match=f"cannot write {path}: "):
        check_writable(path)
    with pytest.raises(CallerError, match=f"cannot write {path}: "):
        WavWriter(path, PCM16_24KHZ)


def test_a_pipe_that_nobody_reads_is_refused_at_once(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    with pytest.raises(CallerError, match="cannot write"):
        check_writable(pipe)


def test_a_check_leaves_everything_as_it_was(tmp_path):
    old, new, link = tmp_path / "old.wav", tmp_path / "new.wav", tmp_path / "link.wav"
    old.write_bytes(b"precious")
    link.symlink_to(new)

    for path in (old, new, link):
        check_writable(path)

    assert old.read_bytes() == b"precious"
    assert not new.exists()
    assert link.is_symlink()


@pytest.mark.parametrize("say", [lambda writer: writer.write(np.zeros(1, np.int16)), WavWriter.close])
def test_a_full_disk_is_named(say):
    full = "cannot write /dev/full: no space left on device"

    with pytest.raises(CallerError, match=full), WavWriter("/dev/full", PCM16_24KHZ) as writer:
        say(writer)


def test_names_may_be_text(tmp_path, tone):
    path = tmp_path / "out.wav"
    with WavWriter(str(path), PCM16_24KHZ) as writer:
        writer.write(np.zeros(1, np.int16))

    assert read_wav(str(tone)) == read_wav(tone)
    assert soundfile.info(path).frames == 1


def test_without_audio_it_is_an_empty_file(tmp_path):
    path = tmp_path / "out.wav"
    with WavWriter(path, PCM16_24KHZ):
        pass

    assert soundfile.info(path).frames == 0


def test_a_block_that_fails_before_any_audio_leaves_all_as_it_was(tmp_path):
    new, old = tmp_path / "new.wav", tmp_path / "old.wav"
    old.write_bytes(b"precious")

    for path in (new, old):
        with pytest.raises(KeyboardInterrupt), WavWriter(path, PCM16_24KHZ):
            raise KeyboardInterrupt

    assert not new.exists()
    assert old.read_bytes() == b"precious"


def test_closing_twice_is_harmless(tmp_path):
    with WavWriter(tmp_path / "out.wav", PCM16_24KHZ) as writer:
        writer.close()


def test_the_first_error_is_the_one_told():
    with pytest.raises(KeyError, match="first"), WavWriter("/dev/full", PCM16_24KHZ) as writer:
        fail_after(writer)


def fail_after(writer):
    with suppress(CallerError):
        writer.write(np.zeros(1, np.int16))
    raise KeyError("first")
