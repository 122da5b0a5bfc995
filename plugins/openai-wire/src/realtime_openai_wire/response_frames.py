"""Frames that tell of a response: its audio, its text, its function calls, its beginning and end."""

from typing import Any, Final

import attrs
import pybase64
from realtime_core.contents import AudioContent, TextContent
from realtime_core.events import (
    RealtimeAudioEvent,
    RealtimeEvent,
    RealtimeFunctionCallEvent,
    RealtimeResponseEvent,
    RealtimeTextEvent,
    RealtimeTranscriptEvent,
)

from realtime_openai_wire.calls import call_id_of, is_complete_call, read_call
from realtime_openai_wire.client_frames import METADATA_KEY
from realtime_openai_wire.fields import identifier, integer, mapping, objects, status_reason, text, usage
from realtime_openai_wire.frame_events import (
    Events,
    Frame,
    Handler,
    error_event,
    frame_ids,
    malformed,
    plain,
    plain_event,
    reported_format,
)
from realtime_openai_wire.names import ListenEvents, SendEvents
from realtime_openai_wire.responses import PartKey
from realtime_openai_wire.state import WireState

__all__ = ["RESPONSE_FRAMES"]

_AUDIO_PARTS: Final = ("audio", "output_audio")


def _audio_delta(state: WireState, name: str, frame: Frame) -> Events:
    # the hot path: no helpers
    response_id = frame.get("response_id")
    item_id = frame.get("item_id")
    try:
        data = pybase64.b64decode(frame["delta"], validate=True)
        audio_format = state.responses.format_of(response_id, state.output_format)
    except (KeyError, TypeError, ValueError):
        return (malformed(name, frame, "its audio, or the id of its response, cannot be read"),)
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
        return (malformed(name, frame, "it has no text"),)
    ids = frame_ids(frame)
    state.responses.add_text(ids["response_id"], _part_key(name, frame), piece)
    return (RealtimeTextEvent(service_type=name, service_event=frame, text=TextContent(piece), **ids),)


def _text_done(state: WireState, name: str, frame: Frame) -> Events:
    reported = text(frame, "text")
    if reported is None:
        reported = text(frame, "transcript")
    ids = frame_ids(frame)
    whole, rest = state.responses.finish_text(ids["response_id"], _part_key(name, frame), reported)
    same: dict[str, Any] = {"service_type": name, "service_event": frame, **ids}
    final = RealtimeTranscriptEvent(role="assistant", text=whole, final=True, **same)
    return (RealtimeTextEvent(text=TextContent(rest), **same), final) if rest else (final,)


def _part_added(state: WireState, name: str, frame: Frame) -> Events:
    if mapping(frame, "part").get("type") in _AUDIO_PARTS:
        state.audio_parts.note(identifier(frame, "item_id"), integer(frame, "content_index"))
    return (plain_event(name, frame),)


def _item_done(state: WireState, name: str, frame: Frame) -> Events:
    return _new_calls(state, name, frame, [mapping(frame, "item")]) or (plain_event(name, frame),)


def _created(state: WireState, name: str, frame: Frame) -> Events:
    response = mapping(frame, "response")
    state.responses.begin(identifier(response, "id"), reported_format(response, "output"))
    created = _response(state, name, frame, phase="created")
    if created.command_id is None:
        state.pending.doubt(SendEvents.RESPONSE_CREATE)
    return (created,)


def _done(state: WireState, name: str, frame: Frame) -> Events:
    response = mapping(frame, "response")
    response_id, status = identifier(response, "id"), identifier(response, "status")
    state.responses.end(response_id)
    calls = _new_calls(state, name, frame, _finished_items(response, status))
    end = _response(
        state,
        name,
        frame,
        phase="done",
        status=status,
        status_reason=status_reason(response),
        usage=usage(response),
    )
    done = _answer_cancellation(state, end) if status == "cancelled" else (end,)
    failure = mapping(mapping(response, "status_details"), "error")
    errors = (error_event(name, frame, failure),) if status == "failed" else ()
    # whoever leaves at the done has seen what went wrong
    return *calls, *errors, *done


def _playback_started(_: WireState, name: str, frame: Frame) -> Events:
    return _playback(name, frame, phase="playback_started")


def _playback_stopped(_: WireState, name: str, frame: Frame) -> Events:
    return _playback(name, frame, phase="playback_stopped")


def _playback_cleared(_: WireState, name: str, frame: Frame) -> Events:
    return _playback(name, frame, phase="playback_stopped", status_reason="cleared")


