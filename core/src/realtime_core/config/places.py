"""On which line of a TOML document each key is said. Knows nothing of what the keys mean."""

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["KeyPath", "places"]

KeyPath = tuple[str, ...]
"""A key, with those of the tables around it before it."""


def places(text: str) -> dict[KeyPath, int]:
    """The line, from 1, that begins the statement which says a key first, for every key of a valid document.

    A statement is as many lines as it takes until the parser is content: so nothing here knows TOML.
    What stands in an array has no place of its own.
    """
    # not needed by programs without a file
    import tomllib

    found: dict[KeyPath, int] = {}
    table: KeyPath = ()
    waiting: list[str] = []
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        waiting.append(line)
        try:
            said = tomllib.loads("\n".join(waiting))
        except tomllib.TOMLDecodeError:
            continue
        is_header = waiting[0].lstrip().startswith("[")
        paths = list(_paths(said))
        for path in paths:
            found.setdefault(path if is_header else table + path, number - len(waiting) + 1)
        if is_header:
            table = paths[-1]
        waiting.clear()
    return found


def _paths(values: Mapping[str, Any]) -> Iterator[KeyPath]:
    """Every key, an outer one before those in it."""
    for key, value in values.items():
        yield (key,)
        if isinstance(value, Mapping):
            for path in _paths(value):
                yield (key, *path)
