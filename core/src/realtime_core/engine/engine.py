"""The engine of one session: its parts, and what each event means to them.

Knows nothing of any vendor: it branches on `Capabilities` and on event classes, never on a ``service_type``.
Everything an event passes through is synchronous: reading never waits.
"""

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, Final

from realtime_core.clock import Timer, current_clock
from realtime_core.commands import (
    AddItem,
    AnswerApproval,
    CancelResponse,
    ClearAudio,
    Command,
    CreateResponse,
)
from realtime_core.contents import ApprovalRequest, Message
from realtime_core.engine.configuration import Change, Configuration, audio_input
from realtime_core.engine.interruption import Interruption, interrupts
from realtime_core.engine.lifecycle import End, Hooks, Lifecycle
from realtime_core.engine.metering import Meter
from realtime_core.engine.native import native_settings, output_format
from realtime_core.engine.observation import observation_for
from realtime_core.engine.outbox import Outbox
from realtime_core.engine.pending import refusal
from realtime_core.engine.plan import SessionPlan, definitions
from realtime_core.engine.queue import EventQueue
from realtime_core.engine.recorder import Recorder
from realtime_core.engine.responder import Responder
from realtime_core.engine.sender import Sender
from realtime_core.engine.slot import ResponseSlot
from realtime_core.engine.speech import AssistantSpeech
from realtime_core.engine.toolbox import Host, Toolbox
from realtime_core.engine.withheld import withheld
from realtime_core.errors import ConnectionLost, LostReason, RealtimeError, SessionStateError
from realtime_core.events import (
    RealtimeApprovalEvent,
    RealtimeAudioEvent,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeFunctionCallEvent,
    RealtimeFunctionCancelledEvent,
    RealtimeFunctionResultEvent,
    RealtimeInterruptionEvent,
    RealtimeItemEvent,
    RealtimeResponseEvent,
    RealtimeSessionEvent,
    RealtimeSpeechEvent,
    RealtimeTextEvent,
    RealtimeTranscriptEvent,
)
from realtime_core.provider import Connection, Setup
from realtime_core.settings import TurnDetection
from realtime_core.state import SessionState
from realtime_core.stats import MediaStats
from realtime_core.unset import UNSET, UnsetType

__all__ = ["SessionEngine"]

_DEFAULT_OPEN_TIMEOUT_S: Final = 10.0
# How often a session whose budget is used up looks whether all has been heard.
_LOOK_AGAIN_S: Final = 0.1


