"""What ``--tools`` names, imported."""

import sys

import pytest
from realtime_core import InvalidTool, Tool
from realtime_core.cli.tools import load_tools


def names(*given):
    return [tool.name for tool in load_tools(given)]


@pytest.fixture
def module(tools):
    """Writes a module of that name into the current folder."""
    written = []

    def write(name, text):
        (tools / name).write_text(text)
        written.append(name.rpartition("/")[2].removesuffix(".py"))

    yield write
    for name in written:
        sys.modules.pop(name, None)


@pytest.mark.usefixtures("tools")
def test_function_of_a_module_in_the_current_folder_is_a_tool():
    assert names("orders:add") == ["add"]


@pytest.mark.usefixtures("tools")
def test_list_is_all_that_is_in_it():
    assert names("orders:BOTH", "orders:RISKY") == ["add", "look_up", "refund"]


def test_tool_of_a_file_is_found_by_its_path(tools):
    (tools / "deep").mkdir()
    (tools / "orders.py").rename(tools / "deep" / "orders.py")

    (tool,) = load_tools(["deep/orders.py:RISKY"])

    assert isinstance(tool, Tool)
    assert tool.approve is True


def test_file_may_import_what_lies_beside_it(tools, module):
    (tools / "deep").mkdir()
    module("deep/helper.py", "def one() -> int:\n    return 1\n")
    module("deep/entry.py", "from helper import one\n")

    assert names("deep/entry.py:one") == ["one"]


def test_object_with_marked_methods_is_all_of_them(module):
    module(
        "shop.py",
        "class Shop:\n"
        "    def sell(self): ...\n"
        "    sell.__kernel_function__ = True\n"
        "    def close(self): ...\n"
        "SHOP = Shop()\n",
    )

    assert names("shop:SHOP") == ["sell"]


def test_tool_of_the_service_is_given_in_its_words(module):
    module("hosted.py", "MCP = {'type': 'mcp', 'server_label': 'docs'}\n")

    assert load_tools(["hosted:MCP"]) == ({"type": "mcp", "server_label": "docs"},)


def wrong(name):
    with pytest.raises(InvalidTool) as caught:
        load_tools([name])
    return str(caught.value)


@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize("name", ["orders", "orders:", ":add"])
def test_name_without_both_parts_says_what_to_give(name):
    assert wrong(name) == f"tools {name!r}: give MODULE:FUNCTION or FILE.py:FUNCTION"


@pytest.mark.usefixtures("tools")
def test_misspelt_function_is_guessed():
    assert wrong("orders:look_upp") == "tools: 'orders' has no 'look_upp'; did you mean 'look_up'?"


def test_unknown_function_is_told_what_there_is(module):
    module(
        "few.py",
        "import json\nfrom json import dumps\ndef one(): ...\n_two = one\nTHREE = [one]\nEMPTY = []\n",
    )

    assert wrong("few:nothing") == "tools: 'few' has no 'nothing'; choose from THREE, one"


def test_module_without_functions_says_so(module):
    module("empty.py", "")

    assert wrong("empty:x") == "tools: 'empty' has no 'x'; it has no functions of its own"


def test_misspelt_module_is_guessed(tools):
    said = wrong("order:add")

    assert (
        said == f"tools: there is no module 'order', neither installed nor in {tools}; did you mean 'orders'?"
    )


@pytest.mark.usefixtures("tools")
def test_module_elsewhere_is_given_by_its_file():
    assert wrong("nowhere:add").endswith("; give FILE.py:FUNCTION for a file elsewhere")


@pytest.mark.usefixtures("tools")
def test_missing_file_is_named():
    assert wrong("none/orders.py:add") == "tools: there is no file 'none/orders.py'"


def test_file_that_is_called_like_a_loaded_module_is_to_be_renamed(module, monkeypatch):
    module("json.py", "")
    monkeypatch.setitem(sys.modules, "json", sys.modules["json"])

    assert wrong("json.py:x") == "tools: another module called 'json' is loaded already; rename 'json.py'"


def test_file_that_is_called_like_a_module_of_the_interpreter_is_to_be_renamed(tools):
    (tools / "sys.py").write_text("")

    assert wrong("sys.py:x") == "tools: another module called 'sys' is loaded already; rename 'sys.py'"


def test_module_that_fails_says_how_but_no_key(module):
    module("broken.py", "raise ValueError('sk-proj-abc is bad')\n")

    assert (
        wrong("broken:x")
        == "tools: 'broken' cannot be imported (ValueError: sk-… is bad); --debug shows where"
    )


@pytest.mark.parametrize("cause", ["import no_such_thing", "raise ModuleNotFoundError('hm')"])
def test_module_that_lacks_another_one_is_there_all_the_same(module, cause):
    module("lacking.py", cause)

    assert wrong("lacking:x").startswith("tools: 'lacking' cannot be imported (ModuleNotFoundError: ")


def test_program_says_how_it_becomes_a_module(module):
    module("program.py", "import sys\nsys.exit('Usage')\n")

    assert wrong("program.py:x") == (
        "tools: 'program.py' ends the program when it is imported; "
        "put what it runs under if __name__ == '__main__':"
    )


def test_function_that_cannot_be_a_tool_is_named(module):
    module("odd.py", "def many(*args): ...\n")

    assert wrong("odd:many").startswith("tools 'odd:many': tool 'many': parameter 'args' is a *args; ")


@pytest.mark.usefixtures("tools")
def test_two_tools_of_one_name_are_refused():
    with pytest.raises(InvalidTool, match="two tools are called 'add'"):
        load_tools(["orders:add", "orders:BOTH"])
