"""Frames that tell of the session as a whole: its settings, its limits, its errors, its tools' servers."""

from collections.abc import Mapping
from typing import Any, Final

from realtime_core.events import RealtimeRateLimitEvent, RealtimeSessionEvent
from realtime_core.settings import TurnDetection
from realtime_core.unset import UNSET, UnsetType

from realtime_openai_wire.fields import identifier, mapping, number, rate_limits, text
from realtime_openai_wire.frame_events import Events, Frame, Handler, error_event, plain, reported_format
from realtime_openai_wire.names import ListenEvents, SendEvents
from realtime_openai_wire.state import WireState

__all__ = ["SESSION_FRAMES"]


def _created(state: WireState, name: str, frame: Frame) -> Events:
    return _session(state, name, frame, phase="created")


def _updated(state: WireState, name: str, frame: Frame) -> Events:
    command_id = state.pending.answer_oldest(SendEvents.SESSION_UPDATE)
    # a service that does not say what is in force has what it was asked for
    asked = state.asked_formats.take(command_id) or state.opened_with
    state.output_format, state.opened_with = asked or state.output_format, None
    otherwise = state.asked_settings.differences(command_id, mapping(frame, "session"))
    return _session(state, name, frame, phase="updated", command_id=command_id, not_honoured=otherwise)


def _rate_limits(_: WireState, name: str, frame: Frame) -> Events:
    return (RealtimeRateLimitEvent(service_type=name, service_event=frame, limits=rate_limits(frame)),)


def _error(state: WireState, name: str, frame: Frame) -> Events:
    error = mapping(frame, "error")
    command_id = state.pending.answer_error(error)
    state.asked_formats.take(command_id)
    state.asked_settings.refuse(command_id)
    state.out_of_band.take(command_id)
    return (error_event(name, frame, error, command_id=command_id),)


SESSION_FRAMES: Final[dict[str, Handler]] = {
    ListenEvents.SESSION_CREATED: _created,
    ListenEvents.SESSION_UPDATED: _updated,
    ListenEvents.CONVERSATION_CREATED: plain,
    ListenEvents.MCP_LIST_TOOLS_IN_PROGRESS: plain,
    ListenEvents.MCP_LIST_TOOLS_COMPLETED: plain,
    ListenEvents.MCP_LIST_TOOLS_FAILED: plain,
    ListenEvents.RATE_LIMITS_UPDATED: _rate_limits,
    ListenEvents.ERROR: _error,
}


def _session(state: WireState, name: str, frame: Frame, **fields: Any) -> Events:
    session = mapping(frame, "session")
    state.output_format = reported_format(session, "output") or state.output_format
    return (
        RealtimeSessionEvent(
            service_type=name,
            service_event=frame,
            session_id=identifier(session, "id"),
            expires_at_s=number(session, "expires_at"),
            input_format=None if state.on_track else reported_format(session, "input"),
            turn_detection=_turn_detection(session),
            **fields,
        ),
    )


def _turn_detection(session: Frame) -> TurnDetection | UnsetType | None:
    """What matters of it to a session: whether speech interrupts, and whether its end is answered."""
    holder = mapping(mapping(session, "audio"), "input") or session
    if "turn_detection" not in holder:
        return UNSET
    reported = holder["turn_detection"]
    if not isinstance(reported, Mapping):
        return None if reported is None else UNSET
    said = {name: reported[name] for name in _BEHAVIOUR if isinstance(reported.get(name), bool)}
    return TurnDetection(type=text(reported, "type") or "server_vad", **said)


_BEHAVIOUR: Final = ("create_response", "interrupt_response")
