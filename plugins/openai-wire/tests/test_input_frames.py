import pytest
from realtime_core import RealtimeErrorEvent, RealtimeEvent, RealtimeSpeechEvent, RealtimeTranscriptEvent
from realtime_openai_wire.frame_events import MALFORMED_FRAME

TRANSCRIPTION = "conversation.item.input_audio_transcription"


def test_a_transcription_delta_is_a_piece_of_what_the_user_said(decode):
    (event,) = decode("conversation.item.input_audio_transcription.delta", delta="Hi", item_id="u1")

    assert type(event) is RealtimeTranscriptEvent
    assert (event.role, event.text, event.final, event.item_id) == ("user", "Hi", False, "u1")


def test_a_completed_transcription_is_what_the_user_said(decode):
    (event,) = decode("conversation.item.input_audio_transcription.completed", transcript="Hi.", item_id="u1")

    assert (event.role, event.text, event.final, event.item_id) == ("user", "Hi.", True, "u1")


def test_a_transcription_delta_may_bring_no_words(decode):
    (event,) = decode("conversation.item.input_audio_transcription.delta", item_id="u1", delta=None)

    assert type(event) is RealtimeEvent
    assert event.item_id == "u1"


@pytest.mark.parametrize(("word", "fields"), [("delta", {"delta": 7}), ("completed", {})])
def test_a_transcription_without_text_is_an_error(decode, word, fields):
    (event,) = decode(f"conversation.item.input_audio_transcription.{word}", item_id="u1", **fields)

    assert (event.code, event.item_id) == (MALFORMED_FRAME, "u1")


def test_a_failed_transcription_is_an_error_that_the_session_survives(decode):
    error = {"type": "invalid_request_error", "code": "insufficient_quota", "message": "No credit."}

    (event,) = decode("conversation.item.input_audio_transcription.failed", item_id="u1", error=error)

    assert type(event) is RealtimeErrorEvent
    assert (event.kind, event.code) == ("quota", "insufficient_quota")
    assert event.message == "No credit.; check the plan and its billing"
    assert (event.fatal, event.item_id, event.command_id) == (False, "u1", None)


@pytest.mark.parametrize(
    ("name", "fields", "phase", "offset_ms"),
    [
        ("input_audio_buffer.speech_started", {"audio_start_ms": 640}, "started", 640),
        ("input_audio_buffer.speech_stopped", {"audio_end_ms": 1280}, "stopped", 1280),
        (
            "input_audio_buffer.timeout_triggered",
            {"audio_start_ms": 5000, "audio_end_ms": 9000},
            "timeout",
            9000,
        ),
        ("input_audio_buffer.committed", {"previous_item_id": None}, "committed", None),
        ("input_audio_buffer.speech_started", {"audio_start_ms": "soon"}, "started", None),
    ],
)
def test_the_users_speech_has_its_phases(decode, name, fields, phase, offset_ms):
    (event,) = decode(name, item_id="u1", **fields)

    assert type(event) is RealtimeSpeechEvent
    assert (event.phase, event.offset_ms, event.item_id) == (phase, offset_ms, "u1")


@pytest.mark.parametrize("word", ["commit", "clear"])
def test_the_buffers_answers_are_for_the_oldest_command(decode, state, word):
    kind = f"input_audio_buffer.{word}"
    state.pending.add("e1", "cmd_1", kind)
    state.pending.add("e2", "cmd_2", kind)
    answer = {"commit": "input_audio_buffer.committed", "clear": "input_audio_buffer.cleared"}[word]

    ids = [decode(answer)[0].command_id for _ in range(3)]

    assert ids == ["cmd_1", "cmd_2", None]


def test_a_segment_does_not_say_the_users_words_twice(decode):
    ids = {"item_id": "u1", "content_index": 0}

    events = [
        *decode(
            "conversation.item.input_audio_transcription.segment", text="Hi.", speaker="A", id="s1", **ids
        ),
        *decode("conversation.item.input_audio_transcription.completed", transcript="Hi.", **ids),
    ]

    assert [type(event) for event in events] == [RealtimeEvent, RealtimeTranscriptEvent]
    assert events[0].item_id == "u1"


def test_how_sure_the_transcription_is_stays_in_the_frame(decode):
    logprobs = [{"token": "Hi", "logprob": -0.1, "bytes": [72, 105]}]

    (event,) = decode(
        "conversation.item.input_audio_transcription.delta", delta="Hi", item_id="u1", logprobs=logprobs
    )

    assert event.service_event["logprobs"] is logprobs


def test_a_pressed_key_is_plain(decode):
    (event,) = decode("input_audio_buffer.dtmf_event_received", event="9", received_at=1763605109)

    assert type(event) is RealtimeEvent
