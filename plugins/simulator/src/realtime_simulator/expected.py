"""What a test expects of a line of frames: whether a frame is it, and what to say when none was.

Knows nothing of sessions or time.
"""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any, Final

import attrs

__all__ = ["Expected", "Search", "Track", "complaint_in"]

_LONGEST_VALUE: Final = 60
_MOST_LINES: Final = 20


@attrs.frozen
class Expected:
    """A frame of that type with at least these fields.

    A mapping asks for some of the keys, a list for as many entries; anything else is compared with ``==``.
    """

    kind: str
    fields: Mapping[str, Any] = attrs.field(factory=dict)

    def fits(self, frame: Any) -> bool:
        """Whether ``frame`` is one."""
        return _kind_of(frame) == self.kind and next(_differences(self.fields, frame, ""), None) is None

    def __str__(self) -> str:
        leaves = [f"{path} = {_shown(value)}" for path, value in _leaves(self.fields, "")]
        return f"{self.kind} with {', '.join(leaves)}" if leaves else self.kind

    def against(self, frame: Any) -> str:
        """The type of ``frame`` and, if it is the right one, the first field that differs."""
        kind = _kind_of(frame)
        if kind != self.kind:
            return kind
        difference = next(_differences(self.fields, frame, ""), "this one fits")
        message = _failure_in(frame)
        return f"{kind}: {difference}" + (f" ({message})" if message else "")


@attrs.define(eq=False)
class Track:
    """The frames of one side, in order, and how many of them a test has dealt with."""

    frames: list[Any] = attrs.field(factory=list)
    passed: int = 0

    @property
    def kinds(self) -> set[str]:
        """The types of the frames that have come."""
        return {_kind_of(frame) for frame in self.frames}

    def account(self, wanted: Expected) -> str:
        """What came instead since the last expected frame, one frame a line; whether it came earlier."""
        came = [wanted.against(frame) for frame in self.frames[self.passed :]]
        lines = [_times(line, len(list(run))) for line, run in itertools.groupby(came)]
        left_out = len(lines) - _MOST_LINES
        if left_out > 0:
            lines = [f"({left_out} more before)", *lines[left_out:]]
        told = "\n".join(f"  {line}" for line in lines or ["(nothing)"])
        if any(wanted.fits(frame) for frame in self.frames[: self.passed]):
            told += "\none that fits came before the frame that was expected last: expect them in their order"
        return told


class Search:
    """Looks for the next frame of a track that fits; each frame is looked at once.

    Several may look at once: a frame that one has found is passed for all, with those before it.
    """

    def __init__(self, track: Track, wanted: Expected) -> None:
        self._track = track
        self._wanted = wanted
        self._at = track.passed

    def __call__(self) -> Any:
        """The frame, which is passed with it, or None: it has not come yet."""
        frames = self._track.frames
        for at in range(max(self._at, self._track.passed), len(frames)):
            if self._wanted.fits(frames[at]):
                self._track.passed = at + 1
                return frames[at]
        self._at = len(frames)
        return None


def complaint_in(sent: list[Any]) -> str:
    """What the server complained of last, in a line of its own; empty if of nothing."""
    for frame in reversed(sent):
        match frame:
            case {"type": "error", "error": {"message": message}}:
                return f"the last error that the server sent: {message}\n"
        message = _failure_in(frame)
        if message:
            return f"the last response that failed: {message}\n"
    return ""


def _failure_in(frame: Any) -> str:
    """Why a response failed, if the frame tells of that."""
    match frame:
        case {"response": {"status": "failed", "status_details": {"error": {"message": message}}}}:
            return str(message)
        case _:
            return ""


def _kind_of(frame: Any) -> str:
    """The type of a frame, or what is wrong with it."""
    if not isinstance(frame, Mapping):
        return "(no JSON object)"
    kind = frame.get("type")
    return kind if isinstance(kind, str) else "(no type)"


def _leaves(wanted: Any, path: str) -> Iterator[tuple[str, Any]]:
    """The values that are asked for, each with its path."""
    if isinstance(wanted, Mapping) and (wanted or not path):
        for key, value in wanted.items():
            yield from _leaves(value, f"{path}.{key}" if path else key)
    else:
        yield path, wanted


def _differences(wanted: Any, came: Any, path: str) -> Iterator[str]:
    """Where ``came`` is not what was wanted, field by field."""
    if isinstance(wanted, Mapping) and isinstance(came, Mapping):
        for key, value in wanted.items():
            inner = f"{path}.{key}" if path else key
            if key in came:
                yield from _differences(value, came[key], inner)
            else:
                yield f"{inner} is missing"
    elif isinstance(wanted, list | tuple) and isinstance(came, list):
        if len(wanted) != len(came):
            yield f"{path} has {len(came)} {'entry' if len(came) == 1 else 'entries'}, not {len(wanted)}"
        else:
            for index, (value, other) in enumerate(zip(wanted, came, strict=True)):
                yield from _differences(value, other, f"{path}[{index}]")
    # a wanted value may have an == of its own, as approximate ones do
    elif not wanted == came:  # noqa: SIM201  # see above
        yield f"{path} is {_shown(came)}, not {_shown(wanted)}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def _times(line: str, count: int) -> str:
    return line if count == 1 else f"{line} ({count} times)"
