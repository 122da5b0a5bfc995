"""What a session was asked to be, to compare with what the service says that it is.

An answer counts for all that was asked for so far, also by frames of the caller's own. What was sent and is
not answered yet may be in force or not, and so may what never was answered: neither is compared.
"""

from collections.abc import Mapping
from itertools import takewhile
from typing import Any, Final

from realtime_openai_wire.agreement import agrees
from realtime_openai_wire.settings import settings_in

__all__ = ["AskedSettings"]

_MOST_WAITING: Final = 64


class AskedSettings:
    """The settings, and ``tools``, that were asked for, by name; at most 64 updates wait for their answer."""

    def __init__(self) -> None:
        self._waiting: dict[str, dict[str, Any]] = {}
        self._in_force: dict[str, Any] = {}
        self._told: set[str] = set()

    def __len__(self) -> int:
        return len(self._waiting) + len(self._in_force) + len(self._told)

    def note(self, command_id: str, session: Mapping[str, Any]) -> None:
        """An update with that ``session`` object is sent."""
        if len(self._waiting) >= _MOST_WAITING:
            self._give_up(next(iter(self._waiting)))
        self._waiting[command_id] = settings_in(session)

    def refuse(self, command_id: str | None) -> None:
        """An update, if it is one, is refused."""
        if command_id is not None:
            self._waiting.pop(command_id, None)

    def differences(self, command_id: str | None, session: Mapping[str, Any]) -> tuple[str, ...]:
        """What ``session``, which answers an update or none, reports otherwise than it was asked for.

        Each difference is told once, until the setting is asked for again.
        """
        if command_id in self._waiting:
            for older in [*takewhile(lambda waiting: waiting != command_id, self._waiting)]:
                self._give_up(older)
            asked = self._waiting.pop(command_id)
            self._in_force |= asked
            self._told -= asked.keys()
        reported = settings_in(session)
        open_names = {name for asked in self._waiting.values() for name in asked}
        names = self._in_force.keys() & reported.keys() - open_names
        otherwise = {name for name in names if not _agrees(self._in_force[name], reported[name])}
        new = otherwise - self._told
        self._told = otherwise | (self._told - names)
        return tuple(name for name in self._in_force if name in new)

    def _give_up(self, command_id: str) -> None:
        for name in self._waiting.pop(command_id):
            self._in_force.pop(name, None)


def _agrees(asked: Any, reported: Any) -> bool:
    try:
        return agrees(asked, reported)
    except RecursionError:
        return True  # nested too deeply to tell
