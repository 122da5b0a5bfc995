"""What each class of event means to the parts of a session beside being told: one table, `Meanings.TABLE`.

Knows nothing of any vendor: it branches on event classes and `Capabilities`, never on a ``service_type``.
Nothing here waits, so that reading never does.
"""

from collections.abc import Callable
from typing import Any, ClassVar

import attrs

from realtime_core.engine.budget_watch import BudgetWatch
from realtime_core.engine.configuration import Change, Configuration
from realtime_core.engine.endings import Endings
from realtime_core.engine.interruption import Interruption, interrupts
from realtime_core.engine.lifecycle import Lifecycle
from realtime_core.engine.metering import Meter
from realtime_core.engine.native import output_format
from realtime_core.engine.observation import Observation
from realtime_core.engine.outbox import Outbox
from realtime_core.engine.recorder import Recorder
from realtime_core.engine.responder import Responder
from realtime_core.engine.slot import ResponseSlot
from realtime_core.engine.speech import AssistantSpeech
from realtime_core.engine.toolbox import Toolbox
from realtime_core.engine.withheld import withheld
from realtime_core.events import (
    RealtimeApprovalEvent,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeFunctionCallEvent,
    RealtimeFunctionCancelledEvent,
    RealtimeInterruptionEvent,
    RealtimeItemEvent,
    RealtimeResponseEvent,
    RealtimeSessionEvent,
    RealtimeSpeechEvent,
    RealtimeTextEvent,
    RealtimeTranscriptEvent,
)
from realtime_core.settings import TurnDetection
from realtime_core.unset import UNSET, UnsetType

__all__ = ["Meanings"]


