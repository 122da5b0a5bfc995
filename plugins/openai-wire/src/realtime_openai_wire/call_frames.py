"""Events of the calls in a response: those to be made here, and the service's own that a person approves."""

from collections.abc import Iterable
from typing import Any

from realtime_core.events import RealtimeApprovalEvent, RealtimeEvent, RealtimeFunctionCallEvent

from realtime_openai_wire.calls import (
    call_id_of,
    is_approval_request,
    is_complete_call,
    read_approval,
    read_call,
)
from realtime_openai_wire.fields import identifier
from realtime_openai_wire.frame_events import Events, Frame, frame_ids, malformed
from realtime_openai_wire.state import WireState

__all__ = ["new_approvals", "new_calls", "response_of"]


def response_of(state: WireState, frame: Frame) -> str | None:
    """The id of the response that a frame is about."""
    return state.responses.name_of(frame_ids(frame)["response_id"])


def new_calls(state: WireState, name: str, frame: Frame, items: Iterable[Frame]) -> Events:
    """The complete function calls among ``items`` that were not given out yet."""
    response_id = response_of(state, frame)
    events: list[RealtimeEvent] = []
    for item in items:
        call_id = call_id_of(item)
        if not is_complete_call(item) or state.calls.is_given(response_id, call_id):
            continue
        call = read_call(item)
        if call is None:
            why = "a function call in it has no id, no name, or no text as arguments"
            events.append(malformed(name, frame, why))
            continue
        state.calls.note(response_id, call.call_id)
        state.call_names.note(call.call_id, call.name)
        events.append(RealtimeFunctionCallEvent(function_call=call, **_about(name, frame, item)))
    return tuple(events)


def new_approvals(state: WireState, name: str, frame: Frame, items: Iterable[Frame]) -> Events:
    """The requests for approval among ``items`` that were not given out yet."""
    events: list[RealtimeEvent] = []
    for item in items:
        if not is_approval_request(item) or identifier(item, "id") in state.approvals:
            continue
        request = read_approval(item)
        if request is None:
            why = "a request for approval in it has no id, no name, or no text as arguments"
            events.append(malformed(name, frame, why))
            continue
        state.approvals.note(request.approval_id, None)
        events.append(RealtimeApprovalEvent(request=request, **_about(name, frame, item)))
    return tuple(events)


def _about(name: str, frame: Frame, item: Frame) -> dict[str, Any]:
    ids = {**frame_ids(frame), "item_id": identifier(item, "id")}
    return {"service_type": name, "service_event": frame, **ids}
