"""Frames of the service as events: one function and one line of a table per event of the protocol.

A function gets the session's `WireState`, the event's current name and the decoded frame, and gives at
least one event. Nothing in a frame can make it raise. What is not in the table is a plain event.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs
import pybase64
from realtime_core.audio.formats import PCM16_24KHZ, AudioFormat
from realtime_core.contents import AudioContent, TextContent
from realtime_core.events import (
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

from realtime_openai_wire.client_frames import METADATA_KEY
from realtime_openai_wire.errors import error_message, meaning_of
from realtime_openai_wire.fields import integer, mapping, number, rate_limits, status_reason, text, usage
from realtime_openai_wire.formats import format_from_wire
from realtime_openai_wire.names import GA_NAMES, ListenEvents, SendEvents
from realtime_openai_wire.pending import PendingCommands
from realtime_openai_wire.responses import OpenResponses, PartKey

__all__ = ["MALFORMED_FRAME", "Events", "Frame", "WireState", "server_events", "unreadable"]

MALFORMED_FRAME: Final = "malformed_frame"
"""The code of the error event for a frame that cannot be read."""

Frame = Mapping[str, Any]
Events = tuple[RealtimeEvent, ...]


@attrs.define
class WireState:
    """What one session must remember between its frames."""

    output_format: AudioFormat = PCM16_24KHZ
    responses: OpenResponses = attrs.Factory(OpenResponses)
    pending: PendingCommands = attrs.Factory(PendingCommands)


def server_events(state: WireState, name: str, frame: Frame) -> Events:
    """The events of a frame whose raw ``type`` is ``name``."""
    row = _TABLE.get(name)
    if row is None:
        return (_plain(name, frame),)
    current_name, handle = row
    return handle(state, current_name, frame)


def unreadable(why: str, **fields: Any) -> RealtimeErrorEvent:
    """The event for a frame, or a part of one, that cannot be read."""
    return RealtimeErrorEvent(kind="server", code=MALFORMED_FRAME, message=why, **fields)


def _audio_delta(state: WireState, name: str, frame: Frame) -> Events:
    # the hot path: no helpers
    response_id = frame.get("response_id")
    item_id = frame.get("item_id")
    try:
        data = pybase64.b64decode(frame["delta"], validate=True)
        audio_format = state.responses.format_of(response_id, state.output_format)
    except (KeyError, TypeError, ValueError):
        return _malformed(name, frame, "its audio, or the id of its response, cannot be read")
    return (
        RealtimeAudioEvent(
            service_type=name,
            service_event=frame,
            response_id=response_id if type(response_id) is str else None,
            item_id=item_id if type(item_id) is str else None,
            audio=AudioContent(data, audio_format),
        ),
    )


def _text_delta(state: WireState, name: str, frame: Frame) -> Events:
    piece = text(frame, "delta")
    if piece is None:
        return _malformed(name, frame, "it has no text")
    ids = _ids(frame)
    state.responses.add_text(ids["response_id"], _part_key(name, frame), piece)
    return (RealtimeTextEvent(service_type=name, service_event=frame, text=TextContent(piece), **ids),)


def _text_done(state: WireState, name: str, frame: Frame) -> Events:
    reported = text(frame, "text")
    if reported is None:
        reported = text(frame, "transcript")
    ids = _ids(frame)
    whole, rest = state.responses.finish_text(ids["response_id"], _part_key(name, frame), reported)
    same: dict[str, Any] = {"service_type": name, "service_event": frame, **ids}
    final = RealtimeTranscriptEvent(role="assistant", text=whole, final=True, **same)
    return (RealtimeTextEvent(text=TextContent(rest), **same), final) if rest else (final,)


def _user_delta(_: WireState, name: str, frame: Frame) -> Events:
    return _user_transcript(name, frame, text(frame, "delta"), final=False)


def _user_completed(_: WireState, name: str, frame: Frame) -> Events:
    return _user_transcript(name, frame, text(frame, "transcript"), final=True)


def _user_failed(_: WireState, name: str, frame: Frame) -> Events:
    # the model heard the audio itself: whatever the code says, the conversation goes on
    return (attrs.evolve(_error(name, frame, mapping(frame, "error")), fatal=False),)


def _session_created(state: WireState, name: str, frame: Frame) -> Events:
    return _session(state, name, frame, phase="created")


def _session_updated(state: WireState, name: str, frame: Frame) -> Events:
    command_id = state.pending.answer_oldest(SendEvents.SESSION_UPDATE)
    return _session(state, name, frame, phase="updated", command_id=command_id)


def _speech_started(_: WireState, name: str, frame: Frame) -> Events:
    return _speech(name, frame, phase="started", offset_ms=number(frame, "audio_start_ms"))


def _speech_stopped(_: WireState, name: str, frame: Frame) -> Events:
    return _speech(name, frame, phase="stopped", offset_ms=number(frame, "audio_end_ms"))


def _speech_timeout(_: WireState, name: str, frame: Frame) -> Events:
    return _speech(name, frame, phase="timeout", offset_ms=number(frame, "audio_end_ms"))


def _committed(state: WireState, name: str, frame: Frame) -> Events:
    command_id = state.pending.answer_oldest(SendEvents.INPUT_AUDIO_BUFFER_COMMIT)
    return _speech(name, frame, phase="committed", command_id=command_id)


def _cleared(state: WireState, name: str, frame: Frame) -> Events:
    return (_plain(name, frame, state.pending.answer_oldest(SendEvents.INPUT_AUDIO_BUFFER_CLEAR)),)


def _item_added(state: WireState, name: str, frame: Frame) -> Events:
    return (_plain(name, frame, state.pending.answer_item(text(mapping(frame, "item"), "id"))),)


def _response_created(state: WireState, name: str, frame: Frame) -> Events:
    response = mapping(frame, "response")
    state.responses.begin(text(response, "id"), _reported_format(response, "output"))
    return (_response(state, name, frame, phase="created"),)


def _response_done(state: WireState, name: str, frame: Frame) -> Events:
    response = mapping(frame, "response")
    state.responses.end(text(response, "id"))
    status = text(response, "status")
    reason = status_reason(response)
    done = _response(
        state, name, frame, phase="done", status=status, status_reason=reason, usage=usage(response)
    )
    if status != "failed":
        return (done,)
    return done, _error(name, frame, mapping(mapping(response, "status_details"), "error"))


def _rate_limits(_: WireState, name: str, frame: Frame) -> Events:
    return (RealtimeRateLimitEvent(service_type=name, service_event=frame, limits=rate_limits(frame)),)


def _refused(state: WireState, name: str, frame: Frame) -> Events:
    error = mapping(frame, "error")
    return (_error(name, frame, error, command_id=state.pending.answer_error(error)),)


Handler = Callable[[WireState, str, Frame], Events]

_HANDLERS: Final[dict[str, Handler]] = {
    ListenEvents.RESPONSE_OUTPUT_AUDIO_DELTA: _audio_delta,
    ListenEvents.RESPONSE_OUTPUT_AUDIO_TRANSCRIPT_DELTA: _text_delta,
    ListenEvents.RESPONSE_OUTPUT_AUDIO_TRANSCRIPT_DONE: _text_done,
    ListenEvents.RESPONSE_OUTPUT_TEXT_DELTA: _text_delta,
    ListenEvents.RESPONSE_OUTPUT_TEXT_DONE: _text_done,
    ListenEvents.RESPONSE_CREATED: _response_created,
    ListenEvents.RESPONSE_DONE: _response_done,
    ListenEvents.CONVERSATION_ITEM_ADDED: _item_added,
    ListenEvents.CONVERSATION_ITEM_INPUT_AUDIO_TRANSCRIPTION_DELTA: _user_delta,
    ListenEvents.CONVERSATION_ITEM_INPUT_AUDIO_TRANSCRIPTION_COMPLETED: _user_completed,
    ListenEvents.CONVERSATION_ITEM_INPUT_AUDIO_TRANSCRIPTION_FAILED: _user_failed,
    ListenEvents.INPUT_AUDIO_BUFFER_SPEECH_STARTED: _speech_started,
    ListenEvents.INPUT_AUDIO_BUFFER_SPEECH_STOPPED: _speech_stopped,
    ListenEvents.INPUT_AUDIO_BUFFER_TIMEOUT_TRIGGERED: _speech_timeout,
    ListenEvents.INPUT_AUDIO_BUFFER_COMMITTED: _committed,
    ListenEvents.INPUT_AUDIO_BUFFER_CLEARED: _cleared,
    ListenEvents.SESSION_CREATED: _session_created,
    ListenEvents.SESSION_UPDATED: _session_updated,
    ListenEvents.RATE_LIMITS_UPDATED: _rate_limits,
    ListenEvents.ERROR: _refused,
}

_TABLE: Final[dict[str, tuple[str, Handler]]] = {
    str(raw): (str(name), handler)
    for name, handler in _HANDLERS.items()
    for raw in (name, *(old for old, new in GA_NAMES.items() if new == name))
}
"""A frame's raw ``type``, current or old, to its current name and its function.

