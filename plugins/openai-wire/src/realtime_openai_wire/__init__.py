"""The OpenAI Realtime dialect, for providers that speak it: codec, settings, connection, WebSocket pipe.

Importing it loads neither ``openai`` nor ``websockets``.
"""

from realtime_openai_wire.capabilities import (
    WEBRTC_CAPABILITIES,
    WEBSOCKET_CAPABILITIES,
    websocket_capabilities,
)
from realtime_openai_wire.codec import OpenAIRealtimeCodec
from realtime_openai_wire.connection import Pipe, WireConnection
from realtime_openai_wire.errors import ErrorMeaning, meaning_of, tidy_message
from realtime_openai_wire.formats import NATIVE_FORMATS
from realtime_openai_wire.frame_events import MALFORMED_FRAME
from realtime_openai_wire.media import Media, without_formats
from realtime_openai_wire.names import GA_NAMES, ListenEvents, SendEvents, ga_name
from realtime_openai_wire.settings import (
    LIVE_SETTINGS,
    InputAudioTranscription,
    OpenAIRealtimeExecutionSettings,
    SessionType,
    TurnDetection,
    session_payload,
)
from realtime_openai_wire.websocket import MAX_FRAME_BYTES, WebSocketPipe, open_websocket

__all__ = [
    "GA_NAMES",
    "LIVE_SETTINGS",
    "MALFORMED_FRAME",
    "MAX_FRAME_BYTES",
    "NATIVE_FORMATS",
    "WEBRTC_CAPABILITIES",
    "WEBSOCKET_CAPABILITIES",
    "ErrorMeaning",
    "InputAudioTranscription",
    "ListenEvents",
    "Media",
    "OpenAIRealtimeCodec",
    "OpenAIRealtimeExecutionSettings",
    "Pipe",
    "SendEvents",
    "SessionType",
    "TurnDetection",
    "WebSocketPipe",
    "WireConnection",
    "ga_name",
    "meaning_of",
    "open_websocket",
    "session_payload",
    "tidy_message",
    "websocket_capabilities",
    "without_formats",
]
