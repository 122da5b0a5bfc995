"""What every part of the conformance kit is made with: a method that is a clause.

Owns how a clause, a subject and a stage come together. Knows nothing of what clauses ask.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from realtime_core.choices import nearest
from realtime_core.errors import AuthenticationFailed, RealtimeError
from realtime_core.testing.clauses import (
    Clause,
    ClauseBroken,
    NotApplicable,
    clauses_of,
    describe,
    make_test,
)
from realtime_core.testing.line import refused
from realtime_core.testing.running import run_bounded
from realtime_core.testing.stage import Stage
from realtime_core.testing.subject import Subject, is_left_out

__all__ = ["clause"]

_WRITE_THE_LEVER: Final = "write it in your ServiceDouble; the docstrings of that class say what each does"
_IMPORTS: Final = 3
"""How many times as long a loop may stand still: what is imported late takes long on a busy machine."""


def clause(
    *, do: str, needs: tuple[str, ...] = (), waits: int = 6
) -> Callable[[Callable[[Any, Stage], Awaitable[None]]], Callable[[Any, Subject], None]]:
    """Make a test of a method that is given a stage; its docstring is the clause, ``do`` the remedy.

    ``waits``: how many waits it may use up before it is given up as a whole.
    """

    def made(check: Callable[[Any, Stage], Awaitable[None]]) -> Callable[[Any, Subject], None]:
        rule, judged = make_test(check, prefix="test_", remedy=do, needs=needs)

        def test(self: Any, subject: Subject) -> None:
            _check_waived(type(self), subject)
            judged(
                subject,
                lambda rule: run_bounded(
                    lambda: _on_stage(rule, subject, lambda stage: check(self, stage)),
                    bound_s=subject.bound_s * waits,
                    still_s=subject.bound_s * _IMPORTS,
                ),
            )

        test.__name__, test.__qualname__ = check.__name__, check.__qualname__
        test.__doc__, test.__module__ = check.__doc__, check.__module__
        test.clause = rule  # type: ignore[attr-defined]  # `clauses_of` finds it there
        return test

    return made


def _check_waived(suite: type, subject: Subject) -> None:
    known = clauses_of(suite)
    for name in subject.waived.keys() - known.keys():
        near = nearest(name, known)
        hint = f"; did you mean {near!r}?" if near else ""
        raise ValueError(f"Subject.waived names {name!r}, and there is no such clause{hint}")


async def _on_stage(rule: Clause, subject: Subject, check: Callable[[Stage], Awaitable[None]]) -> None:
    async with subject.service() as double:
        stage: Stage | None = None
        try:
            stage = Stage(subject, double)
            rule.check_applies(stage.capabilities)
            await check(stage)
        except (NotApplicable, asyncio.CancelledError):
            raise
        except Exception as exc:
            told = _told(exc, is_loaded=stage is not None)
            context = "" if stage is None else stage.context
            raise ClauseBroken(str(told), remedy=told.remedy, context=context) from exc
        finally:
            if stage is not None:
                await stage.aclose()


def _told(exc: Exception, *, is_loaded: bool) -> ClauseBroken:
    """What an exception that left a clause says of provider or double."""
    match exc:
        case ClauseBroken():
            return exc
        case NotImplementedError() if is_left_out(exc):
            return ClauseBroken(f"the ServiceDouble lacks a lever: {exc}", remedy=_WRITE_THE_LEVER)
        case RealtimeError() if not is_loaded:
            return ClauseBroken(f"the provider cannot even be loaded and given options: {exc}")
        case AuthenticationFailed():
            return refused(f"AuthenticationFailed was raised: {exc}")
        case _:
            return ClauseBroken(describe(exc))
