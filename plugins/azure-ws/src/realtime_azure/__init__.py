"""Azure OpenAI Realtime over WebSocket: the provider ``azure-ws``. Importing it loads no ``openai``."""

from realtime_openai_wire import InputAudioTranscription, ListenEvents, SendEvents, TurnDetection

from realtime_azure.client import AzureRealtimeWebsocket
from realtime_azure.settings import AzureRealtimeExecutionSettings

__all__ = [
    "AzureRealtimeExecutionSettings",
    "AzureRealtimeWebsocket",
    "InputAudioTranscription",
    "ListenEvents",
    "SendEvents",
    "TurnDetection",
]
