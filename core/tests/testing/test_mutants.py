"""Each fault of a small provider is caught by the clause that owns it, and each clause catches one."""

import re

import mutants_asking
import mutants_cancelling
import mutants_concurring
import mutants_configuring
import mutants_ending
import mutants_frames
import mutants_hiding
import mutants_opening
import mutants_speaking
import mutants_telling
import mutants_undoing
import pytest
from mutant import KEPT, MUTANTS, Mutant
from realtime_core.testing import PROVIDER_CLAUSES, ProviderConformance, Subject
from small_service import playing

MODULES = [
    mutants_asking,
    mutants_cancelling,
    mutants_concurring,
    mutants_configuring,
    mutants_ending,
    mutants_frames,
    mutants_hiding,
    mutants_opening,
    mutants_speaking,
    mutants_telling,
    mutants_undoing,
]
ELSEWHERE = {"provider_loads_by_name", "loading_it_loads_no_other_plugin"}
"""Clauses whose faults need a distribution: `test_installing` has them."""

BOUND_S = 0.5
"""Short: a fault is waited for that long, and a machine that is slow cannot make one go away."""


def verdict(mutant: Mutant) -> str:
    """What the owner says of it; empty: nothing."""
    subject = Subject(
        mutant.provider, service=playing(mutant.capabilities), settings=mutant.settings, bound_s=BOUND_S
    )
    try:
        getattr(ProviderConformance(), f"test_{mutant.clause}")(subject)
    except pytest.fail.Exception as exc:
        return str(exc)
    finally:
        while KEPT:
            KEPT.pop().close()
    return ""


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.clause}-{mutant.name}")
def test_fault_is_caught_by_the_clause_that_owns_it(mutant: Mutant):
    told = verdict(mutant)

    assert told.startswith(f"clause {mutant.clause!r} is broken")
    assert mutant.seen in told
    # one that dies of a mistake of its own is not caught
    assert mutant.seen or not re.search(r"seen: +(Name|Attribute|Type|Unbound\w*)Error was raised", told)
    assert mutant.seen or "the whole clause took longer" not in told


def test_every_clause_catches_a_fault():
    assert {mutant.clause for mutant in MUTANTS} | ELSEWHERE == set(PROVIDER_CLAUSES)
