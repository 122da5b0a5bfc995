import pytest
from realtime_core import ToolDefinition
from realtime_core.errors import InvalidSettings
from realtime_openai_wire.tools import tools_to_wire

PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
MCP = {"type": "mcp", "server_label": "docs", "server_url": "https://docs.example.com"}


def test_a_function_is_written_flat(check_client_event):
    (tool,) = tools_to_wire((ToolDefinition("get_weather", "Looks outside.", PARAMETERS),))

    assert tool == {
        "type": "function",
        "name": "get_weather",
        "description": "Looks outside.",
        "parameters": PARAMETERS,
    }
    check_client_event({"type": "session.update", "session": {"type": "realtime", "tools": [tool]}})


def test_a_function_without_a_description_has_none_on_the_wire():
    assert tools_to_wire([ToolDefinition("now")]) == [
        {"type": "function", "name": "now", "parameters": {"type": "object", "properties": {}}}
    ]


def test_a_tool_in_the_services_own_words_goes_as_it_is():
    (tool,) = tools_to_wire([MCP])

    assert tool is MCP


def test_no_tools_are_an_empty_list():
    assert tools_to_wire(()) == []


@pytest.mark.parametrize("tools", [None, "get_weather", b"f", MCP, 5])
def test_what_is_no_list_of_tools_is_refused(tools):
    with pytest.raises(InvalidSettings, match="'tools' takes a list"):
        tools_to_wire(tools)


def test_what_is_no_tool_is_refused_by_its_type():
    with pytest.raises(InvalidSettings, match="not str"):
        tools_to_wire(["get_weather"])
