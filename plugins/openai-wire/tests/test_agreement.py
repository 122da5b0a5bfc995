import pytest
from hypothesis import given
from hypothesis import strategies as st
from realtime_openai_wire.agreement import agrees

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": ["string", "null"], "enum": ["Rome", None], "default": None}},
    "required": ["city", "unit"],
    "additionalProperties": False,
}
FUNCTION = {"type": "function", "name": "get_weather", "description": "Looks outside. ", "parameters": SCHEMA}
MCP = {
    "type": "mcp",
    "server_label": "docs",
    "server_url": "https://docs.example.com",
    "authorization": "secret",
    "headers": {"X-Key": "secret"},
    "allowed_tools": ["search"],
    "require_approval": "never",
}


@pytest.mark.parametrize(
    ("asked", "reported"),
    [
        ("marin", "marin"),
        ("Be brief.\n", "Be brief."),
        ("voice_1", {"id": "voice_1"}),
        ({"id": "voice_1"}, "voice_1"),
        ("auto", {"type": "auto"}),
        ({"type": "near_field"}, "near_field"),
        ({"type": "audio/pcm", "rate": 24000}, "pcm16"),
        ({"type": "audio/pcmu"}, "g711_ulaw"),
        ({"type": "audio/pcm", "rate": 24000}, {"type": "audio/pcm"}),
        (1, 1.0),
        (0.7, 0.699999988079071),
        (1.25, 1.25),
        (True, True),
        (False, False),
        (False, None),
        (None, None),
        (None, False),
        ([], None),
        ([], []),
        ("", None),
        ("", "The service's own words."),
        ({}, None),
        ({"type": "server_vad"}, {"type": "server_vad", "threshold": 0.5, "idle_timeout_ms": None}),
        ({"type": "server_vad", "idle_timeout_ms": None}, {"type": "server_vad"}),
        ({"model": "gpt-realtime-whisper", "prompt": ""}, {"model": "gpt-realtime-whisper", "prompt": None}),
        (["de", "en"], ["en", "de"]),
        ([FUNCTION, MCP], [{**FUNCTION, "parameters": {**SCHEMA, "strict": False}}, MCP]),
        ([FUNCTION], [{**FUNCTION, "description": "Looks outside."}]),
        ([MCP], [{"type": "mcp", "server_label": "docs", "authorization": "***", "headers": None}]),
        ([MCP], [{**MCP, "allowed_tools": {"tool_names": ["search"]}, "require_approval": {"never": {}}}]),
    ],
)
def test_what_is_reported_another_way_is_no_contradiction(asked, reported):
    assert agrees(asked, reported)


@pytest.mark.parametrize(
    ("asked", "reported"),
    [
        ("marin", "alloy"),
        ("marin", {"id": "alloy"}),
        ("marin", None),
        ({"id": "voice_1"}, "alloy"),
        ({"type": "audio/pcmu"}, "pcm16"),
        ({"type": "audio/pcmu"}, {"type": "audio/pcm", "rate": 24000}),
        ({"type": "audio/pcm", "rate": 24000}, {"type": "audio/pcm", "rate": 16000}),
        (1.25, 1.0),
        (1, None),
        (True, False),
        (True, None),
        (False, True),
        (None, {"type": "server_vad"}),
        ({"type": "server_vad"}, None),
        ({"type": "semantic_vad"}, {"type": "server_vad"}),
        ({"type": "server_vad", "threshold": 0.7}, {"type": "server_vad", "threshold": 0.5}),
        ({"model": "gpt-transcribe", "language": "de"}, {"model": "gpt-transcribe", "language": None}),
        ([], [FUNCTION]),
        ([FUNCTION], []),
        ([FUNCTION], None),
        ([FUNCTION], [FUNCTION, FUNCTION]),
        ([FUNCTION], [{**FUNCTION, "name": "get_time"}]),
        ([FUNCTION], [{**FUNCTION, "parameters": {**SCHEMA, "required": ["city"]}}]),
        ([FUNCTION], [{**FUNCTION, "parameters": {**SCHEMA, "properties": {"city": {"type": "string"}}}}]),
        ([FUNCTION], ["get_weather", "get_weather"]),
        ([MCP], [{**MCP, "server_label": "other"}]),
        (["audio"], ["text"]),
    ],
)
def test_what_is_reported_otherwise_is_a_contradiction(asked, reported):
    assert not agrees(asked, reported)


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@given(json)
def test_everything_agrees_with_itself(value):
    assert agrees(value, value)


@given(json, json)
def test_nothing_that_is_reported_raises(asked, reported):
    assert agrees(asked, reported) in (True, False)


@given(st.dictionaries(st.text(), json), st.dictionaries(st.text(), json))
def test_what_is_reported_beside_it_or_not_at_all_does_not_matter(asked, more):
    assert agrees(asked, {**more, **asked})
    assert agrees(asked, {key: value for key, value in more.items() if key not in asked})
