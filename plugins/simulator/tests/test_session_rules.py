import pytest
from realtime_simulator.refusals import Refusal
from realtime_simulator.session_defaults import default_session
from realtime_simulator.session_rules import Moment, checked_update


def served(kind="realtime", model="gpt-realtime-2.1", **changed):
    return {**default_session("sess_1", model, voice="marin", expires_at=7, kind=kind), **changed}


def check(patch, session, moment=None):
    return checked_update({"type": session["type"], **patch}, session, moment or Moment())


def refusal_of(patch, session, moment=None):
    with pytest.raises(Refusal) as caught:
        check(patch, session, moment)
    return caught.value


def hear(**heard):
    return {"audio": {"input": heard}}


@pytest.mark.parametrize(("kind", "other"), [("realtime", "transcription"), ("transcription", "realtime")])
def test_update_of_another_kind_of_session_is_refused(kind, other):
    refusal = refusal_of({"type": other}, served(kind))

    assert str(refusal) == f"Passing a {other} session update event to a {kind} session is not allowed."
    assert (refusal.code, refusal.param) == ("invalid_parameter", "session.type")


@pytest.mark.parametrize("field", ["instructions", "tools", "output_modalities", "model"])
def test_transcription_session_has_nothing_of_answers(field):
    refusal = refusal_of({field: None}, served("transcription"))

    assert (refusal.code, refusal.param) == ("unknown_parameter", f"session.{field}")


def test_model_is_fixed():
    assert check({"model": "gpt-realtime-2.1"}, served())
    assert refusal_of({"model": "gpt-realtime"}, served()).param == "session.model"


@pytest.mark.parametrize("field", [{"reasoning": {"effort": "low"}}, {"parallel_tool_calls": False}])
def test_only_reasoning_models_know_reasoning(field):
    assert check(field, served())

    refusal = refusal_of(field, served(model="gpt-realtime"))

    assert (refusal.code, refusal.param) == ("unknown_parameter", f"session.{next(iter(field))}")


def test_voice_is_locked_once_the_assistant_has_spoken():
    spoken = Moment(voice_locked=True)

    assert check({"audio": {"output": {"voice": "cedar"}}}, served())
    assert check({"audio": {"output": {"voice": "marin"}}}, served(), spoken)
    refusal = refusal_of({"audio": {"output": {"voice": "cedar"}}}, served(), spoken)

    assert (refusal.code, refusal.param) == ("cannot_update_voice", "session.audio.output.voice")


def test_speed_changes_only_between_turns():
    talking = Moment(responding=True)

    assert check({"audio": {"output": {"speed": 1.5}}}, served())
    assert check({"audio": {"output": {"speed": 1.0}}}, served(), talking)
    refusal = refusal_of({"audio": {"output": {"speed": 1.5}}}, served(), talking)

    assert (refusal.code, refusal.param) == ("invalid_value", "session.audio.output.speed")


def test_tracing_can_be_switched_on_once():
    assert check({"tracing": "auto"}, served())
    assert check({"tracing": "auto"}, served(tracing="auto"))

    assert refusal_of({"tracing": None}, served(tracing="auto")).param == "session.tracing"


def test_noise_reduction_needs_a_type_once():
    on = served()
    on["audio"]["input"]["noise_reduction"] = {"type": "near_field", "strength": 1.0}

    assert check(hear(noise_reduction={"strength": 0.5}), on)
    refusal = refusal_of(hear(noise_reduction={"strength": 0.5}), served())

    assert (refusal.code, refusal.param) == (
        "missing_required_parameter",
        "session.audio.input.noise_reduction.type",
    )


@pytest.mark.parametrize("kind", ["realtime", "transcription"])
@pytest.mark.parametrize(
    ("key", "value", "can", "cannot"),
    [
        ("delay", "low", "gpt-realtime-whisper", "gpt-4o-transcribe"),
        ("delay", "low", "gpt-live-transcribe", "whisper-1"),
        ("keywords", ["Rome"], "gpt-transcribe", "gpt-realtime-whisper"),
        ("languages", ["it"], "gpt-live-transcribe", "gpt-4o-transcribe"),
        ("prompt", "Names of towns", "gpt-4o-transcribe", "gpt-realtime-whisper"),
        ("prompt", "Names of towns", "whisper-1", "gpt-4o-transcribe-diarize"),
    ],
)
def test_transcription_models_take_what_they_know(kind, key, value, can, cannot):
    assert check(hear(transcription={"model": can, key: value}), served(kind))

    refusal = refusal_of(hear(transcription={"model": cannot, key: value}), served(kind))

    assert (refusal.code, refusal.param) == ("invalid_value", f"session.audio.input.transcription.{key}")
    assert str(refusal).endswith("not supported for this transcription model.")


def test_what_is_null_is_not_asked_of_the_model():
    assert check(
        hear(transcription={"model": "gpt-realtime-whisper", "prompt": None, "keywords": None}), served()
    )


def test_streaming_transcription_model_knows_no_turns():
    asked = hear(transcription={"model": "gpt-live-transcribe"}, turn_detection={"type": "server_vad"})

    refusal = refusal_of(asked, served("transcription"))

    assert str(refusal) == "Turn detection is not supported for this transcription model."
    assert (refusal.code, refusal.param) == ("invalid_value", "session.audio.input.turn_detection")
    assert check(asked, served())


def test_turn_detection_is_refused_by_the_model_in_force():
    session = served("transcription")
    session["audio"]["input"]["transcription"] = {"model": "gpt-realtime-whisper"}

    assert refusal_of(hear(turn_detection={"type": "server_vad"}), session)
    assert check(hear(turn_detection=None), session)


@pytest.mark.parametrize(
    ("model", "reasons"),
    [
        ("gpt-realtime-2", True),
        ("gpt-realtime-2.1", True),
        ("gpt-realtime-2.1-mini", True),
        ("gpt-realtime-2-mini", True),
        ("gpt-realtime-2-2026-05-06", True),
        ("gpt-realtime-2.1-mini-2026-08-28", True),
        ("gpt-realtime", False),
        ("gpt-realtime-2025-08-28", False),
        ("gpt-realtime-mini", False),
        ("gpt-realtime-mini-2025-12-15", False),
        ("gpt-realtime-1.5", False),
        ("gpt-4o-realtime-preview", False),
        ("my-gpt-realtime-2", False),
        ("", False),
    ],
)
def test_models_of_the_second_generation_reason(model, reasons):
    session = served(model=model)

    if reasons:
        assert check({"parallel_tool_calls": True}, session)
    else:
        assert refusal_of({"parallel_tool_calls": True}, session).code == "unknown_parameter"
