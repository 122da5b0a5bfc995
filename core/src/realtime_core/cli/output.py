"""Standard output for those who read it by machine. Knows nothing of what is written."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import IO

__all__ = ["own_output"]


@contextmanager
def own_output() -> Iterator[IO[str]]:
    """Standard output for the command alone: what a plugin prints meanwhile goes to standard error."""
    out = sys.stdout
    with redirect_stdout(sys.stderr) as err:
        try:
            yield out
        finally:
            err.flush()
