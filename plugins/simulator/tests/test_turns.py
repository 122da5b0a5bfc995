"""What the service makes of the user's silence, and when the user's words come."""

import pytest
from realtime_core.audio.formats import PCM16_24KHZ
from realtime_simulator.brain import Say

TRANSCRIPTION = "conversation.item.input_audio_transcription"
IDLE = {"type": "server_vad", "idle_timeout_ms": 5000}
TIMEOUT = [
    "input_audio_buffer.timeout_triggered",
    "input_audio_buffer.committed",
    "conversation.item.added",
    "conversation.item.done",
    "response.created",
]


@pytest.fixture
def phone(talk):
    """A session that minds silence, and has just said something that takes 0.6 s to play."""
    talk = talk(brain=lambda _: Say("0123456789"), transcripts=["the first turn"])
    talk.update(audio={"input": {"turn_detection": IDLE}})
    talk.ask("response.create")
    return talk


def pass_time(talk, seconds, audio=None):
    """Let time pass, in steps of 100 ms of audio, if there is any; what came."""
    frames = []
    for _ in range(round(seconds * 10)):
        talk.now_s += 0.1
        frames += talk.append(audio) if audio else talk.hear()
    return frames


def test_silence_after_the_answer_was_played_times_out(phone, silence, kinds):
    assert phone.engine.due_s == pytest.approx(phone.now_s + 5.6)
    assert pass_time(phone, 5.5, silence(100)) == []

    frames = pass_time(phone, 0.2, silence(100))

    assert kinds(frames)[:5] == TIMEOUT
    timeout, committed, added = frames[:3]
    assert timeout["audio_start_ms"] == pytest.approx(600, abs=100)
    assert timeout["audio_end_ms"] - timeout["audio_start_ms"] == pytest.approx(5000, abs=100)
    assert timeout["item_id"] == committed["item_id"] == added["item"]["id"]
    assert frames[-1]["response"]["status"] == "completed"


