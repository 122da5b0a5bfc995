"""What a run of the conformance kit says is what the documentation says of our providers."""

from collections.abc import Generator
from typing import Any

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """A clause that is kept, or does not apply, otherwise than the record has it fails."""
    report = yield
    if report.when == "call" and item.path.name == "test_conformance.py" and not report.failed:
        # it is needed here only
        from conformance_page import KEPT, complaint, reason_of

        came = reason_of(report.longrepr[2]) if report.skipped else KEPT
        wrong = complaint(item.path, item.name.removeprefix("test_"), came)
        if wrong is not None:
            report.outcome, report.longrepr = "failed", wrong
    return report
