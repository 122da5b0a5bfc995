"""One protocol for realtime voice AI, any provider by name.

::

    client = create_client("openai-ws")
    async with client(instructions="Be brief.", create_response=True):
        async for event in client.receive():
            ...

Provider authors start at `realtime_core.provider`.
"""

import importlib
from typing import TYPE_CHECKING, Any, Final

from realtime_core.audio.formats import PCM16_24KHZ, AudioFormat
from realtime_core.audio.sinks import AudioSink, NullSink, WavSink
from realtime_core.budget import Budget, Prices
from realtime_core.callbacks import AudioCallback
from realtime_core.capabilities import Capabilities
from realtime_core.captions import Caption, Captions
from realtime_core.client import RealtimeClient, create_client
from realtime_core.contents import (
    ApprovalRequest,
    AudioContent,
    ConversationItem,
    ImageContent,
    Message,
    RateLimit,
    Role,
    TextContent,
    ToolCall,
    ToolDefinition,
    ToolResult,
    Usage,
)
from realtime_core.conversation import Conversation, ConversationEntry
from realtime_core.errors import (
    AuthenticationFailed,
    BrokenPlugin,
    CallerError,
    CommandTimeout,
    ConnectionFailed,
    ConnectionLost,
    DuplicateProvider,
    FailedReason,
    InvalidConfig,
    InvalidOptions,
    InvalidSettings,
    InvalidTool,
    LinkError,
    LostReason,
    ProtocolError,
    ProviderError,
    RateLimited,
    RealtimeError,
    RegistryError,
    ServiceError,
    SessionStateError,
    UnknownProvider,
    UnsupportedCommand,
    UnsupportedSetting,
)
from realtime_core.events import (
    ErrorKind,
    RealtimeApprovalEvent,
    RealtimeAudioEvent,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeFunctionCallEvent,
    RealtimeFunctionCancelledEvent,
    RealtimeFunctionResultEvent,
    RealtimeImageEvent,
    RealtimeInterruptionEvent,
    RealtimeItemEvent,
    RealtimeRateLimitEvent,
    RealtimeResponseEvent,
    RealtimeSessionEvent,
    RealtimeSpeechEvent,
    RealtimeTextEvent,
    RealtimeTranscriptEvent,
)
from realtime_core.fallback import FailedAttempt
from realtime_core.limits import SessionLimits
from realtime_core.observers import LoggingObserver, SessionInfo
from realtime_core.registry import ProviderInfo, list_providers
from realtime_core.responses import ResponseHandle
from realtime_core.settings import InputAudioTranscription, RealtimeSettings, TurnDetection
from realtime_core.state import SessionState
from realtime_core.stats import SessionStats
from realtime_core.tools.call import ActiveCall
from realtime_core.tools.failures import ToolError
from realtime_core.tools.tool import Tool
from realtime_core.unset import UNSET, UnsetType
from realtime_core.usage import FirstAudio, SessionUsage

if TYPE_CHECKING:
    from realtime_core.config import load_client
    from realtime_core.session import RealtimeSession

__all__ = [
    "PCM16_24KHZ",
    "UNSET",
    "ActiveCall",
    "ApprovalRequest",
    "AudioCallback",
    "AudioContent",
    "AudioFormat",
    "AudioSink",
    "AuthenticationFailed",
    "BrokenPlugin",
    "Budget",
    "CallerError",
    "Capabilities",
    "Caption",
    "Captions",
    "CommandTimeout",
    "ConnectionFailed",
    "ConnectionLost",
    "Conversation",
    "ConversationEntry",
    "ConversationItem",
    "DuplicateProvider",
    "ErrorKind",
    "FailedAttempt",
    "FailedReason",
    "FirstAudio",
    "ImageContent",
    "InputAudioTranscription",
    "InvalidConfig",
    "InvalidOptions",
    "InvalidSettings",
    "InvalidTool",
    "LinkError",
    "LoggingObserver",
    "LostReason",
    "Message",
    "NullSink",
    "Prices",
    "ProtocolError",
    "ProviderError",
    "ProviderInfo",
    "RateLimit",
    "RateLimited",
    "RealtimeApprovalEvent",
    "RealtimeAudioEvent",
    "RealtimeClient",
    "RealtimeError",
    "RealtimeErrorEvent",
    "RealtimeEvent",
    "RealtimeFunctionCallEvent",
    "RealtimeFunctionCancelledEvent",
    "RealtimeFunctionResultEvent",
    "RealtimeImageEvent",
    "RealtimeInterruptionEvent",
    "RealtimeItemEvent",
    "RealtimeRateLimitEvent",
    "RealtimeResponseEvent",
    "RealtimeSession",
    "RealtimeSessionEvent",
    "RealtimeSettings",
    "RealtimeSpeechEvent",
    "RealtimeTextEvent",
    "RealtimeTranscriptEvent",
    "RegistryError",
    "ResponseHandle",
    "Role",
    "ServiceError",
    "SessionInfo",
    "SessionLimits",
    "SessionState",
    "SessionStateError",
    "SessionStats",
    "SessionUsage",
    "TextContent",
    "Tool",
    "ToolCall",
    "ToolDefinition",
    "ToolError",
    "ToolResult",
    "TurnDetection",
    "UnknownProvider",
    "UnsetType",
    "UnsupportedCommand",
    "UnsupportedSetting",
    "Usage",
    "WavSink",
    "create_client",
    "list_providers",
    "load_client",
]


_LATER: Final = {
    "RealtimeSession": "realtime_core.session",  # it brings numpy
    "load_client": "realtime_core.config",
}
"""What `import realtime_core` leaves for whoever needs it, and where it is."""


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(importlib.import_module(_LATER[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
