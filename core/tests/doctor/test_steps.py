import pytest
from realtime_core.doctor.steps import Report, Status, Step, StepName


def report(status, *, is_callers=False):
    steps = [Step(name=StepName.INSTALLED, status=Status.OK), Step(name=StepName.LOADS, status=status)]
    return Report(provider="acme", steps=steps, is_callers=is_callers)


@pytest.mark.parametrize(
    ("status", "is_callers", "exit_status"),
    [
        (Status.OK, False, 0),
        (Status.SKIPPED, False, 0),
        (Status.FAILED, False, 1),
        (Status.FAILED, True, 2),
    ],
)
def test_exit_status_tells_whose_fault_it_is(status, is_callers, exit_status):
    assert report(status, is_callers=is_callers).exit_status == exit_status


def test_failed_is_the_step_that_failed():
    assert report(Status.FAILED).failed.name is StepName.LOADS
    assert report(Status.OK).failed is None
