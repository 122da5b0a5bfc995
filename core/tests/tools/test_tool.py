import asyncio
import functools
import json
from typing import Literal

import jsonschema
import pytest
from openai.types.realtime import RealtimeFunctionTool
from realtime_core import ActiveCall, InvalidTool, RealtimeSession, Tool, ToolCall, ToolDefinition
from realtime_core.tools.failures import BadArguments
from realtime_core.tools.tool import as_tools


def get_weather(city: str, unit: Literal["C", "F"] = "C") -> str:
    """Weather of a place.

    Args:
        city: its name
    """
    return f"{city} {unit}"


async def hang_up(session: RealtimeSession | None, call: ActiveCall, reason: str = "") -> tuple:
    """End the conversation."""
    return session, call, reason


class Shop:
    """A shop."""

    def __call__(self, what: str) -> str:
        """Buy something.

        Args:
            what: the thing
        """
        return f"bought {what}"

    def sell(self, what: str) -> str:
        """Sell something."""
        return f"sold {what}"


class Silent:
    """What it does."""

    def __call__(self) -> None: ...


def call(tool: Tool, arguments: str) -> ActiveCall:
    return ActiveCall(ToolCall("call_1", tool.name, arguments), progress=lambda _: None)


def test_a_function_is_its_name_its_docstring_and_its_parameters():
    assert Tool(get_weather).definition == ToolDefinition(
        "get_weather",
        "Weather of a place.",
        {
            "type": "object",
            "properties": {
                "city": {"type": "string", "description": "its name"},
                "unit": {"enum": ["C", "F"], "default": "C"},
            },
            "required": ["city"],
            "additionalProperties": False,
        },
    )


def test_a_definition_is_what_openai_takes_and_a_valid_schema():
    definition = Tool(get_weather).definition

    sent = RealtimeFunctionTool.model_validate(
        {
            "type": "function",
            "name": definition.name,
            "description": definition.description,
            "parameters": definition.parameters,
        },
        strict=True,
    )

    assert sent.parameters == json.loads(json.dumps(definition.parameters))
    jsonschema.Draft202012Validator.check_schema(definition.parameters)


def test_name_and_description_can_be_given():
    tool = Tool(get_weather, name="weather", description="What the sky looks like.")

    assert (tool.name, tool.definition.description) == ("weather", "What the sky looks like.")
    assert tool.definition.parameters["properties"]["city"]["description"] == "its name"


def test_what_is_not_given_has_its_default():
    tool = Tool(get_weather)

    assert (tool.timeout_s, tool.approve, tool.approval_timeout_s) == (None, False, 60.0)


def test_what_is_given_is_kept():
    def ask(request):
        return request.name == "get_weather"

    tool = Tool(get_weather, timeout_s=0.5, approve=ask, approval_timeout_s=5.5)

    assert (tool.function, tool.timeout_s, tool.approve, tool.approval_timeout_s) == (
        get_weather,
        0.5,
        ask,
        5.5,
    )


def test_repr_is_the_name():
    assert repr(Tool(get_weather)) == "Tool('get_weather')"


@pytest.mark.parametrize(
    ("function", "name", "description"),
    [
        (functools.partial(get_weather, unit="C"), "get_weather", "Weather of a place."),
        (Shop().sell, "sell", "Sell something."),
        (Shop(), "Shop", "Buy something."),
        (functools.partial(Shop(), "bread"), "Shop", "Buy something."),
        (Silent(), "Silent", "What it does."),
    ],
)
def test_whatever_can_be_called_has_a_name_and_a_description(function, name, description):
    definition = Tool(function).definition

    assert (definition.name, definition.description) == (name, description)


def test_a_function_without_docstring_has_an_empty_description():
    assert Tool(lambda: None, name="nothing").definition.description == ""


def test_whether_a_tool_is_awaited_is_the_functions_matter():
    assert Tool(hang_up).is_async
    assert not Tool(get_weather).is_async


def test_a_call_of_the_model_becomes_a_call_of_the_function():
    tool = Tool(get_weather)

    assert tool.bind(call(tool, '{"city": "Oslo"}'))() == "Oslo C"


def test_an_object_is_called_like_a_function():
    tool = Tool(Shop())

    assert tool.bind(call(tool, '{"what": "bread"}'))() == "bought bread"


async def test_a_function_that_asks_for_them_gets_the_session_and_the_call():
    tool = Tool(hang_up)
    active = call(tool, '{"reason": "bye"}')
    session = object()

    assert set(tool.definition.parameters["properties"]) == {"reason"}
    assert await tool.bind(active, session)() == (session, active, "bye")


