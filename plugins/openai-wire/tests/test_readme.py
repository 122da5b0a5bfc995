"""The README is true: its snippets run."""

import re
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
SNIPPETS = re.findall(r"^```python\n(.*?)^```$", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def test_every_module_has_its_place_in_the_table():
    rows = re.findall(r"^\| (`.+?`) \|", README.read_text(encoding="utf-8"), re.MULTILINE)
    modules = {path.stem for path in (README.parent / "src" / "realtime_openai_wire").glob("[!_]*.py")}

    assert sorted(re.findall(r"`(\w+)`", " ".join(rows))) == sorted(modules)


def test_there_are_snippets():
    assert len(SNIPPETS) == 3


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda _: "snippet")
def test_a_snippet_runs(snippet):
    exec(snippet, {})  # noqa: S102  # our own document
