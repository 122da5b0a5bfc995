import pytest
from realtime_simulator.refusals import Refusal
from realtime_simulator.session_schema import RESPONSE, UPDATES

TOOL = {"type": "function", "name": "weather", "description": "d", "parameters": {"type": "object"}}


@pytest.mark.parametrize(
    "fields",
    [
        {"tools": [TOOL], "tool_choice": "required"},
        {"tools": [], "tool_choice": {"type": "function", "name": "weather"}},
        {"max_output_tokens": "inf"},
        {"max_output_tokens": 1},
        {"prompt": {"id": "pmpt_1", "version": None, "variables": {"a": 1}}},
        {"prompt": None},
        {"truncation": "disabled"},
        {
            "truncation": {
                "type": "retention_ratio",
                "retention_ratio": 0.8,
                "token_limits": {"post_instructions": 9},
            }
        },
        {"tracing": {"workflow_name": "w", "group_id": "g", "metadata": {}}},
        {"include": ["item.input_audio_transcription.logprobs"]},
        {"audio": {"output": {"voice": {"id": "voice_1"}}}},
        {
            "audio": {
                "input": {"transcription": {"model": "gpt-transcribe", "keywords": ["x"], "delay": "low"}}
            }
        },
        {"audio": {"input": {"turn_detection": {"type": "server_vad", "idle_timeout_ms": 5000}}}},
    ],
)
def test_everything_the_service_documents_is_taken(fields):
    assert UPDATES["realtime"]({"type": "realtime", **fields}, "session") == {"type": "realtime", **fields}


@pytest.mark.parametrize(
    ("fields", "code", "param"),
    [
        ({"tools": [TOOL, TOOL, {**TOOL, "meta": 1}]}, "unknown_parameter", "session.tools[2].meta"),
        (
            {"tools": [{"type": "function", "function": {"name": "x"}}]},
            "unknown_parameter",
            "session.tools[0].function",
        ),
        ({"tools": [{"type": "web_search"}]}, "invalid_value", "session.tools[0].type"),
        ({"tool_choice": "always"}, "invalid_value", "session.tool_choice"),
        ({"truncation": "never"}, "invalid_value", "session.truncation"),
        ({"include": ["x"]}, "invalid_value", "session.include[0]"),
        (
            {"audio": {"input": {"turn_detection": {}}}},
            "missing_required_parameter",
            "session.audio.input.turn_detection.type",
        ),
        (
            {"audio": {"input": {"turn_detection": {"type": "semantic_vad", "threshold": 0.5}}}},
            "unknown_parameter",
            "session.audio.input.turn_detection.threshold",
        ),
        ({"audio": {"output": {"voice": ""}}}, "empty_string", "session.audio.output.voice"),
    ],
)
def test_everything_else_is_refused(fields, code, param):
    with pytest.raises(Refusal) as caught:
        UPDATES["realtime"]({"type": "realtime", **fields}, "session")

    assert (caught.value.code, caught.value.param) == (code, param)


def test_response_takes_its_overrides():
    given = {
        "instructions": "x",
        "output_modalities": ["text"],
        "metadata": {"client_event_id": "1"},
        "conversation": "none",
        "input": [],
        "max_output_tokens": 10,
        "audio": {"output": {"format": {"type": "audio/pcmu"}, "voice": "cedar"}},
    }

    assert RESPONSE(given, "response") == given


def test_metadata_is_bounded():
    with pytest.raises(Refusal) as caught:
        RESPONSE({"metadata": {str(number): "x" for number in range(17)}}, "response")

    assert caught.value.param == "response.metadata"
