"""Shows a conversation on a terminal: each turn alive while it lasts, then left to stand."""

from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from realtime_core.cli.presenter import (
    calling,
    calls,
    excerpt,
    outcome,
    recording,
    shortfall,
    tokens,
    warning,
    worth_telling,
)
from realtime_core.cli.program import complain
from realtime_core.cli.turns import Play, Say, Turn
from realtime_core.events import RealtimeEvent

__all__ = ["Terminal"]

_USER: Final = "bold cyan"
_ASSISTANT: Final = "bold magenta"
_BAR_WIDTH: Final = 30


class Terminal:
    """A region of the screen for the turn under way; warnings wait for its end, so as not to tear it."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)
        self._live: Live | None = None
        self._turn: Turn | None = None
        self._sent_ms = 0.0
        self._endings: list[str] = []
        self._warnings: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop()

    def turn_begun(self, turn: Turn) -> None:
        """Open the turn's region."""
        self._turn = turn
        self._sent_ms = 0.0
        self._endings.clear()
        self._start(turn)

    def sent(self, turn: Turn, sent_ms: float) -> None:
        """Move the bar."""
        self._sent_ms = sent_ms
        self._refresh(turn)

    def took(self, turn: Turn | None, event: RealtimeEvent) -> None:
        """Show what has changed; what comes late for an earlier turn is in the summary."""
        if (ending := outcome(event)) is not None:
            self._endings.append(ending)
        if (trouble := warning(event, turn)) is not None:
            self._warnings.append(trouble)
        self._refresh(self._turn)

    def turn_ended(self, turn: Turn) -> None:
        """Leave it on the screen."""
        self._refresh(turn)
        self._stop()

    def asking(self) -> None:
        """Take the turn's region away, so that the question and its answer have lines of their own."""
        if self._live is not None:
            self._live.transient = True
        self._stop()

    def asked(self) -> None:
        """Put it back."""
        if self._live is None and self._turn is not None:
            self._start(self._turn)

    def summarise(self, turns: Sequence[Turn]) -> None:
        """A table, and the tokens."""
        self._stop()
        told = worth_telling(turns)
        if told:
            self._console.print(_table(told))
        if (used := tokens(told)) is not None:
            self._console.print(Text(f"Tokens: {used}", "dim"))

    def _start(self, turn: Turn) -> None:
        self._live = Live(self._show(turn), console=self._console, auto_refresh=False)
        self._live.start(refresh=True)

    def _refresh(self, turn: Turn | None) -> None:
        if self._live is not None and turn is not None:
            self._live.update(self._show(turn), refresh=True)

    def _stop(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None
        for trouble in self._warnings:
            complain(trouble)
        self._warnings.clear()

    def _show(self, turn: Turn) -> RenderableType:
        rows = Table.grid(padding=(0, 2))
        rows.add_column(no_wrap=True, min_width=len("assistant"))
        rows.add_column()
        match turn.input:
            case Say(text):
                rows.add_row(Text("user", _USER), _clean(text))
            case Play() as play:
                rows.add_row(Text("user", _USER), self._progress(play))
                if turn.heard:
                    rows.add_row("", _clean(turn.heard))
        for called in turn.calls:
            failed = called.result is not None and called.result.is_error
            style = "yellow" if failed else "dim"
            rows.add_row(Text("tool", "dim"), _clean(calling(called, turn), style))
        if turn.said or turn.audio_ms:
            rows.add_row(Text("assistant", _ASSISTANT), _clean(turn.said))
        for ending in self._endings:
            rows.add_row("", Text(ending, "yellow"))
        return rows

    def _progress(self, play: Play) -> RenderableType:
        total_ms = play.audio.duration_ms
        row = Table.grid(padding=(0, 1))
        name = _clean(recording(play))
        name.stylize("dim")
        if self._sent_ms < total_ms:
            row.add_row(ProgressBar(total_ms, self._sent_ms, width=_BAR_WIDTH), name)
        else:
            row.add_row(name)
        return row


def _table(turns: Sequence[Turn]) -> Table:
    """A column for everything that any turn has."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    columns = {
        "Turn": [Text(str(turn.number)) for turn in turns],
        "Heard": [_clean(excerpt(turn.heard)) for turn in turns],
        "Said": [_said(turn) for turn in turns],
        "Tools": [Text(calls(turn) or "") for turn in turns],
        "Audio": [_ms(turn.audio_ms or None) for turn in turns],
        "First audio": [_ms(turn.first_audio_ms) for turn in turns],
    }
    shown = {heading: cells for heading, cells in columns.items() if any(cells)}
    for heading in shown:
        words = heading in {"Heard", "Said"}
        table.add_column(
            heading, justify="left" if words else "right", no_wrap=not words, ratio=1 if words else None
        )
    for row in zip(*shown.values(), strict=True):
        table.add_row(*row)
    return table


def _said(turn: Turn) -> Text:
    said = _clean(excerpt(turn.said))
    if (short := shortfall(turn)) is not None:
        said.append(f" ({short})" if said else f"({short})", "yellow")
    return said


def _ms(duration_ms: float | None) -> Text:
    return Text("" if duration_ms is None else f"{duration_ms:.0f} ms")


def _clean(text: str, style: str = "") -> Text:
    """People's and services' words, without what would steer the terminal."""
    return Text("".join(c for c in text if c.isprintable() or c in "\n\t"), style)
