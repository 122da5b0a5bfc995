"""Functions and objects as semantic-kernel's ``@kernel_function`` leaves them.

``kernel_function`` here sets what the real one sets, as far as it is read; the real one is tested in
tests/peers/test_semantic_kernel.py.
"""

import functools
import types
from typing import Annotated

import pytest
from realtime_core import ActiveCall, InvalidTool, Tool, ToolCall
from realtime_core.tools.kernel_functions import Notes, is_plugin, marked_functions, read_notes
from realtime_core.tools.tool import as_tools

HIDDEN = {"include_in_function_choices": False}


def kernel_function(name=None, description=None, parameters=()):
    def decorate(function):
        function.__kernel_function__ = True
        function.__kernel_function_name__ = name or function.__name__
        function.__kernel_function_description__ = description or function.__doc__
        function.__kernel_function_parameters__ = list(parameters)
        return function

    return decorate


class Weather:
    """A plugin."""

    def __init__(self, degrees=21):
        self.degrees = degrees
        self.asked = 0

    @property
    def temper(self):
        self.asked += 1
        return kernel_function("temper")(lambda: "bad")

    @kernel_function("get_weather", "Tells how the weather is.")
    def weather(self, city: Annotated[str, "its name"], unit: str = "C") -> str:
        return f"{self.degrees} {unit} in {city}"

    @kernel_function()
    async def rain(self, city: str) -> bool:
        """Whether it rains.

        Args:
            city: where
        """
        return city == "Bergen"

    @staticmethod
    @kernel_function()
    def places() -> list[str]:
        """All that it knows of."""
        return ["Rome"]

    @classmethod
    @kernel_function()
    def kind(cls) -> str:
        return cls.__name__

    def secret(self) -> str:
        return "not a tool"


def call(tool, arguments="{}"):
    return tool.bind(ActiveCall(ToolCall("call_1", tool.name, arguments), progress=lambda _: None))()


def made(plugin):
    return {tool.name: tool for tool in as_tools([plugin])}


def test_name_and_description_are_those_of_the_decorator():
    definition = Tool(Weather().weather).definition

    assert (definition.name, definition.description) == ("get_weather", "Tells how the weather is.")
    assert definition.parameters["properties"]["city"] == {"type": "string", "description": "its name"}
    assert definition.parameters["required"] == ["city"]


def test_name_and_description_given_to_the_tool_are_nearer():
    definition = Tool(Weather().weather, name="look", description="Looks out.").definition

    assert (definition.name, definition.description) == ("look", "Looks out.")


def test_description_that_repeats_the_docstring_is_read_in_sections():
    definition = Tool(Weather().rain).definition

    assert definition.description == "Whether it rains."
    assert definition.parameters["properties"]["city"]["description"] == "where"


def test_description_of_a_parameter_may_be_with_the_decorator():
    noted = [{"name": "city", "description": "a place"}, {"name": "unit"}, {"type_": "str"}]

    @kernel_function(parameters=noted)
    def weather(city: str, unit: str) -> None:
        """Tell.

        Args:
            city: by the docstring
        """

    properties = Tool(weather).definition.parameters["properties"]

    assert properties == {"city": {"type": "string", "description": "a place"}, "unit": {"type": "string"}}


@pytest.mark.parametrize(
    "bind",
    [lambda function: function, functools.partial, lambda function: functools.partial(function, city="Rome")],
)
def test_partial_has_the_notes_of_its_function(bind):
    assert read_notes(bind(Weather().weather)).name == "get_weather"


@pytest.mark.parametrize("function", [len, Weather().secret, lambda: None, print])
def test_any_other_function_has_none(function):
    assert read_notes(function) == Notes()


def test_mark_alone_is_enough():
    def weather() -> None: ...

    weather.__kernel_function__ = True

    assert Tool(weather).definition.name == "weather"


def test_object_with_marked_methods_is_as_many_tools():
    tools = made(Weather(degrees=30))

    assert list(tools) == ["kind", "places", "rain", "get_weather"]  # by the names of the methods
    assert call(tools["get_weather"], '{"city": "Rome"}') == "30 C in Rome"
    assert call(tools["places"]) == ["Rome"]
    assert call(tools["kind"]) == "Weather"
    assert tools["rain"].is_async
    assert not tools["get_weather"].is_async


def test_object_is_not_asked_for_its_properties():
    plugin = Weather()

    marked_functions(plugin)

    assert plugin.asked == 0


