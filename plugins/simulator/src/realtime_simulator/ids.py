"""Ids as the service makes them: a prefix and 21 letters or digits, never the same twice."""

import itertools
import uuid
from typing import Any, TypeAlias

__all__ = ["Frame", "Frames", "Ids"]

Frame: TypeAlias = dict[str, Any]
"""One server event, decoded; whoever is handed one must not change it."""


class Ids:
    """Makes the ids of one session."""

    def __init__(self) -> None:
        self._session = uuid.uuid4().hex[:13]
        self._numbers = itertools.count(1)

    def new(self, prefix: str) -> str:
        """The next id, such as ``item_3f0c9a5e8b71d00000042``."""
        return f"{prefix}_{self._session}{next(self._numbers):08d}"


class Frames:
    """Makes the server events of one session, each with an ``event_id`` of its own."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids

    def __call__(self, kind: str, /, **payload: Any) -> Frame:
        """The event of type ``kind``; keys stand in the order in which the service sends them."""
        return {"type": kind, "event_id": self._ids.new("event"), **payload}
