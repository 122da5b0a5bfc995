"""The events a session yields, and those it takes: one class per meaning, the same for every vendor.

Knows nothing of any wire. ``service_type`` is the service's own name for the frame (its current one,
on every transport); ``service_event`` is the decoded frame, untouched, by reference. Events that the
session engine makes have ``service_type=None``. ``repr`` shows lengths, not content.
"""

from collections.abc import Mapping
from typing import Any, Literal

import attrs

from realtime_core.audio.formats import AudioFormat
from realtime_core.contents import (
    ApprovalRequest,
    AudioContent,
    ConversationItem,
    ImageContent,
    RateLimit,
    Role,
    TextContent,
    ToolCall,
    ToolResult,
    Usage,
    hidden,
)
from realtime_core.settings import TurnDetection
from realtime_core.unset import UNSET, UnsetType

__all__ = [
    "ErrorKind",
    "RealtimeApprovalEvent",
    "RealtimeAudioEvent",
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
    "RealtimeSessionEvent",
    "RealtimeSpeechEvent",
    "RealtimeTextEvent",
    "RealtimeTranscriptEvent",
]

ErrorKind = Literal[
    "invalid_request",
    "response_active",
    "nothing_to_cancel",
    "empty_commit",
    "rate_limited",
    "auth",
    "quota",
    "expired",
    "overflow",
    "server",
    "callback",
    "unknown",
]
"""What went wrong.

invalid_request: what was sent is wrong, or cannot be now.
response_active: a response was asked for while another one runs.
nothing_to_cancel: there was no response to stop.
empty_commit: there was too little audio for a turn.
rate_limited: there were too many requests or tokens.
auth: key, token or permission were refused.
quota: there is no quota left.
expired: the session has reached the longest life that the service allows.
overflow: the consumer was too slow, and events were dropped.
server: the service failed.
callback: code that the application gave us raised or held the loop.
unknown: anything else.
"""


@attrs.frozen(kw_only=True)
class RealtimeEvent:
    """Any event. As itself: a frame that has no class of its own, or, sent, a raw pass-through.

    ``command_id`` names the command that this event answers, where the provider can tell.
    """

    service_type: str | None = None
    service_event: Mapping[str, Any] | None = attrs.field(default=None, repr=hidden, hash=False)
    response_id: str | None = None
    item_id: str | None = None
    command_id: str | None = None


@attrs.frozen(kw_only=True)
class RealtimeAudioEvent(RealtimeEvent):
    """A piece of audio: of the assistant when received, of the user when sent."""

    audio: AudioContent


def _text_content(value: TextContent | str) -> TextContent:
    return value if isinstance(value, TextContent) else TextContent(value)


@attrs.frozen(kw_only=True)
class RealtimeTextEvent(RealtimeEvent):
    """Received: a *new* piece of the assistant's output, spoken or written, so that printing each
    one prints the reply exactly once. Sent: a whole message, with its ``role`` (default user).
    """

    text: TextContent = attrs.field(converter=_text_content)
    role: Role | None = None


@attrs.frozen(kw_only=True)
class RealtimeTranscriptEvent(RealtimeEvent):
    """What the user said (a piece, or with ``final`` the whole), or a finished text of the assistant."""

    role: Role
    text: str = attrs.field(repr=hidden)
    final: bool


@attrs.frozen(kw_only=True)
class RealtimeFunctionCallEvent(RealtimeEvent):
    """The model calls a function: once per call, complete. Pieces of its arguments are plain events."""

    function_call: ToolCall


@attrs.frozen(kw_only=True)
class RealtimeFunctionResultEvent(RealtimeEvent):
    """What came of a function call; ``sent`` says whether the service got it, which is not so where it had
    cancelled the call. Sent: the answer to it, which by itself asks for no response.
    """

    function_result: ToolResult
    sent: bool = True


@attrs.frozen(kw_only=True)
class RealtimeFunctionCancelledEvent(RealtimeEvent):
    """The service wants no result of a function call any more; what the function does is not undone."""

    call_id: str


@attrs.frozen(kw_only=True)
class RealtimeApprovalEvent(RealtimeEvent):
    """A call waits for a person: answer with ``session.approve(event.request)`` or ``session.deny(...)``."""

    request: ApprovalRequest


@attrs.frozen(kw_only=True)
class RealtimeItemEvent(RealtimeEvent):
    """A step in the life of an item of the conversation, which ``item_id`` names.

    ``added``: it has its place, behind ``previous_item_id`` (None: at the end); ``done``: it is complete;
    ``truncated``: ``keep_ms`` of its audio are left; ``deleted``. ``item`` is what it holds, as far as that
    can be told: None for a message that is yet to come, for speech that is not written down, and for kinds
    that have no class here. ``role`` says whose message it is, where it is one.
    """

    phase: Literal["added", "done", "truncated", "deleted"]
    previous_item_id: str | None = None
    role: Role | None = None
    item: ConversationItem | None = None
    keep_ms: int | None = None