RESPONSE_FRAMES: Final[dict[str, Handler]] = {
    ListenEvents.RESPONSE_OUTPUT_AUDIO_DELTA: _audio_delta,
    ListenEvents.RESPONSE_OUTPUT_AUDIO_DONE: plain,
    ListenEvents.RESPONSE_OUTPUT_AUDIO_TRANSCRIPT_DELTA: _text_delta,
    ListenEvents.RESPONSE_OUTPUT_AUDIO_TRANSCRIPT_DONE: _text_done,
    ListenEvents.RESPONSE_OUTPUT_TEXT_DELTA: _text_delta,
    ListenEvents.RESPONSE_OUTPUT_TEXT_DONE: _text_done,
    ListenEvents.RESPONSE_CREATED: _created,
    ListenEvents.RESPONSE_DONE: _done,
    ListenEvents.RESPONSE_OUTPUT_ITEM_ADDED: plain,
    ListenEvents.RESPONSE_OUTPUT_ITEM_DONE: _item_done,
    ListenEvents.RESPONSE_CONTENT_PART_ADDED: _part_added,
    ListenEvents.RESPONSE_CONTENT_PART_DONE: plain,
    # a call is given out whole, with its item
    ListenEvents.RESPONSE_FUNCTION_CALL_ARGUMENTS_DELTA: plain,
    ListenEvents.RESPONSE_FUNCTION_CALL_ARGUMENTS_DONE: plain,
    # the service makes these calls itself
    ListenEvents.RESPONSE_MCP_CALL_ARGUMENTS_DELTA: plain,
    ListenEvents.RESPONSE_MCP_CALL_ARGUMENTS_DONE: plain,
    ListenEvents.RESPONSE_MCP_CALL_IN_PROGRESS: plain,
    ListenEvents.RESPONSE_MCP_CALL_COMPLETED: plain,
    ListenEvents.RESPONSE_MCP_CALL_FAILED: plain,
    ListenEvents.OUTPUT_AUDIO_BUFFER_STARTED: _playback_started,
    ListenEvents.OUTPUT_AUDIO_BUFFER_STOPPED: _playback_stopped,
    ListenEvents.OUTPUT_AUDIO_BUFFER_CLEARED: _playback_cleared,
}


def _part_key(name: str, frame: Frame) -> PartKey:
    return identifier(frame, "item_id"), integer(frame, "content_index"), name.rpartition(".")[0]


def _response(state: WireState, name: str, frame: Frame, **fields: Any) -> RealtimeResponseEvent:
    reported = mapping(mapping(frame, "response"), "metadata")
    metadata = {key: value for key, value in reported.items() if isinstance(value, str)}
    command_id = state.pending.answer_creation(metadata.pop(METADATA_KEY, None))
    same: dict[str, Any] = {"service_type": name, "service_event": frame, **frame_ids(frame)}
    return RealtimeResponseEvent(command_id=command_id, metadata=metadata or None, **same, **fields)


def _answer_cancellation(state: WireState, done: RealtimeResponseEvent) -> Events:
    """The end of a cancelled response; where it answers its creation too, a plain event answers the other."""
    cancel_id = state.pending.answer_cancellation(done.response_id)
    if cancel_id is None:
        return (done,)
    if done.command_id is None:
        return (attrs.evolve(done, command_id=cancel_id),)
    return done, plain_event(str(done.service_type), done.service_event or {}, cancel_id)


def _finished_items(response: Frame, status: str | None) -> list[Frame]:
    """The items of a response that may be complete: where an item does not say, the response decides."""
    return [
        item
        for item in objects(response, "output")
        if item.get("status") is not None or status in ("completed", None)
    ]


def _new_calls(state: WireState, name: str, frame: Frame, items: list[Frame]) -> Events:
    return tuple(
        _call(name, frame, item)
        for item in items
        if is_complete_call(item) and state.calls.is_new(call_id_of(item))
    )


def _call(name: str, frame: Frame, item: Frame) -> RealtimeEvent:
    call = read_call(item)
    if call is None:
        return malformed(name, frame, "a function call in it has no id, no name, or no text as arguments")
    ids = {**frame_ids(frame), "item_id": identifier(item, "id")}
    return RealtimeFunctionCallEvent(service_type=name, service_event=frame, function_call=call, **ids)


def _playback(name: str, frame: Frame, **fields: Any) -> Events:
    return (RealtimeResponseEvent(service_type=name, service_event=frame, **frame_ids(frame), **fields),)
