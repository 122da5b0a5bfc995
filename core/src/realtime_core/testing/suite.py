"""What every part of the conformance kit is made with: a method that is a clause.

Owns how a clause, a subject and a stage come together. Knows nothing of what clauses ask.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from realtime_core.errors import RealtimeError
from realtime_core.testing.clauses import (
    Clause,
    ClauseBroken,
    NotApplicable,
    describe,
    make_test,
    run_bounded,
)
from realtime_core.testing.stage import Stage
from realtime_core.testing.subject import Subject

__all__ = ["clause"]


def clause(
    *, do: str, needs: tuple[str, ...] = (), waits: int = 6
) -> Callable[[Callable[[Any, Stage], Awaitable[None]]], Callable[[Any, Subject], None]]:
    """Make a test of a method that is given a stage; its docstring is the clause, ``do`` the remedy.

    ``waits``: how many waits it may use up before it is given up as a whole.
    """

    def made(check: Callable[[Any, Stage], Awaitable[None]]) -> Callable[[Any, Subject], None]:
        rule, judged = make_test(check, prefix="test_", remedy=do, needs=needs)

        def test(self: Any, subject: Subject) -> None:
            judged(
                subject,
                lambda rule: run_bounded(
                    lambda: _on_stage(rule, subject, lambda stage: check(self, stage)),
                    bound_s=subject.bound_s * waits,
                ),
            )

        test.__name__, test.__qualname__ = check.__name__, check.__qualname__
        test.__doc__, test.__module__ = check.__doc__, check.__module__
        test.clause = rule  # type: ignore[attr-defined]  # `clauses_of` finds it there
        return test

    return made


async def _on_stage(rule: Clause, subject: Subject, check: Callable[[Stage], Awaitable[None]]) -> None:
    async with subject.service() as double:
        try:
            stage = Stage(subject, double)
        except RealtimeError as exc:
            raise ClauseBroken(
                rule.breach(f"the provider cannot even be loaded and given options: {exc}")
            ) from exc
        if (reason := rule.skip_reason(stage.capabilities)) is not None:
            raise NotApplicable(reason)
        try:
            await check(stage)
        except ClauseBroken as exc:
            raise ClauseBroken(rule.breach(str(exc), stage.context)) from None
        except (NotApplicable, asyncio.CancelledError):
            raise
        except NotImplementedError as exc:
            raise ClauseBroken(rule.breach(f"the ServiceDouble lacks a lever: {exc}", stage.context)) from exc
        except Exception as exc:
            raise ClauseBroken(rule.breach(describe(exc), stage.context)) from exc
        finally:
            await stage.aclose()
