"""What the service can do, by transport."""

from typing import Final

from realtime_core.capabilities import Capabilities

from realtime_openai_wire.formats import NATIVE_FORMATS
from realtime_openai_wire.settings import LIVE_SETTINGS

__all__ = ["WEBSOCKET_CAPABILITIES"]

WEBSOCKET_CAPABILITIES: Final = Capabilities(
    input_formats=NATIVE_FORMATS,
    output_formats=NATIVE_FORMATS,
    images=True,
    turns=True,
    acks=True,
    live_settings=LIVE_SETTINGS,
)
"""The protocol over a WebSocket, whoever is behind it."""
