"""Writes every page that is made anew: ``python tests/write_pages.py``.

What stands in each, its own module knows. The page of events has its own command: it needs recorded traffic.
"""

from pathlib import Path

import conformance_page
import contract
import reference
import tables
from pages import filled

__all__ = ["pages"]


def pages() -> dict[Path, str]:
    """What each should be."""
    parts = {module.PAGE: module.tables() for module in (tables, contract, conformance_page)}
    made = {page: filled(page.read_text(), texts) for page, texts in parts.items()}
    return {**made, reference.PAGE: reference.made()}


if __name__ == "__main__":
    for page, text in pages().items():
        page.write_text(text)
