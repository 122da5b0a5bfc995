"""What a program shows of itself: log lines, what it prints, warnings, exceptions with all that caused them.

Knows nothing of providers.
"""

import io
import logging
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout

__all__ = ["told_by", "watching"]


class _Lines(logging.Handler):
    """Every line that is logged, as it would be written."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(f"logger {record.name!r} at {record.levelname}: {self.format(record)}")


@contextmanager
def watching() -> Iterator[list[str]]:
    """Every line of every logger, inside; behind it also what was printed, and every warning."""
    lines: list[str] = []
    handler, root, printed = _Lines(lines), logging.getLogger(), io.StringIO()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with (
            warnings.catch_warnings(record=True) as warned,
            redirect_stdout(printed),
            redirect_stderr(printed),
        ):
            warnings.simplefilter("always")
            yield lines
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
    lines += [*printed.getvalue().splitlines(), *(str(warning.message) for warning in warned)]


def told_by(exc: BaseException) -> str:
    """What an exception says, and all that a traceback would say of its causes, without lines of code."""
    return f"{exc!r}\n{''.join(traceback.format_exception(exc, limit=0))}"
