"""A clause of the contract as a test: what it says, when it applies, and how a breach is told.

Knows nothing of what clauses ask.
"""

import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NoReturn, Protocol

import attrs
import pytest

from realtime_core.capabilities import Capabilities

__all__ = [
    "Clause",
    "ClauseBroken",
    "NotApplicable",
    "broken",
    "clauses_of",
    "describe",
    "make_test",
    "outside",
]

_KIT: Final = Path(__file__).parent

_NEEDS: Final[Mapping[str, tuple[Callable[[Capabilities], bool], str]]] = {
    "text": (lambda can: can.text, "text=False: it gives and takes no text"),
    "speaks": (lambda can: bool(can.output_formats), "output_formats=(): it gives no audio"),
    "listens": (lambda can: bool(can.input_formats), "input_formats=(): it takes no audio"),
    "exact": (lambda can: not can.paced, "paced=True: audio travels on a track, which changes it"),
    "turns": (lambda can: can.turns, "turns=False: there are no responses"),
    "asks": (
        lambda can: can.turns and can.client_responses,
        "turns=False or client_responses=False: no response can be asked for",
    ),
    "ids": (lambda can: can.ids, "ids=False: nothing has an id"),
    "acks": (lambda can: can.acks, "acks=False: commands are not answered"),
    "cancel": (lambda can: can.cancel and can.turns, "cancel=False or turns=False: nothing can be stopped"),
    "truncate": (lambda can: can.truncate == "client", "truncate is not 'client'"),
    "images": (lambda can: can.images, "images=False: it takes no images"),
    "history": (lambda can: can.history != "none", "history='none': nothing said before can be told"),
    "live": (lambda can: bool(can.live_settings), "live_settings is empty: nothing can be changed"),
}
"""What a clause may need: a question to the capabilities, and the reason to skip where the answer is no."""


class ClauseBroken(AssertionError):
    """The provider does not keep a clause: what was seen, what happened before, the remedy where it is not
    the clause's own.
    """

    def __init__(self, seen: str, *, remedy: str = "", context: str = "") -> None:
        super().__init__(seen)
        self.remedy = remedy
        self.context = context


class NotApplicable(Exception):
    """The clause does not apply to this provider: why."""


def broken(seen: str, *, remedy: str = "") -> NoReturn:
    """Say what was seen instead of what the clause asks for; ``remedy``: where it is not the clause's own.

    Raises:
        ClauseBroken: always.
    """
    raise ClauseBroken(seen, remedy=remedy)


@attrs.frozen
class Clause:
    """One sentence of the contract.

    Attributes:
        name: stable: documents, the matrix and ``Subject.waived`` use it; its test is ``test_<name>``.
        sentence: what must hold.
        remedy: what to do where it does not.
        needs: the capabilities without which it does not apply.
    """

    name: str
    sentence: str
    remedy: str
    needs: tuple[str, ...] = ()

    def skip_reason(self, capabilities: Capabilities) -> str | None:
        """Why it does not apply to a provider with these capabilities; None: it does."""
        return next((_NEEDS[need][1] for need in self.needs if not _NEEDS[need][0](capabilities)), None)

    def check_applies(self, capabilities: Capabilities) -> None:
        """Raises `NotApplicable`, with `skip_reason`, where there is one."""
        if (reason := self.skip_reason(capabilities)) is not None:
            raise NotApplicable(reason)

    def breach(self, seen: str, context: str = "", remedy: str = "") -> str:
        """What the author of a provider reads."""
        lines = [
            f"clause {self.name!r} is broken",
            f"  it says: {self.sentence}",
            f"  seen:    {seen}",
            f"  remedy:  {remedy or self.remedy}",
        ]
        return "\n".join([*lines, *([f"  so far:  {context}"] if context else [])])


class _Subject(Protocol):
    @property
    def waived(self) -> Mapping[str, str]: ...


def make_test(
    check: Callable[..., Any], *, prefix: str, remedy: str, needs: tuple[str, ...]
) -> tuple[Clause, Callable[[_Subject, Callable[[Clause], None]], None]]:
    """The clause that ``check``, a function with a docstring, is; and what runs it and tells pytest."""
    unknown = set(needs) - _NEEDS.keys()
    assert not unknown, unknown
    sentence = " ".join((check.__doc__ or "").split())
    clause = Clause(check.__name__.removeprefix(prefix), sentence, remedy, needs)

    def judged(subject: _Subject, run: Callable[[Clause], None]) -> None:
        if clause.name in subject.waived:
            pytest.skip(f"{clause.name}: waived: {subject.waived[clause.name]}")
        reason = breach = ""
        try:
            run(clause)
        except NotApplicable as exc:
            reason = f"{clause.name}: {exc}"
        except ClauseBroken as exc:
            breach = clause.breach(str(exc), exc.context, exc.remedy)
        # told outside of the handlers, so that pytest does not tell it twice
        if reason:
            pytest.skip(reason)
        if breach:
            pytest.fail(breach, pytrace=False)

    return clause, judged


def clauses_of(suite: type) -> Mapping[str, Clause]:
    """The clauses that a suite tests, by name, in the order in which they are written."""
    found: dict[str, Clause] = {}
    for base in reversed(suite.__mro__):
        for value in vars(base).values():
            clause = getattr(value, "clause", None)
            if isinstance(clause, Clause):
                found[clause.name] = clause
    return found


def outside(stack: traceback.StackSummary) -> traceback.StackSummary:
    """A stack without what the kit does in it."""
    return traceback.StackSummary.from_list([frame for frame in stack if Path(frame.filename).parent != _KIT])


def describe(exc: BaseException) -> str:
    """An exception that nobody expected, with where it came from, but for what the kit did to get there."""
    told = traceback.TracebackException.from_exception(exc)
    told.stack = outside(told.stack)
    frames = "".join(told.format()).rstrip().replace("\n", "\n    ")
    return f"{type(exc).__name__} was raised\n    {frames}"
