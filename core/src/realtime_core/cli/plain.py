"""Shows a conversation as plain text: for pipes, files and terminals that can do no more."""

from collections.abc import Sequence

import click

from realtime_core.cli.presenter import (
    Presenter,
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
from realtime_core.events import (
    RealtimeEvent,
    RealtimeFunctionResultEvent,
    RealtimeResponseEvent,
    RealtimeTextEvent,
    RealtimeTranscriptEvent,
)

__all__ = ["Plain"]


class Plain(Presenter):
    """Lines with a label. A line that comes while the assistant's is not finished waits for its end."""

    def __init__(self) -> None:
        self._speaking = False
        self._waiting: list[str] = []

    def turn_begun(self, turn: Turn) -> None:
        """What the user says."""
        match turn.input:
            case Say(text):
                self._line(f"user: {text}")
            case Play() as play:
                self._line(f"user: ({recording(play)})")

    def sent(self, turn: Turn, sent_ms: float) -> None:
        """Only worth telling where a line can be written twice."""

    def took(self, turn: Turn | None, event: RealtimeEvent) -> None:
        """Transcripts as they come."""
        match event:
            case RealtimeTextEvent(text=text):
                self._say(text.text)
            case RealtimeTranscriptEvent(role="user", final=True, text=heard):
                self._line(f"user: {heard.strip()}")
            case RealtimeFunctionResultEvent(function_result=result) if turn is not None:
                for called in turn.calls:
                    if called.result is result:
                        self._line(f"tool: {calling(called, turn)}")
            case RealtimeResponseEvent(phase="done"):
                self._end_line()
        if (ending := outcome(event)) is not None:
            self._line(ending)
        if (trouble := warning(event, turn)) is not None:
            complain(trouble)

    def turn_ended(self, turn: Turn) -> None:
        """Leave nothing unsaid, not even a transcript that was never finished."""
        if turn.heard and turn.transcript_missing:
            self._line(f"user: {turn.heard} …")
        self._end_line()
        for called in turn.calls:
            if called.result is None:
                self._line(f"tool: {calling(called, turn)}")

    def asking(self) -> None:
        """Make room for the question."""
        self._end_line()

    def asked(self) -> None:
        """The answer has a line of its own."""

    def summarise(self, turns: Sequence[Turn]) -> None:
        """One line for each turn, and one for the tokens."""
        self._end_line()
        told = worth_telling(turns)
        if told:
            click.echo()
        for turn in told:
            click.echo(f"turn {turn.number}: {'; '.join(_figures(turn))}")
        if (used := tokens(told)) is not None:
            click.echo(f"tokens: {used}")

    def _say(self, text: str) -> None:
        if not self._speaking:
            self._speaking = True
            click.echo("assistant: ", nl=False)
        click.echo(text, nl=False)

    def _line(self, line: str) -> None:
        if self._speaking:
            self._waiting.append(line)
        else:
            click.echo(line)

    def _end_line(self) -> None:
        if self._speaking:
            self._speaking = False
            click.echo()
        for line in self._waiting:
            click.echo(line)
        self._waiting.clear()


def _figures(turn: Turn) -> list[str]:
    figures = []
    if turn.heard:
        figures.append(f'heard "{excerpt(turn.heard)}"')
    if turn.said:
        figures.append(f'said "{excerpt(turn.said)}"')
    if turn.audio_ms:
        figures.append(f"audio {turn.audio_ms:.0f} ms")
    if turn.first_audio_ms is not None:
        figures.append(f"first after {turn.first_audio_ms:.0f} ms")
    if (made := calls(turn)) is not None:
        figures.append(made)
    if (short := shortfall(turn)) is not None:
        figures.append(short)
    return figures or ["nothing said"]
