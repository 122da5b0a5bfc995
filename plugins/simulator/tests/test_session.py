import copy

import pytest
from realtime_core.audio.formats import PCM16_24KHZ, AudioFormat
from realtime_simulator.refusals import Refusal
from realtime_simulator.session import Session
from realtime_simulator.session_defaults import DEFAULT_INSTRUCTIONS, default_session
from realtime_simulator.session_rules import Moment


@pytest.fixture
def session():
    return Session(default_session("sess_1", "gpt-realtime-2.1", voice="marin", expires_at=7))


def update(session, *, voice_locked=False, **patch):
    session.update({"type": "realtime", **patch}, Moment(voice_locked=voice_locked))


def test_only_present_fields_change(session):
    before = session.served

    update(session, instructions="Be brief.", audio={"output": {"speed": 1.5}})

    assert session.served == {
        **before,
        "instructions": "Be brief.",
        "audio": {
            "input": before["audio"]["input"],
            "output": {**before["audio"]["output"], "speed": 1.5},
        },
    }


def test_served_session_is_replaced_never_changed(session):
    before = session.served
    kept = copy.deepcopy(before)

    update(session, instructions="x", audio={"input": {"turn_detection": None}})

    assert before == kept
    assert session.served is not before


def test_empty_instructions_bring_the_default_back(session):
    update(session, instructions="x")

    update(session, instructions="")

    assert session.served["instructions"] == DEFAULT_INSTRUCTIONS


def test_null_switches_turn_detection_off(session):
    update(session, audio={"input": {"turn_detection": None}})

    assert session.turn_detection is None


def test_turn_detection_is_replaced_whole_over_its_defaults(session):
    update(session, audio={"input": {"turn_detection": {"type": "server_vad", "silence_duration_ms": 900}}})
    update(session, audio={"input": {"turn_detection": {"type": "server_vad", "threshold": 0.7}}})

    assert session.turn_detection == {
        "type": "server_vad",
        "threshold": 0.7,
        "prefix_padding_ms": 300,
        "silence_duration_ms": 200,
        "idle_timeout_ms": None,
        "create_response": True,
        "interrupt_response": True,
    }


def test_semantic_vad_has_its_own_defaults(session):
    update(session, audio={"input": {"turn_detection": {"type": "semantic_vad"}}})

    assert session.turn_detection == {
        "type": "semantic_vad",
        "eagerness": "auto",
        "create_response": True,
        "interrupt_response": True,
    }


def test_transcription_shows_what_was_left_out_as_null(session):
    update(session, audio={"input": {"transcription": {"model": "gpt-realtime-whisper"}}})

    assert session.transcription == {"model": "gpt-realtime-whisper", "language": None, "prompt": None}


def test_transcription_can_be_switched_off(session):
    update(session, audio={"input": {"transcription": {"model": "whisper-1"}}})

    update(session, audio={"input": {"transcription": None}})

    assert session.transcription is None


def test_noise_reduction_keeps_its_strength(session):
    update(session, audio={"input": {"noise_reduction": {"type": "near_field", "strength": 0.5}}})
    update(session, audio={"input": {"noise_reduction": {"type": "far_field"}}})

    assert session.served["audio"]["input"]["noise_reduction"] == {"strength": 0.5, "type": "far_field"}


def test_noise_reduction_can_be_switched_off(session):
    update(session, audio={"input": {"noise_reduction": {"type": "near_field"}}})

    update(session, audio={"input": {"noise_reduction": None}})

    assert session.served["audio"]["input"]["noise_reduction"] is None


def test_formats_are_named_as_on_the_wire(session):
    assert session.input_format == PCM16_24KHZ

    update(
        session,
        audio={"input": {"format": {"type": "audio/pcma"}}, "output": {"format": {"type": "audio/pcm"}}},
    )

    assert session.input_format == AudioFormat("g711_alaw")
    assert session.served["audio"]["output"]["format"] == {"type": "audio/pcm", "rate": 24000}


