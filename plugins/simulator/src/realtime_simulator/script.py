"""Scripts: what to do about what the user says, how long they speak, what a function gave, or in order.

Knows nothing of files: `realtime_simulator.script_file` reads them.
"""

import re
import string
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final, Protocol, TypeAlias

import attrs
import msgspec

from realtime_simulator.brain import Action, Brain, Call, Say, Turn

__all__ = [
    "AfterSpeech",
    "InOrder",
    "Match",
    "Otherwise",
    "Reply",
    "ResultOf",
    "Script",
    "Trigger",
    "When",
    "blanks_of",
    "fill",
]

Blanks: TypeAlias = Mapping[str, str]
"""What stands for ``{name}`` in what is said and in arguments."""

Rank: TypeAlias = tuple[int, float]

_AROUND_WORDS: Final = string.whitespace + string.punctuation + "…¿¡“”„‘’«»。，？！"
_LONGEST_QUOTE: Final = 30
_MOST_TRIGGERS: Final = 8

_BLANK: Final = re.compile(r"\{(\w+)\}")


class Trigger(Protocol):
    """When a reply is due."""

    @property
    def rank(self) -> Rank:
        """The most specific trigger, which has the lowest rank, goes first."""

    def blanks(self, turn: Turn) -> Blanks | None:
        """What it has found in ``turn``; None: it does not fit."""


@attrs.frozen
class ResultOf:
    """The function of that name has given something: ``{output}``."""

    name: str
    rank: ClassVar[Rank] = (0, 0)

    def __str__(self) -> str:
        return f"result_of {self.name!r}"

    def blanks(self, turn: Turn) -> Blanks | None:
        """See `Trigger`."""
        outputs = [result.output for result in turn.results if result.name == self.name]
        return {"output": ", ".join(outputs)} if outputs else None


def _fold(text: str) -> str:
    words = text.strip(_AROUND_WORDS)
    return (words or text.strip()).casefold()


def _said(turn: Turn) -> tuple[str, ...]:
    """What the user has said: the newest message, and all since the last answer; a failed one is none."""
    newest = next((message.content for message in reversed(turn.history) if message.role == "user"), "")
    return tuple(filter(None, (newest, turn.text))) if turn.text else ()


@attrs.frozen
class When:
    """The user says just that; case, and blanks and punctuation around it, do not count."""

    text: str = attrs.field(converter=_fold)
    rank: ClassVar[Rank] = (1, 0)

    def __str__(self) -> str:
        return f"when {self.text!r}"

    def blanks(self, turn: Turn) -> Blanks | None:
        """See `Trigger`."""
        return {} if self.text in map(_fold, _said(turn)) else None


@attrs.frozen
class Match:
    """The pattern is found in what the user says: its groups are ``{1}`` or ``{name}``."""

    pattern: re.Pattern[str]
    rank: ClassVar[Rank] = (2, 0)

    def __str__(self) -> str:
        return f"match {self.pattern.pattern!r}"

    def blanks(self, turn: Turn) -> Blanks | None:
        """See `Trigger`."""
        found = next(filter(None, map(self.pattern.search, _said(turn))), None)
        if found is None:
            return None
        groups = {str(number): found[number] for number in range(self.pattern.groups + 1)}
        return {name: group or "" for name, group in {**groups, **found.groupdict()}.items()}

    @property
    def names(self) -> list[str]:
        """The blanks that it fills."""
        return [*map(str, range(self.pattern.groups + 1)), *self.pattern.groupindex]


@attrs.frozen
class AfterSpeech:
    """The user has spoken so long at least, as the service cuts turns: padding and silence count."""

    ms: float

    def __str__(self) -> str:
        return f"after_speech_ms {self.ms:g}"

    @property
    def rank(self) -> Rank:
        """The longest goes first."""
        return (3, -self.ms)

    def blanks(self, turn: Turn) -> Blanks | None:
        """See `Trigger`."""
        return {} if turn.audio is not None and len(turn.audio) / 24 >= self.ms else None


