"""On which line of a TOML document each key is said. Knows nothing of what the keys mean."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

__all__ = ["KeyPath", "places"]

KeyPath = tuple[str, ...]
"""A key, with those of the tables around it before it."""

# comments and strings, in which a bracket is none; brackets, in which a line end is none; line ends
_TOKEN: Final = re.compile(
    r"""#[^\n]*|\"{3}(?:\\.|[^\\])*?\"{3,5}|'{3}.*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|[\[\]{}]|\n""",
    re.DOTALL,
)


def places(text: str) -> dict[KeyPath, int]:
    """The line, from 1, that begins the statement which says a key first, for every key of a valid document.

    What stands in an array has no place of its own.
    """
    # not needed by programs without a file
    import tomllib

    found: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for number, statement in _statements(text.replace("\r\n", "\n")):
        is_header = statement.lstrip().startswith("[")
        paths = list(_paths(tomllib.loads(statement)))
        for path in paths:
            found.setdefault(path if is_header else table + path, number)
        if is_header:
            table = paths[-1]
    return found


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Each, which may be nothing but a comment, with the line that it begins on."""
    number, begin, depth = 1, 0, 0
    for token in _TOKEN.finditer(text + "\n"):
        depth += (token[0] in ("[", "{")) - (token[0] in ("]", "}"))
        if token[0] == "\n" and depth == 0:
            statement = text[begin : token.start()]
            yield number, statement
            number, begin = number + statement.count("\n") + 1, token.end()


def _paths(values: Mapping[str, Any]) -> Iterator[KeyPath]:
    """Every key, an outer one before those in it."""
    for key, value in values.items():
        yield (key,)
        if isinstance(value, Mapping):
            for path in _paths(value):
                yield (key, *path)
