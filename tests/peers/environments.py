"""Where clients of other people run: what they need, installed once into a folder that git does not see.

Each function gives a `Runtime`, or a string that says why there is none. Knows no client.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import attrs
from workspace import ROOT, distributions

__all__ = ["Runtime", "node", "our_python", "python_of_its_own", "python_with_semantic_kernel"]

HERE = Path(__file__).parent
CACHE = ROOT / ".cache" / "peers"
TIMEOUT_S = 180
"""How long one step of an installation may take."""

OLDEST_NODE = 20


@attrs.frozen
class Runtime:
    """An interpreter, and the folder of the programs that it runs."""

    interpreter: str
    folder: Path


class _Failed(Exception):
    """Something cannot be installed; the message says why."""


@cache
def our_python() -> Runtime | str:
    """The environment of the tests; it has `openai`, because realtime-openai needs it."""
    return Runtime(sys.executable, HERE)


@cache
def python_of_its_own() -> Runtime | str:
    """An environment with what requirements.txt lists, apart from ours: it wants other versions."""
    return _python("openai-agents", "python", (HERE / "requirements.txt").read_text())


@cache
def python_with_semantic_kernel() -> Runtime | str:
    """An environment with semantic-kernel, and with what realtime-openai needs beside what is ours."""
    ours = {dist.name: dist for dist in distributions()}
    needed = [
        line
        for name in ("realtime-core", "realtime-openai-wire", "realtime-openai")
        for line in ours[name].pyproject["project"]["dependencies"]
        if not line.startswith("realtime-")
    ]
    return _python("semantic-kernel", "semantic-kernel", "\n".join(["semantic-kernel>=1.36,<2", *needed]))


def _python(what: str, name: str, wanted: str) -> Runtime | str:
    def install(folder: Path) -> None:
        _run([sys.executable, "-m", "venv", folder])
        (folder / "requirements.txt").write_text(wanted)
        pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([*pip, "--retries=1", "--requirement", folder / "requirements.txt"])

    try:
        folder = _installed(name, f"{sys.version} {sys.base_prefix}\n{wanted}", install)
    except _Failed as why:
        return f"an environment for {what} cannot be made: {why}"
    return Runtime(str(folder / "bin" / "python"), HERE)


@cache
def node() -> Runtime | str:
    """A folder with the packages of package.json, and a copy of the programs: they look beside themselves."""
    wanted = HERE / "package.json"

    def install(folder: Path) -> None:
        shutil.copy(wanted, folder)
        quiet = ["--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error"]
        patience = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000"]
        _run([_found("npm"), "install", *quiet, *patience, "--prefix", folder])

    try:
        interpreter = _found("node")
        version = _run([interpreter, "--version"]).strip()
        if int(version.removeprefix("v").partition(".")[0]) < OLDEST_NODE:
            return f"node {version} is too old: {OLDEST_NODE} or newer is needed"
        folder = _installed("node", wanted.read_text(), install)
    except _Failed as why:
        return f"the npm packages cannot be installed: {why}"
    for program in HERE.glob("*.mjs"):
        shutil.copy(program, folder)
    return Runtime(interpreter, folder)


def _found(command: str) -> str:
    path = shutil.which(command)
    if path is None:
        raise _Failed(f"there is no {command} here")
    return path


def _installed(name: str, wanted: str, install: Callable[[Path], None]) -> Path:
    """The folder of that name, where ``install`` has put what is wanted: now, or in an earlier run."""
    folder = CACHE / name
    stamp = "installed.txt"
    if (folder / stamp).is_file() and (folder / stamp).read_text() == wanted:
        return folder
    CACHE.mkdir(parents=True, exist_ok=True)
    # in its place only when it is whole: a run that is broken off leaves nothing half done
    with tempfile.TemporaryDirectory(dir=CACHE, prefix=f"{name}-", ignore_cleanup_errors=True) as scratch:
        new = Path(scratch) / name
        new.mkdir()
        install(new)
        (new / stamp).write_text(wanted)
        shutil.rmtree(folder, ignore_errors=True)
        new.rename(folder)
    return folder


def _run(command: list[str | Path]) -> str:
    """Its output.

    Raises:
        _Failed: it failed or took too long; the message has the beginning and the end of what it said.
    """
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=True)
    except subprocess.TimeoutExpired as exc:
        raise _Failed(f"{Path(command[0]).name} took longer than {TIMEOUT_S} s") from exc
    except subprocess.CalledProcessError as exc:
        said = " ".join((exc.stderr or exc.stdout).split())
        # npm tells the reason first, pip last
        shown = said if len(said) < 600 else f"{said[:300]} … {said[-300:]}"
        raise _Failed(f"{Path(command[0]).name} ended with {exc.returncode}: {shown}") from exc
    return done.stdout
