"""The contract is stated once: docstrings, the page and the conformance kit have the same clauses."""

import inspect
import re
import subprocess
import sys
import tomllib

import pytest
from contract import PAGE, PLACES, clauses
from realtime_core import provider
from realtime_core.testing import ProviderConformance
from realtime_core.testing.clauses import clauses_of

STATED = [clause for documented in PLACES.values() for clause in clauses(documented)]


@pytest.mark.parametrize("place", PLACES)
def test_every_part_of_the_contract_has_clauses(place):
    assert clauses(PLACES[place])


def test_no_clause_is_overlooked_and_no_name_is_used_twice():
    lines = re.findall(r"^ {8,12}([a-z]+(?:_[a-z]+)+): [A-Z]", inspect.getsource(provider), re.MULTILINE)

    assert sorted(lines) == sorted(clause.name for clause in STATED)


def test_a_clause_is_a_sentence():
    assert [one.name for one in STATED if not re.fullmatch(r"[A-Z].*\.", one.sentence)] == []


def test_the_conformance_kit_asks_for_every_clause():
    assert [one.name for one in STATED if one.name not in clauses_of(ProviderConformance)] == []


def test_the_entry_point_of_the_page_is_one():
    (toml,) = re.findall(r"^```toml\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)

    entry_points = tomllib.loads(toml)["project"]["entry-points"]

    assert [*entry_points] == [provider.ENTRY_POINT_GROUP]


@pytest.mark.parametrize(
    "command", re.findall(r"^\$ realtime (.*)$", PAGE.read_text(), re.MULTILINE), ids=lambda line: line
)
def test_the_commands_of_the_page_run(command):
    done = subprocess.run(
        [sys.executable, "-m", "realtime_core.cli", *command.split()],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "simulator" in done.stdout


@pytest.mark.parametrize(
    ("number", "printed"), [(0, "You said: Good evening! (API 1)\n"), (1, "simulator realtime-simulator 0.")]
)
def test_the_snippets_of_the_page_run(number, printed):
    snippet = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)[number]

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", snippet],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert printed in done.stdout
