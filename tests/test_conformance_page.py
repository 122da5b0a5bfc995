"""The page of conformance says what the kit says, and the record is compared with every run."""

import conformance_page
import pytest
from conformance_page import KEPT, Run, code_lines, complaint, folders, recorded, run_of
from realtime_core.testing import PROVIDER_CLAUSES
from workspace import distributions


def test_every_provider_of_the_repository_runs_the_kit():
    assert sorted(folders()) == sorted(name for dist in distributions() for name in dist.providers)
    assert list(recorded()) == sorted(folders())


@pytest.mark.parametrize("provider", folders())
def test_record_has_every_clause_of_the_kit(provider: str):
    run = recorded()[provider]

    assert {*run.kept, *run.skipped} == set(PROVIDER_CLAUSES), f"it is stale: {conformance_page.COMMAND}"


@pytest.mark.parametrize("provider", folders())
def test_clause_that_comes_otherwise_than_recorded_is_told(provider: str):
    file, run = folders()[provider], recorded()[provider]

    assert complaint(file, run.kept[0], KEPT) is None
    assert "recorded is 'kept', this run says 'no turns'" in str(complaint(file, run.kept[0], "no turns"))


def test_clause_that_applies_now_is_told():
    run = recorded()["simulator"]
    (name, reason), *_ = run.skipped.items()
    file = folders()["simulator"]

    assert complaint(file, name, reason) is None
    assert "this run says 'kept'" in str(complaint(file, name, KEPT))


def test_other_tests_are_nobodys_business():
    assert complaint(folders()["simulator"], "no_clause", KEPT) is None
    assert complaint(conformance_page.RECORD, next(iter(PROVIDER_CLAUSES)), KEPT) is None


def test_run_is_read_from_what_pytest_writes():
    first, second, *_ = PROVIDER_CLAUSES
    skip = f'<skipped message="{second}: turns=False: there are none"/>'
    cases = [
        f'<testcase name="test_{first}" time="1.2"/>',
        f'<testcase name="test_{second}" time="0.4">{skip}</testcase>',
        '<testcase name="test_x"/>',
    ]

    run = run_of(f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>")

    assert run == Run(2, (first,), {second: "turns=False: there are none"})


def test_blank_lines_comments_and_docstrings_are_no_code():
    source = '''"""A module."""

# a comment
def add(one, other):
    """Add."""
    return (
        one + other  # the sum
    )


TEXT = """two
lines"""
'''

    assert code_lines(source) == 6