@attrs.define(kw_only=True, eq=False)
class Meanings:
    """The parts of one session that events mean something to. ``report`` tells the application of one."""

    life: Lifecycle
    configuration: Configuration
    speech: AssistantSpeech
    slot: ResponseSlot
    responder: Responder
    toolbox: Toolbox
    recorder: Recorder
    meter: Meter
    budget: BudgetWatch
    endings: Endings
    cancelling: Outbox
    """What goes out at once when something is interrupted."""
    observation: Observation | None
    report: Callable[[RealtimeEvent], None]
    paced: bool
    """Whether the assistant's audio comes as it is played."""
    session_id: str | None = attrs.field(init=False, default=None)
    """What the service calls the session."""

    def take(self, event: RealtimeEvent) -> RealtimeEvent | None:
        """What is told to the application of an event, if anything still is, after what it means was done."""
        understand = self.TABLE.get(type(event))
        return event if understand is None else understand(self, event)

    def changed(self, change: Change | None) -> None:
        """A change of settings or tools is in force now."""
        if change is None:
            return
        if change.settings.output_audio_format is not UNSET:
            self.speech.retarget(output_format(change.settings))
        if not isinstance(change.tools, UnsetType):
            self.toolbox.replace(change.tools)

    def interrupted(self, interruption: Interruption | None) -> Interruption | None:
        """What was cut short is noted wherever that matters."""
        if interruption is not None:
            self.slot.cut()
            for item in interruption.items:
                # of what comes as it is played nobody knows how long it would have been
                all_ms = None if self.paced and not item.complete else item.received_ms
                self.recorder.interrupted(item.item_id, item.heard_ms, all_ms)
            self.endings.tell_cut(interruption.response_ids)
            self.meter.take(interruption.event)
            if self.observation is not None:
                self.observation.event(interruption.event)
        return interruption

    def _carry_on(self, interruption: Interruption | None) -> None:
        """The model is to know what was heard."""
        interruption = self.interrupted(interruption)
        if interruption is not None:
            self.cancelling.put(*interruption.commands)

    @property
    def _service_answers(self) -> bool:
        """Whether the service begins a response when it has ended the user's turn."""
        detection = self.configuration.turn_detection
        if isinstance(detection, TurnDetection):
            return detection.create_response is not False
        return detection is not None

    def _take_words(self, event: RealtimeTextEvent | RealtimeTranscriptEvent) -> RealtimeEvent:
        if self.slot.take(event):
            return withheld(event)
        self.recorder.take(event)
        return event

    def _take_call(self, event: RealtimeFunctionCallEvent) -> RealtimeEvent:
        if self.slot.take(event):
            return withheld(event)
        self.recorder.take(event)
        self.toolbox.take(event)
        return event

    def _take_cancelled_call(self, event: RealtimeFunctionCancelledEvent) -> RealtimeEvent:
        self.toolbox.cancel(event.call_id)
        return event

    def _take_approval(self, event: RealtimeApprovalEvent) -> RealtimeEvent:
        self.toolbox.approvals.note(event.request)
        return event

    def _take_item(self, event: RealtimeItemEvent) -> RealtimeEvent:
        self.recorder.take(event)
        if event.phase == "done" and event.item_id is not None:
            self.speech.item_done(event.item_id)
        return event

    def _take_session(self, event: RealtimeSessionEvent) -> RealtimeEvent:
        if event.phase == "created":
            self.session_id = event.session_id
            self.life.created()
            if self.observation is not None:
                self.observation.opened(event.session_id)
        elif event.phase == "updated":
            self.life.configured()
            self.changed(self.configuration.accepted(event.command_id))
            self.configuration.follow(event)
            if self.configuration.turn_detection is None:
                self.responder.user_speaks(speaks=False)
            if event.not_honoured:
                self.report(event)
                return _not_honoured(event)
        return event

    def _take_speech(self, event: RealtimeSpeechEvent) -> RealtimeEvent:
        self.recorder.take(event)
        self.meter.take(event)
        if event.phase == "started":
            interrupting = interrupts(self.configuration.turn_detection)
            self._carry_on(self.speech.user_began(self.slot.active_ids, interrupting=interrupting))
        self.responder.user_speaks(speaks=event.phase == "started", will_be_answered=self._service_answers)
        if event.phase == "committed" and event.command_id is None and self._service_answers:
            self.slot.turn_ended()
        return event

    def _take_interruption(self, event: RealtimeInterruptionEvent) -> RealtimeEvent | None:
        self.recorder.take(event)
        interruption = self.speech.service_interrupted(event, self.slot.active_ids)
        self._carry_on(interruption)
        return withheld(event) if interruption is None else None

    def _take_response(self, event: RealtimeResponseEvent) -> RealtimeEvent | None:
        if event.phase == "created":
            self.meter.take(event)
            request = self.responder.created(event)
            if not event.out_of_band:
                self.endings.tell()
                self.recorder.take(event)
                self.speech.response_created(event.response_id)
                if request is not None and request.unwanted is not None:
                    self._carry_on(self.speech.silence(self.slot.active_ids))
            return event
        told = self.meter.take(event)
        match event.phase:
            case "playback_started" | "playback_stopped" if event.out_of_band:
                pass  # nobody hears it
            case "playback_started":
                self.speech.playback_started(event.response_id)
                self.endings.tell_played()
            case "playback_stopped":
                self.speech.playback_stopped(event.response_id)
                self.endings.tell_played()
            case _:
                assert isinstance(told, RealtimeResponseEvent)  # it is the event, with its times
                self._end_response(event, told)
                return None
        return told

    def _end_response(self, event: RealtimeResponseEvent, told: RealtimeResponseEvent) -> None:
        in_band = not self.slot.is_out_of_band(event.response_id)
        if in_band:
            if event.status == "cancelled":
                self._carry_on(self.speech.service_interrupted(event, self.slot.active_ids))
            self.recorder.take(event)
            self.speech.response_done(event.response_id, spoken=_has_sound(event))
        is_played = in_band and self.paced and self.speech.is_served(event.response_id)
        self.report(withheld(told) if is_played else told)
        # what it has used decides on what may follow
        self.budget.check()
        if in_band:
            # before the slot is free: what follows from the calls may become one with what waits
            self.toolbox.response_done(event.response_id)
        request = self.responder.done(event, told=not is_played)
        if is_played:
            self.endings.hold(told, request)
        self.budget.check()

    def _take_error(self, event: RealtimeErrorEvent) -> RealtimeEvent:
        self.recorder.take(event)
        self.meter.take(event)
        if event.command_id is not None:
            self.configuration.refused(event.command_id)
            if self.responder.refused(event):
                return withheld(event)
        elif event.kind == "response_active" and self._service_answers:
            # the service could not answer the user's turn, because a response was active: it is asked to
            self.responder.ask_later()
            return withheld(event)
        return event

    TABLE: ClassVar[dict[type[RealtimeEvent], Callable[["Meanings", Any], RealtimeEvent | None]]] = {
        RealtimeTextEvent: _take_words,
        RealtimeTranscriptEvent: _take_words,
        RealtimeFunctionCallEvent: _take_call,
        RealtimeFunctionCancelledEvent: _take_cancelled_call,
        RealtimeApprovalEvent: _take_approval,
        RealtimeItemEvent: _take_item,
        RealtimeSessionEvent: _take_session,
        RealtimeSpeechEvent: _take_speech,
        RealtimeInterruptionEvent: _take_interruption,
        RealtimeResponseEvent: _take_response,
        RealtimeErrorEvent: _take_error,
    }
    """What each class of event means beside being told; gives what is told, if anything still is."""


def _has_sound(event: RealtimeResponseEvent) -> bool:
    return event.usage is not None and event.usage.output_audio_tokens > 0


def _not_honoured(event: RealtimeSessionEvent) -> RealtimeErrorEvent:
    names = ", ".join(event.not_honoured)
    return RealtimeErrorEvent(
        kind="invalid_request",
        code="setting_not_honoured",
        message=f"the service reports other values than it was asked for: {names}",
        benign=True,
    )
