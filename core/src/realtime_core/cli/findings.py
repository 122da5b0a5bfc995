"""An examination in words, shared by those who show it. Pure."""

from typing import Final

from realtime_core.doctor import Report, Status, Step, StepName

__all__ = ["LONGEST_NAME", "conclusion", "duration", "name_of", "not_run"]


def name_of(name: StepName) -> str:
    """A step's name, as people write it."""
    return name.replace("_", " ")


LONGEST_NAME: Final = max(len(name_of(name)) for name in StepName)


def duration(step: Step) -> str:
    """How long it took, in milliseconds below a second; empty where nothing was tried."""
    if step.status is Status.SKIPPED and not step.seconds:
        return ""
    return f"{step.seconds:.1f} s" if step.seconds >= 1 else f"{step.seconds * 1000:.0f} ms"


def not_run(report: Report) -> str | None:
    """Which steps were not run, if there are any."""
    names = [name_of(step.name) for step in report.steps if step.status is Status.NOT_RUN]
    return f"not run: {', '.join(names)}" if names else None


def conclusion(report: Report) -> str:
    """In a line, what came of it."""
    if report.failed is None:
        return f"{report.provider} works"
    return f"{report.provider} does not work: {name_of(report.failed.name)} failed"
