"""A session that only listens: ``?intent=transcription``."""

import pytest

TURN = [
    "input_audio_buffer.speech_started",
    "input_audio_buffer.speech_stopped",
    "input_audio_buffer.committed",
    "conversation.item.added",
    "conversation.item.done",
]
TRANSCRIPTION = "conversation.item.input_audio_transcription"


@pytest.fixture
def listening(talk):
    return talk(kind="transcription", transcripts=["Good day."])


def listen(listening, **heard):
    return listening.ask("session.update", session={"type": "transcription", "audio": {"input": heard}})


def test_created_session_is_one_of_transcription(listening):
    session = listening.created["session"]

    assert (session["type"], session["object"]) == ("transcription", "realtime.transcription_session")
    assert "model" not in session


def test_turn_is_written_down_and_never_answered(listening, speech, silence, collapsed, the):
    (updated,) = listen(listening, transcription={"model": "gpt-4o-transcribe"})

    frames = listening.append(speech(500) + silence(500))

    assert updated["session"]["audio"]["input"]["transcription"]["model"] == "gpt-4o-transcribe"
    assert collapsed(frames) == [*TURN, f"{TRANSCRIPTION}.delta", f"{TRANSCRIPTION}.completed"]
    assert the(f"{TRANSCRIPTION}.completed", frames)["transcript"] == "Good day."


def test_create_response_asks_nobody(listening, speech, silence, kinds):
    listen(listening, turn_detection={"type": "server_vad", "create_response": True})

    assert kinds(listening.append(speech(500) + silence(500))) == TURN


def test_turn_may_be_committed(listening, speech, collapsed):
    listen(listening, transcription={"model": "gpt-realtime-whisper"})
    assert listening.append(speech(500)) == []

    committed = listening.ask("input_audio_buffer.commit")

    assert collapsed(committed) == [*TURN[2:], f"{TRANSCRIPTION}.delta", f"{TRANSCRIPTION}.completed"]


@pytest.mark.parametrize(
    "kind", ["response.create", "response.cancel", "conversation.item.create", "conversation.item.truncate"]
)
def test_what_only_a_conversation_has_is_refused(listening, kind):
    (error,) = listening.ask(kind, event_id="mine")

    assert (error["error"]["code"], error["error"]["param"]) == ("invalid_value", "type")
    assert "'input_audio_buffer.commit'" in error["error"]["message"]
    assert error["error"]["event_id"] == "mine"


def test_update_of_a_conversation_is_refused(listening):
    (error,) = listening.update(instructions="Be brief.")

    assert error["error"]["code"] == "invalid_parameter"


def test_its_events_are_what_the_openai_package_says(listening, speech, silence, validate):
    frames = [listening.created, *listen(listening, transcription={"model": "gpt-transcribe"})]

    for frame in frames + listening.append(speech(500) + silence(500)):
        validate(frame)
