"""The tables of core/docs/providers.md, from docstrings of `realtime_core.provider` and `Capabilities`."""

import inspect
import re
from collections.abc import Iterator
from typing import Any, Final

import attrs
import docstring_parser
from pages import table
from realtime_core.capabilities import Capabilities
from realtime_core.provider import Connection, HookSpecs, Provider, Setup
from workspace import ROOT

__all__ = ["PAGE", "PLACES", "Clause", "clauses", "tables"]

PAGE: Final = ROOT / "core" / "docs" / "providers.md"

PLACES: Final = {
    "hook": HookSpecs.realtime_provider,
    "provider": Provider,
    "connection": Connection,
    "receive": Connection.receive,
    "send": Connection.send,
    "aclose": Connection.aclose,
}
"""What has clauses, by the name of its table."""

_SECTION: Final = re.compile(r"^Clauses:\n((?:(?: {4}.*)?\n?)*)", re.MULTILINE)
_CLAUSE: Final = re.compile(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)


@attrs.frozen
class Clause:
    """One sentence of the contract, and the name of the test that asks for it."""

    name: str
    sentence: str


def clauses(documented: object) -> list[Clause]:
    """Those that the docstring of ``documented`` states."""
    return [
        Clause(name, _one_line(sentence))
        for section in _SECTION.findall(inspect.getdoc(documented) or "")
        for name, sentence in _CLAUSE.findall(section)
    ]


def tables() -> dict[str, str]:
    """What the page shows, by the name of its place."""
    return {
        "fields": table([("field", "what it is"), *_fields(Provider)]),
        "setup": _paragraph(Setup),
        "capabilities": table([("capability", "default", "what it says"), *_capabilities()]),
        **{f"clauses of {name}": _clauses_table(documented) for name, documented in PLACES.items()},
    }


def _clauses_table(documented: object) -> str:
    rows = [(f"`{clause.name}`", _markdown(clause.sentence)) for clause in clauses(documented)]
    return table([("clause", ""), *rows])


def _fields(cls: type) -> Iterator[tuple[str, str]]:
    for param in docstring_parser.parse(cls.__doc__ or "").params:
        if param.description:
            yield f"`{param.arg_name}`", _markdown(_one_line(param.description))


def _capabilities() -> Iterator[tuple[str, str, str]]:
    told = dict(_fields(Capabilities))
    for name, value in attrs.asdict(Capabilities(), recurse=False).items():
        yield f"`{name}`", f"`{_default(value)}`", told[f"`{name}`"]


def _default(value: Any) -> str:
    return "()" if value == frozenset() else "PCM16_24KHZ" if isinstance(value, tuple) else repr(value)


def _paragraph(cls: type) -> str:
    return _markdown(_one_line((inspect.getdoc(cls) or "").split("\n\n")[1]))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _markdown(text: str) -> str:
    return text.replace("``", "`").replace("|", "\\|")
