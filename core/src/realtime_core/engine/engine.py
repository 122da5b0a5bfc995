"""The engine of one session: puts its parts together, and hands each event and each command to them.

Knows nothing of any vendor. What events mean is in `engine.meanings`. Everything an event passes through is
synchronous: reading never waits.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from realtime_core.audio.sinks import AudioSink
from realtime_core.callbacks import AudioCallback
from realtime_core.clock import current_clock
from realtime_core.commands import (
    AddItem,
    AnswerApproval,
    CancelResponse,
    ClearAudio,
    Command,
    CreateResponse,
)
from realtime_core.contents import ApprovalRequest
from realtime_core.engine.budget_watch import BudgetWatch
from realtime_core.engine.configuration import Configuration, audio_input
from realtime_core.engine.endings import Endings
from realtime_core.engine.initiative import Initiative
from realtime_core.engine.lifecycle import End, Hooks, Lifecycle
from realtime_core.engine.meanings import Meanings
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
    RealtimeAudioEvent,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeFunctionResultEvent,
    RealtimeResponseEvent,
    RealtimeSessionEvent,
)
from realtime_core.provider import Connection, Setup
from realtime_core.state import SessionState
from realtime_core.stats import MediaStats
from realtime_core.turnstile import Turnstile

__all__ = ["SessionEngine"]

_DEFAULT_OPEN_TIMEOUT_S: Final = 10.0


class SessionEngine:
    """The parts of one session around one provider `Connection`.

    Args:
        plan: what was decided about it.
        session: what a tool gets that asks for its session.
    """

    def __init__(self, plan: SessionPlan, session: object) -> None:
        self.plan = plan
        clock = current_clock()
        limits = plan.limits
        self._clock = clock
        self._capabilities = capabilities = plan.provider.capabilities
        self._setup = Setup(
            settings=native_settings(plan.settings, capabilities), tools=definitions(plan.tools)
        )
        self._observation = observation_for(plan.name, plan.observers)
        self.recorder = Recorder()
        self.meter = Meter(clock, plan.budget, wake=lambda: self.budget.check(), acks=capabilities.acks)
        self._awaiting_audio = self.meter.awaiting
        self._connection: Connection | None = None
        self._was_open = False
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
        self._outbox = self._new_outbox(self.sender.order)
        # what waits for the pace of the user's audio must not hold it up
        self._cancelling = self._new_outbox(Turnstile()) if capabilities.paced else self._outbox
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
        self.budget = BudgetWatch(
            self.meter,
            has_budget=plan.budget is not None,
            slot=self._slot,
            speech=self.speech,
            life=self.life,
            clock=clock,
            report=self.report,
        )
        self._initiative = Initiative(
            capabilities=capabilities,
            configuration=self.configuration,
            life=self.life,
            slot=self._slot,
            responder=self.responder,
            meter=self.meter,
            outbox=self._outbox,
        )
        self.toolbox = Toolbox(
            plan.tools,
            Host(
                session=session,
                spawn=self.life.spawn,
                order=self.sender.order,
                send=self.sender.write_in_order,
                report=self._report_own,
                go_on=self._initiative.go_on,
                progress=self._initiative.progress,
                tell=self._initiative.tell,
            ),
            auto_invoke=plan.auto_invoke,
            concurrency=limits.tool_concurrency,
            timeout_s=limits.tool_timeout_s,
            error_hook=plan.tool_error,
            acks=capabilities.acks,
            clock=clock,
        )
        self._endings = Endings(self.speech.is_served, report=self.report, clock=clock)
        self.meanings = Meanings(
            life=self.life,
            configuration=self.configuration,
            speech=self.speech,
            slot=self._slot,
            responder=self.responder,
            toolbox=self.toolbox,
            recorder=self.recorder,
            meter=self.meter,
            budget=self.budget,
            endings=self._endings,
            cancelling=self._cancelling,
            observation=self._observation,
            report=self.report,
            paced=capabilities.paced,
        )

    # -- what the session asks -------------------------------------------------------------------

    @property
    def failure(self) -> RealtimeError | None:
        """What ended the session, if nobody here asked for it."""
        return None if self.life.end is None else self.life.end.failure

    @property
    def media_stats(self) -> MediaStats | None:
        """What the connection tells of its track, if it has one."""
        return getattr(self._connection, "media_stats", None)

    def attach(self, callback: AudioCallback | AudioSink) -> None:
        """From now on ``callback`` gets the audio; if it is the first, also what nobody was given yet."""
        missed = () if self.speech.output.has_callback else self.queue.unheard_audio()
        self.speech.attach(callback, missed)

    async def answer_approval(self, request: ApprovalRequest, *, approve: bool, reason: str = "") -> None:
        """A person has decided.

        Raises:
            RealtimeError: as `RealtimeSession.approve`.
        """
        self.life.connection()
        if self.toolbox.approvals.decide(request, approve=approve, reason=reason):
            answer = AnswerApproval(approval_id=request.approval_id, approve=approve, reason=reason)
            await self._outbox.put(answer).wait()
            self._initiative.go_on()

    async def interrupt(self) -> bool:
        """Stop what is said, and what was asked for; whether there was anything.

        Raises:
            RealtimeError: as `RealtimeSession.interrupt`.
        """
        self.life.connection()
        was_asked = self._slot.drop(
            RealtimeResponseEvent(phase="done", status="cancelled", status_reason="client_cancelled")
        )
        interruption = self.meanings.interrupted(self.speech.silence(self._slot.active_ids))
        if interruption is None:
            return was_asked
        # in the outbox it is sent even if nobody waits for that any more
        await self._cancelling.put(*interruption.commands).wait()
        return True

    # -- the turning points ----------------------------------------------------------------------

    async def _connect(self) -> Connection:
        self._connection = await self.plan.provider.connect(self.plan.options, self._setup)
        return self._connection

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

    def _new_outbox(self, order: Turnstile) -> Outbox:
        return Outbox(
            self.sender.write_in_order,
            order,
            self._outbox_failed,
            self.life.spawn,
            sent=self._sent,
        )

    def _sent(self, command: Command) -> None:
        self.responder.sent(command)
        if self._capabilities.paced and isinstance(command, CreateResponse):
            # it has waited for the user's audio, which is not the service's time
            self.meter.requested(command.command_id)

    def _opened(self) -> None:
        self._was_open = True
        self._outbox.open()
        self._cancelling.open()
        self.meter.start()

    def _finish(self, end: End) -> None:
        error = end.failure or SessionStateError("the session was deleted while this waited for an answer")
        self.budget.close()
        self.meter.close()
        code = end.failure.code if isinstance(end.failure, ConnectionLost) else None
        self.toolbox.abandon()
        lost_ms = self.speech.abandon(error)
        self._endings.tell()
        closed = RealtimeSessionEvent(
            phase="closed",
            session_id=self.meanings.session_id,
            reason=end.reason,
            code=code,
            lost_audio_ms=lost_ms,
        )
        self.queue.put(closed)
        self.queue.end()
        if self._was_open or end.failure is None:
            self.recorder.captions.end()  # else whoever opens it does: another provider may follow
        self.sender.pending.fail(error)
        self._outbox.close(error)
        self._cancelling.close(error)
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
        told = self.meanings.take(event)
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

    def _report_own(self, event: RealtimeEvent) -> None:
        """Something of a tool."""
        if isinstance(event, RealtimeFunctionResultEvent):
            self.recorder.take(event)
            self.meter.take(event)
        self.report(event)
