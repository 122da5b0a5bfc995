"""What the service can do, by transport and by what a session is for."""

from typing import Final

import attrs
from realtime_core.audio.formats import PCM16_24KHZ, AudioFormat
from realtime_core.capabilities import Capabilities

from realtime_openai_wire.formats import NATIVE_FORMATS
from realtime_openai_wire.settings import LIVE_SETTINGS, SETTINGS_OF_TRANSCRIPTION, SessionType

__all__ = ["WEBRTC_CAPABILITIES", "WEBSOCKET_CAPABILITIES", "websocket_capabilities"]

WEBSOCKET_CAPABILITIES: Final = Capabilities(
    input_formats=NATIVE_FORMATS,
    output_formats=NATIVE_FORMATS,
    images=True,
    ids=True,
    turns=True,
    client_responses=True,
    auto_continue=False,
    cancel=True,
    truncate="client",
    history="any_time",
    acks=True,
    live_settings=LIVE_SETTINGS | {"tools"},
)
"""The protocol over a WebSocket, whoever is behind it: a conversation."""

WEBRTC_CAPABILITIES: Final = attrs.evolve(
    WEBSOCKET_CAPABILITIES,
    # aiortc and libav make Opus of it, and 48 kHz stereo out of Opus
    input_formats=(PCM16_24KHZ,),
    output_formats=(AudioFormat("pcm16", 48_000, 2),),
    truncate="server",
    paced=True,
)
"""The protocol over WebRTC: the audio is on tracks."""

_TRANSCRIPTION: Final = attrs.evolve(
    WEBSOCKET_CAPABILITIES,
    images=False,
    turns=False,
    client_responses=False,
    cancel=False,
    truncate="none",
    history="none",
    live_settings=frozenset(SETTINGS_OF_TRANSCRIPTION),
)


def websocket_capabilities(session_type: SessionType) -> Capabilities:
    """What a session of that type can do over a WebSocket; one for transcription only listens."""
    return _TRANSCRIPTION if session_type == "transcription" else WEBSOCKET_CAPABILITIES
