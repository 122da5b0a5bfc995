"""Those who come from Semantic Kernel: its functions are tools here, and the guide tells the truth about it.

Where it cannot be installed these are skipped, with the reason.
"""

import asyncio
import json
import os
import subprocess
from typing import Any

import attrs
import pytest
from migration_guide import GUIDE, SCRIPT, names, program
from peers.environments import Runtime, python_with_semantic_kernel
from realtime_openai import ListenEvents, OpenAIRealtimeExecutionSettings, SendEvents
from workspace import ROOT

pytestmark = pytest.mark.timeout(600)  # the first test may install it

OURS = [ROOT / folder / "src" for folder in ("core", "plugins/openai-wire", "plugins/openai-ws")]

NAMES = """
import json, sys
from semantic_kernel import contents, exceptions, filters, functions
from semantic_kernel.connectors.ai import function_choice_behavior, open_ai
from semantic_kernel.contents import realtime_events
modules = [contents, exceptions, filters, functions, function_choice_behavior, open_ai, realtime_events]
def found(name):
    owner, _, member = name.partition(".")
    owners = [getattr(module, owner) for module in modules if hasattr(module, owner)]
    return bool(owners) and (not member or hasattr(owners[0], member))
print(json.dumps([name for name in json.loads(sys.argv[1]) if not found(name)]))
"""

VOCABULARY = """
import json
from semantic_kernel.connectors.ai import open_ai, prompt_execution_settings
own = set(open_ai.OpenAIRealtimeExecutionSettings.model_fields)
own -= set(prompt_execution_settings.PromptExecutionSettings.model_fields)
listen, send = [*open_ai.ListenEvents.__members__], [*open_ai.SendEvents.__members__]
print(json.dumps({"listen": listen, "send": send, "settings": sorted(own)}))
"""

DEFINITIONS = """
import functools, json
from typing import Annotated, Optional
import attrs
from realtime_core.tools.tool import as_tools
from semantic_kernel import Kernel
from semantic_kernel.functions import KernelArguments, kernel_function

class Shop:
    @kernel_function(name="find", description="Find an order.")
    def find_order(self, number: Annotated[int, "as on the bill"], note: Optional[str] = None) -> str: ...

    @kernel_function
    async def refund(self, number: Annotated[int, {"description": "which"}], limit: Annotated[
        int, "hidden", {"include_in_function_choices": False}] = 3) -> bool:
        '''Give the money back.

        Args:
            number: of the order
        '''

    @kernel_function
    def with_kernel(self, kernel: Kernel, arguments: KernelArguments, words: str) -> str: ...

    def not_marked(self) -> None: ...

shop = Shop()
bound = functools.partial(shop.with_kernel, kernel=Kernel(), arguments=KernelArguments())
print(json.dumps([attrs.asdict(tool.definition) for tool in as_tools([shop.find_order, shop.refund, bound])]))
del Shop.with_kernel
print(json.dumps([tool.name for tool in as_tools([Shop()])]))
print(json.dumps([tool.name for tool in as_tools([*Kernel().add_plugin(Shop(), "shop")])]))
"""


@pytest.fixture(scope="module")
def runtime() -> Runtime:
    runtime = python_with_semantic_kernel()
    if isinstance(runtime, str):
        pytest.skip(runtime)
    return runtime


def run(runtime: Runtime, source: str, *arguments: str, **env: str) -> str:
    done = subprocess.run(
        [runtime.interpreter, "-c", source, *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, OURS)), **env},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def told(runtime: Runtime, source: str, *arguments: str) -> list[Any]:
    return [json.loads(line) for line in run(runtime, source, *arguments).splitlines()]


@pytest.mark.parametrize(
    ("name", "called"), [("before", "WeatherPlugin-get_weather"), ("plugins", "weather-get_weather")]
)
async def test_program_of_the_guide_runs(runtime, realtime_simulator, name, called):
    async with realtime_simulator(script=SCRIPT[called], speed=0) as server:
        env = {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": "any"}

        printed = await asyncio.to_thread(run, runtime, program(name), **env)

    assert printed == "It is sunny in Rome."


def test_every_name_there_exists(runtime):
    there = names(0)

    assert len(there) > 30
    assert told(runtime, NAMES, json.dumps(sorted(there))) == [[]]


def test_every_word_that_is_another_here_is_in_the_guide(runtime):
    (theirs,) = told(runtime, VOCABULARY)
    guide = GUIDE.read_text()

    others = [f"ListenEvents.{name}" for name in theirs["listen"] if name not in ListenEvents.__members__]
    others += [f"SendEvents.{name}" for name in theirs["send"] if name not in SendEvents.__members__]
    here = {*attrs.fields_dict(OpenAIRealtimeExecutionSettings), "tools"}
    others += [name for name in theirs["settings"] if name not in here]

    assert others
    assert [name for name in others if name not in guide] == []


def test_marked_functions_are_tools_with_what_the_decorator_notes(runtime):
    (find, refund, with_kernel), whole, of_a_kernel = told(runtime, DEFINITIONS)

    assert (find["name"], find["description"]) == ("find", "Find an order.")
    assert find["parameters"]["properties"]["number"] == {"type": "integer", "description": "as on the bill"}
    assert find["parameters"]["required"] == ["number"]
    assert (refund["name"], refund["description"]) == ("refund", "Give the money back.")
    assert refund["parameters"]["properties"] == {"number": {"type": "integer", "description": "which"}}
    assert [*with_kernel["parameters"]["properties"]] == ["words"]
    assert whole == ["find", "refund"]
    assert sorted(of_a_kernel) == whole
