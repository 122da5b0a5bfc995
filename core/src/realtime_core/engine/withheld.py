"""An event without its meaning: what remains of content that is not to be played or printed."""

from realtime_core.events import RealtimeEvent

__all__ = ["withheld"]


def withheld(event: RealtimeEvent) -> RealtimeEvent:
    """The frame of ``event`` as a plain event."""
    return RealtimeEvent(
        service_type=event.service_type,
        service_event=event.service_event,
        response_id=event.response_id,
        item_id=event.item_id,
        command_id=event.command_id,
    )