def test_the_model_cannot_give_what_the_engine_fills():
    tool = Tool(hang_up)

    with pytest.raises(BadArguments, match="there is no argument 'session'"):
        tool.bind(call(tool, '{"session": null}'))


def test_arguments_that_do_not_fit_are_refused_before_the_call():
    tool = Tool(get_weather)

    with pytest.raises(BadArguments, match="argument 'city' is missing"):
        tool.bind(call(tool, "{}"))


def test_calls_share_no_arguments():
    def collect(words: list[str]) -> list[str]:
        words.append("more")
        return words

    tool = Tool(collect)

    assert [tool.bind(call(tool, '{"words": []}'))() for _ in range(2)] == [["more"], ["more"]]


async def test_a_function_that_hides_a_coroutine_gives_something_to_await():
    tool = Tool(_hides_a_coroutine)
    active = call(tool, "")

    result = tool.bind(active)()

    assert not tool.is_async
    assert await result == (None, active, "")


def _hides_a_coroutine(call: ActiveCall):
    return hang_up(None, call)


def _yields():
    yield 1


async def _yields_later():
    yield 1


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        ("get_weather", "a tool is a function, not a str; give a function"),
        (None, "a tool is a function, not a NoneType"),
        (Shop, "a tool is a function, not the class Shop; give a function, or an object"),
        (lambda: None, "'<lambda>' is no name of a tool: 1 to 64 ASCII letters"),
        (_yields, "tool '_yields' yields; a tool returns one result, so return a list"),
        (_yields_later, "tool '_yields_later' yields"),
    ],
)
def test_what_is_no_function_with_a_name_is_refused(function, problem):
    with pytest.raises(InvalidTool, match=problem):
        Tool(function)


@pytest.mark.parametrize("name", ["", "get weather", "größe", "x" * 65, "weather\n", 7])
def test_a_name_that_services_refuse_is_refused(name):
    with pytest.raises(InvalidTool, match=r"is no name of a tool: .*; give Tool\(\.\.\., name=\.\.\.\)"):
        Tool(get_weather, name=name)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"description": 7}, "description takes a text, not int"),
        ({"timeout_s": 0}, "timeout_s takes seconds above 0, or None, not 0"),
        ({"timeout_s": "2"}, "timeout_s takes seconds above 0, or None, not '2'"),
        ({"timeout_s": True}, "timeout_s takes seconds above 0, or None, not True"),
        ({"timeout_s": float("inf")}, "timeout_s takes seconds above 0, or None, not inf"),
        ({"approve": "yes"}, "approve takes True, False or a function, not str"),
        ({"approval_timeout_s": None}, "approval_timeout_s takes seconds above 0, not None"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused(settings, problem):
    with pytest.raises(InvalidTool, match=f"tool 'get_weather': {problem}"):
        Tool(get_weather, **settings)


def test_a_parameter_that_cannot_be_filled_is_refused_by_the_tools_name():
    with pytest.raises(InvalidTool, match="tool 'weather': parameter 'rest'"):
        Tool(lambda *rest: rest, name="weather")


def test_an_invalid_tool_is_a_value_error():
    assert issubclass(InvalidTool, ValueError)


def test_functions_tools_and_mappings_go_together_in_order():
    tool = Tool(hang_up)
    mcp = {"type": "mcp", "server_label": "docs"}

    weather, *others = as_tools(iter([get_weather, tool, mcp]))

    assert weather.name == "get_weather"
    assert others == [tool, mcp]
    assert others[1] is mcp


def test_no_tools_are_no_tools():
    assert as_tools(()) == ()


@pytest.mark.parametrize("second", [Tool(get_weather), {"type": "function", "name": "get_weather"}])
def test_two_tools_of_one_name_are_refused(second):
    with pytest.raises(InvalidTool, match="two tools are called 'get_weather'"):
        as_tools([get_weather, second])


def test_services_own_tools_without_a_name_do_not_collide():
    assert len(as_tools([{"type": "web_search"}, {"type": "web_search"}])) == 2


@pytest.mark.parametrize(
    ("given", "kind"),
    [(get_weather, "get_weather"), ({"type": "mcp"}, "dict"), ("get_weather", "str"), (None, "NoneType")],
)
def test_tools_that_are_no_list_are_refused(given, kind):
    with pytest.raises(InvalidTool, match=f"tools takes a list of functions, not {kind}; write tools="):
        as_tools(given)


def test_a_tool_in_the_list_that_is_no_function_is_refused():
    with pytest.raises(InvalidTool, match="a tool is a function, not a int"):
        as_tools([7])


def test_a_running_loop_is_not_needed_to_make_a_tool():
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()

    assert Tool(hang_up).name == "hang_up"
