"""Faults by name: what goes wrong, and at which frame of a session.

Frames are counted from 1, which is ``session.created``, as the server would send them without
faults. Knows nothing of sockets: a fault becomes something for a door to do.
"""

import math
import re
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Final, TypeAlias

import attrs
from realtime_core.errors import InvalidOptions

from realtime_simulator.frames import EXPIRED, End, Frame

__all__ = [
    "FAULT_NAMES",
    "Action",
    "Fault",
    "FaultInjector",
    "Send",
    "check_close",
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
    "close:CODE, close:CODE:TEXT, abort, stall, garbage, unknown-event, late-delta, null-event-id, slow or "
    "slow:MS"
)
"""The choices, for messages."""

_SPEC: Final = re.compile(r"\s*([a-z-]+)(?::(\d+)(?::(.*))?)?@(\d+)(?:#(\d+))?\s*", re.DOTALL)
# What an endpoint may send (RFC 6455 §7.4).
_CLOSE_CODES: Final = frozenset({*range(1000, 1004), *range(1007, 1015)})
_OWN_CLOSE_CODES: Final = range(3000, 5000)
_LONGEST_CLOSE_TEXT: Final = 123
_REASONS: Final = {1001: EXPIRED}
_GARBAGE: Final = '{"type": "response.output_audio.delta", "delta": "UklGR'
_SLOW_MS: Final = 50.0
_PLAIN: Final = {"abort", "stall", "garbage", "unknown-event", "late-delta", "null-event-id"}
"""The faults that take no number."""


@attrs.frozen
class Fault:
    """One fault: its name, the frame at which it strikes, its number and its text where it takes them."""

    name: str
    frame: int
    number: float | None = None
    text: str | None = None

    session: int | None = None
    """The session that it strikes, from 1; None: each."""

    def __str__(self) -> str:
        number = "" if self.number is None else f":{self.number:g}"
        text = "" if self.text is None else f":{self.text}"
        session = "" if self.session is None else f"#{self.session}"
        return f"{self.name}{number}{text}@{self.frame}{session}"

    @classmethod
    def parse(cls, spec: str) -> "Fault":
        """From ``name@FRAME``, ``name:NUMBER@FRAME`` or ``close:CODE:TEXT@FRAME``, such as ``close:1001@7``.

        With ``#SESSION`` after it only that session has it.

        Raises:
            InvalidOptions: there is no such fault; the message says what is right.
        """
        found = _SPEC.fullmatch(spec)
        if found is None:
            raise InvalidOptions(f"{spec!r} is no fault: write NAME@FRAME with NAME one of {FAULT_NAMES}")
        fault = cls._named(spec, found)
        if found[5] is None:
            return fault
        if int(found[5]) < 1:
            raise InvalidOptions(f"{spec!r}: sessions count from 1")
        return attrs.evolve(fault, session=int(found[5]))

    @classmethod
    def _named(cls, spec: str, found: re.Match[str]) -> "Fault":
        name, number, text, frame = found[1], found[2], found[3], int(found[4])
        if frame < 1:
            raise InvalidOptions(f"{spec!r}: frames count from 1, which is session.created")
        match name, number, text:
            case "close", str(), _:
                check_close(int(number), text or "")
                return cls(name, frame, int(number), text)
            case "slow", _, None:
                return cls(name, frame, float(number or _SLOW_MS))
            case _, None, None if name in _PLAIN:
                return cls(name, frame)
            case _:
                raise InvalidOptions(f"no fault {spec!r}: choose from {FAULT_NAMES}, each with @FRAME")


def check_close(code: int, text: str) -> None:
    """Refuse a close frame that no endpoint may send.

    Raises:
        InvalidOptions: the code is none, or the text too long.
    """
    if code not in _CLOSE_CODES and code not in _OWN_CLOSE_CODES:
        raise InvalidOptions(f"{code} is no close code: choose 1000 to 1003, 1007 to 1014 or 3000 to 4999")
    if len(text.encode()) > _LONGEST_CLOSE_TEXT:
        raise InvalidOptions(f"the text of a close holds {_LONGEST_CLOSE_TEXT} bytes at most")


def parse_faults(given: "str | Fault | Iterable[str | Fault]") -> tuple[Fault, ...]:
    """Faults from a list, or from text with commas.

    Raises:
        InvalidOptions: one of them is none.
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
    """Turns each frame of one session into what a faulty server does instead.

    ``on_strike`` is told of each fault whose frame has come, and of the type of that frame.
    """

    def __init__(
        self, faults: Iterable[Fault], on_strike: Callable[[Fault, str], object] = lambda *_: None
    ) -> None:
        self.sent = 0
        """How many frames have come."""

        self.waiting = sorted(faults, key=lambda fault: fault.frame)
        """The faults whose frame has not come yet."""

        self._on_strike = on_strike
        self._late_ms = 0.0
        self._hide_event_ids = False
        self._late_delta_wanted = False
        self._last_delta: Frame = {}

    def __call__(self, frame: Frame) -> list[Action]:
        """What to do instead of only sending ``frame``."""
        self.sent += 1
        actions: list[Action] = []
        while self.waiting and self.waiting[0].frame <= self.sent:
            fault = self.waiting.pop(0)
            self._on_strike(fault, frame["type"])
            actions += self._STRIKES[fault.name](self, fault)
        for action in actions:
            if isinstance(action, End):
                return actions[: actions.index(action) + 1]
        return [*actions, *self._send(frame)]

    def _send(self, frame: Frame) -> list[Action]:
        """A frame, which may be anything that a test sends, and what comes late."""
        match frame:
            case {"type": "error", "error": {**error}} if self._hide_event_ids:
                frame = {**frame, "error": {**error, "event_id": None}}
            case {"type": str() as kind} if kind.startswith("response.") and kind.endswith(".delta"):
                self._last_delta = frame
            case {"type": "response.done", "response": {"id": response_id}} if self._late_delta_wanted:
                if response_id is not None and self._last_delta.get("response_id") == response_id:
                    self._late_delta_wanted = False
                    return [Send(frame, self._late_ms), Send(self._late_delta(frame), self._late_ms)]
        return [Send(frame, self._late_ms)]

    def _late_delta(self, done: Frame) -> Frame:
        late = dict(self._last_delta)
        # a quirk may have taken the ids
        if "event_id" in late:
            late["event_id"] = f"{done.get('event_id')}_late"
        return late

    def _close(self, fault: Fault) -> list[Action]:
        code = int(fault.number or 0)
        return [End(code, _REASONS.get(code, "") if fault.text is None else fault.text)]

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

    def _want_late_delta(self, _: Fault) -> list[Action]:
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
        "late-delta": _want_late_delta,
        "null-event-id": _null_event_id,
        "slow": _slow,
    }
    """What each fault does when its frame has come."""
