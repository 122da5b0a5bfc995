"""What the application sends in the service's own words."""

from collections.abc import Mapping

from realtime_core.commands import Raw
from realtime_core.errors import UnsupportedCommand
from realtime_core.events import RealtimeEvent

__all__ = ["raw_command"]


def raw_command(event: RealtimeEvent) -> Raw:
    """The command that a plain ``RealtimeEvent`` with a ``service_type`` asks for.

    Raises:
        UnsupportedCommand: it is another event, or its payload is no mapping.
    """
    if type(event) is not RealtimeEvent or not isinstance(event.service_type, str):
        raise UnsupportedCommand(
            f"cannot send {type(event).__name__}; send RealtimeAudioEvent, RealtimeTextEvent, "
            "RealtimeImageEvent, RealtimeFunctionResultEvent, or a RealtimeEvent with a service_type"
        )
    payload = {} if event.service_event is None else event.service_event
    if not isinstance(payload, Mapping):
        raise UnsupportedCommand(f"service_event is a mapping, not {type(payload).__name__}")
    return Raw(service_type=str(event.service_type), payload=payload)
