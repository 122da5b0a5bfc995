"""Shows an examination on a terminal: a mark, a name, a time and a finding for each step."""

from types import TracebackType
from typing import Final, Self

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from realtime_core.cli.findings import LONGEST_NAME, conclusion, duration, name_of, not_run
from realtime_core.doctor import Report, Status, Step, StepName

__all__ = ["Screen"]

_MARKS: Final = {
    Status.OK: ("✓", "green"),
    Status.FAILED: ("✗", "bold red"),
    Status.SKIPPED: ("–", "dim"),
}
# Where a table would be all line breaks, findings stand below.
_NARROW: Final = 70
_TIME_WIDTH: Final = len("1000 ms")


class Screen:
    """The step under way turns below those that have ended."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)
        self._status = self._console.status("")

    def __enter__(self) -> Self:
        self._status.start()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._status.stop()

    def begun(self, name: StepName) -> None:
        """Show what is waited for."""
        self._status.update(Text(f"{name_of(name)} …", "dim"))

    def ended(self, step: Step) -> None:
        """Leave it to stand."""
        mark, style = _MARKS[step.status]
        head = (Text(mark, style), Text(name_of(step.name), "bold"), Text(duration(step), "dim"))
        quiet = "dim" if step.status is Status.SKIPPED else ""
        found = [Text(step.detail, quiet)]
        if step.remedy is not None:
            found.append(Text(f"→ {step.remedy}", "yellow"))
        narrow = self._console.width < _NARROW
        self._console.print(_below(head, found) if narrow else _beside(head, found))

    def sum_up(self, report: Report) -> None:
        """What was not run, and what came of it."""
        if (missing := not_run(report)) is not None:
            self._console.print(Padding(Text(missing, "dim"), (0, 0, 0, 2)))
        style = "bold green" if report.failed is None else "bold red"
        self._console.print(
            Text.assemble((conclusion(report), style), (f"  ({report.seconds:.1f} s)", "dim"))
        )


def _beside(head: tuple[Text, ...], found: list[Text]) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    table.add_column()
    table.add_column(min_width=LONGEST_NAME)
    table.add_column(min_width=_TIME_WIDTH, justify="right")
    table.add_column()
    table.add_row(*head, Group(*found))
    return table


def _below(head: tuple[Text, ...], found: list[Text]) -> RenderableType:
    return Group(Text(" ").join(head), *(Padding(text, (0, 0, 0, 2)) for text in found))
