"""What is wrong is refused at the door; what passes is what the ``openai`` package declares."""

import json

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from realtime_core.errors import InvalidSettings
from realtime_openai_wire.choices import CHECKS
from realtime_openai_wire.settings import OpenAIRealtimeExecutionSettings, session_payload


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("turn_detection", {"type": "none"}, "'server_vad' or 'semantic_vad'; None switches"),
        ("turn_detection", {"type": "semantic_vad", "threshold": 0.5}, "no 'threshold': 'server_vad' has"),
        ("turn_detection", {"type": "semantic_vad", "idle_timeout_ms": None}, "no 'idle_timeout_ms'"),
        ("turn_detection", {"eagerness": "low"}, "'server_vad' has no 'eagerness': 'semantic_vad' has"),
        ("turn_detection", {"type": "semantic_vad", "eagerness": "very"}, "eagerness' takes 'low'"),
        ("turn_detection", {"threshold": 1.1}, "threshold' takes 0 to 1"),
        ("turn_detection", {"threshold": -0.1}, "threshold' takes 0 to 1"),
        ("turn_detection", {"threshold": float("nan")}, "threshold' takes 0 to 1"),
        ("turn_detection", {"prefix_padding_ms": -1}, "prefix_padding_ms' takes 0 or more"),
        ("turn_detection", {"silence_duration_ms": -1}, "silence_duration_ms' takes 0 or more"),
        ("turn_detection", {"idle_timeout_ms": 4999}, "idle_timeout_ms' takes 5000 to 30000"),
        ("turn_detection", {"idle_timeout_ms": 30001}, "idle_timeout_ms' takes 5000 to 30000"),
        ("input_audio_transcription", {"delay": "long"}, "delay' takes 'minimal'"),
        ("input_audio_transcription", {"languages": [1]}, "languages' takes str, not int"),
        ("input_audio_transcription", {"keywords": [b"secret"]}, "keywords' takes str, not bytes"),
        ("input_audio_noise_reduction", "off", "'near_field' or 'far_field'; None switches it off"),
        ("input_audio_noise_reduction", {"type": "off"}, "type' takes 'near_field'"),
        (
            "input_audio_noise_reduction",
            {"type": "near_field", "strength": "big"},
            "strength' takes 0 or more",
        ),
        ("input_audio_noise_reduction", {"strength": True}, "strength' takes 0 or more"),
        ("tracing", "off", "takes 'auto' or a mapping; None switches it off"),
        ("tracing", {"workflow_name": 1}, "workflow_name' takes str, not int"),
        ("tracing", {"group_id": None}, "group_id' takes str, not NoneType"),
        ("tracing", {"metadata": "secret"}, "metadata' takes a mapping, not str"),
        ("truncation", "never", "takes 'auto' or 'disabled' or a mapping"),
        ("truncation", {}, "as a mapping needs 'type'"),
        ("truncation", {"type": "retention_ratio"}, "as a mapping needs 'retention_ratio'"),
        ("truncation", {"type": "half", "retention_ratio": 0.5}, "type' takes 'retention_ratio'"),
        ("truncation", {"type": "retention_ratio", "retention_ratio": 2}, "retention_ratio' takes 0 to 1"),
        (
            "truncation",
            {"type": "retention_ratio", "retention_ratio": 1, "token_limits": 5},
            "token_limits' takes a mapping, not int",
        ),
        (
            "truncation",
            {"type": "retention_ratio", "retention_ratio": 1, "token_limits": {"post_instructions": -1}},
            "post_instructions' takes 0 or more",
        ),
        ("tool_choice", "any", "takes 'auto' or 'none' or 'required' or a mapping"),
        ("tool_choice", {}, "as a mapping needs 'type'"),
        ("tool_choice", {"type": "tool"}, "type' takes 'function' or 'mcp'"),
        ("tool_choice", {"type": "function"}, "as a mapping needs 'name'"),
        ("tool_choice", {"type": "mcp", "name": "f"}, "as a mapping needs 'server_label'"),
        ("tool_choice", {"type": "function", "name": 1}, "name' takes str, not int"),
        ("reasoning", {"effort": "none"}, "effort' takes 'minimal'"),
        ("reasoning", {"effort": None}, "effort' takes 'minimal'"),
        ("prompt", {}, "as a mapping needs 'id'"),
        ("prompt", {"id": 5}, "id' takes str, not int"),
        ("include", [5], "takes str, not int"),
    ],
)
def test_what_is_clearly_wrong_is_refused_at_the_door(name, value, complaint):
    with pytest.raises(InvalidSettings, match=complaint) as refused:
        OpenAIRealtimeExecutionSettings(**{name: value})

    assert name in str(refused.value)
    assert "secret" not in str(refused.value)


def test_what_has_a_check_is_a_setting():
    assert set(CHECKS) < {field.name for field in attrs.fields(OpenAIRealtimeExecutionSettings)}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("input_audio_noise_reduction", {"type": "near_field", "tomorrow": 1}),
        ("input_audio_noise_reduction", {"strength": 0.5}),
        ("tracing", {"tomorrow": 1}),
        ("tool_choice", {"type": "mcp", "server_label": "docs", "name": "f"}),
        ("reasoning", {"tomorrow": 1}),
        ("include", ["item.tomorrow"]),
    ],
)
def test_what_may_come_tomorrow_passes(name, value):
    assert getattr(OpenAIRealtimeExecutionSettings(**{name: value}), name) == value


TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]))
TEXTS = st.lists(TEXT, max_size=3)
FORMATS = st.sampled_from(["pcm16", "g711_ulaw", "g711_alaw"])
SHARE = st.floats(0, 1)
MS = st.integers(0, 10_000)


def some(**fields):
    return st.fixed_dictionaries({}, optional=fields)


ANSWERS = {"create_response": st.booleans(), "interrupt_response": st.booleans()}
TRIED = {
    "model": TEXT.filter(str.strip),
    "instructions": TEXT,
    "output_modalities": st.sampled_from([["audio"], ("text",)]),
    "voice": TEXT,
    "speed": st.floats(0.25, 1.5),
    "input_audio_format": FORMATS,
    "output_audio_format": FORMATS,
    "input_audio_transcription": st.none()
    | some(model=TEXT, language=TEXT, prompt=TEXT, languages=TEXTS, keywords=TEXTS)
    | some(model=TEXT, language=TEXT, delay=st.sampled_from(["minimal", "low", "medium", "high", "xhigh"])),
    "input_audio_noise_reduction": st.none()
    | st.sampled_from(["near_field", "far_field", {"type": "near_field"}, {"type": "far_field"}]),
    "turn_detection": st.none()
    | some(
        type=st.just("server_vad"),
        threshold=SHARE,
        prefix_padding_ms=MS,
        silence_duration_ms=MS,
        idle_timeout_ms=st.none() | st.integers(5000, 30_000),
        **ANSWERS,
    )
    | st.fixed_dictionaries(
        {"type": st.just("semantic_vad")},
        optional={"eagerness": st.sampled_from(["low", "medium", "high", "auto"]), **ANSWERS},
    ),
    "tool_choice": st.sampled_from(["auto", "none", "required"])
    | st.fixed_dictionaries({"type": st.just("function"), "name": TEXT})
    | st.fixed_dictionaries({"type": st.just("mcp"), "server_label": TEXT}, optional={"name": TEXT}),
    "max_output_tokens": st.just("inf") | st.integers(1, 4096),
    "parallel_tool_calls": st.booleans(),
    "reasoning": some(effort=st.sampled_from(["minimal", "low", "medium", "high", "xhigh"])),
    "truncation": st.sampled_from(["auto", "disabled"])
    | st.fixed_dictionaries(
        {"type": st.just("retention_ratio"), "retention_ratio": SHARE},
        optional={"token_limits": some(post_instructions=MS)},
    ),
    "tracing": st.none()
    | st.just("auto")
    | some(workflow_name=TEXT, group_id=TEXT, metadata=st.dictionaries(TEXT, TEXT)),
    "prompt": st.none()
    | st.fixed_dictionaries(
        {"id": TEXT}, optional={"version": TEXT, "variables": st.dictionaries(TEXT, TEXT)}
    ),
    "include": st.just(["item.input_audio_transcription.logprobs"]) | st.just(()),
}
SETTINGS = some(**TRIED)

UNDECLARED_NULLS = ("transcription", "noise_reduction")
"""Null switches these off, as the service's reference says, but the package's types do not declare it."""


def without_undeclared_nulls(session):
    heard = session.get("audio", {}).get("input", {})
    for name in UNDECLARED_NULLS:
        if name in heard and heard[name] is None:
            del heard[name]
    return session


def written(settings, session_type="realtime"):
    return json.loads(json.dumps(session_payload(settings, session_type)))


@pytest.fixture(scope="module")
def _current_types():
    from openai.types.realtime.audio_transcription_param import AudioTranscriptionParam

    if "keywords" not in AudioTranscriptionParam.__annotations__:
        pytest.skip("this version of openai is older than some settings")


@pytest.mark.usefixtures("_current_types")
@given(SETTINGS)
def test_whatever_settings_are_written_are_a_session_of_the_package(check_client_event, values):
    session = written(OpenAIRealtimeExecutionSettings(**values))

    check_client_event({"type": "session.update", "session": without_undeclared_nulls(session)})


@pytest.mark.usefixtures("_current_types")
@given(SETTINGS)
def test_whatever_a_transcription_session_is_told_is_one_of_the_package(check_client_event, values):
    listening = {
        name: value
        for name, value in values.items()
        if name in ("input_audio_format", "turn_detection", "include") or name.startswith("input_audio_")
    }

    session = written(OpenAIRealtimeExecutionSettings(**listening), "transcription")

    check_client_event({"type": "session.update", "session": without_undeclared_nulls(session)})


@pytest.mark.parametrize("name", UNDECLARED_NULLS)
def test_the_package_still_does_not_declare_these_nulls(check_client_event, name):
    session = written(OpenAIRealtimeExecutionSettings(**{f"input_audio_{name}": None}))
    assert session["audio"]["input"] == {name: None}

    with pytest.raises(ValueError, match="validation error"):
        check_client_event({"type": "session.update", "session": session})


def test_every_setting_is_tried():
    assert set(TRIED) == {field.name for field in attrs.fields(OpenAIRealtimeExecutionSettings)}
