"""Brains that read what to say: a script, in order or by what the user says, and rules.

Both come from a TOML or JSON Lines file of entries: ``[[reply]]`` tables, or one object a line.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import msgspec
from realtime_core.errors import InvalidOptions

from realtime_simulator.brain import Brain, Say, Turn, echo

__all__ = ["Rules", "Script", "load_brain"]


def _fold(text: str) -> str:
    return text.strip().casefold()


def _folded(given: Mapping[str, str]) -> dict[str, str]:
    return {_fold(text): reply for text, reply in given.items()}


@attrs.frozen
class Script:
    """Replies in order, and replies to certain words.

    ``in_order`` gives the first response of a session its first entry, and so on; when there is none
    left the response fails, so that a test notices. ``by_text`` goes first: it answers a user's text,
    compared without case and outer blanks.
    """

    in_order: Sequence[str] = ()
    by_text: Mapping[str, str] = attrs.field(factory=dict, converter=_folded)

    def __call__(self, turn: Turn) -> Say:
        """The reply that is due."""
        keyed = self.by_text.get(_fold(turn.text))
        if keyed is not None:
            return Say(keyed)
        if turn.number >= len(self.in_order):
            raise LookupError(f"the script has no reply for turn {turn.number + 1}")
        return Say(self.in_order[turn.number])


@attrs.frozen
class Rules:
    r"""The answer of the first pattern that is found in the user's text.

    An answer may use the pattern's groups (``\1``, ``\g<name>``); without a match ``otherwise``
    is said.
    """

    rules: Mapping[str, str]
    otherwise: str = "I have no rule for that."

    def __call__(self, turn: Turn) -> Say:
        """The reply of the first rule that fits."""
        for pattern, answer in self.rules.items():
            if found := re.search(pattern, turn.text, re.IGNORECASE):
                return Say(found.expand(answer))
        return Say(self.otherwise)


def load_brain(spec: str | Brain) -> Brain:
    """The brain that ``spec`` names: ``echo``, ``script:FILE``, ``rules:FILE``, or a brain itself.

    An entry of a script is ``say``, with ``when`` for the user's text that it answers; an entry of
    rules is ``match`` and ``say``, or only ``say`` for what no other fits.

    Raises:
        InvalidOptions: there is no such brain, or the file is not what it should be.
    """
    if not isinstance(spec, str):
        return spec
    name, _, path = spec.partition(":")
    match name, bool(path):
        case "echo", False:
            return echo
        case "script", True:
            return _script(_entries(path, optional="when"))
        case "rules", True:
            return _rules(_entries(path, optional="match"))
        case _:
            raise InvalidOptions(f"no brain {spec!r}; choose 'echo', 'script:FILE' or 'rules:FILE'")


def _script(entries: Iterable[dict[str, str]]) -> Script:
    in_order = []
    by_text: dict[str, str] = {}
    for entry in entries:
        if "when" in entry:
            by_text[entry["when"]] = entry["say"]
        else:
            in_order.append(entry["say"])
    return Script(in_order, by_text)


def _rules(entries: Iterable[dict[str, str]]) -> Rules:
    rules = {}
    rest = {}
    for entry in entries:
        if "match" in entry:
            _check_pattern(entry["match"])
            rules[entry["match"]] = entry["say"]
        else:
            rest["otherwise"] = entry["say"]
    return Rules(rules, **rest)


def _check_pattern(pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as exc:
        raise InvalidOptions(f"no regular expression: {pattern!r}: {exc}") from exc


def _entries(path: str, *, optional: str) -> list[dict[str, str]]:
    try:
        text = Path(path).read_text(encoding="utf-8")
        entries = _parsed(text, toml=path.endswith(".toml"))
    except OSError as exc:
        raise InvalidOptions(f"cannot read {path}: {(exc.strerror or str(exc)).lower()}") from exc
    # a DecodeError is a ValueError only in newer versions of msgspec
    except (ValueError, msgspec.DecodeError) as exc:
        raise InvalidOptions(f"cannot read {path}: {exc}") from exc
    for number, entry in enumerate(entries, 1):
        if not _is_entry(entry, optional):
            raise InvalidOptions(f"{path}: entry {number} needs 'say' and may have {optional!r}, both text")
    return entries


def _parsed(text: str, *, toml: bool) -> list[Any]:
    if toml:
        entries: list[Any] = tomllib.loads(text).get("reply", [])
        return entries
    return [msgspec.json.decode(line) for line in text.splitlines() if line.strip()]


def _is_entry(entry: Any, optional: str) -> bool:
    return (
        isinstance(entry, dict)
        and {"say"} <= entry.keys() <= {"say", optional}
        and all(isinstance(value, str) for value in entry.values())
    )
