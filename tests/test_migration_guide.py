"""What the guide for those who come from Semantic Kernel says of this project is true.

What it says of Semantic Kernel is tested in tests/peers/test_semantic_kernel.py.
"""

import asyncio
import re
import subprocess
import sys

import attrs
import pytest
import realtime_azure
import realtime_core
import realtime_openai
import realtime_openai_webrtc
from migration_guide import GUIDE, SCRIPT, names, program
from parity.providers import environment, without_vendors

MODULES = [realtime_core, realtime_openai, realtime_openai_webrtc, realtime_azure]


def found(name: str) -> bool:
    owner, _, member = name.partition(".")
    classes = [getattr(module, owner) for module in MODULES if hasattr(module, owner)]
    return bool(classes) and (not member or all(hasattr(one, member) for one in classes))


@pytest.mark.parametrize("name", ["before", "after", "plugins"])
def test_program_compiles(name: str):
    compile(program(name), name, "exec")


ELSEWHERE = {
    "openai-ws": {},
    "openai-webrtc": {
        "from realtime_openai ": "from realtime_openai_webrtc ",
        "OpenAIRealtimeWebsocket": "OpenAIRealtimeWebRTC",
    },
    "azure-ws": {
        "from realtime_openai ": "from realtime_azure ",
        "OpenAIRealtimeWebsocket": "AzureRealtimeWebsocket",
        "OpenAIRealtimeExecutionSettings": "AzureRealtimeExecutionSettings",
        "(model=": "(deployment=",
    },
}
"""What is another word in the program after, at each provider."""


@pytest.mark.parametrize("provider", ELSEWHERE)
async def test_program_after_runs(provider: str, realtime_simulator):
    source = program("after")
    for word, other in ELSEWHERE[provider].items():
        assert word in source
        source = source.replace(word, other)
    async with realtime_simulator(script=SCRIPT["get_weather"]) as server:
        variables = environment(provider, server.base_url.removesuffix("/v1"), "any")
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-W", "error", "-c", source],
            env={**without_vendors(), **variables},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert (done.returncode, done.stdout, done.stderr) == (0, "It is sunny in Rome.", "")


def test_every_name_here_exists():
    here = names(1)

    assert len(here) > 20
    assert [name for name in sorted(here) if not found(name)] == []


@pytest.mark.parametrize(
    "client",
    [
        realtime_openai.OpenAIRealtimeWebsocket,
        realtime_openai_webrtc.OpenAIRealtimeWebRTC,
        realtime_azure.AzureRealtimeWebsocket,
    ],
)
def test_every_option_of_a_client_exists(client):
    (options,) = re.findall(rf" \| `{client.__name__}\(([a-z_, ]+?)(?:, \.\.\.)?\)`", GUIDE.read_text())

    assert set(options.split(", ")) <= set(attrs.fields_dict(client.provider.options))


def test_settings_that_are_the_same_are_settings():
    (row,) = re.findall(r"^\| (`output_modalities`.*) \| the same \|$", GUIDE.read_text(), re.MULTILINE)
    here = attrs.fields_dict(realtime_openai.OpenAIRealtimeExecutionSettings)

    assert [name for name in re.findall(r"`(\w+)`", row) if name not in here] == []


def test_every_call_of_a_session_exists():
    (table,) = re.findall(
        r"^\| sessions \| here \|\n\|---\|---\|\n(.*?)\n\n", GUIDE.read_text(), re.MULTILINE | re.DOTALL
    )
    calls = {call for row in table.splitlines() for call in re.findall(r"\b([a-z_]+)\(", row.split(" | ")[1])}
    here = {*dir(realtime_core.RealtimeSession), *dir(realtime_core.RealtimeClient), "client"}

    assert len(calls) > 8
    assert sorted(calls - here) == []
