"""One protocol for realtime voice AI, any provider by name."""

from realtime_core.audio import PCM16_24KHZ, AudioFormat
from realtime_core.contents import AudioContent, Message, RateLimit, Role, TextContent, Usage
from realtime_core.events import (
    ErrorKind,
    RealtimeAudioEvent,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeRateLimitEvent,
    RealtimeResponseEvent,
    RealtimeSessionEvent,
    RealtimeSpeechEvent,
    RealtimeTextEvent,
    RealtimeTranscriptEvent,
)
from realtime_core.settings import InputAudioTranscription, RealtimeSettings, TurnDetection
from realtime_core.unset import UNSET, UnsetType