Plain strings: they look up faster than members of an enumeration.
"""


def _plain(name: str, frame: Frame, command_id: str | None = None) -> RealtimeEvent:
    current = GA_NAMES.get(name, name)
    return RealtimeEvent(service_type=current, service_event=frame, command_id=command_id, **_ids(frame))


def _session(state: WireState, name: str, frame: Frame, **fields: Any) -> Events:
    session = mapping(frame, "session")
    state.output_format = _reported_format(session, "output") or state.output_format
    session_id, expires_at_s = text(session, "id"), number(session, "expires_at")
    return (
        RealtimeSessionEvent(
            service_type=name,
            service_event=frame,
            session_id=session_id,
            expires_at_s=expires_at_s,
            input_format=_reported_format(session, "input"),
            **fields,
        ),
    )


def _speech(name: str, frame: Frame, **fields: Any) -> Events:
    return (RealtimeSpeechEvent(service_type=name, service_event=frame, **_ids(frame), **fields),)


def _user_transcript(name: str, frame: Frame, words: str | None, *, final: bool) -> Events:
    if words is None:
        return _malformed(name, frame, "it has no text")
    same: dict[str, Any] = {"service_type": name, "service_event": frame, **_ids(frame)}
    return (RealtimeTranscriptEvent(role="user", text=words, final=final, **same),)


def _response(state: WireState, name: str, frame: Frame, **fields: Any) -> RealtimeEvent:
    reported = mapping(mapping(frame, "response"), "metadata")
    metadata = {key: value for key, value in reported.items() if isinstance(value, str)}
    command_id = state.pending.answer(metadata.pop(METADATA_KEY, None))
    same: dict[str, Any] = {"service_type": name, "service_event": frame, **_ids(frame)}
    return RealtimeResponseEvent(command_id=command_id, metadata=metadata or None, **same, **fields)


def _error(name: str, frame: Frame, error: Frame, command_id: str | None = None) -> RealtimeErrorEvent:
    code, error_type = text(error, "code"), text(error, "type")
    meaning = meaning_of(code, error_type)
    return RealtimeErrorEvent(
        service_type=name,
        service_event=frame,
        command_id=command_id,
        kind=meaning.kind,
        code=code or error_type,
        message=error_message(text(error, "message") or "", meaning.kind, text(error, "param")),
        retryable=meaning.retryable,
        fatal=meaning.fatal,
        benign=meaning.benign,
        **_ids(frame),
    )


def _malformed(name: str, frame: Frame, why: str) -> Events:
    why = f"a frame {name!r} is malformed: {why}"
    return (unreadable(why, service_type=name, service_event=frame, **_ids(frame)),)


def _ids(frame: Frame) -> dict[str, Any]:
    """The response and the item of a frame, wherever it names them."""
    return {
        "response_id": text(frame, "response_id") or text(mapping(frame, "response"), "id"),
        "item_id": text(frame, "item_id") or text(mapping(frame, "item"), "id"),
    }


def _part_key(name: str, frame: Frame) -> PartKey:
    return text(frame, "item_id"), integer(frame, "content_index"), name.rpartition(".")[0]


def _reported_format(holder: Frame, direction: str) -> AudioFormat | None:
    """The audio format that a session or a response reports, also in the beta protocol's place."""
    current = mapping(mapping(holder, "audio"), direction).get("format")
    return format_from_wire(current) or format_from_wire(holder.get(f"{direction}_audio_format"))
