import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from realtime_core import (
    AudioContent,
    AudioFormat,
    RealtimeAudioEvent,
    RealtimeInterruptionEvent,
    RealtimeResponseEvent,
    RealtimeTranscriptEvent,
)
from realtime_openai_wire.track_audio import TrackAudio

STEREO = AudioFormat("pcm16", 48_000, 2)
FRAMES_IN_RING = 25


def sound(loudness=1000, ms=20):
    samples = np.full(STEREO.rate_hz * 2 * ms // 1000, loudness, dtype="<i2")
    return AudioContent(samples.tobytes(), STEREO)


SILENT = sound(0)
STARTED = (RealtimeResponseEvent(phase="playback_started", response_id="r1"),)
STOPPED = (RealtimeResponseEvent(phase="playback_stopped", response_id="r1"),)
CLEARED = (
    RealtimeInterruptionEvent(cause="service", response_id="r1"),
    RealtimeResponseEvent(phase="playback_stopped", status_reason="cleared", response_id="r1"),
)


@pytest.fixture
def track():
    return TrackAudio({"r1": "i1", "r2": "i2"}.get)


def heard(events):
    """What is delivered, by its loudness."""
    return [event.audio.to_ndarray().flat[0] for event in events if isinstance(event, RealtimeAudioEvent)]


def take(track, *loudness):
    """The loudness of what was delivered, of frames that loud."""
    return [each for level in loudness for each in heard(track.take(sound(level)))]


def test_what_is_played_is_of_the_response_and_its_item(track):
    track.frame(STARTED)

    (event,) = track.take(sound(7))

    assert (event.response_id, event.item_id) == ("r1", "i1")
    assert event.service_type == "response.output_audio.delta"
    assert event.audio == sound(7)


def test_silence_is_delivered_while_something_is_played(track):
    track.frame(STARTED)

    assert take(track, 0, 900, 0, 0, 900) == [0, 900, 0, 0, 900]
    assert track.undelivered_ms == 0


def test_what_comes_outside_is_counted_and_not_delivered(track):
    assert take(track, *[0] * (FRAMES_IN_RING + 10)) == []

    assert track.undelivered_ms == 200  # the rest is in the ring
    track.frame(STARTED)
    assert track.undelivered_ms == 20 * (FRAMES_IN_RING + 10)


def test_what_came_ahead_of_its_beginning_is_delivered_with_it(track):
    take(track, 0, 0, 500, 0, 600)

    events = track.frame(STARTED)

    assert events[0] is STARTED[0]
    assert heard(events) == [500, 0, 600]
    assert {event.response_id for event in events} == {"r1"}
    assert heard(track.frame(STARTED)) == []  # once


def test_no_more_than_half_a_second_is_kept(track):
    take(track, *range(100, 100 + FRAMES_IN_RING + 3))

    assert heard(track.frame(STARTED)) == list(range(103, 100 + FRAMES_IN_RING + 3))


def test_the_end_is_told_when_the_rest_has_come(track):
    track.frame(STARTED)

    assert track.frame(STOPPED) == ()
    assert take(track, 0, 0, 900, 0, 700, 700, 700) == [0, 0, 900, 0, 700, 700, 700]
    assert track.take(SILENT) == STOPPED
    assert take(track, 800, 800) == []


def test_a_rest_that_is_never_silent_ends(track):
    track.frame(STARTED)
    track.frame(STOPPED)

    assert take(track, *[900] * FRAMES_IN_RING) == [900] * FRAMES_IN_RING
    assert track.take(sound(900)) == STOPPED


def test_frames_keep_their_order_around_the_end(track):
    said = (RealtimeTranscriptEvent(role="user", text="Hello.", final=True),)
    track.frame(STARTED)
    track.frame(STOPPED)

    assert track.frame(said) == (*STOPPED, *said)
    assert take(track, 900, 0, 900, 0, 0, 0) == [900, 0, 900, 0, 0]  # it is delivered all the same


def test_what_waits_can_be_had_at_once(track):
    track.frame(STARTED)
    track.frame(STOPPED)

    assert track.release() == STOPPED
    assert track.release() == ()


@pytest.mark.parametrize("late", [STOPPED, CLEARED])
def test_what_is_told_late_of_another_response_ends_nothing(track, late):
    track.frame(STARTED)
    track.frame((RealtimeResponseEvent(phase="playback_started", response_id="r2"),))

    assert track.frame(late) == late
    assert take(track, 900, 0, 900) == [900, 0, 900]


def test_it_is_known_whether_something_waits(track):
    track.frame(STARTED)
    assert not track.holds

    track.frame(STOPPED)
    assert track.holds
    track.release()

    assert not track.holds


def test_what_comes_next_tells_of_the_end_before_it(track):
    track.frame(STARTED)
    track.frame(STOPPED)
    again = (RealtimeResponseEvent(phase="playback_started", response_id="r2"),)

    assert track.frame(again) == (*STOPPED, *again)
    assert track.take(sound())[0].response_id == "r2"


def test_what_is_cleared_is_heard_no_more(track):
    track.frame(STARTED)

    assert track.frame(CLEARED) == CLEARED
    assert take(track, 900, 900, 0) == []
    assert track.undelivered_ms == 40  # the silence is in the ring
    take(track, 500)
    assert heard(track.frame(STARTED)) == [500]


def test_a_cleared_rest_that_is_never_silent_ends(track):
    track.frame(STARTED)
    track.frame(CLEARED)

    take(track, *[900] * FRAMES_IN_RING, 800)

    assert heard(track.frame(STARTED)) == [800]


def test_what_is_cleared_while_it_ends_has_ended(track):
    track.frame(STARTED)
    track.frame(STOPPED)

    assert track.frame(CLEARED) == (*STOPPED, *CLEARED)


def test_an_end_without_a_beginning_is_told_at_once(track):
    assert track.frame(STOPPED) == STOPPED


def test_the_events_of_other_frames_go_by(track):
    created = (RealtimeResponseEvent(phase="created", response_id="r1"),)
    said = (RealtimeTranscriptEvent(role="user", text="Hello.", final=True),)
    track.frame(STARTED)

    assert track.frame(created) == created
    assert track.frame(said) == said
    assert take(track, 5) == [5]


def test_the_loudest_sample_below_zero_is_no_silence(track):
    track.take(sound(-32768))

    assert heard(track.frame(STARTED)) == [-32768]


def test_audio_without_samples_is_silent(track):
    track.take(AudioContent(b"", STEREO))

    assert track.frame(STARTED) == STARTED


@given(
    # all are of one response: of another nothing ends
    st.lists(
        st.sampled_from([STARTED, STOPPED, CLEARED]) | st.integers(-20, 20).map(lambda n: sound(n * 50)),
        max_size=120,
    )
)
def test_every_piece_is_delivered_or_counted_or_kept_and_every_end_is_told(arrived):
    track = TrackAudio({}.get)
    told = []
    for each in arrived:
        told += track.take(each) if isinstance(each, AudioContent) else track.frame(each)
    told += track.release()
    told += [event for event in track.frame(STARTED) if isinstance(event, RealtimeAudioEvent)]

    delivered_ms = sum(event.audio.duration_ms for event in told if isinstance(event, RealtimeAudioEvent))
    came_ms = sum(each.duration_ms for each in arrived if isinstance(each, AudioContent))
    assert delivered_ms + track.undelivered_ms == pytest.approx(came_ms)
    for end in (STOPPED, CLEARED):
        assert [each for each in told if each is end[0]] == [each[0] for each in arrived if each is end]
