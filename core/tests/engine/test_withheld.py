"""What remains of an event that is not to be played or printed."""

from realtime_core.engine.withheld import withheld
from realtime_core.events import RealtimeEvent, RealtimeTextEvent


def test_withheld_event_is_its_frame_and_nothing_more():
    frame = {"type": "delta", "delta": "hello"}
    event = RealtimeTextEvent(
        text="hello",
        service_type="delta",
        service_event=frame,
        response_id="r",
        item_id="i",
        command_id="c",
    )

    plain = withheld(event)

    assert plain == RealtimeEvent(
        service_type="delta", service_event=frame, response_id="r", item_id="i", command_id="c"
    )
    assert type(plain) is RealtimeEvent
    assert plain.service_event is frame
