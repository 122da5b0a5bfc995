"""Clauses of frames: unknown ones, those that cannot be read, and many at once."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from realtime_core.contents import ToolCall
from realtime_core.events import (
    RealtimeAudioEvent,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeFunctionCallEvent,
    RealtimeTextEvent,
    RealtimeTranscriptEvent,
)
from realtime_core.testing.clauses import NotApplicable, broken
from realtime_core.testing.line import Line, plays, shape
from realtime_core.testing.stage import A_TOOL, Stage
from realtime_core.testing.suite import clause

__all__ = ["FrameClauses"]

_BURST: Final = 500
_WORDS: Final = "Good morning."
_CALL: Final = ToolCall("call_1", A_TOOL.name, '{"what": "the weather"}')
_WIRED: Final = (RealtimeTextEvent, RealtimeTranscriptEvent, RealtimeFunctionCallEvent)
"""What only a frame can tell; a turn's beginning and end may be made up, and audio be a frame of bytes."""


def _texts(value: Any) -> Iterator[str]:
    """All texts in a decoded frame."""
    match value:
        case str():
            yield value
        case Mapping():
            for inner in value.values():
                yield from _texts(inner)
        case list() | tuple():
            for inner in value:
                yield from _texts(inner)


async def _all_kinds(stage: Stage) -> Line:
    """A connection on which the service says all that it can: a turn, a call, what the user said."""
    try:
        line = await stage.connect(tools=(A_TOOL,))
    except NotApplicable:
        line = await stage.connect()
    await line.turn()
    await stage.say_something(line)
    if stage.capabilities.text:
        await stage.double.together(_WORDS)
        if stage.capabilities.turns:
            await line.done()
    else:
        await line.turn_ends()
    await stage.double.hear(_WORDS)
    if line.setup.tools:
        await line.ask()
        await stage.double.call(_CALL)
        await line.until(lambda event: isinstance(event, RealtimeFunctionCallEvent), "the call")
    await line.marked()
    return line


def _check_frame(event: RealtimeEvent) -> None:
    name, kind, frame = type(event).__name__, event.service_type, event.service_event
    if isinstance(event, _WIRED) and (not kind or not frame):
        broken(f"a {name} came without service_type, or with an empty service_event or none")
    if frame is not None and (not kind or not frame or not isinstance(frame, Mapping)):
        broken(f"a {name} came with a service_event that is empty or no mapping, or without service_type")
    if kind and frame is None and not isinstance(event, RealtimeAudioEvent):
        broken(f"a {name} came with a service_type, and without service_event")


class FrameClauses:
    """What becomes of a frame."""

    @clause(do="give what you do not know as a plain RealtimeEvent with service_type and service_event")
    async def test_unknown_frame_is_a_plain_event(self, stage: Stage) -> None:
        """A frame of an unknown type is a plain RealtimeEvent that carries it, and the service's name for it,
        never an error.
        """
        line = await stage.connect()
        begun = len(line.events)
        await stage.double.unknown()
        await line.until_told(lambda: len(line.events) > begun, "a plain event")
        told = line.events[begun:]
        if len(told) != 1 or type(told[0]) is not RealtimeEvent:
            broken(f"it was {shape(told)}")
        if not told[0].service_type or not told[0].service_event:
            broken("it was a plain event without its service_type, or with an empty service_event or none")

    @clause(do="set service_type and service_event on every event that a frame gives: the frame, whole")
    async def test_event_carries_its_frame(self, stage: Stage) -> None:
        """An event of a frame has the service's name for it, and the decoded frame: untouched, a mapping; the
        events of one frame have the same.
        """
        line = await _all_kinds(stage)
        for events in line.frames:
            frames = [event.service_event for event in events if event.service_event is not None]
            if any(frame != frames[0] for frame in frames):
                broken(f"events of one frame have different ones: {shape(events)}")
        for event in line.events:
            _check_frame(event)
        said = [event for event in line.of(RealtimeTextEvent) if event.text.text.strip()]
        for event in said:
            if not any(event.text.text.strip() in text for text in _texts(event.service_event)):
                broken("the service_event of a RealtimeTextEvent has not the text that the frame had")

    @clause(do="catch what reading a frame raises, and give a RealtimeErrorEvent for that frame")
    async def test_unreadable_frame_is_an_error_event(self, stage: Stage) -> None:
        """A frame that cannot be read is a RealtimeErrorEvent, not an exception, and not fatal."""
        line = await stage.connect()
        await stage.double.garble()
        event = await line.until(lambda event: isinstance(event, RealtimeErrorEvent), "RealtimeErrorEvent")
        if isinstance(event, RealtimeErrorEvent) and event.fatal:
            broken("the error event is fatal")

    @clause(do="keep nothing of a frame that could not be read, and read the next one")
    async def test_frames_behind_an_unreadable_one_are_read(self, stage: Stage) -> None:
        """The session goes on behind frames that cannot be read."""
        line = await stage.connect()
        for _ in range(3):
            await stage.double.garble()
        await line.turn()
        await stage.say_something(line)
        await line.until(plays, "what the assistant says behind unreadable frames")
        await line.turn_ends()

    @clause(do="check the fields of a frame while you read it; what is wrong makes it an error event")
    async def test_malformed_frame_is_no_exception(self, stage: Stage) -> None:
        """A frame of a known type with wrong fields is an error or a plain event, and the session goes on."""
        if stage.inherits("malform"):
            raise NotApplicable("frames have no fields that could be wrong: the double has no malform()")
        line = await stage.connect()
        begun = len(line.events)
        await stage.double.malform()
        await line.marked()
        if any(plays(event) for event in line.events[begun:]):
            broken(f"it was taken for something that was said: {shape(line.events[begun:])}")

    @clause(needs=("text",), do="hold as many frames as come; drop none, and join none that are apart")
    async def test_burst_is_told_whole(self, stage: Stage) -> None:
        """Five hundred pieces that come at once are told, each and in order."""
        line = await stage.connect()
        await line.turn()
        pieces = [f"{number} " for number in range(_BURST)]
        for piece in pieces:
            await stage.double.text(piece)
        await line.turn_ends()
        await line.marked()
        line.printed("".join(pieces))