@attrs.frozen
class InOrder:
    """No reply without a trigger was due more recently: each of them is due once."""

    rank: ClassVar[Rank] = (4, 0)

    def __str__(self) -> str:
        return "none (each has had its turn)"

    def blanks(self, turn: Turn) -> Blanks | None:
        """See `Trigger`."""
        outputs = [result.output for result in turn.results]
        return {"output": ", ".join(outputs)} if outputs else {}


@attrs.frozen
class Otherwise:
    """Nothing else fits."""

    rank: ClassVar[Rank] = (5, 0)
    blanks = InOrder.blanks


@attrs.frozen
class Reply:
    """An entry of a script."""

    do: tuple[Action, ...]
    trigger: Trigger = InOrder()


@attrs.frozen
class Script:
    """Replies, of which the most specific that fits a turn is due.

    That is one to the result of a function, else to just that text, else to a pattern in it, else to
    so much speech (the longest first), else the next one without a trigger, else ``otherwise``. Of
    triggers that are alike the first in the script counts. Replies with one and the same trigger take
    turns; the last of them stays, except that one without a trigger is never said twice.
    """

    replies: tuple[Reply, ...]

    def begin(self) -> Brain:
        """The brain of one session, which goes through the script from its start."""
        return _Reader(self.replies)


class _Reader:
    """Where one session is in a script."""

    def __init__(self, replies: Sequence[Reply]) -> None:
        self._waiting: dict[Trigger, list[Reply]] = {}
        for reply in sorted(replies, key=lambda reply: reply.trigger.rank):
            self._waiting.setdefault(reply.trigger, []).append(reply)

    def __call__(self, turn: Turn) -> list[Action]:
        for trigger, waiting in self._waiting.items():
            blanks = trigger.blanks(turn)
            if waiting and blanks is not None:
                stays = len(waiting) == 1 and not isinstance(trigger, InOrder)
                reply = waiting[0] if stays else waiting.pop(0)
                return [_filled(action, blanks) for action in reply.do]
        triggers = [str(trigger) for trigger in self._waiting]
        if len(triggers) > _MOST_TRIGGERS:
            triggers[_MOST_TRIGGERS:] = [f"{len(triggers) - _MOST_TRIGGERS} more"]
        raise LookupError(
            f"the script has no reply left for response {turn.number + 1} of this session{_quoted(turn)}; "
            f"its triggers: {', '.join(triggers)}; add an entry, or one with otherwise = true"
        )


def _quoted(turn: Turn) -> str:
    """The beginning of what the user says: a test needs it, a log must not have more."""
    said = " ".join(next(iter(_said(turn)), "").split())
    if not said:
        return ", in which the user says nothing new"
    return f", to {said if len(said) <= _LONGEST_QUOTE else said[: _LONGEST_QUOTE - 1] + '…'!r}"


def _filled(action: Action, blanks: Blanks) -> Action:
    match action:
        case Say(text=text):
            return Say(fill(text, blanks))
        case Call(name=name, arguments=arguments) if _BLANK.search(arguments):
            return Call(name, _filled_arguments(arguments, blanks))
        case _:
            return action


def _filled_arguments(arguments: str, blanks: Blanks) -> str:
    """Arguments that are JSON stay JSON, whatever stands in the blanks."""
    try:
        decoded = msgspec.json.decode(arguments)
    except msgspec.DecodeError:
        return fill(arguments, blanks)
    return msgspec.json.encode(_filled_value(decoded, blanks)).decode()


def _filled_value(value: object, blanks: Blanks) -> object:
    match value:
        case str():
            return fill(value, blanks)
        case list():
            return [_filled_value(inner, blanks) for inner in value]
        case dict():
            return {key: _filled_value(inner, blanks) for key, inner in value.items()}
        case _:
            return value


def blanks_of(action: Action) -> list[str]:
    """The names of the blanks in an action."""
    match action:
        case Say(text=text) | Call(arguments=text):
            return _BLANK.findall(text)
        case _:
            return []


def fill(text: str, blanks: Blanks) -> str:
    """``text`` with its blanks filled; other braces stay."""
    return _BLANK.sub(lambda found: blanks.get(found[1], found[0]), text)
