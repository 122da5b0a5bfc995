"""What standard output can show. Knows nothing of conversations."""

import os
import shutil
import sys
from typing import Final

__all__ = ["has_room"]

# A narrower table would be all line breaks.
_COLUMNS: Final = 70


def has_room(columns: int = _COLUMNS) -> bool:
    """Whether standard output is a terminal that can show a table so wide."""
    if not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":
        return False
    return shutil.get_terminal_size().columns >= max(columns, _COLUMNS)
