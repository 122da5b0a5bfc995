"""OpenAI Realtime over WebSocket: the provider ``openai-ws``. Importing it loads no ``openai``."""

from realtime_openai_wire import (
    InputAudioTranscription,
    ListenEvents,
    OpenAIRealtimeExecutionSettings,
    SendEvents,
    TurnDetection,
)

from realtime_openai.client import OpenAIRealtimeWebsocket

__all__ = [
    "InputAudioTranscription",
    "ListenEvents",
    "OpenAIRealtimeExecutionSettings",
    "OpenAIRealtimeWebsocket",
    "SendEvents",
    "TurnDetection",
]