@attrs.frozen(kw_only=True)
class RealtimeInterruptionEvent(RealtimeEvent):
    """What the assistant says was cut short; it comes ahead of everything unread.

    ``cause``: the user's ``speech``, ``client`` (somebody here called ``interrupt``), or ``service``.
    ``item_id`` is what was being played, ``played_ms`` how much of it was heard: ``estimated`` unless a sink
    or ``report_played`` says so. ``discarded_ms`` of unread audio were thrown away.
    """

    cause: Literal["speech", "client", "service"]
    played_ms: float = 0.0
    estimated: bool = True
    discarded_ms: float = 0.0


@attrs.frozen(kw_only=True)
class RealtimeImageEvent(RealtimeEvent):
    """An image. Sent: one that the user shows, which by itself asks for no response."""

    image: ImageContent


@attrs.frozen(kw_only=True)
class RealtimeSessionEvent(RealtimeEvent):
    """A step in the life of the session.

    ``created``: the service has made it; ``updated``: the configuration is in force; ``closed``:
    it has ended, ``reason`` and ``code`` say how, and ``lost_audio_ms`` how much audio a coroutine
    callback did not get any more. ``expires_at_s`` is the Unix time at which the service will end it,
    where it says so; ``input_format`` the audio that it says it takes from now on, ``turn_detection``
    how it says it tells turns (``UNSET``: it does not say); ``not_honoured`` names the
    settings, and ``tools``, of which it says that they are otherwise than it was asked for.
    """

    phase: Literal["created", "updated", "closed"]
    session_id: str | None = None
    reason: str | None = None
    code: int | None = None
    expires_at_s: float | None = None
    input_format: AudioFormat | None = None
    turn_detection: TurnDetection | UnsetType | None = UNSET
    not_honoured: tuple[str, ...] = ()
    lost_audio_ms: float = 0.0


@attrs.frozen(kw_only=True)
class RealtimeSpeechEvent(RealtimeEvent):
    """The user's speech, as the service hears it.

    ``offset_ms`` counts in audio sent in this session, not on a wall clock.
    """

    phase: Literal["started", "stopped", "committed", "timeout"]
    offset_ms: float | None = None


@attrs.frozen(kw_only=True)
class RealtimeResponseEvent(RealtimeEvent):
    """A response begins or ends, or its audio begins or ends to play.

    ``status`` when done: completed, cancelled, incomplete or failed; ``status_reason`` is the
    service's word for why. ``playback_started`` and ``playback_stopped`` come from services that play the
    audio themselves, over a media track; the latter's ``status_reason`` is ``cleared`` when the rest was
    thrown away. There the end of a response is told when it has been played, or as ``cancelled`` if it was
    ``interrupted``, by an event of our own; the service's frame is a plain event in its place.
    ``out_of_band``: it is not part of the conversation; its audio and text are in its handle
    only. ``first_audio_ms``, when done: from what asked for it to its first audio.
    """

    phase: Literal["created", "done", "playback_started", "playback_stopped"]
    status: str | None = None
    status_reason: str | None = None
    usage: Usage | None = None
    metadata: Mapping[str, str] | None = attrs.field(default=None, repr=hidden, hash=False)
    out_of_band: bool = False
    first_audio_ms: float | None = None


@attrs.frozen(kw_only=True)
class RealtimeErrorEvent(RealtimeEvent):
    """Something went wrong, or was lost; the session goes on unless ``fatal``.

    ``message`` is the service's, or ours. ``retryable``: the same may succeed later. ``benign``: nothing
    was lost. ``exception`` is what code of yours raised. An ``overflow`` stands where events were
    dropped from a full queue and says how many (``lost_events``) and how much audio
    (``lost_audio_ms``) and text (``lost_text_chars``).
    """

    kind: ErrorKind
    code: str | None = None
    message: str = attrs.field(default="", repr=hidden)
    retryable: bool = False
    fatal: bool = False
    benign: bool = False
    exception: BaseException | None = attrs.field(default=None, repr=False, eq=False)
    lost_events: int = 0
    lost_audio_ms: float = 0.0
    lost_text_chars: int = 0


@attrs.frozen(kw_only=True)
class RealtimeRateLimitEvent(RealtimeEvent):
    """The limits that the service reports."""

    limits: tuple[RateLimit, ...] = ()
