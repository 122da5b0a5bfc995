import pytest
from realtime_simulator.refusals import Refusal
from realtime_simulator.tools_schema import TOOL_CHOICE, TOOLS, redacted

SERVER = {"type": "mcp", "server_label": "docs", "server_url": "https://example.com/mcp"}


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"allowed_tools": ["search"], "require_approval": "never"},
        {"allowed_tools": {"tool_names": ["search"], "read_only": True}, "require_approval": None},
        {"require_approval": {"always": {"tool_names": ["delete"]}, "never": {"read_only": True}}},
        {"authorization": "secret", "headers": {"X-Key": "secret"}, "server_description": "d"},
        {"headers": None, "allowed_tools": None, "allowed_callers": ["direct"], "defer_loading": False},
    ],
)
def test_server_is_taken_as_documented(more):
    assert TOOLS([{**SERVER, **more}], "tools") == [{**SERVER, **more}]


@pytest.mark.parametrize("place", ["server_url", "connector_id", "tunnel_id"])
def test_server_is_somewhere(place):
    assert TOOLS([{"type": "mcp", "server_label": "docs", place: "x"}], "tools")


@pytest.mark.parametrize(
    ("tool", "code", "param"),
    [
        ({"type": "mcp", "server_label": "docs"}, "missing_required_parameter", "tools[0].server_url"),
        ({"type": "mcp", "server_url": "x"}, "missing_required_parameter", "tools[0].server_label"),
        ({**SERVER, "name": "x"}, "unknown_parameter", "tools[0].name"),
        ({**SERVER, "require_approval": "sometimes"}, "invalid_value", "tools[0].require_approval"),
        ({**SERVER, "allowed_tools": "search"}, "invalid_type", "tools[0].allowed_tools"),
        ({"type": "web_search"}, "invalid_value", "tools[0].type"),
    ],
)
def test_everything_else_is_refused(tool, code, param):
    with pytest.raises(Refusal) as caught:
        TOOLS([tool], "tools")

    assert (caught.value.code, caught.value.param) == (code, param)


@pytest.mark.parametrize(
    "choice",
    [
        "required",
        {"type": "function", "name": "f"},
        {"type": "mcp", "server_label": "docs"},
        {"type": "mcp", "server_label": "docs", "name": "search"},
    ],
)
def test_a_tool_can_be_chosen(choice):
    assert TOOL_CHOICE(choice, "tool_choice") == choice


def test_secrets_are_not_shown():
    function = {"type": "function", "name": "f"}
    secret = {**SERVER, "authorization": "secret", "headers": {"X-Key": "secret"}}

    shown = redacted([function, SERVER, {**SERVER, "headers": None}, secret])

    assert shown[:3] == [function, SERVER, {**SERVER, "headers": None}]
    assert "secret" not in str(shown)
    assert (shown[3]["authorization"], list(shown[3]["headers"])) == ("<redacted>", ["X-Key"])
    assert secret["authorization"] == "secret"