class SessionEngine:
    """The parts of one session around one provider `Connection`.

    Args:
        plan: what was decided about it.
        session: what a tool gets that asks for its session.
    """

    def __init__(self, plan: SessionPlan, session: object) -> None:
        self.plan = plan
        self.session_id: str | None = None
        clock = current_clock()
        limits = plan.limits
        self._clock = clock
        self._capabilities = capabilities = plan.provider.capabilities
        self._setup = Setup(
            settings=native_settings(plan.settings, capabilities), tools=definitions(plan.tools)
        )
        self._observation = observation_for(plan.name, plan.observers)
        self.recorder = Recorder()
        self.meter = Meter(clock, plan.budget, wake=self._check_budget, acks=capabilities.acks)
        self._awaiting_audio = self.meter.awaiting
        self._budget_timer: Timer | None = None
        self._connection: Connection | None = None
        self.queue = EventQueue(limits.queue_bytes)
        self.speech = AssistantSpeech(
            output_format(plan.settings),
            capabilities=capabilities,
            limits=limits,
            clock=clock,
            queue=self.queue,
            report=self.report,
        )
        if plan.audio_output_callback is not None:
            self.speech.attach(plan.audio_output_callback)
        self.life = Lifecycle(
            Hooks(
                connect=self._connect,
                take=self._take,
                prepare=self._prepare if plan.history or plan.create_response else None,
                serve=lambda: [self.speech.output.run()],
                opened=self._opened,
                sending=self._sending,
                not_sent=self._not_sent,
                finish=self._finish,
                tells_audio=self._observation is not None,
            ),
            name=plan.name,
            clock=clock,
            open_timeout_s=getattr(plan.options, "timeout_s", None) or _DEFAULT_OPEN_TIMEOUT_S,
            close_timeout_s=limits.close_timeout_s,
        )
        self.sender = Sender(
            self.life,
            audio_input(plan.settings, plan.provider),
            acks=capabilities.acks,
            clock=clock,
            paced=capabilities.paced,
            timeout_s=limits.command_timeout_s,
        )
        self.configuration = Configuration(plan, sender=self.sender, life=self.life)
        self._outbox = Outbox(
            self.sender.write_in_order, self.sender.order, self._outbox_failed, self.life.spawn
        )
        self._slot = ResponseSlot(acks=capabilities.acks)
        self.responder = Responder(
            self._slot,
            outbox=self._outbox,
            report=self.report,
            heard=self.speech.heard,
            clock=clock,
            paced=capabilities.paced,
            timeout_s=limits.command_timeout_s,
        )
        self.toolbox = Toolbox(
            plan.tools,
            Host(
                session=session,
                spawn=self.life.spawn,
                order=self.sender.order,
                send=self.sender.write_in_order,
                report=self._report_own,
                go_on=self._go_on,
                progress=self._progress,
                tell=self._tell,
            ),
            auto_invoke=plan.auto_invoke,
            concurrency=limits.tool_concurrency,
            timeout_s=limits.tool_timeout_s,
            error_hook=plan.tool_error,
            acks=capabilities.acks,
            clock=clock,
        )

    # -- what the session asks -------------------------------------------------------------------

    @property
    def failure(self) -> RealtimeError | None:
        """What ended the session, if nobody here asked for it."""
        return None if self.life.end is None else self.life.end.failure

    def check_budget(self) -> None:
        """Raises `SessionStateError` if no response may be asked for any more."""
        if self.meter.refuses is not None:
            raise SessionStateError(self.meter.refuses)

    async def answer_approval(self, request: ApprovalRequest, *, approve: bool, reason: str = "") -> None:
        """A person has decided.

        Raises:
            RealtimeError: as `RealtimeSession.approve`.
        """
        self.life.connection()
        if self.toolbox.approvals.decide(request, approve=approve, reason=reason):
            answer = AnswerApproval(approval_id=request.approval_id, approve=approve, reason=reason)
            await self._outbox.put(answer).wait()
            self._go_on()

    def changed(self, change: Change | None) -> None:
        """A change of settings or tools is in force now."""
        if change is None:
            return
        if change.settings.output_audio_format is not UNSET:
            self.speech.retarget(output_format(change.settings))
        if not isinstance(change.tools, UnsetType):
            self.toolbox.replace(change.tools)

    async def interrupt(self) -> bool:
        """Stop what is said, and what was asked for; whether there was anything.

        Raises:
            RealtimeError: as `RealtimeSession.interrupt`.
        """
        self.life.connection()
        was_asked = self._slot.drop(
            RealtimeResponseEvent(phase="done", status="cancelled", status_reason="client_cancelled")
        )
        interruption = self._interrupted(self.speech.silence(self._slot.active_ids))
        if interruption is None:
            return was_asked
        # in the outbox it is sent even if nobody waits for that any more
        await self._outbox.put(*interruption.commands).wait()
        return True

    # -- the turning points ----------------------------------------------------------------------

    async def _connect(self) -> Connection:
        self._connection = await self.plan.provider.connect(self.plan.options, self._setup)
        return self._connection

    @property
    def media_stats(self) -> MediaStats | None:
        """What the connection tells of its track, if it has one."""
        return getattr(self._connection, "media_stats", None)

    async def _prepare(self, send: Callable[[Command], Awaitable[None]]) -> None:
        commands = [AddItem(item=item) for item in self.plan.history]
        pending = self.sender.pending
        answers = [pending.expect(command.command_id) for command in commands]
        try:
            for command in commands:
                await send(command)
            if self._capabilities.acks:
                for answer in answers:
                    await answer
        finally:
            for command in commands:
                pending.forget(command.command_id)
        if self.plan.create_response:
            await self.responder.ask_first(send)

    def _opened(self) -> None:
        self._outbox.open()
        self.meter.start()

    def _finish(self, end: End) -> None:
        error = end.failure or SessionStateError("the session was deleted while this waited for an answer")
        if self._budget_timer is not None:
            self._budget_timer.cancel()
        self.meter.close()
        code = end.failure.code if isinstance(end.failure, ConnectionLost) else None
        self.toolbox.abandon()
        lost_ms = self.speech.abandon(error)
        closed = RealtimeSessionEvent(
            phase="closed",
            session_id=self.session_id,
            reason=end.reason,
            code=code,
            lost_audio_ms=lost_ms,
        )
        self.queue.put(closed)
        self.queue.end()
        self.recorder.captions.end()
        self.sender.pending.fail(error)
        self.responder.close(error)
        if self._observation is not None:
            self._observation.event(closed)
            self._observation.closed(end.reason, end.failure)

    # -- commands --------------------------------------------------------------------------------

    def _sending(self, command: Command) -> None:
        match command:
            case AddItem(item=item):
                self.recorder.sent(item, command.command_id)
            case CreateResponse():
                self.meter.requested(command.command_id)
            case CancelResponse():
                self._slot.cancelling(command.command_id, command.response_id)
            case ClearAudio():
                self.responder.user_speaks(speaks=False)
        if self._observation is not None:
            self._observation.command(command)

    def _not_sent(self, command: Command) -> None:
        if isinstance(command, AddItem):
            self.recorder.refused(command.command_id)

    def _outbox_failed(self, command: Command, error: RealtimeError, awaited: bool) -> None:  # noqa: FBT001  # as `Outbox` has it
        self.responder.not_sent(command, error)
        if self.life.state is SessionState.OPEN and not awaited:
            message = f"{type(command).__name__} was not sent: {error}"
            self.report(RealtimeErrorEvent(kind="invalid_request", code="not_sent", message=message))

    # -- events ----------------------------------------------------------------------------------

    def report(self, event: RealtimeEvent, *, heard: bool = False) -> None:
        """Put an event in the queue; ``heard``: it is audio that a callback has had."""
        if self._observation is not None:
            self._observation.event(event)
        if not self.queue.put(event, heard=heard):
            stuck = ConnectionLost(
                f"the session was ended: {self.plan.limits.queue_bytes} bytes of events that may not be "
                "dropped were waiting, and nobody read them; iterate receive()",
                reason=LostReason.CONSUMER_STUCK,
            )
            self.life.request(End.by(stuck))

    def _take(self, event: RealtimeEvent) -> None:
        """What an event means to the session itself; then it goes to the consumer. Never waits."""
        if type(event) is RealtimeAudioEvent:
            self._take_audio(event)
            return
        understand = self._MEANINGS.get(type(event))
        told = event if understand is None else understand(self, event)
        if told is not None:
            self.report(told)
        if event.command_id is not None:
            self.toolbox.confirmed(event.command_id)
            self.sender.pending.answer(event)
        if isinstance(event, RealtimeErrorEvent) and (
            event.fatal or event.command_id == self._setup.command_id
        ):
            self.life.request(End.by(refusal(event)))

    def _take_audio(self, event: RealtimeAudioEvent) -> None:
        # the hot path
        if self._slot.has_out_of_band and self._slot.take(event):
            self.report(withheld(event))
            return
        awaiting = self._awaiting_audio
        if awaiting and event.response_id in awaiting:
            self.meter.first_audio(event.response_id)
        self.speech.take(event)

    def _take_words(self, event: RealtimeTextEvent | RealtimeTranscriptEvent) -> RealtimeEvent:
        if self._slot.take(event):
            return withheld(event)
        self.recorder.take(event)
        return event

    def _take_call(self, event: RealtimeFunctionCallEvent) -> RealtimeEvent:
        if self._slot.take(event):
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
            if self._observation is not None:
                self._observation.opened(event.session_id)
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
            self._carry_on(self.speech.user_began(self._slot.active_ids, interrupting=interrupting))
        self.responder.user_speaks(speaks=event.phase == "started", will_be_answered=self._service_answers)
        if event.phase == "committed" and event.command_id is None and self._service_answers:
            self._slot.turn_ended()
        return event

    def _take_interruption(self, event: RealtimeInterruptionEvent) -> RealtimeEvent | None:
        self.recorder.take(event)
        interruption = self.speech.service_interrupted(event, self._slot.active_ids)
        self._carry_on(interruption)
        return withheld(event) if interruption is None else None

    def _take_response(self, event: RealtimeResponseEvent) -> RealtimeEvent | None:
        if event.phase == "created":
            self.meter.take(event)
            request = self.responder.created(event)
            if not event.out_of_band:
                self.recorder.take(event)
                self.speech.response_created(event.response_id)
                if request is not None and request.unwanted is not None:
                    self._carry_on(self.speech.silence(self._slot.active_ids))
            return event
        told = self.meter.take(event)
        match event.phase:
            case "playback_started":
                self.speech.playback_started(event.response_id)
            case "playback_stopped":
                self.speech.playback_stopped(event.response_id)
            case _:
                self._end_response(event, told)
                return None
        return told

    def _end_response(self, event: RealtimeResponseEvent, told: RealtimeEvent) -> None:
        in_band = not self._slot.is_out_of_band(event.response_id)
        if in_band:
            if event.status == "cancelled":
                self._carry_on(self.speech.service_interrupted(event, self._slot.active_ids))
            self.recorder.take(event)
            self.speech.response_done(event.response_id)
        self.report(told)
        # what it has used decides on what may follow
        self._check_budget()
        if in_band:
            # before the slot is free: what follows from the calls may become one with what waits
            self.toolbox.response_done(event.response_id)
        self.responder.done(event)
        self._check_budget()

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

    _MEANINGS: ClassVar[dict[type[RealtimeEvent], Callable[["SessionEngine", Any], RealtimeEvent | None]]] = {
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

    @property
    def _service_answers(self) -> bool:
        """Whether the service begins a response when it has ended the user's turn."""
        detection = self.configuration.turn_detection
        if isinstance(detection, TurnDetection):
            return detection.create_response is not False
        return detection is not None

    # -- what follows ----------------------------------------------------------------------------

    def _report_own(self, event: RealtimeEvent) -> None:
        """Something of a tool."""
        if isinstance(event, RealtimeFunctionResultEvent):
            self.recorder.take(event)
            self.meter.take(event)
        self.report(event)

    def _carry_on(self, interruption: Interruption | None) -> None:
        """The model is to know what was heard."""
        interruption = self._interrupted(interruption)
        if interruption is not None:
            self._outbox.put(*interruption.commands)

    def _interrupted(self, interruption: Interruption | None) -> Interruption | None:
        if interruption is not None:
            self._slot.cut()
            for item in interruption.items:
                # of what comes as it is played nobody knows how long it would have been
                all_ms = None if self._capabilities.paced and not item.complete else item.received_ms
                self.recorder.interrupted(item.item_id, item.heard_ms, all_ms)
            self.meter.take(interruption.event)
            if self._observation is not None:
                self._observation.event(interruption.event)
        return interruption

    def _go_on(self, covered: Callable[[], bool] = lambda: False) -> None:
        """The model has all it waited for."""
        if not self._may_ask or self.meter.refuses is not None or self.life.end is not None:
            return
        forced = self.configuration.settings.tool_choice not in (UNSET, "auto", "none")
        # a tool that must be called would be called for ever
        overrides = {"tool_choice": "auto"} if forced else {}
        self.responder.ask_later(covered=covered, overrides=overrides, is_plain=True)

    @property
    def _may_ask(self) -> bool:
        capabilities = self._capabilities
        return capabilities.turns and capabilities.client_responses and not capabilities.auto_continue

    def _progress(self, text: str) -> None:
        """Have the assistant say ``text``, if nothing is being said or asked for."""
        is_open = self.life.state is SessionState.OPEN
        if is_open and self._may_ask and self._slot.is_free and self.meter.refuses is None:
            instructions = f"Tell the user this, in one short sentence, and nothing else: {text}"
            self.responder.ask_later(overrides={"instructions": instructions, "tool_choice": "none"})

    def _tell(self, text: str) -> None:
        """Have the model know ``text``."""
        if self._capabilities.history == "any_time":
            self._outbox.put(AddItem(item=Message("system", text)))

    def _check_budget(self) -> None:
        if self.plan.budget is None or self.life.end is not None:
            return
        for event in self.meter.check(idle=not self._slot.is_active and not self.speech.is_playing):
            self.report(event)
        if self.meter.refuses is not None:
            self._slot.refuse_waiting(SessionStateError(self.meter.refuses))
        if self.meter.expired is not None:
            self.life.request(End.by(self.meter.expired))
        elif self.meter.refuses is not None:
            if self._budget_timer is not None:
                self._budget_timer.cancel()
            self._budget_timer = self._clock.call_later(_LOOK_AGAIN_S, self._check_budget)


def _not_honoured(event: RealtimeSessionEvent) -> RealtimeErrorEvent:
    names = ", ".join(event.not_honoured)
    return RealtimeErrorEvent(
        kind="invalid_request",
        code="setting_not_honoured",
        message=f"the service reports other values than it was asked for: {names}",
        benign=True,
    )
