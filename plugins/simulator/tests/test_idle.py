import pytest
from realtime_simulator.idle import IdleTimer

DETECTION = {"type": "server_vad", "idle_timeout_ms": 5000}


def started(**changed):
    timer = IdleTimer()
    timer.start(100.0, **{"playback_s": 2.0, "written_ms": 400.0, **changed})
    return timer


def test_timeout_counts_from_the_end_of_the_playback():
    assert started().due_s(DETECTION) == 107.0


@pytest.mark.parametrize(
    "detection", [None, {"type": "semantic_vad"}, {**DETECTION, "idle_timeout_ms": None}]
)
def test_without_a_timeout_nothing_is_due(detection):
    assert started().due_s(detection) is None


def test_timer_that_was_never_started_is_not_due():
    assert IdleTimer().due_s(DETECTION) is None


def test_stopped_timer_is_not_due():
    timer = started()

    timer.stop()

    assert timer.due_s(DETECTION) is None


def test_silence_begins_with_what_was_written_when_the_answer_had_been_played():
    timer = started()

    timer.wrote(101.0, 1400.0)
    timer.wrote(101.9, 2300.0)
    timer.wrote(102.0, 2400.0)
    timer.wrote(104.0, 4400.0)

    assert timer.begin_ms == 2300.0


def test_audio_while_the_timer_stands_moves_nothing():
    timer = started()
    timer.stop()

    timer.wrote(100.5, 900.0)

    assert timer.begin_ms == 400.0
