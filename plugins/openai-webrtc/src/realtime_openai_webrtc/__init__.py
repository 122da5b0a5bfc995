"""OpenAI Realtime over WebRTC: the provider ``openai-webrtc``. Importing it loads no ``aiortc``."""

from realtime_openai_wire import (
    InputAudioTranscription,
    ListenEvents,
    OpenAIRealtimeExecutionSettings,
    SendEvents,
    TurnDetection,
)

from realtime_openai_webrtc.client import OpenAIRealtimeWebRTC

__all__ = [
    "InputAudioTranscription",
    "ListenEvents",
    "OpenAIRealtimeExecutionSettings",
    "OpenAIRealtimeWebRTC",
    "SendEvents",
    "TurnDetection",
]
