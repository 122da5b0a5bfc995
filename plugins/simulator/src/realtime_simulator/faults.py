"""Faults by name: what goes wrong, and at which frame of a session.

Frames are counted from 1, which is ``session.created``, as the server would send them without
faults. Knows nothing of sockets: a fault becomes something for a door to do.
"""

import math
import re
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Final, TypeAlias

import attrs

from realtime_simulator.frames import EXPIRED, End, Frame

__all__ = [
    "FAULT_NAMES",
    "Action",
    "Fault",
    "FaultInjector",
    "Send",
    "parse_faults",
]


@attrs.frozen
class Send:
    """Send a frame, ``late_ms`` later than it could be; infinitely late: never, nor any after it."""

    frame: Frame | str
    """A string goes out as it is."""

    late_ms: float = 0.0


Action: TypeAlias = Send | End

FAULT_NAMES: Final = (
    "close:CODE, abort, stall, garbage, unknown-event, late-delta, null-event-id, slow or slow:MS"
)
"""The choices, for messages."""

_REASONS: Final = {1001: EXPIRED}
_GARBAGE: Final = '{"type": "response.output_audio.delta", "delta": "UklGR'
_SLOW_MS: Final = 50.0
_PLAIN: Final = {"abort", "stall", "garbage", "unknown-event", "late-delta", "null-event-id"}
"""The faults that take no number."""


@attrs.frozen
class Fault:
    """One fault: its name, the frame at which it strikes, and its number where it takes one."""

    name: str
    frame: int
    number: float | None = None

    @classmethod
    def parse(cls, spec: str) -> "Fault":
        """From ``name@FRAME`` or ``name:NUMBER@FRAME``, such as ``close:1001@7``.

        Raises:
            ValueError: there is no such fault; the message names the choices.
        """
        found = re.fullmatch(r"\s*([a-z-]+)(?::(\d+))?@([1-9]\d*)\s*", spec)
        if found is None:
            raise ValueError(f"{spec!r} is no fault: write NAME@FRAME with NAME one of {FAULT_NAMES}")
        name, number, frame = found[1], found[2], int(found[3])
        match name, number:
            case "close", str() if _is_close_code(int(number)):
                return cls(name, frame, int(number))
            case "slow", _:
                return cls(name, frame, float(number or _SLOW_MS))
            case _, None if name in _PLAIN:
                return cls(name, frame)
            case _:
                raise ValueError(f"no fault {spec!r}: choose from {FAULT_NAMES}, each with @FRAME")


def _is_close_code(code: int) -> bool:
    """Whether an endpoint may send it (RFC 6455 §7.4)."""
    return (
        code in {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014}
        or 3000 <= code < 5000
    )


def parse_faults(given: "str | Fault | Iterable[str | Fault]") -> tuple[Fault, ...]:
    """Faults from a list, or from text with commas.

    Raises:
        ValueError: one of them is none.
    """
    match given:
        case "":
            return ()
        case str():
            return tuple(map(Fault.parse, given.split(",")))
        case Fault():
            return (given,)
        case _:
            return tuple(fault for part in given for fault in parse_faults(part))


class FaultInjector:
    """Turns each frame of one session into what a faulty server does instead."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self._waiting = sorted(faults, key=lambda fault: fault.frame)
        self._sent = 0
        self._late_ms = 0.0
        self._hide_event_ids = False
        self._late_delta_wanted = False
        self._last_delta: Frame = {}

    def __call__(self, frame: Frame) -> list[Action]:
        """What to do instead of only sending ``frame``."""
        self._sent += 1
        actions: list[Action] = []
        while self._waiting and self._waiting[0].frame <= self._sent:
            fault = self._waiting.pop(0)
            actions += self._STRIKES[fault.name](self, fault)
        for action in actions:
            if isinstance(action, End):
                return actions[: actions.index(action) + 1]
        return [*actions, *self._send(frame)]

    def _send(self, frame: Frame) -> list[Action]:
        kind = frame["type"]
        if kind == "error" and self._hide_event_ids:
            frame = {**frame, "error": {**frame["error"], "event_id": None}}
        sent: list[Action] = [Send(frame, self._late_ms)]
        if kind.startswith("response.") and kind.endswith(".delta"):
            self._last_delta = frame
        elif kind == "response.done" and self._is_late(frame["response"]["id"]):
            self._late_delta_wanted = False
            sent.append(Send({**self._last_delta, "event_id": f"{frame['event_id']}_late"}, self._late_ms))
        return sent

    def _is_late(self, response_id: str) -> bool:
        """Whether the last delta is of this response, and wanted once more."""
        return self._late_delta_wanted and self._last_delta.get("response_id") == response_id

    def _close(self, fault: Fault) -> list[Action]:
        code = int(fault.number or 0)
        return [End(code, _REASONS.get(code, ""))]

    def _abort(self, _: Fault) -> list[Action]:
        return [End(None)]

    def _stall(self, _: Fault) -> list[Action]:
        self._late_ms = math.inf
        return []

    def _garbage(self, _: Fault) -> list[Action]:
        return [Send(_GARBAGE, self._late_ms)]

    def _unknown_event(self, fault: Fault) -> list[Action]:
        payload = {"note": "nobody knows this event"}
        frame: Frame = {"type": "simulator.unknown", "event_id": f"event_unknown_{fault.frame}", **payload}
        return [Send(frame, self._late_ms)]

    def _late_delta(self, _: Fault) -> list[Action]:
        self._late_delta_wanted = True
        return []

    def _null_event_id(self, _: Fault) -> list[Action]:
        self._hide_event_ids = True
        return []

    def _slow(self, fault: Fault) -> list[Action]:
        self._late_ms = float(fault.number or 0.0)
        return []

    _STRIKES: ClassVar[dict[str, Callable[[Any, Fault], list[Action]]]] = {
        "close": _close,
        "abort": _abort,
        "stall": _stall,
        "garbage": _garbage,
        "unknown-event": _unknown_event,
        "late-delta": _late_delta,
        "null-event-id": _null_event_id,
        "slow": _slow,
    }
    """What each fault does when its frame has come."""
