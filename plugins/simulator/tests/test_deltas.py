import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from realtime_core.audio.formats import PCM16_24KHZ
from realtime_simulator.deltas import (
    AudioDelta,
    Padding,
    WordDelta,
    audio_ends,
    pieced,
    spoken,
    tokens_of,
    words,
    written,
)
from realtime_simulator.usage import Tokens
from realtime_simulator.wire_audio import FORMATS, Clip


def sizes(total, fmt=PCM16_24KHZ):
    ends = [0, *audio_ends(total, fmt)]
    return [end - begin for begin, end in itertools.pairwise(ends)]


@given(st.text(max_size=200))
def test_words_together_are_the_text(text):
    assert "".join(words(text)) == text


def test_each_word_has_the_blank_before_it():
    assert words("Hi there, friend. ") == ["Hi", " there,", " friend. "]


@pytest.mark.parametrize(
    ("total", "expected"),
    [
        (0, []),
        (2, [2]),
        (4800, [4800]),
        (12_000, [4800, 7200]),
        (20_000, [4800, 7200, 8000]),
        (36_000, [4800, 7200, 24_000]),
        (36_002, [4800, 7200, 12_000, 12_002]),
        (60_000, [4800, 7200, 12_000, 12_000, 24_000]),
    ],
)
def test_deltas_have_the_measured_sizes(total, expected):
    assert sizes(total) == expected


def test_g711_deltas_last_as_long():
    assert sizes(10_000, FORMATS["audio/pcmu"]) == [800, 1200, 2000, 2000, 4000]


@given(st.integers(0, 400_000), st.sampled_from(sorted(FORMATS)))
def test_deltas_together_are_the_audio(total, name):
    assert sum(sizes(total, FORMATS[name])) == total
    assert all(sizes(total, FORMATS[name]))


@given(st.text(max_size=100), st.integers(0, 60_000))
def test_spoken_reply_loses_nothing(text, samples):
    clip = Clip(bytes(2 * samples), PCM16_24KHZ)

    deltas = list(spoken(text, clip))

    assert "".join(delta.text for delta in deltas if isinstance(delta, WordDelta)) == text
    audio = [delta for delta in deltas if isinstance(delta, AudioDelta)]
    assert sum(len(delta.data) for delta in audio) == 2 * samples
    assert sum(delta.ms for delta in audio) == pytest.approx(clip.ms)


def test_words_run_ahead_of_their_audio():
    deltas = list(spoken("one two three", Clip(bytes(36_000), PCM16_24KHZ)))

    assert [delta.text if isinstance(delta, WordDelta) else "audio" for delta in deltas] == [
        "one",
        "audio",
        "audio",
        " two",
        " three",
        "audio",
    ]


def test_delta_knows_the_reply_so_far():
    *_, last = spoken("", Clip(bytes(20_000), PCM16_24KHZ))

    assert isinstance(last, AudioDelta)
    assert len(last.so_far.data) == 20_000
    assert tokens_of(last) == Tokens(audio=4)


def test_text_takes_as_long_as_it_takes_to_say():
    assert [(delta.text, delta.ms) for delta in written("Hi there")] == [("Hi", 120), (" there", 360)]


@pytest.mark.parametrize("length", [1, 6, 15, 16, 40])
def test_padding_hides_the_length_of_the_text(length):
    padding = Padding()

    filled = [length + len(padding.to("x" * length)) for _ in range(70)]

    assert {size % 16 for size in filled} == {0}
    assert all(size > length for size in filled)


def test_pieces_are_deltas_as_they_are():
    deltas = list(pieced(iter(["Good ", b"\0" * 4800, "day.", b"\1" * 2400]), PCM16_24KHZ))

    assert [delta.text for delta in deltas if isinstance(delta, WordDelta)] == ["Good ", "day."]
    audio = [delta for delta in deltas if isinstance(delta, AudioDelta)]
    assert [(len(delta.data), delta.so_far.ms, delta.ms) for delta in audio] == [
        (4800, 100, 100),
        (2400, 150, 50),
    ]


def test_written_pieces_are_words_only():
    assert list(pieced(iter(["Good day.", b"\0\0"]), None)) == [WordDelta("Good day.")]
