"""Frames that tell of a response: its audio, its text, its function calls, its beginning and end."""

from typing import Any, Final

import attrs
import pybase64
from realtime_core.contents import AudioContent
from realtime_core.events import RealtimeAudioEvent, RealtimeInterruptionEvent, RealtimeResponseEvent

from realtime_openai_wire.call_frames import new_approvals, new_calls, response_of
from realtime_openai_wire.calls import is_complete_call, read_call
from realtime_openai_wire.client_frames import METADATA_KEY
from realtime_openai_wire.fields import (
    LONGEST_NAME,
    identifier,
    integer,
    mapping,
    objects,
    status_reason,
    usage,
)
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
from realtime_openai_wire.state import WireState
from realtime_openai_wire.text_frames import part_done, text_delta, text_done, texts_of_items

__all__ = ["RESPONSE_FRAMES"]

_AUDIO_PARTS: Final = ("audio", "output_audio")


def _audio_delta(state: WireState, name: str, frame: Frame) -> Events:
    # the hot path: no helpers
    response_id = frame.get("response_id")
    item_id = frame.get("item_id")
    if type(response_id) is not str or not 0 < len(response_id) <= LONGEST_NAME:
        response_id = None
    if type(item_id) is not str or not 0 < len(item_id) <= LONGEST_NAME:
        item_id = None
    try:
        data = pybase64.b64decode(frame["delta"], validate=True)
    except (KeyError, TypeError, ValueError):
        return (malformed(name, frame, "its audio cannot be read"),)
    return (
        RealtimeAudioEvent(
            service_type=name,
            service_event=frame,
            response_id=response_id,
            item_id=item_id,
            audio=AudioContent(data, state.responses.format_of(response_id, state.output_format)),
        ),
    )


def _part_added(state: WireState, name: str, frame: Frame) -> Events:
    if mapping(frame, "part").get("type") in _AUDIO_PARTS:
        item_id, response_id = identifier(frame, "item_id"), identifier(frame, "response_id")
        state.audio_parts.note(item_id, integer(frame, "content_index"))
        if item_id is not None and response_id is not None:
            state.spoken_items.note(response_id, item_id)
    return (plain_event(name, frame),)


def _item_done(state: WireState, name: str, frame: Frame) -> Events:
    item = mapping(frame, "item")
    if is_complete_call(item) and item.get("arguments") is None and read_call(item) is not None:
        state.calls.hold(response_of(state, frame), item)
        return (plain_event(name, frame),)
    texts = texts_of_items(state, name, frame, [item])
    approvals = new_approvals(state, name, frame, [item])
    return new_calls(state, name, frame, [item]) or (*texts, *approvals, plain_event(name, frame))


def _created(state: WireState, name: str, frame: Frame) -> Events:
    response = mapping(frame, "response")
    created = _response(state, name, frame, phase="created")
    if created.command_id is None:
        state.pending.doubt(SendEvents.RESPONSE_CREATE)
    asked = state.asked_formats.take(created.command_id)
    audio_format = reported_format(response, "output") or asked
    state.responses.begin(created.response_id, audio_format, out_of_band=created.out_of_band)
    return (created,)


def _done(state: WireState, name: str, frame: Frame) -> Events:
    response = mapping(frame, "response")
    status = identifier(response, "status")
    held = state.calls.release(response_of(state, frame))
    finished = _finished_items(response, status)
    calls = new_calls(state, name, frame, [*finished, *held])
    approvals = new_approvals(state, name, frame, finished)
    texts = texts_of_items(state, name, frame, objects(response, "output"))
    end = _response(
        state,
        name,
        frame,
        out_of_band=state.responses.is_out_of_band(identifier(response, "id")),
        phase="done",
        status=status,
        status_reason=status_reason(response),
        usage=usage(response),
    )
    state.responses.end(identifier(response, "id"))
    done = _answer_cancellation(state, end) if status == "cancelled" else (end,)
    failure = mapping(mapping(response, "status_details"), "error")
    errors = (error_event(name, frame, failure),) if status == "failed" else ()
    # whoever leaves at the done has seen what went wrong
    return *texts, *calls, *approvals, *errors, *done


def _playback_started(state: WireState, name: str, frame: Frame) -> Events:
    return (_playback(state, name, frame, phase="playback_started"),)


def _playback_stopped(state: WireState, name: str, frame: Frame) -> Events:
    return (_playback(state, name, frame, phase="playback_stopped"),)


def _playback_cleared(state: WireState, name: str, frame: Frame) -> Events:
    command_id = state.pending.answer_oldest(SendEvents.OUTPUT_AUDIO_BUFFER_CLEAR)
    cleared = _playback(
        state, name, frame, phase="playback_stopped", status_reason="cleared", command_id=command_id
    )
    if cleared.out_of_band:
        return (cleared,)  # nobody has heard it
    interrupted = RealtimeInterruptionEvent(
        service_type=name, service_event=frame, cause="service", **frame_ids(frame)
    )
    return interrupted, cleared


RESPONSE_FRAMES: Final[dict[str, Handler]] = {
    ListenEvents.RESPONSE_OUTPUT_AUDIO_DELTA: _audio_delta,
    ListenEvents.RESPONSE_OUTPUT_AUDIO_DONE: plain,
    ListenEvents.RESPONSE_OUTPUT_AUDIO_TRANSCRIPT_DELTA: text_delta,
    ListenEvents.RESPONSE_OUTPUT_AUDIO_TRANSCRIPT_DONE: text_done,
    ListenEvents.RESPONSE_OUTPUT_TEXT_DELTA: text_delta,
    ListenEvents.RESPONSE_OUTPUT_TEXT_DONE: text_done,
    ListenEvents.RESPONSE_CREATED: _created,
    ListenEvents.RESPONSE_DONE: _done,
    ListenEvents.RESPONSE_OUTPUT_ITEM_ADDED: plain,
    ListenEvents.RESPONSE_OUTPUT_ITEM_DONE: _item_done,
    ListenEvents.RESPONSE_CONTENT_PART_ADDED: _part_added,
    ListenEvents.RESPONSE_CONTENT_PART_DONE: part_done,
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


def _response(
    state: WireState, name: str, frame: Frame, *, out_of_band: bool | None = None, **fields: Any
) -> RealtimeResponseEvent:
    response = mapping(frame, "response")
    reported = mapping(response, "metadata")
    metadata = {key: value for key, value in reported.items() if isinstance(value, str)}
    command_id = state.pending.answer_creation(metadata.pop(METADATA_KEY, None))
    if out_of_band is None:
        out_of_band = _is_out_of_band(state, response, command_id)
    return RealtimeResponseEvent(
        service_type=name,
        service_event=frame,
        command_id=command_id,
        metadata=metadata or None,
        out_of_band=out_of_band,
        **frame_ids(frame),
        **fields,
    )


def _is_out_of_band(state: WireState, response: Frame, command_id: str | None) -> bool:
    """Whether it was asked for so, or the service says so, by an explicit null."""
    asked = command_id is not None and command_id in state.out_of_band
    state.out_of_band.take(command_id)
    return asked or ("conversation_id" in response and response["conversation_id"] is None)


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


def _playback(state: WireState, name: str, frame: Frame, **fields: Any) -> RealtimeResponseEvent:
    ids = frame_ids(frame)
    out_of_band = bool(state.responses.is_out_of_band(ids["response_id"]))
    return RealtimeResponseEvent(
        service_type=name, service_event=frame, out_of_band=out_of_band, **ids, **fields
    )