@pytest.mark.parametrize(
    ("patch", "code", "param"),
    [
        ({}, "missing_required_parameter", "session.type"),
        ({"type": "transcription"}, "invalid_parameter", "session.type"),
        ({"type": "translation"}, "invalid_value", "session.type"),
        ({"type": ["realtime"]}, "invalid_type", "session.type"),
        ({"type": "realtime", "model": "other"}, "invalid_value", "session.model"),
        ({"type": "realtime", "temperature": 0.8}, "unknown_parameter", "session.temperature"),
        ({"type": "realtime", "voice": "marin"}, "unknown_parameter", "session.voice"),
        ({"type": "realtime", "modalities": ["text"]}, "unknown_parameter", "session.modalities"),
        (
            {"type": "realtime", "output_modalities": ["text", "audio"]},
            "invalid_value",
            "session.output_modalities",
        ),
        ({"type": "realtime", "output_modalities": []}, "invalid_value", "session.output_modalities"),
        (
            {"type": "realtime", "audio": {"input": {"format": "pcm16"}}},
            "invalid_type",
            "session.audio.input.format",
        ),
        (
            {"type": "realtime", "audio": {"input": {"format": {"type": "audio/pcm", "rate": 16000}}}},
            "integer_below_min_value",
            "session.audio.input.format.rate",
        ),
        (
            {"type": "realtime", "audio": {"input": {"noise_reduction": {"strength": 0.5}}}},
            "missing_required_parameter",
            "session.audio.input.noise_reduction.type",
        ),
        (
            {"type": "realtime", "audio": {"output": {"speed": 2}}},
            "decimal_above_max_value",
            "session.audio.output.speed",
        ),
        (
            {"type": "realtime", "max_output_tokens": 5000},
            "integer_above_max_value",
            "session.max_output_tokens",
        ),
        (
            {"type": "realtime", "audio": {"output": {"voice": "cedar"}}},
            "cannot_update_voice",
            "session.audio.output.voice",
        ),
        ("realtime", "invalid_type", "session"),
    ],
)
def test_wrong_update_is_refused_whole(session, patch, code, param):
    before = session.served
    patched = {"instructions": "applied?", **patch} if isinstance(patch, dict) else patch

    with pytest.raises(Refusal) as caught:
        session.update(patched, Moment(voice_locked=True))

    assert (caught.value.code, caught.value.param) == (code, param)
    assert session.served is before


@pytest.fixture
def listening():
    return Session(default_session("sess_1", "", voice="marin", expires_at=7, kind="transcription"))


def listen(session, **heard):
    session.update({"type": "transcription", "audio": {"input": heard}}, Moment())


def test_transcription_session_is_updated_like_a_conversation(listening):
    listen(listening, transcription={"model": "gpt-transcribe"}, turn_detection={"type": "semantic_vad"})

    assert listening.kind == "transcription"
    assert listening.transcription == {"model": "gpt-transcribe", "language": None, "prompt": None}
    assert listening.turn_detection == {"type": "semantic_vad", "eagerness": "auto"}
    assert list(listening.served["audio"]) == ["input"]


def test_streaming_transcription_model_switches_turn_detection_off(listening):
    listen(listening, transcription={"model": "gpt-realtime-whisper"})

    assert listening.turn_detection is None


def test_conversation_keeps_turn_detection_with_a_streaming_transcription_model(session):
    update(session, audio={"input": {"transcription": {"model": "gpt-realtime-whisper"}}})

    assert session.turn_detection["type"] == "server_vad"


def test_what_it_has_beyond_openais_is_taken_as_it_is():
    served = default_session("sess_1", "gpt-realtime-2.1", voice="marin", expires_at=7)
    session = Session(served, own=["mood", "pets"])

    update(session, mood={"of": "the day"}, instructions="x")

    assert session.served == {**served, "mood": {"of": "the day"}, "instructions": "x"}
    with pytest.raises(Refusal, match=r"Unknown parameter: 'session.humour'"):
        update(session, humour="dry", pets=2)
    assert "pets" not in session.served


def test_what_is_no_session_is_refused_also_where_it_has_more_than_openais():
    session = Session(default_session("sess_1", "m", voice="marin", expires_at=7), own=["mood"])

    with pytest.raises(Refusal):
        session.update("mood", Moment())
