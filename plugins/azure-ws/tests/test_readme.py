"""The README is true: its snippets run, and its table has all options."""

import asyncio
import re
from pathlib import Path

import attrs
from realtime_azure.options import AzureOptions

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_there_are_snippets():
    assert len(SNIPPETS) == 2


async def test_the_program_runs(azure, monkeypatch, capsys, key):
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", azure.azure_endpoint)
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", key)
    monkeypatch.setenv("AZURE_OPENAI_REALTIME_DEPLOYMENT_NAME", "talk")

    # it has an event loop of its own
    await asyncio.to_thread(exec, SNIPPETS[0], {})

    assert capsys.readouterr().out.strip()


async def test_the_client_with_a_credential_is_made():
    names = {}
    exec(SNIPPETS[1], names)  # noqa: S102  # our own document

    assert names["client"].name == "azure-ws"


def test_the_table_has_all_options():
    listed = re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE)

    assert sorted([*listed, "from_env"]) == sorted(field.name for field in attrs.fields(AzureOptions))
