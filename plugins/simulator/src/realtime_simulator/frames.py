"""What the server puts on the wire: events with ids that are never used twice, and the end of a session.

Knows no event and no state.
"""

import itertools
import uuid
from typing import Any, Final, NamedTuple, TypeAlias

import attrs

__all__ = ["EXPIRED", "End", "Frame", "Frames", "Ids", "Step"]

EXPIRED: Final = "Your session hit the maximum duration of 60 minutes."
"""The service's words when a session has become too old."""

Frame: TypeAlias = dict[str, Any]
"""One server event, decoded; whoever is handed one must not change it."""


class Step(NamedTuple):
    """One step of a stream of events: an event or a pause."""

    frame: Frame | None
    speech_ms: float = 0.0
    """For how much speech it keeps the model busy."""

    wait_ms: float = 0.0
    """For how long, whatever the model's speed."""


@attrs.frozen
class End:
    """End the session: a close frame with ``code``, or None: hang up without one."""

    code: int | None
    reason: str = ""
    is_torn: bool = False
    """Hang up in the middle of a frame, where there are such things."""


class Ids:
    """Makes the ids of one session: a prefix and 21 letters or digits, as the service's."""

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
