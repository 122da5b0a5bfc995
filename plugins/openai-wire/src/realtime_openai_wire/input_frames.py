"""Frames that tell of the user: speech, the input buffer, and what of it was understood."""

from typing import Any, Final

import attrs
from realtime_core.events import RealtimeSpeechEvent, RealtimeTranscriptEvent

from realtime_openai_wire.fields import mapping, number, text
from realtime_openai_wire.frame_events import (
    Events,
    Frame,
    Handler,
    error_event,
    frame_ids,
    malformed,
    plain,
    plain_event,
)
from realtime_openai_wire.names import ListenEvents, SendEvents
from realtime_openai_wire.state import WireState

__all__ = ["INPUT_FRAMES"]


def _started(_: WireState, name: str, frame: Frame) -> Events:
    return _speech(name, frame, phase="started", offset_ms=number(frame, "audio_start_ms"))


def _stopped(_: WireState, name: str, frame: Frame) -> Events:
    return _speech(name, frame, phase="stopped", offset_ms=number(frame, "audio_end_ms"))


def _timeout(_: WireState, name: str, frame: Frame) -> Events:
    return _speech(name, frame, phase="timeout", offset_ms=number(frame, "audio_end_ms"))


def _committed(state: WireState, name: str, frame: Frame) -> Events:
    command_id = state.pending.answer_oldest(SendEvents.INPUT_AUDIO_BUFFER_COMMIT)
    return _speech(name, frame, phase="committed", command_id=command_id)


def _cleared(state: WireState, name: str, frame: Frame) -> Events:
    return (plain_event(name, frame, state.pending.answer_oldest(SendEvents.INPUT_AUDIO_BUFFER_CLEAR)),)


def _transcript_delta(_: WireState, name: str, frame: Frame) -> Events:
    if frame.get("delta") is None:
        return (plain_event(name, frame),)  # the protocol lets it bring log probabilities alone
    return _transcript(name, frame, text(frame, "delta"), final=False)


def _transcript_completed(_: WireState, name: str, frame: Frame) -> Events:
    return _transcript(name, frame, text(frame, "transcript"), final=True)


def _transcript_failed(_: WireState, name: str, frame: Frame) -> Events:
    # the model heard the audio itself: whatever the code says, the conversation goes on
    return (attrs.evolve(error_event(name, frame, mapping(frame, "error")), fatal=False),)


INPUT_FRAMES: Final[dict[str, Handler]] = {
    ListenEvents.INPUT_AUDIO_BUFFER_SPEECH_STARTED: _started,
    ListenEvents.INPUT_AUDIO_BUFFER_SPEECH_STOPPED: _stopped,
    ListenEvents.INPUT_AUDIO_BUFFER_TIMEOUT_TRIGGERED: _timeout,
    ListenEvents.INPUT_AUDIO_BUFFER_COMMITTED: _committed,
    ListenEvents.INPUT_AUDIO_BUFFER_CLEARED: _cleared,
    ListenEvents.INPUT_AUDIO_BUFFER_DTMF_EVENT_RECEIVED: plain,
    ListenEvents.CONVERSATION_ITEM_INPUT_AUDIO_TRANSCRIPTION_DELTA: _transcript_delta,
    ListenEvents.CONVERSATION_ITEM_INPUT_AUDIO_TRANSCRIPTION_COMPLETED: _transcript_completed,
    ListenEvents.CONVERSATION_ITEM_INPUT_AUDIO_TRANSCRIPTION_FAILED: _transcript_failed,
    # who said what when, of words that the deltas and the completed transcript bring: not said twice
    ListenEvents.CONVERSATION_ITEM_INPUT_AUDIO_TRANSCRIPTION_SEGMENT: plain,
}


def _speech(name: str, frame: Frame, **fields: Any) -> Events:
    return (RealtimeSpeechEvent(service_type=name, service_event=frame, **frame_ids(frame), **fields),)


def _transcript(name: str, frame: Frame, words: str | None, *, final: bool) -> Events:
    if words is None:
        return (malformed(name, frame, "it has no text"),)
    same: dict[str, Any] = {"service_type": name, "service_event": frame, **frame_ids(frame)}
    return (RealtimeTranscriptEvent(role="user", text=words, final=final, **same),)
