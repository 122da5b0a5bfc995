import json

import attrs
import pytest
from realtime_core import UNSET, AudioFormat, RealtimeSettings, ToolDefinition
from realtime_core import InputAudioTranscription as CoreTranscription
from realtime_core.errors import InvalidSettings, UnsupportedSetting
from realtime_core.settings import merge_settings
from realtime_core.unset import UnsetType
from realtime_openai_wire.settings import (
    LIVE_SETTINGS,
    InputAudioTranscription,
    OpenAIRealtimeExecutionSettings,
    TurnDetection,
    session_payload,
    voice_to_wire,
)

EVERYTHING = OpenAIRealtimeExecutionSettings(
    model="gpt-realtime-2.1",
    instructions="Be brief.",
    output_modalities=("audio",),
    voice="marin",
    speed=1.25,
    input_audio_format="pcm16",
    output_audio_format="g711_ulaw",
    input_audio_transcription=InputAudioTranscription(
        model="gpt-transcribe", languages=("de", "en"), keywords=["Mosscap"], prompt="Tea.", delay="low"
    ),
    input_audio_noise_reduction="near_field",
    turn_detection=TurnDetection(
        threshold=0.4,
        prefix_padding_ms=200,
        silence_duration_ms=400,
        idle_timeout_ms=6000,
        create_response=True,
        interrupt_response=False,
    ),
    tool_choice="none",
    max_output_tokens=1000,
    parallel_tool_calls=False,
    reasoning={"effort": "low"},
    truncation={"type": "retention_ratio", "retention_ratio": 0.8},
    tracing="auto",
    prompt={"id": "pmpt_1", "variables": {"name": "Ada"}},
    include=("item.input_audio_transcription.logprobs",),
)

ON_THE_WIRE = {
    "type": "realtime",
    "instructions": "Be brief.",
    "output_modalities": ["audio"],
    "audio": {
        "input": {
            "format": {"type": "audio/pcm", "rate": 24000},
            "transcription": {
                "model": "gpt-transcribe",
                "languages": ["de", "en"],
                "keywords": ["Mosscap"],
                "prompt": "Tea.",
                "delay": "low",
            },
            "noise_reduction": {"type": "near_field"},
            "turn_detection": {
                "type": "server_vad",
                "threshold": 0.4,
                "prefix_padding_ms": 200,
                "silence_duration_ms": 400,
                "idle_timeout_ms": 6000,
                "create_response": True,
                "interrupt_response": False,
            },
        },
        "output": {"format": {"type": "audio/pcmu"}, "voice": "marin", "speed": 1.25},
    },
    "tool_choice": "none",
    "max_output_tokens": 1000,
    "parallel_tool_calls": False,
    "reasoning": {"effort": "low"},
    "truncation": {"type": "retention_ratio", "retention_ratio": 0.8},
    "tracing": "auto",
    "prompt": {"id": "pmpt_1", "variables": {"name": "Ada"}},
    "include": ["item.input_audio_transcription.logprobs"],
}


def payload(**settings):
    """The session object as the service reads it."""
    return json.loads(json.dumps(session_payload(OpenAIRealtimeExecutionSettings(**settings))))


def test_every_setting_has_its_place_in_the_session():
    assert json.loads(json.dumps(session_payload(EVERYTHING))) == ON_THE_WIRE


def test_the_session_is_what_the_openai_package_declares(check_client_event):
    declared = pytest.importorskip("openai.types.realtime.audio_transcription_param")
    if "keywords" not in declared.AudioTranscriptionParam.__annotations__:
        pytest.skip("this version of openai is older than some settings")
    check_client_event(
        {"type": "session.update", "session": payload(**attrs.asdict(EVERYTHING, recurse=False))}
    )


def test_what_is_unset_is_absent_and_the_type_is_always_there():
    assert payload() == {"type": "realtime"}
    assert payload(turn_detection={"type": "semantic_vad", "eagerness": "low"}) == {
        "type": "realtime",
        "audio": {"input": {"turn_detection": {"type": "semantic_vad", "eagerness": "low"}}},
    }


