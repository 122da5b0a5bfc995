"""What our providers make of the conformance kit, as the documentation has it: `core/docs/conformance.md`.

``python tests/conformance_page.py`` runs the kit and records what came of it, in ``conformance_runs.json``;
``python tests/write_pages.py`` makes the page of that record. Every run of the kit by pytest is compared
with the record, by `conformance_record`.
"""

import io
import json
import subprocess
import sys
import tempfile
import tokenize
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

import attrs
from pages import table
from realtime_core.testing import PROVIDER_CLAUSES
from workspace import ROOT, distributions

__all__ = ["COMMAND", "KEPT", "PAGE", "RECORD", "Run", "complaint", "reason_of", "recorded", "tables"]

PAGE: Final = ROOT / "core" / "docs" / "conformance.md"
RECORD: Final = ROOT / "tests" / "conformance_runs.json"
COMMAND: Final = "python tests/conformance_page.py"
SAMPLES: Final = ROOT / "samples" / "third-party"

MINIMAL: Final[Mapping[str, tuple[str, ...]]] = {
    "OpenAI's dialect, on `realtime-openai-wire`: `realtime-acme`": ("realtime-acme/src",),
    "a protocol of its own, on `websockets`: `realtime-echo`, without its service": (
        "realtime-echo/src/realtime_echo/__init__.py",
        "realtime-echo/src/realtime_echo/codec.py",
        "realtime-echo/src/realtime_echo/connection.py",
        "realtime-echo/src/realtime_echo/plugin.py",
    ),
}
"""The smallest providers of text and audio, by what they are."""

Cells: TypeAlias = Iterable[Iterable[str]]


@attrs.frozen
class Run:
    """What came of the kit for one provider: the clauses that it keeps, those that do not apply, and why."""

    seconds: int
    kept: tuple[str, ...]
    skipped: Mapping[str, str]


def folders() -> dict[str, Path]:
    """The provider of each test file of the kit."""
    files = {dist.folder / "tests" / "test_conformance.py": dist for dist in distributions()}
    return {dist.providers[0]: file for file, dist in files.items() if dist.providers and file.exists()}


def reason_of(message: str) -> str:
    """Why a clause was skipped, without its name."""
    return message.removeprefix("Skipped: ").partition(": ")[2]


def measure(file: Path) -> Run:
    """Run the kit in ``file``.

    Raises:
        SystemExit: a clause is broken.
    """
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.xml"
        # alone: what compares with the record is there when all tests run
        command = [sys.executable, "-m", "pytest", "-q", "-n0", f"--junitxml={result}"]
        done = subprocess.run([*command, str(file)], cwd=ROOT, check=False)
        if done.returncode:
            raise SystemExit(f"the kit finds a fault: {file}")
        return run_of(result.read_text())


def run_of(result: str) -> Run:
    """A run, from what pytest writes of it with ``--junitxml``."""
    cases = {
        case.get("name", "").removeprefix("test_"): case
        for case in ET.fromstring(result).iter("testcase")  # noqa: S314  # pytest has written it
    }
    skips = {name: case.find("skipped") for name, case in cases.items() if name in PROVIDER_CLAUSES}
    return Run(
        round(sum(float(case.get("time", "0")) for case in cases.values())),
        tuple(name for name, skip in skips.items() if skip is None),
        {name: reason_of(skip.get("message", "")) for name, skip in skips.items() if skip is not None},
    )


def recorded() -> dict[str, Run]:
    """The latest run for each provider."""
    record: dict[str, dict[str, Any]] = json.loads(RECORD.read_text())
    return {
        name: Run(run["seconds"], tuple(run["kept"]), run["skipped"]) for name, run in sorted(record.items())
    }


# what a run is compared with

KEPT: Final = "kept"


def complaint(file: Path, name: str, came: str) -> str | None:
    """What is wrong with the record where a clause ``name`` is ``came``: kept, or why it was skipped."""
    provider = next((one for one, known in folders().items() if known == file), None)
    if provider is None or name not in PROVIDER_CLAUSES:
        return None
    run = recorded().get(provider, Run(0, (), {}))
    told = KEPT if name in run.kept else run.skipped.get(name, "nothing")
    if told == came:
        return None
    return f"clause {name!r} of {provider!r}: recorded is {told!r}, this run says {came!r}; run: {COMMAND}"


# the page


def clauses_table(runs: Mapping[str, Run], reasons: list[str]) -> Cells:
    """Clause by clause; a number says which of ``reasons``, which this fills, keeps one from applying."""
    yield "clause", "it says", *(f"`{name}`" for name in runs)
    for clause in PROVIDER_CLAUSES.values():
        yield (
            f"`{clause.name}`",
            clause.sentence,
            *(_cell(run, clause.name, reasons) for run in runs.values()),
        )


def _cell(run: Run, name: str, reasons: list[str]) -> str:
    if name in run.kept:
        return "yes"
    reason = run.skipped.get(name, "")
    if reason not in reasons:
        reasons.append(reason)
    return f"({reasons.index(reason) + 1})"


def seconds_table(runs: Mapping[str, Run]) -> Cells:
    """How long the kit takes."""
    yield "provider", "clauses kept", "not applicable", "seconds"
    for name, run in runs.items():
        yield f"`{name}`", str(len(run.kept)), str(len(run.skipped)), str(run.seconds)


def lines_table() -> Cells:
    """How long a provider is."""
    yield "a provider of text and audio", "lines of code"
    for what, places in MINIMAL.items():
        files = [file for place in places for file in _files(SAMPLES / place)]
        yield what, str(sum(code_lines(file.read_text()) for file in files))


def _files(place: Path) -> list[Path]:
    return sorted(place.rglob("*.py")) if place.is_dir() else [place]


_NO_CODE: Final = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}


def code_lines(source: str) -> int:
    """The lines that hold code: no blank ones, no comments, no docstrings."""
    lines: set[int] = set()
    for statement in _statements(source):
        if any(token.type != tokenize.STRING for token in statement):
            for token in statement:
                lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines)


def _statements(source: str) -> Iterator[list[tokenize.TokenInfo]]:
    statement: list[tokenize.TokenInfo] = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.NEWLINE:
            yield statement
            statement = []
        elif token.type not in _NO_CODE:
            statement.append(token)


def tables() -> dict[str, str]:
    """What the page shows, by the name of its place."""
    runs, reasons = recorded(), list[str]()
    matrix = table(clauses_table(runs, reasons))
    notes = "\n".join(f"{number}. {reason}" for number, reason in enumerate(reasons, 1))
    return {
        "clauses": f"{matrix}\n\nIt does not apply, because:\n\n{notes}",
        "seconds": table(seconds_table(runs)),
        "lines": table(lines_table()),
    }


if __name__ == "__main__":
    chosen = set(sys.argv[1:]) or set(folders())
    runs = {name: recorded()[name] for name in folders() if name not in chosen}
    runs |= {name: measure(file) for name, file in folders().items() if name in chosen}
    record = {name: attrs.asdict(run) for name, run in sorted(runs.items())}
    RECORD.write_text(json.dumps(record, indent=1) + "\n")
