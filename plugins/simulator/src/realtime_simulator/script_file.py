"""Scripts as they are given: a TOML or JSON Lines file, or a list of entries.

Every mistake is an `InvalidOptions` that says where it is. Knows nothing of what is in an entry.
"""

import os
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from realtime_core.choices import nearest
from realtime_core.errors import InvalidOptions

from realtime_simulator.brain import Call
from realtime_simulator.script import Reply, ResultOf, Script
from realtime_simulator.script_entry import reply_of

__all__ = ["load_script"]


class _Entry(NamedTuple):
    """An entry as it was found, and where: for messages."""

    where: str
    value: Any


def load_script(given: str | os.PathLike[str] | Sequence[Any] | Script) -> Script:
    """A script from the path of a file, or from its entries.

    Raises:
        InvalidOptions: it cannot be read, or is not what it should be.
    """
    match given:
        case Script():
            return given
        case str() | os.PathLike():
            entries = _entries_of(Path(given))
        case list() | tuple():
            # in code a reply that is only said may be its words
            values = [{"say": value} if isinstance(value, str) else value for value in given]
            entries = [_Entry(f"entry {number}", value) for number, value in enumerate(values, 1)]
            if not entries:
                raise InvalidOptions(
                    "it has no entries: give it one such as {'otherwise': True, 'say': '...'}"
                )
        case _:
            raise InvalidOptions("it is the path of a file, or a list of entries")
    replies = tuple(map(_reply, entries))
    _check_results(entries, replies)
    return Script(replies)


def _reply(entry: _Entry) -> Reply:
    try:
        return reply_of(entry.value)
    except InvalidOptions as exc:
        raise InvalidOptions(f"{entry.where}: {exc}") from exc


def _check_results(entries: Sequence[_Entry], replies: Sequence[Reply]) -> None:
    """A function that no entry calls, but almost, is a slip; another the client may have called itself."""
    called = {action.name for reply in replies for action in reply.do if isinstance(action, Call)}
    for entry, reply in zip(entries, replies, strict=True):
        match reply.trigger:
            case ResultOf(name=name) if name not in called:
                if near := nearest(name, called):
                    raise InvalidOptions(
                        f"{entry.where}: 'result_of': no entry calls {name!r}; did you mean {near!r}?"
                    )


def _entries_of(path: Path) -> list[_Entry]:
    try:
        # editors on Windows begin a file with a mark
        text = path.read_text("utf-8-sig")
    except OSError as exc:
        raise InvalidOptions(f"cannot read {path}: {(exc.strerror or str(exc)).lower()}") from exc
    except ValueError as exc:
        raise InvalidOptions(f"cannot read {path}: {exc}") from exc
    read = _READERS.get(path.suffix.lower())
    if read is None:
        raise InvalidOptions(f"{path} is named neither .toml nor .jsonl, which says how it is written")
    try:
        entries = [_Entry(f"{path}: {where}", value) for where, value in read(text)]
    except InvalidOptions as exc:
        raise InvalidOptions(f"{path}: {exc}") from exc
    if not entries:
        raise InvalidOptions(f"{path} has no entries")
    return entries


def _toml(text: str) -> Iterator[_Entry]:
    try:
        tables = tomllib.loads(text)
    except (ValueError, RecursionError) as exc:
        raise InvalidOptions(f"no TOML: {exc}") from exc
    replies = tables.pop("reply", [])
    if tables or not isinstance(replies, list):
        name = next(iter(tables), "reply")
        raise InvalidOptions(f"{name!r} is no entry; each begins with [[reply]]")
    for number, reply in enumerate(replies, 1):
        yield _Entry(f"entry {number}", reply)


def _json_lines(text: str) -> Iterator[_Entry]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield _Entry(f"line {number}", msgspec.json.decode(line))
            except (msgspec.DecodeError, RecursionError) as exc:
                raise InvalidOptions(f"line {number}: no JSON: {exc}; one object a line") from exc


_READERS: Final[dict[str, Callable[[str], Iterator[_Entry]]]] = {".toml": _toml, ".jsonl": _json_lines}
