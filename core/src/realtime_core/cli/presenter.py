"""What a presenter of a conversation is, which one it is, and the words they share."""

import textwrap
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

from realtime_core.cli.conversation import Listener
from realtime_core.cli.screen import has_room
from realtime_core.cli.turns import Called, Play, Turn
from realtime_core.contents import Usage
from realtime_core.events import RealtimeErrorEvent, RealtimeEvent, RealtimeResponseEvent
from realtime_core.usage import add_usage

__all__ = [
    "Presenter",
    "calling",
    "calls",
    "choose_presenter",
    "excerpt",
    "outcome",
    "recording",
    "shortfall",
    "tokens",
    "warning",
    "worth_telling",
]

_EXCERPT: Final = 60


class Presenter(Listener, Protocol):
    """Shows a conversation; a context, because what it shows may need an end."""

    def summarise(self, turns: Sequence[Turn]) -> None:
        """The conversation is over, in whichever way; the last turn may be incomplete."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        return  # most have nothing to end


def choose_presenter(*, as_json: bool) -> Presenter:
    """The one for this standard output."""
    if as_json:
        from realtime_core.cli.json_lines import JsonLines

        return JsonLines()
    if has_room():
        # rich is for terminals only
        from realtime_core.cli.terminal import Terminal

        return Terminal()
    from realtime_core.cli.plain import Plain

    return Plain()


def warning(event: RealtimeEvent, turn: Turn | None) -> str | None:
    """What to say on stderr about ``event``, unless it is raised as well and said there: a fatal one is, the
    refusal of what ``turn`` asked for, and the refusal of our own commit.
    """
    if not isinstance(event, RealtimeErrorEvent) or event.fatal or event.kind == "empty_commit":
        return None
    if turn is not None and turn.refusal is event:
        return None
    return "warning: " + ": ".join(part for part in (event.code or event.kind, event.message) if part)


def outcome(event: RealtimeEvent) -> str | None:
    """What to say about the end of a response that is not as it should be."""
    match event:
        case RealtimeResponseEvent(phase="done", status=str() as status) if status != "completed":
            return f"response {status}" + (f": {event.status_reason}" if event.status_reason else "")
    return None


def calling(called: Called, turn: Turn) -> str:
    """One line on a function that the model called: with what, what came of it, how long that took."""
    call, result = called.call, called.result
    asked = f"{call.name}({excerpt(call.arguments)})"
    if result is None:
        return f"{asked} …" if turn.calls_are_made else f"{asked} was not called; --tools names functions"
    took = "" if result.duration_ms is None else f" ({result.duration_ms:.0f} ms)"
    return f"{asked} {'failed:' if result.is_error else '->'} {excerpt(result.output)}{took}"


def calls(turn: Turn) -> str | None:
    """How many functions were called in a turn, and how many of them failed, if any."""
    made = [called.result for called in turn.calls if called.result is not None]
    failed = sum(result.is_error for result in made)
    if not made:
        return None
    return f"{len(made)} tool call{'s' * (len(made) > 1)}" + (f", {failed} failed" if failed else "")


def shortfall(turn: Turn) -> str | None:
    """In a word, how a turn's answer fell short, if it did."""
    if turn.status is None and turn.over:
        return None  # the service has no responses, and the answer was heard
    return None if turn.status == "completed" else turn.status or "unfinished"


def worth_telling(turns: Sequence[Turn]) -> list[Turn]:
    """The turns that came to something."""
    return [turn for turn in turns if turn.over or turn.heard or turn.has_output]


def recording(play: Play) -> str:
    """The recording of a turn, and how long it is."""
    return f"{Path(play.name).name}, {play.audio.duration_ms / 1000:.1f} s"


def excerpt(text: str) -> str:
    """The beginning of ``text``, on one line."""
    return textwrap.shorten(text, _EXCERPT, placeholder=" …")


def tokens(turns: Sequence[Turn]) -> str | None:
    """The usage of all turns, in words, if the service told any."""
    usage = add_usage(turn.usage for turn in turns)
    if usage == Usage():
        return None
    return (
        f"{usage.input_tokens} in (audio {usage.input_audio_tokens}, text {usage.input_text_tokens}, "
        f"cached {usage.cached_tokens}), {usage.output_tokens} out (audio {usage.output_audio_tokens}, "
        f"text {usage.output_text_tokens})"
    )
