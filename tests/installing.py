"""Distributions as their users have them: wheels, in an environment of their own. Knows no provider."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import attrs

__all__ = ["Environment", "NoIndex", "build_wheels", "make_environment"]

TIMEOUT_S: Final = 300
"""How long one step may take; a busy machine with slow disks needs a fraction of it."""

_NOT_BUILT: Final = shutil.ignore_patterns("build", "*.egg-info", "__pycache__")
_OF_THE_TESTS: Final = re.compile(r"PYTHON|PYTEST|COV|VIRTUAL_ENV|[A-Z]+_(API_KEY|URL|BASE_URL)$")
_PIP: Final = (sys.executable, "-m", "pip", "--disable-pip-version-check")
_INSTALL: Final = ("install", "--quiet", "--retries=1", "--prefer-binary")


class NoIndex(Exception):
    """No package index can be reached; the message says what was to be had from it."""


@attrs.frozen
class Environment:
    """A virtual environment that shares nothing with that of the tests."""

    folder: Path

    def run(self, command: str, *args: object, cwd: Path, **variables: str) -> str:
        """What one of its commands prints. Fails, with all that it said, if it fails."""
        return _run(self._line(command, args), cwd=cwd, **variables)

    @contextmanager
    def running(self, command: str, *args: object, tells: str, **variables: str) -> Iterator[str]:
        """One of its commands, from its first line, in which the group of ``tells`` is what is given, on."""
        line, env = self._line(command, args), {**_environ(), **variables}
        with subprocess.Popen(line, env=env, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                first = process.stdout.readline()
                told = re.search(tells, first)
                assert told, f"{command} said {first!r}"
                yield told[1]
            finally:
                process.terminate()

    def _line(self, command: str, args: Iterable[object]) -> list[str]:
        return [str(self.folder / "bin" / command), *map(str, args)]


def _environ() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not _OF_THE_TESTS.match(name)}


def _run(line: Iterable[object], *, cwd: Path | None = None, **variables: str) -> str:
    """What a command prints. Fails, with all that it said, if it fails."""
    command = [*map(str, line)]
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**_environ(), **variables},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, f"{command[0]} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def build_wheels(folders: Iterable[Path], scratch: Path) -> dict[str, Path]:
    """The wheel of the distribution in each folder, by its name on the index.

    Raises:
        NoIndex: setuptools, with which they are built, cannot be had.
    """
    tools, sources, wheels = scratch / "tools", scratch / "sources", scratch / "wheels"
    try:
        _run([*_PIP, *_INSTALL, "--target", tools, "setuptools>=77"])
    except AssertionError as exc:
        raise NoIndex(f"setuptools>=77 cannot be installed: {' '.join(str(exc).split())[-300:]}") from exc
    # of what an earlier build left in a folder, some may be in the repository no more
    copies = [shutil.copytree(folder, sources / folder.name, ignore=_NOT_BUILT) for folder in folders]
    build: list[Any] = [*_PIP, "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    _run([*build, "--wheel-dir", wheels, *copies], PYTHONPATH=str(tools))
    return {file.name.partition("-")[0].replace("_", "-"): file for file in wheels.glob("*.whl")}


def make_environment(folder: Path, *wanted: str) -> Environment:
    """A new environment in ``folder`` with what is ``wanted``: wheels, with or without extras, or names."""
    _run([sys.executable, "-m", "venv", "--without-pip", folder])
    _run([*_PIP, "--python", folder / "bin" / "python", *_INSTALL, *wanted])
    return Environment(folder)