def test_none_is_null_and_switches_off():
    off = payload(
        turn_detection=None,
        input_audio_transcription=None,
        input_audio_noise_reduction=None,
        tracing=None,
        prompt=None,
    )

    assert off == {
        "type": "realtime",
        "audio": {"input": {"turn_detection": None, "transcription": None, "noise_reduction": None}},
        "tracing": None,
        "prompt": None,
    }


def test_none_inside_turn_detection_is_null():
    detection = payload(turn_detection=TurnDetection(idle_timeout_ms=None))["audio"]["input"][
        "turn_detection"
    ]

    assert detection == {"type": "server_vad", "idle_timeout_ms": None}


def test_the_model_is_not_in_the_session():
    assert payload(model="gpt-realtime-2.1") == {"type": "realtime"}
    assert "model" not in LIVE_SETTINGS
    assert LIVE_SETTINGS | {"model"} == {
        field.name for field in attrs.fields(OpenAIRealtimeExecutionSettings)
    }


def test_noise_reduction_may_be_a_mapping():
    setting = {"type": "far_field", "strength": 0.5}

    assert payload(input_audio_noise_reduction=setting)["audio"]["input"]["noise_reduction"] == setting


def test_a_custom_voice_goes_by_its_id():
    assert voice_to_wire("marin") == "marin"
    assert voice_to_wire("voice_1234") == {"id": "voice_1234"}


def test_settings_of_core_are_taken_by_field_name():
    core = RealtimeSettings(voice="cedar", input_audio_transcription=CoreTranscription(model="whisper-1"))

    merged = merge_settings(OpenAIRealtimeExecutionSettings, core, {"parallel_tool_calls": True})

    assert merged.input_audio_transcription == InputAudioTranscription(model="whisper-1")
    assert session_payload(core) == {
        "type": "realtime",
        "audio": {"output": {"voice": "cedar"}, "input": {"transcription": {"model": "whisper-1"}}},
    }


@attrs.frozen(kw_only=True)
class Mood:
    kind: str = "sunny"
    degree: int | UnsetType = UNSET


@attrs.frozen(kw_only=True)
class Theirs(RealtimeSettings):
    mood: Mood | None = Mood()  # frozen
    humour: str = "dry"


def test_a_setting_of_a_vendors_own_class_stands_in_the_session_under_its_name():
    assert session_payload(Theirs()) == {"type": "realtime", "mood": {"kind": "sunny"}, "humour": "dry"}
    assert session_payload(Theirs(mood=None))["mood"] is None


def test_a_transcription_session_has_no_setting_of_a_vendors_own():
    with pytest.raises(UnsupportedSetting, match="a transcription session has no setting 'mood'"):
        session_payload(Theirs(), "transcription")


def test_a_format_the_service_lacks_is_refused():
    with pytest.raises(UnsupportedSetting, match="16000 Hz"):
        payload(output_audio_format=AudioFormat("pcm16", 16_000))


@pytest.mark.parametrize("modalities", [["audio"], ["text"], ("audio",), ("text",), UNSET])
def test_one_output_modality_is_allowed(modalities):
    assert OpenAIRealtimeExecutionSettings(output_modalities=modalities).output_modalities == modalities


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("output_modalities", ["audio", "text"]),
        ("output_modalities", []),
        ("output_modalities", ["video"]),
        ("output_modalities", "audio"),
        ("speed", 0.2),
        ("speed", 1.6),
        ("speed", float("nan")),
        ("speed", "fast"),
        ("max_output_tokens", 0),
        ("max_output_tokens", 4097),
        ("max_output_tokens", "infinite"),
        ("max_output_tokens", True),
        ("parallel_tool_calls", 1),
        ("reasoning", "low"),
        ("truncation", None),
        ("tracing", 1),
        ("include", "logprobs"),
    ],
)
def test_what_the_protocol_does_not_allow_is_refused_by_name(name, value):
    with pytest.raises(InvalidSettings, match=name):
        OpenAIRealtimeExecutionSettings(**{name: value})


