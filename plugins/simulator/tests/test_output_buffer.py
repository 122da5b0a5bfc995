import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from realtime_simulator.output_buffer import Change, Cut, OutputBuffer

MS = 48
"""Bytes of a millisecond."""


@pytest.fixture
def buffer():
    return OutputBuffer()


def pcm(ms, value=1):
    return bytes([value, 0]) * 24 * ms


def started(response_id):
    return Change("started", response_id)


def stopped(response_id):
    return Change("stopped", response_id)


def test_nothing_plays_at_first(buffer):
    assert not buffer.is_playing
    assert buffer.take(480) == (b"", [])
    assert buffer.clear() is None


def test_response_starts_with_its_first_audio_only(buffer):
    assert buffer.write("r", "a", 0, pcm(20)) == [started("r")]
    assert buffer.write("r", "a", 0, pcm(20)) == []
    assert buffer.is_playing


def test_audio_is_taken_in_order_and_as_much_as_there_is(buffer):
    buffer.write("r", "a", 0, pcm(10, 1) + pcm(10, 2))
    buffer.write("r", "b", 0, pcm(10, 3))

    assert buffer.take(24 * 15) == (pcm(10, 1) + pcm(5, 2), [])
    assert buffer.take(24 * 20) == (pcm(5, 2) + pcm(10, 3), [])
    assert buffer.take(24 * 20) == (b"", [])


def test_response_stops_when_it_is_whole_and_played(buffer):
    buffer.write("r", "a", 0, pcm(20))
    assert buffer.end("r") == []

    assert buffer.take(480) == (pcm(20), [stopped("r")])
    assert not buffer.is_playing


def test_response_that_has_been_played_stops_with_its_end(buffer):
    buffer.write("r", "a", 0, pcm(20))
    buffer.take(480)
    assert buffer.is_playing

    assert buffer.end("r") == [stopped("r")]


def test_response_without_audio_neither_starts_nor_stops(buffer):
    assert buffer.end("r") == []


def test_next_response_starts_when_the_one_before_it_stops(buffer):
    buffer.write("r", "a", 0, pcm(10, 1))
    assert buffer.write("s", "b", 0, pcm(30, 2)) == []
    assert buffer.end("s") == []
    assert buffer.end("r") == []

    assert buffer.take(480) == (pcm(10, 1) + pcm(10, 2), [stopped("r"), started("s")])
    assert buffer.take(480) == (pcm(20, 2), [stopped("s")])


def test_next_response_waits_for_the_end_of_the_one_before_it(buffer):
    buffer.write("r", "a", 0, pcm(10, 1))
    buffer.write("s", "b", 0, pcm(10, 2))

    assert buffer.take(480) == (pcm(10, 1), [])
    assert buffer.end("r") == [stopped("r"), started("s")]


def test_clearing_tells_what_was_played_of_what_is_dropped(buffer):
    buffer.write("r", "heard", 0, pcm(20))
    buffer.write("r", "cut", 0, pcm(100))
    buffer.write("r", "cut", 1, pcm(100))
    buffer.write("s", "unheard", 0, pcm(20))
    buffer.end("r")
    for _ in range(3):
        buffer.take(480)

    cleared = buffer.clear()

    assert cleared.response_id == "r"
    assert cleared.cuts == (Cut("cut", 0, 40), Cut("cut", 1, 0), Cut("unheard", 0, 0))
    assert not buffer.is_playing
    assert buffer.take(480) == (b"", [])


def test_nothing_is_cut_of_what_was_played_so_far(buffer):
    buffer.write("r", "a", 0, pcm(20))
    buffer.take(480)

    assert buffer.clear().cuts == ()


def test_cleared_response_stays_silent_to_its_end(buffer):
    buffer.write("r", "a", 0, pcm(20))
    buffer.clear()

    assert buffer.write("r", "a", 0, pcm(20)) == []
    assert not buffer.is_playing
    assert buffer.end("r") == []
    assert buffer.write("s", "b", 0, pcm(20)) == [started("s")]


def test_whole_response_that_was_cleared_is_forgotten(buffer):
    buffer.write("r", "a", 0, pcm(20))
    buffer.end("r")
    buffer.clear()

    assert buffer.write("r", "a", 0, pcm(20)) == [started("r")]


@given(st.lists(st.integers(0, 50), max_size=20), st.lists(st.integers(1, 60), min_size=1, max_size=5))
def test_whatever_is_written_is_played_once_and_every_start_has_its_stop(sizes, steps):
    buffer = OutputBuffer()
    changes, played = [], b""
    for number, ms in enumerate(sizes):
        changes += buffer.write(f"r{number // 2}", f"item{number}", 0, pcm(ms, number))
    for number in range(len(sizes)):
        changes += buffer.end(f"r{number}")
    steps = itertools.cycle(steps)
    while buffer.is_playing:
        taken, made = buffer.take(24 * next(steps))
        played += taken
        changes += made

    assert played == b"".join(pcm(ms, number) for number, ms in enumerate(sizes))
    responses = (len(sizes) + 1) // 2
    assert changes == [
        Change(phase, f"r{number}") for number in range(responses) for phase in ("started", "stopped")
    ]
