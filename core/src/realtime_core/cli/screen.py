"""What standard output can show. Knows nothing of conversations."""

import os
import shutil
import sys
from typing import Final

__all__ = ["has_room", "is_screen"]

# A narrower table would be all line breaks.
_COLUMNS: Final = 70


def has_room(columns: int = _COLUMNS) -> bool:
    """Whether standard output is a terminal that can show a table so wide."""
    return is_screen() and shutil.get_terminal_size().columns >= max(columns, _COLUMNS)


def is_screen(marks: str = "") -> bool:
    """Whether standard output is a terminal whose cursor can be moved, and that has these ``marks``."""
    if not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":
        return False
    try:
        marks.encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        return False
    return True
