"""Clauses of frames: unknown ones, and those that cannot be read."""

from realtime_core.events import RealtimeErrorEvent, RealtimeEvent
from realtime_core.testing.clauses import broken
from realtime_core.testing.line import shape
from realtime_core.testing.stage import Stage
from realtime_core.testing.suite import clause

__all__ = ["FrameClauses"]


class FrameClauses:
    """What becomes of a frame."""

    @clause(do="give what you do not know as a plain RealtimeEvent with service_type and service_event")
    async def test_unknown_frame_is_a_plain_event(self, stage: Stage) -> None:
        """A frame of an unknown type is a plain RealtimeEvent that carries it, never an error."""
        line = await stage.connect()
        begun = len(line.events)
        await stage.double.unknown()
        event = await line.until(
            lambda event: len(line.events) > begun and event in line.events[begun:], "a plain event"
        )
        if type(event) is not RealtimeEvent or event.service_event is None:
            broken(f"it was {shape([event])}")

    @clause(do="catch what reading a frame raises, and give a RealtimeErrorEvent for that frame")
    async def test_unreadable_frame_is_an_error_event(self, stage: Stage) -> None:
        """A frame that cannot be read is a RealtimeErrorEvent, not an exception, and the session goes on."""
        line = await stage.connect()
        await stage.double.garble()
        await line.until(lambda event: isinstance(event, RealtimeErrorEvent), "RealtimeErrorEvent")
        await line.marked()
