"""What a program shows of itself: log lines, what it prints, warnings, exceptions with all that caused them.

Knows nothing of providers.
"""

import io
import logging
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout

import pytest

__all__ = ["told_by", "watching"]


def _note_all(lines: list[str], patch: pytest.MonkeyPatch) -> None:
    """Note every record of every logger, also those that its level or `logging.disable` would keep back."""
    enabled, handle = logging.Logger.isEnabledFor, logging.Logger.callHandlers
    written = logging.Formatter("logger %(name)r at %(levelname)s: %(message)s").format

    def noted(logger: logging.Logger, record: logging.LogRecord) -> None:
        lines.append(written(record))
        if enabled(logger, record.levelno):
            handle(logger, record)

    patch.setattr(logging.Logger, "isEnabledFor", lambda _, level: level > logging.NOTSET)
    patch.setattr(logging.Logger, "callHandlers", noted)


@contextmanager
def watching() -> Iterator[list[str]]:
    """Every line of every logger, inside; behind it also what was printed, and every warning."""
    lines: list[str] = []
    printed = io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        warnings.catch_warnings(record=True) as warned,
        redirect_stdout(printed),
        redirect_stderr(printed),
    ):
        warnings.simplefilter("always")
        _note_all(lines, patch)
        yield lines
    lines += [*printed.getvalue().splitlines(), *(str(warning.message) for warning in warned)]


def told_by(exc: BaseException) -> str:
    """What an exception says, and all that a traceback would say of its causes, without lines of code."""
    return f"{exc!r}\n{''.join(traceback.format_exception(exc, limit=0))}"