def test_methods_are_inherited_and_an_override_needs_its_own_mark():
    class Indoor(Weather):
        def rain(self, city: str) -> str:
            return city

    assert list(made(Indoor())) == ["kind", "places", "get_weather"]


def test_module_with_marked_functions_is_as_many_tools():
    module = types.ModuleType("weather")
    module.look = kernel_function("look_out")(lambda: "rain")

    assert list(made(module)) == ["look_out"]


def test_object_that_holds_a_marked_function_is_that_tool():
    held = types.SimpleNamespace(method=Weather(degrees=9).weather, name="another")

    assert call(made(held)["get_weather"], '{"city": "Rome"}') == "9 C in Rome"


def test_object_that_holds_a_marked_function_may_have_another_name():
    class KernelFunction:
        def __init__(self, method):
            self.method = method

        def __call__(self, kernel: "Kernel") -> None: ...  # noqa: F821  # nobody evaluates it

    tool = Tool(KernelFunction(Weather(degrees=9).weather), name="shop-weather")

    assert (tool.name, tool.definition.description) == ("shop-weather", "Tells how the weather is.")
    assert call({tool.name: tool}["shop-weather"], '{"city": "Rome"}') == "9 C in Rome"


@pytest.mark.parametrize(
    ("name", "instead"),
    [("Kernel", r"tools=\[\*kernel.plugins\[.*\]\]"), ("KernelPlugin", r"tools=\[\*plugin\]")],
)
def test_what_holds_many_functions_of_a_kernel_is_met_with_how_to_give_them(name, instead):
    with pytest.raises(InvalidTool, match=f"a tool is a function, not a {name}; give .*{instead}$"):
        as_tools([type(name, (), {})()])


def test_object_that_can_be_called_and_has_marked_methods_is_a_plugin():
    class Both(Weather):
        def __call__(self) -> None: ...

    assert is_plugin(Both())


@pytest.mark.parametrize(
    "value", [Weather().weather, functools.partial(Weather().weather), Weather, object(), 7]
)
def test_what_is_called_or_has_no_marked_methods_is_no_plugin(value):
    assert not is_plugin(value)


def test_one_method_may_be_given_apart_to_have_settings_of_its_own():
    tool = Tool(Weather().weather, approve=True, timeout_s=5)

    assert as_tools([tool]) == (tool,)


def test_class_instead_of_its_object_is_told():
    with pytest.raises(
        InvalidTool, match=r"not the class Weather; .* marked by @kernel_function stands in tools="
    ):
        as_tools([Weather])


def test_whole_object_is_no_single_tool():
    with pytest.raises(InvalidTool, match=r"not a Weather; .* marked by @kernel_function stands in tools="):
        Tool(Weather())


def test_two_plugins_with_a_name_in_common_are_told():
    with pytest.raises(InvalidTool, match="two tools are called 'kind'; give one another"):
        as_tools([Weather(), Weather()])


def test_parameter_that_the_model_is_not_to_see_keeps_its_default():
    @kernel_function(parameters=[{"name": "limit", **HIDDEN}])
    def search(words: str, limit: Annotated[int, HIDDEN] = 3) -> str:
        return f"{words} {limit}"

    tool = Tool(search)

    assert list(tool.definition.parameters["properties"]) == ["words"]
    assert call(tool, '{"words": "sea"}') == "sea 3"


@pytest.mark.parametrize("name", ["kernel", "service", "execution_settings", "arguments"])
def test_parameter_that_a_kernel_would_fill_is_refused_with_the_remedy(name):
    plain = {}
    exec(f"def search({name}): return {name}", plain)  # noqa: S102  # a name that is a parameter of the test

    with pytest.raises(
        InvalidTool, match=rf"'{name}' is kept from the model.*partial\(function, {name}=...\)"
    ):
        Tool(kernel_function()(plain["search"]))

    bound = Tool(functools.partial(plain["search"], **{name: 7}))

    assert (bound.name, call(bound)) == ("search", 7)


def test_plain_function_may_call_its_parameters_as_it_likes():
    def run(arguments: str) -> str:
        return arguments

    assert list(Tool(run).definition.parameters["properties"]) == ["arguments"]


def test_kernels_function_that_yields_is_refused_as_any_other():
    @kernel_function()
    def tell():
        yield "a"

    with pytest.raises(InvalidTool, match="tool 'tell' yields"):
        Tool(tell)
