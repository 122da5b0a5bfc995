import json
from typing import Literal

import pytest
from realtime_core import ActiveCall, InvalidTool, Tool, ToolCall
from realtime_core.tools import BadArguments, as_tool, as_tools


def get_weather(city: str, unit: Literal["C", "F"] = "C") -> str:
    """Weather of a place.

    Args:
        city: its name
    """
    return f"{city} {unit}"


def call(tool: Tool, arguments: str) -> ActiveCall:
    return ActiveCall(ToolCall("call_1", tool.name, arguments), progress=lambda _: None)


def test_a_function_is_its_name_its_docstring_and_its_parameters():
    definition = Tool(get_weather).definition

    assert (definition.name, definition.description) == ("get_weather", "Weather of a place.")
    assert definition.parameters == {
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "its name"},
            "unit": {"enum": ["C", "F"], "default": "C"},
        },
        "required": ["city"],
        "additionalProperties": False,
    }


def test_a_call_of_the_model_becomes_a_call_of_the_function():
    tool = Tool(get_weather)

    assert tool.bind(call(tool, json.dumps({"city": "Oslo"})))() == "Oslo C"


def test_arguments_that_do_not_fit_are_refused_before_the_call():
    tool = Tool(get_weather)

    with pytest.raises(BadArguments, match="argument 'city' is missing"):
        tool.bind(call(tool, "{}"))


def test_a_ready_tool_stays_what_it_is():
    tool = Tool(get_weather)

    assert as_tool(tool) is tool


def test_a_mapping_is_a_tool_of_the_service_and_stays_what_it_is():
    mcp = {"type": "mcp", "server_label": "docs"}

    assert as_tools([mcp]) == (mcp,)


def test_two_tools_of_one_name_are_refused():
    with pytest.raises(InvalidTool, match="two tools are called 'get_weather'"):
        as_tools([get_weather, Tool(get_weather)])