@pytest.mark.parametrize("value", [1, 4096, "inf"])
def test_the_whole_range_of_output_tokens_is_allowed(value):
    assert payload(max_output_tokens=value)["max_output_tokens"] == value


@pytest.mark.parametrize("value", [0.25, 1, 1.5])
def test_the_whole_range_of_speeds_is_allowed(value):
    assert payload(speed=value)["audio"]["output"]["speed"] == value


def test_any_model_and_voice_name_passes():
    settings = OpenAIRealtimeExecutionSettings(model="tomorrows-model", voice="tomorrows-voice")

    assert settings.model == "tomorrows-model"
    assert session_payload(settings)["audio"]["output"]["voice"] == "tomorrows-voice"


def test_an_unknown_key_of_a_nested_setting_is_refused():
    with pytest.raises(UnsupportedSetting, match="did you mean 'keywords'"):
        OpenAIRealtimeExecutionSettings(input_audio_transcription={"keyword": ["tea"]})


def test_peoples_words_do_not_show_in_a_repr():
    shown = repr(EVERYTHING)

    assert "Be brief" not in shown
    assert "Mosscap" not in shown
    assert "Ada" not in shown
    assert "Ada" not in repr(OpenAIRealtimeExecutionSettings(tracing={"metadata": {"user": "Ada"}}))
    assert "marin" in shown


LISTENING = {
    "input_audio_format": "g711_alaw",
    "input_audio_transcription": {"model": "gpt-transcribe"},
    "input_audio_noise_reduction": "far_field",
    "turn_detection": {"type": "server_vad", "create_response": False},
    "include": ["item.input_audio_transcription.logprobs"],
}


def test_a_transcription_session_has_what_concerns_the_input(check_client_event):
    settings = OpenAIRealtimeExecutionSettings(**LISTENING)

    session = session_payload(settings, "transcription")

    assert session == {
        "type": "transcription",
        "audio": {
            "input": {
                "format": {"type": "audio/pcma"},
                "transcription": {"model": "gpt-transcribe"},
                "noise_reduction": {"type": "far_field"},
                "turn_detection": {"type": "server_vad", "create_response": False},
            }
        },
        "include": ["item.input_audio_transcription.logprobs"],
    }
    check_client_event({"type": "session.update", "session": session})


def test_a_transcription_session_can_switch_turn_detection_off(check_client_event):
    session = session_payload(OpenAIRealtimeExecutionSettings(turn_detection=None), "transcription")

    assert session["audio"] == {"input": {"turn_detection": None}}
    check_client_event({"type": "session.update", "session": session})


@pytest.mark.parametrize("name", sorted((LIVE_SETTINGS | {"model"}) - set(LISTENING)))
def test_a_setting_that_a_transcription_session_lacks_is_refused_by_name(name):
    given = getattr(EVERYTHING, name)

    with pytest.raises(UnsupportedSetting, match=f"a transcription session has no setting '{name}'"):
        session_payload(OpenAIRealtimeExecutionSettings(**{name: given}), "transcription")


@pytest.mark.parametrize("tools", [(), (ToolDefinition("f"),)])
def test_a_transcription_session_has_no_tools(tools):
    with pytest.raises(UnsupportedSetting, match="a transcription session has no setting 'tools'"):
        session_payload(OpenAIRealtimeExecutionSettings(), "transcription", tools)


def test_the_output_format_that_every_session_has_is_no_matter_in_a_transcription_session():
    settings = OpenAIRealtimeExecutionSettings(output_audio_format="pcm16")

    assert session_payload(settings, "transcription") == {"type": "transcription"}


