"""Clauses of frames: unknown ones, those that cannot be read, and many at once."""

from realtime_core.events import RealtimeErrorEvent, RealtimeEvent
from realtime_core.testing.clauses import NotApplicable, broken
from realtime_core.testing.line import plays, shape
from realtime_core.testing.stage import Stage
from realtime_core.testing.suite import clause

__all__ = ["FrameClauses"]

_BURST = 500


class FrameClauses:
    """What becomes of a frame."""

    @clause(do="give what you do not know as a plain RealtimeEvent with service_type and service_event")
    async def test_unknown_frame_is_a_plain_event(self, stage: Stage) -> None:
        """A frame of an unknown type is a plain RealtimeEvent that carries it, never an error."""
        line = await stage.connect()
        begun = len(line.events)
        await stage.double.unknown()
        await line.until_told(lambda: len(line.events) > begun, "a plain event")
        told = line.events[begun:]
        if len(told) != 1 or type(told[0]) is not RealtimeEvent or told[0].service_event is None:
            broken(f"it was {shape(told)}, or a plain event without its service_event")

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
