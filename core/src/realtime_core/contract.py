"""The clauses of the contract, by name, as the docstrings of `realtime_core.provider` state them.

For those who check or explain them. Knows no provider, and is not loaded with the package.
"""

import inspect
import re
from typing import Final

import attrs

from realtime_core.provider import Connection, HookSpecs, Provider

__all__ = ["Clause", "clauses"]

_PLACES: Final = (
    ("realtime_provider", HookSpecs.realtime_provider),
    ("Provider", Provider),
    ("Connection.receive", Connection.receive),
    ("Connection.send", Connection.send),
    ("Connection.aclose", Connection.aclose),
    ("Connection", Connection),
)
_SECTION: Final = re.compile(r"^Clauses:\n((?:(?: {4}.*)?\n?)*)", re.MULTILINE)
_CLAUSE: Final = re.compile(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)


@attrs.frozen
class Clause:
    """One sentence of the contract: its stable name, the sentence, and what it binds."""

    name: str
    sentence: str
    place: str


def clauses() -> dict[str, Clause]:
    """Every clause by its name, in the order of a plugin's life.

    Empty where Python was told to forget docstrings (``-OO``).
    """
    found = [
        Clause(name, " ".join(sentence.split()), place)
        for place, documented in _PLACES
        for section in _SECTION.findall(inspect.getdoc(documented) or "")
        for name, sentence in _CLAUSE.findall(section)
    ]
    return {clause.name: clause for clause in found}
