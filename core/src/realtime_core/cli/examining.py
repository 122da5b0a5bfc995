"""Runs an examination and shows it: alive on a terminal, as lines, or as JSON.

Knows nothing of the command line.
"""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import IO, Any, Final, Protocol

import attrs
import click

from realtime_core.cli.findings import LONGEST_NAME, conclusion, duration, name_of, not_run
from realtime_core.cli.output import own_output
from realtime_core.cli.screen import is_screen
from realtime_core.config.loading import profile_part
from realtime_core.doctor import Listener, Report, Status, Step, StepName, examine

__all__ = ["run"]

_MARKS: Final = "✓✗–→…"
_STATUS_WIDTH: Final = len(Status.SKIPPED)
_TIME_WIDTH: Final = len("1000 ms")


class Presenter(Listener, Protocol):
    """Shows an examination."""

    def sum_up(self, report: Report) -> None:
        """It is over."""


def run(
    provider: str | None,
    profile: str | None,
    config: str | None,
    options: Mapping[str, Any],
    *,
    as_json: bool,
) -> int:
    """Examine ``provider``, or the one of ``profile``, with ``options``; the status to exit with.

    Raises:
        InvalidConfig: there is no such profile.
    """
    part = None if profile is None else profile_part(profile, config)
    name = part.provider_name if part is not None else provider
    assert name is not None  # the command line has one of them
    with _presenter(as_json=as_json) as presenter:
        report = asyncio.run(examine(name, options, presenter, profile=part))
    presenter.sum_up(report)
    return report.exit_status


def _presenter(*, as_json: bool) -> AbstractContextManager[Presenter]:
    if as_json:
        return _json()
    if is_screen(_MARKS):
        # rich is for terminals only
        from realtime_core.cli.examining_screen import Screen

        return Screen()
    return nullcontext(Plain())


@contextmanager
def _json() -> Iterator["Json"]:
    with own_output() as out:
        yield Json(out)


class Json:
    """One object, at the end, on ``out``."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out

    def begun(self, name: StepName) -> None:
        """Nothing to tell."""

    def ended(self, step: Step) -> None:
        """Nothing to tell yet."""

    def sum_up(self, report: Report) -> None:
        """All of it."""
        steps = [{**attrs.asdict(step), "seconds": round(step.seconds, 3)} for step in report.steps]
        told = {
            "provider": report.provider,
            "ok": report.failed is None,
            "failed": None if report.failed is None else report.failed.name,
            "exit_status": report.exit_status,
            "seconds": round(report.seconds, 3),
            "steps": steps,
            "options": list(report.options),
        }
        click.echo(json.dumps(told), file=self._out)


class Plain:
    """A line for each step as it ends, with its status in a word: for pipes, files and simple terminals."""

    def begun(self, name: StepName) -> None:
        """Only worth telling where it can be written over."""

    def ended(self, step: Step) -> None:
        """One line, two where a remedy is needed."""
        click.echo(
            f"{step.status:{_STATUS_WIDTH}}  {name_of(step.name):{LONGEST_NAME}}  "
            f"{duration(step):>{_TIME_WIDTH}}  {step.detail}"
        )
        if step.remedy is not None:
            click.echo(f"{'remedy':{_STATUS_WIDTH}}  {step.remedy}")

    def sum_up(self, report: Report) -> None:
        """What was not run, and what came of it."""
        for line in filter(None, (not_run(report), conclusion(report))):
            click.echo(line)
