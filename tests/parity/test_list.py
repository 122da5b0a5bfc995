"""The list of providers is whole, and none is known to the tests of parity by its name."""

import re

from parity.providers import NAMES
from realtime_core import list_providers
from workspace import ROOT, distributions

HERE = ROOT / "tests" / "parity"


def test_every_provider_of_this_repository_is_in_the_list():
    ours = {dist.name for dist in distributions()}
    installed = {info.name for info in list_providers() if info.distribution in ours}
    written = {name for dist in distributions() for name in dist.providers}

    assert installed == written, "install this repository again: pip install -r requirements-dev.txt"
    assert set(NAMES) == written, "tests/parity/providers.py says how each provider comes to the simulator"


def test_no_test_of_parity_asks_for_a_name():
    names = "|".join(map(re.escape, NAMES))
    strays = [
        f"{file.name}: {line.strip()}"
        for file in HERE.glob("*.py")
        for line in file.read_text().splitlines()
        if file.name != "providers.py" and re.search(rf"[\"']({names})[\"']", line)
    ]

    # the program of the design, and where its string is changed
    assert [stray for stray in strays if not re.search("create_client|PROGRAM.replace", stray)] == []