def test_silence_is_committed_as_audio(phone, silence):
    timeout = pass_time(phone, 6, silence(100))[0]

    (retrieved,) = phone.ask("conversation.item.retrieve", item_id=timeout["item_id"])

    assert PCM16_24KHZ.duration_ms(len(retrieved["item"]["content"][0]["audio"]) * 3 // 4) == 5100


def test_client_that_sends_nothing_is_silent_too(phone, kinds):
    phone.now_s += 6

    assert kinds(phone.hear())[:5] == TIMEOUT


def test_silence_takes_no_transcript(phone, silence, speech, the):
    phone.update(audio={"input": {"transcription": {"model": "whisper-1"}}})

    silent = pass_time(phone, 6, silence(100))
    spoken = phone.append(speech(500) + silence(500))

    assert the(f"{TRANSCRIPTION}.completed", silent)["transcript"] == ""
    assert the(f"{TRANSCRIPTION}.completed", spoken)["transcript"] == "the first turn"


def test_user_who_speaks_is_not_idle(phone, speech):
    phone.append(speech(500))

    assert pass_time(phone, 10, speech(100)) == []


def test_user_who_interrupts_is_not_idle(phone, speech, kinds):
    phone.say("response.create")
    phone.hear_one()

    assert kinds(phone.append(speech(500)))[-1] == "response.done"
    assert pass_time(phone, 10, speech(100)) == []


def test_answer_in_the_making_is_no_silence(talk):
    talk = talk(speed=0.1, brain=lambda _: Say("0123456789" * 2))
    talk.update(audio={"input": {"turn_detection": IDLE}})
    talk.say("response.create")

    assert "timeout_triggered" not in str(pass_time(talk, 11))


def test_each_silence_times_out(phone, kinds):
    assert kinds(pass_time(phone, 12)).count("input_audio_buffer.timeout_triggered") == 2


def test_out_of_band_answer_leaves_the_clock_running(phone):
    due_s = phone.engine.due_s
    phone.now_s += 2

    phone.ask("response.create", response={"conversation": "none"})

    assert phone.engine.due_s == due_s


def test_without_a_timeout_silence_goes_on(phone):
    phone.update(audio={"input": {"turn_detection": {"type": "server_vad"}}})

    assert pass_time(phone, 60) == []


@pytest.fixture
def transcribed(talk, speech, silence):
    """Speaks, in a session whose transcriptions go as told."""

    def run(outcome, **options):
        session = talk(transcripts=["one", "two"], transcription=outcome, **options)
        transcription = {"model": "whisper-1"}
        kind = options.get("kind", "realtime")
        session.ask(
            "session.update", session={"type": kind, "audio": {"input": {"transcription": transcription}}}
        )
        return [frame for _ in range(2) for frame in session.append(speech(500) + silence(500))]

    return run


def test_late_transcription_comes_after_the_answer(transcribed, kinds):
    came = kinds(transcribed("late"))

    assert came.index("response.done") < came.index(f"{TRANSCRIPTION}.completed")
    assert came.count(f"{TRANSCRIPTION}.completed") == 2


def test_late_transcription_of_a_session_without_answers_is_not_withheld(transcribed, kinds):
    assert kinds(transcribed("late", kind="transcription")).count(f"{TRANSCRIPTION}.completed") == 2


def test_missing_transcription_never_comes(transcribed, the):
    assert the(f"{TRANSCRIPTION}.completed", transcribed("missing,beside"))["transcript"] == "two"


def test_failed_transcription_is_told(transcribed, the):
    frames = transcribed("beside,failed")

    failed = the(f"{TRANSCRIPTION}.failed", frames)
    assert failed["item_id"] != the(f"{TRANSCRIPTION}.completed", frames)["item_id"]


def test_logprobs_come_when_they_are_included(talk, speech, silence, the):
    talk = talk(transcripts=["one"])
    talk.update(
        audio={"input": {"transcription": {"model": "gpt-4o-transcribe"}}},
        include=["item.input_audio_transcription.logprobs"],
    )

    frames = talk.append(speech(500) + silence(500))

    assert the(f"{TRANSCRIPTION}.completed", frames)["logprobs"][0]["token"] == "one"


# what a client changes in the middle of speech


def clear(session):
    session.ask("input_audio_buffer.clear")


def raise_threshold(session):
    session.update(audio={"input": {"turn_detection": {**IDLE, "threshold": 0.9}}})


def change_format(session):
    session.update(audio={"input": {"format": {"type": "audio/pcmu"}}})


def switch_off_and_on(session):
    session.update(audio={"input": {"turn_detection": None}})
    session.update(audio={"input": {"turn_detection": IDLE}})


CHANGES = [clear, raise_threshold, change_format, switch_off_and_on]


@pytest.mark.parametrize("change", CHANGES)
def test_idle_timeout_works_after_a_change_in_the_middle_of_speech(phone, speech, kinds, change):
    phone.append(speech(500))
    change(phone)

    phone.ask("response.create")

    assert kinds(pass_time(phone, 7))[:5] == TIMEOUT


@pytest.mark.parametrize("change", CHANGES)
def test_speech_that_stops_is_the_one_that_started_last(phone, speech, silence, change):
    phone.append(speech(500))
    change(phone)
    # loud and quiet in whichever format
    loud, quiet = (b"\x80" * 4000, b"\xff" * 4000) if change is change_format else (speech(500), silence(500))
    if change is raise_threshold:
        loud = b"\xff\x7f" * 12_000

    frames = phone.append(loud + quiet)

    started, stopped = (frame for frame in frames if ".speech_" in frame["type"])
    assert started["type"] == "input_audio_buffer.speech_started"
    assert stopped["type"] == "input_audio_buffer.speech_stopped"
    assert started["item_id"] == stopped["item_id"]


@pytest.mark.parametrize("change", CHANGES[:3])
def test_user_who_was_told_to_speak_speaks_until_told_to_stop(phone, kinds, change):
    phone.engine.user_starts_speaking(phone.now_s)
    (started,) = phone.hear()
    change(phone)
    phone.ask("response.create")
    assert "input_audio_buffer.timeout_triggered" not in kinds(pass_time(phone, 10))

    phone.engine.user_stops_speaking("Well.", phone.now_s)

    stopped, *_ = phone.hear()
    assert (stopped["type"], stopped["item_id"]) == (
        "input_audio_buffer.speech_stopped",
        started["item_id"],
    )


def test_idle_timeout_runs_after_a_spoken_turn(phone, speech, silence, kinds):
    assert kinds(phone.append(speech(500) + silence(500)))[-1] == "response.done"

    assert kinds(pass_time(phone, 7))[:5] == TIMEOUT


def test_interrupted_answer_starts_no_clock(phone, speech, silence):
    """Although turn detection hears the end of the speech with its beginning."""
    detection = {**IDLE, "create_response": False}
    phone.update(audio={"input": {"turn_detection": detection}})
    phone.say("response.create")
    phone.hear_one()

    phone.append(speech(500) + silence(500))

    assert pass_time(phone, 10) == []
