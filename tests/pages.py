"""Pages that are made: their tables in Markdown, and the places where these belong."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

__all__ = ["COMMAND", "filled", "table"]

COMMAND: Final = "python tests/write_pages.py"
"""What writes them all."""


def table(rows: Iterable[Iterable[str]]) -> str:
    """The first of ``rows`` is the head."""
    head, *others = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([head, "|" + "---|" * (head.count(" | ") + 1), *others])


def filled(document: str, texts: Mapping[str, str]) -> str:
    """``document`` with each text in the place of its name.

    Raises:
        SystemExit: the document has not exactly one such place.
    """
    for name, text in texts.items():
        document = _put(document, name, f"{text}\n")
    return document


def _put(document: str, name: str, text: str) -> str:
    begin, end = f"<!-- {name}: {COMMAND} -->\n", f"<!-- end of {name} -->"
    pattern = f"({re.escape(begin)}).*?({re.escape(end)})"
    new, places = re.subn(pattern, lambda match: match[1] + text + match[2], document, flags=re.DOTALL)
    if places != 1:
        raise SystemExit(f"the document has {places} places {begin.strip()!r}, not one")
    return new
