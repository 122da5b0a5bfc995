"""Providers are found and loaded however they were installed, also while a program runs."""

import json
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import attrs
import pytest
from installing import NoIndex, build_wheels
from workspace import ROOT

pytestmark = pytest.mark.timeout(300)  # pip builds and installs

PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "realtime-acme"
version = "1.5"

[project.entry-points."realtime_core.providers"]
acme-ws = "realtime_acme.plugin"
"""
PLUGIN = ROOT / "core" / "tests" / "registry" / "acme.py"

RUNNING = """
import json, subprocess, sys
from realtime_core.errors import RegistryError
from realtime_core.registry import list_providers, load_provider, refresh

def told():
    found = [info.version for info in list_providers() if info.name == "acme-ws"]
    try:
        return found, load_provider("acme-ws").api_version
    except RegistryError as exc:
        return found, type(exc).__name__

steps = [told()]
for command in json.loads(sys.argv[1]):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    refresh()
    steps.append(told())
print(json.dumps(steps))
"""


@attrs.frozen
class Place:
    """An environment that has realtime-core and what that needs, from the environment of the tests."""

    python: Path
    source: Path
    tools: Path
    wheel: Path

    def pip(self, *arguments: object) -> list[str]:
        """The command line of pip, for this environment."""
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", self.python]
        return [*map(str, [*pip, *arguments])]

    def run(self, command: list[str]) -> str:
        done = subprocess.run(
            command,
            env={**os.environ, "PYTHONPATH": str(self.tools)},
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    def loaded(self) -> dict[str, Any]:
        """What a process of its own tells of the provider."""
        return json.loads(self.run([str(self.python), "-m", "realtime_core.registry", "acme-ws", "10"]))


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    source, scratch = tmp_path_factory.mktemp("acme"), tmp_path_factory.mktemp("scratch")
    (source / "pyproject.toml").write_text(PYPROJECT)
    package = source / "src" / "realtime_acme"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "plugin.py").write_text(PLUGIN.read_text())
    try:
        wheels = build_wheels([source], scratch)
    except NoIndex as exc:
        pytest.skip(str(exc))
    return source, scratch / "tools", wheels["realtime-acme"]


@pytest.fixture
def place(built, tmp_path):
    folder = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin" / "python"
    print_site = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site = Path(subprocess.run(print_site, capture_output=True, text=True, check=True).stdout.strip())
    (site / "borrowed.pth").write_text(f"{ROOT / 'core' / 'src'}\n{sysconfig.get_path('purelib')}\n")
    return Place(python, *built)


INSTALL = ("install", "--quiet", "--no-deps", "--no-build-isolation")


def test_wheel_is_found_and_loaded(place):
    place.run(place.pip(*INSTALL, place.wheel))

    told = place.run([str(place.python), "-m", "realtime_core.cli", "providers"])

    assert re.search(r"^acme-ws +realtime-acme +1\.5 +API 1  input_formats", told, re.MULTILINE), told


def test_editable_install_is_found_and_loaded_and_mended_in_its_folder(place):
    plugin = place.source / "src" / "realtime_acme" / "plugin.py"
    place.run(place.pip(*INSTALL, "--editable", place.source))
    assert place.loaded()["api_version"] == 1

    plugin.write_text("1 / 0")
    try:
        broken = place.loaded()["broken"]
    finally:
        plugin.write_text(PLUGIN.read_text())

    assert broken == (
        "provider 'acme-ws' of realtime-acme 1.5 cannot be loaded (ZeroDivisionError: division by zero, "
        f"at line 1 of realtime_acme.plugin); it is an editable install: mend it in {place.source}"
    )


@pytest.mark.parametrize("kind", ["wheel", "editable"])
def test_what_is_installed_and_removed_while_a_program_runs_is_found_and_gone(place, kind):
    what = [place.wheel] if kind == "wheel" else ["--editable", place.source]
    commands = [place.pip(*INSTALL, *what), place.pip("uninstall", "--quiet", "--yes", "realtime-acme")]

    before, installed, removed = json.loads(
        place.run([str(place.python), "-c", RUNNING, json.dumps(commands)]).splitlines()[-1]
    )

    assert before == [[], "UnknownProvider"]
    assert installed == [["1.5"], 1]
    assert removed == [[], "UnknownProvider"]