@pytest.mark.parametrize(
    ("setting", "on_the_wire"),
    [
        ({"prompt": {"id": "pmpt_1", "version": "2"}}, {"prompt": {"id": "pmpt_1", "version": "2"}}),
        ({"tracing": "auto"}, {"tracing": "auto"}),
        (
            {"tracing": {"workflow_name": "w", "group_id": "g", "metadata": {"a": "b"}}},
            {"tracing": {"workflow_name": "w", "group_id": "g", "metadata": {"a": "b"}}},
        ),
        ({"truncation": "disabled"}, {"truncation": "disabled"}),
        (
            {
                "truncation": {
                    "type": "retention_ratio",
                    "retention_ratio": 0.8,
                    "token_limits": {"post_instructions": 8000},
                }
            },
            {
                "truncation": {
                    "type": "retention_ratio",
                    "retention_ratio": 0.8,
                    "token_limits": {"post_instructions": 8000},
                }
            },
        ),
        ({"reasoning": {"effort": "minimal"}}, {"reasoning": {"effort": "minimal"}}),
        (
            {"include": ["item.input_audio_transcription.logprobs"]},
            {"include": ["item.input_audio_transcription.logprobs"]},
        ),
        (
            {"tool_choice": {"type": "mcp", "server_label": "docs"}},
            {"tool_choice": {"type": "mcp", "server_label": "docs"}},
        ),
    ],
)
def test_settings_in_the_services_own_shape_go_as_they_are(setting, on_the_wire, check_client_event):
    from openai.types.realtime import RealtimeSessionCreateRequestParam

    session = payload(**setting)
    if not set(session) <= set(RealtimeSessionCreateRequestParam.__annotations__):
        pytest.skip("this version of openai is older than that setting")

    assert session == {"type": "realtime", **on_the_wire}
    check_client_event({"type": "session.update", "session": session})


# -- the model of a transcription


@pytest.mark.parametrize(
    ("given", "model"),
    [
        ({}, "gpt-realtime-whisper"),
        ({"language": "de"}, "gpt-realtime-whisper"),
        ({"delay": "low"}, "gpt-realtime-whisper"),
        ({"prompt": "Names of towns."}, "gpt-transcribe"),
        ({"languages": ["de"]}, "gpt-transcribe"),
        ({"keywords": ["Rome"]}, "gpt-transcribe"),
        ({"model": "tomorrows-model", "keywords": ["Rome"], "delay": "low"}, "tomorrows-model"),
    ],
)
def test_a_transcription_without_a_model_has_one_that_takes_the_rest(given, model):
    written = payload(input_audio_transcription=given)["audio"]["input"]["transcription"]

    assert written == {**given, "model": model}


@pytest.mark.parametrize("other", ["prompt", "languages", "keywords"])
def test_a_transcription_that_no_default_fits_needs_a_model(other):
    value = "Rome" if other == "prompt" else ["Rome"]

    with pytest.raises(InvalidSettings, match=r"input_audio_transcription.*'model'") as refused:
        OpenAIRealtimeExecutionSettings(input_audio_transcription={"delay": "low", other: value})

    assert "Rome" not in str(refused.value)


@pytest.mark.parametrize(
    ("given", "turns", "model"),
    [
        ({}, {"turn_detection": {}}, "gpt-transcribe"),
        ({}, {"turn_detection": None}, "gpt-realtime-whisper"),
        ({}, {}, "gpt-realtime-whisper"),
        ({"model": "whisper-1"}, {"turn_detection": {}}, "whisper-1"),
    ],
)
def test_a_transcription_session_with_turns_has_a_model_that_takes_them(given, turns, model):
    settings = OpenAIRealtimeExecutionSettings(input_audio_transcription=given, **turns)

    session = session_payload(settings, "transcription")

    assert session["audio"]["input"]["transcription"]["model"] == model


def test_a_transcription_session_can_switch_transcription_off_with_turns_on():
    settings = OpenAIRealtimeExecutionSettings(input_audio_transcription=None, turn_detection={})

    assert session_payload(settings, "transcription")["audio"]["input"]["transcription"] is None
