"""The server's side of one session: client frames in, server frames out.

Does no I/O and never waits: time is a number that the caller passes in, and server frames are
there to be taken one by one. Knows nothing of sockets and faults.
"""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

import attrs

from realtime_simulator import client_events
from realtime_simulator.buffer import InputBuffer, SpeechStarted
from realtime_simulator.frames import EXPIRED, End, Frame, Frames, Ids
from realtime_simulator.items import Conversation, check_item, user_audio_item
from realtime_simulator.options import SimulatorOptions
from realtime_simulator.pacing import Pacer, Stream
from realtime_simulator.refusals import Refusal
from realtime_simulator.request import Request, answer_of, read_request
from realtime_simulator.response import Response
from realtime_simulator.session import Session
from realtime_simulator.session_defaults import SessionKind, default_session
from realtime_simulator.session_rules import Moment
from realtime_simulator.transcription import Transcriber
from realtime_simulator.usage import Tokens
from realtime_simulator.wire_audio import Clip, decode_base64

__all__ = ["DEFAULT_MODEL", "Engine"]

DEFAULT_MODEL: Final = "gpt-realtime-2.1"

_RATE_LIMITS: Final = [
    {"name": "tokens", "limit": 15_000_000, "remaining": 14_999_361, "reset_seconds": 0.002}
]


@attrs.define(eq=False)
class _Running:
    """A response that has begun, and the stream it is sent by."""

    response: Response
    stream: Stream


class Engine:
    """One session.

    Begin with `open`; then `receive` what the client sends, and take what is due with `next`.

    Args:
        options: how the service behaves.
        model: what the client connected to; a transcription session has none.
        now_s: the time of the clock that all calls use.
        epoch_s: the same moment in seconds since 1970.
        kind: ``transcription``: the session only listens, and never answers.
    """

    def __init__(
        self,
        options: SimulatorOptions,
        *,
        model: str,
        now_s: float,
        epoch_s: float,
        kind: SessionKind = "realtime",
    ) -> None:
        self._options = options
        self._ids = Ids()
        self._frames = Frames(self._ids)
        self._outbox: deque[Frame | End] = deque()
        self._pacer = Pacer(options.speed)
        self._end_s = now_s + options.max_session_s
        expires_at = int(epoch_s + options.max_session_s)
        session_id = self._ids.new("sess")
        self._session = Session(
            default_session(session_id, model, voice=options.voice, expires_at=expires_at, kind=kind)
        )
        self._conversation = Conversation(self._ids.new("conv"))
        self._buffer = InputBuffer(self._session.input_format, self._session.turn_detection)
        self._transcriber = Transcriber(self._frames, options.transcripts)
        self._brain = options.mind
        self._speech_item_id = ""
        self._running: list[_Running] = []
        self._responses = 0
        self._last_read = Tokens()
        self._now_s = now_s

    def open(self, *, beta: bool = False) -> None:
        """Begin the session; one that asks for the beta shape is told so, and closed."""
        if beta:
            self._refuse_beta()
        else:
            self._send("session.created", session=self._session.served)

    def _refuse_beta(self) -> None:
        code = "beta_api_shape_disabled"
        self._fail(Refusal("The Realtime Beta API is no longer supported. Use the GA API.", code=code))
        self._outbox.append(End(4000, f"invalid_request_error.{code}"))

    # what the door asks

    def receive(self, text: str | bytes, now_s: float) -> Any:
        """Take a frame of the client; what was understood of it, decoded, or the text itself."""
        self._now_s = now_s
        event: Any = text
        try:
            event = client_events.decode(text)
            checked = client_events.check(event, self._session.kind)
            self._HANDLERS[checked["type"]](self, checked)
        except Refusal as refusal:
            self._fail(refusal, client_events.event_id_of(event))
        return event

    def next(self, now_s: float) -> Frame | End | None:
        """The next frame that is due, or the end of the session; None: nothing is due yet."""
        if self._outbox:
            return self._outbox.popleft()
        if now_s >= self._end_s:
            self._end_s = float("inf")
            self._fail(Refusal(EXPIRED, code="session_expired"))
            self._outbox.append(End(1001, EXPIRED))
            return self._outbox.popleft()
        frame = self._pacer.next(now_s)
        if frame is not None and frame["type"] == "response.done":
            self._running = [running for running in self._running if not running.response.finished]
            if self._options.rate_limits == "end":
                self._send("rate_limits.updated", rate_limits=_RATE_LIMITS)
        return frame

    @property
    def due_s(self) -> float:
        """When `next`, which had nothing, will have something if the client sends nothing before."""
        due_s = self._pacer.due_s
        return self._end_s if due_s is None else min(due_s, self._end_s)

    # what a test may do

    def send(self, kind: str, fields: dict[str, Any]) -> None:
        """Send an event, whatever it says."""
        self._outbox.append(self._frames(kind, **fields))

    def user_starts_speaking(self, now_s: float) -> None:
        """Hear speech although there may be no audio of it.

        Raises:
            RuntimeError: the user speaks already, or turn detection is off.
        """
        self._now_s = now_s
        self._speech_started(self._buffer.start_speech().at_ms)

    def user_stops_speaking(self, text: str | None, now_s: float) -> None:
        """Hear the end of speech; ``text`` is what was said, None: the next of the transcripts.

        Raises:
            RuntimeError: nobody speaks.
        """
        self._now_s = now_s
        stopped = self._buffer.stop_speech()
        self._speech_stopped(stopped.at_ms, stopped.clip, text)

    # what events do

    def _send(self, kind: str, **payload: Any) -> None:
        self._outbox.append(self._frames(kind, **payload))

    def _fail(self, refusal: Refusal, event_id: str | None = None) -> None:
        self._send("error", error=refusal.body(event_id))

    def _update_session(self, event: Frame) -> None:
        moment = Moment(
            voice_locked=self._conversation.has_assistant_audio,
            responding=self._default_response() is not None,
        )
        self._session.update(event["session"], moment)
        self._buffer.configure(self._session.input_format, self._session.turn_detection)
        self._send("session.updated", session=self._session.served)

    def _append_audio(self, event: Frame) -> None:
        data = decode_base64(event["audio"])
        if data is None:
            raise Refusal("Invalid 'audio': not base64.", code="invalid_value", param="audio")
        for change in self._buffer.append(data):
            if isinstance(change, SpeechStarted):
                self._speech_started(change.at_ms)
            else:
                self._speech_stopped(change.at_ms, change.clip)

    def _speech_started(self, at_ms: int) -> None:
        self._speech_item_id = self._ids.new("item")
        self._send("input_audio_buffer.speech_started", audio_start_ms=at_ms, item_id=self._speech_item_id)
        running = self._default_response()
        if running is not None and self._detection["interrupt_response"]:
            self._cancel(running, "turn_detected")

    def _speech_stopped(self, at_ms: int, clip: Clip, heard: str | None = None) -> None:
        item_id = self._speech_item_id
        self._send("input_audio_buffer.speech_stopped", audio_end_ms=at_ms, item_id=item_id)
        self._commit(item_id, clip, heard)
        if self._session.kind == "realtime" and self._detection["create_response"]:
            self._respond(Request())

    @property
    def _detection(self) -> Mapping[str, Any]:
        """The turn detection that heard something, so there is one."""
        return self._session.turn_detection or {}

    def _commit_audio(self, _: Frame) -> None:
        self._commit(self._ids.new("item"), self._buffer.commit())

    def _commit(self, item_id: str, clip: Clip, heard: str | None = None) -> None:
        item = user_audio_item(item_id, clip, self._transcriber.heard() if heard is None else heard)
        previous_item_id = self._conversation.add(item)
        self._send("input_audio_buffer.committed", previous_item_id=previous_item_id, item_id=item_id)
        for phase in ("added", "done"):
            self._send(f"conversation.item.{phase}", previous_item_id=previous_item_id, item=item.wire())
        if self._session.transcription is not None:
            self._pacer.add(self._transcriber.steps(item, self._session.transcription), self._now_s)

    def _clear_audio(self, _: Frame) -> None:
        self._buffer.clear()
        self._send("input_audio_buffer.cleared")

    def _create_item(self, event: Frame) -> None:
        item = check_item(event["item"], "item", self._ids, self._session.input_format)
        previous_item_id = self._conversation.add(item, event.get("previous_item_id"))
        for phase in ("added", "done"):
            self._send(f"conversation.item.{phase}", previous_item_id=previous_item_id, item=item.wire())

    def _retrieve_item(self, event: Frame) -> None:
        item = self._conversation.get(event["item_id"])
        self._send("conversation.item.retrieved", item=item.retrieved())

    def _truncate_item(self, event: Frame) -> None:
        where = {name: event[name] for name in ("item_id", "content_index", "audio_end_ms")}
        self._conversation.truncate(**where)
        self._send("conversation.item.truncated", **where)

    def _delete_item(self, event: Frame) -> None:
        self._conversation.delete(event["item_id"])
        self._send("conversation.item.deleted", item_id=event["item_id"])

    def _create_response(self, event: Frame) -> None:
        request = read_request(event.get("response"), self._session, self._conversation, self._ids)
        self._respond(request, client_events.event_id_of(event))

    def _respond(self, request: Request, event_id: str | None = None) -> None:
        """Begin a response; one that writes to the conversation only if no other does."""
        running = self._default_response()
        if request.in_conversation and running is not None:
            self._fail(_already_active(running.response.id), event_id)
            return
        spec = request.spec(self._session, self._conversation, self._last_read)
        turn = request.turn(self._session, self._conversation, number=self._responses)
        response = Response(self._frames, self._ids, spec, answer_of(self._brain, turn))
        self._responses += 1
        self._last_read = spec.read
        self._outbox.append(response.created())
        if self._options.rate_limits == "start":
            self._send("rate_limits.updated", rate_limits=_RATE_LIMITS)
        self._running.append(_Running(response, self._pacer.add(response.steps(), self._now_s)))

    def _default_response(self) -> _Running | None:
        for running in self._running:
            if running.response.spec.conversation is not None:
                return running
        return None

    def _cancel_response(self, event: Frame) -> None:
        wanted = event.get("response_id")
        for running in self._running:
            if wanted == running.response.id or (wanted is None and running is self._default_response()):
                self._cancel(running, "client_cancelled")
                return
        raise Refusal("Cancellation failed: no active response found", code="response_cancel_not_active")

    def _cancel(self, running: _Running, reason: str) -> None:
        running.response.stop("cancelled", reason=reason)
        self._outbox.extend(self._pacer.drain(running.stream))
        self._running.remove(running)
        if self._options.rate_limits == "end":
            self._send("rate_limits.updated", rate_limits=_RATE_LIMITS)

    def _clear_output(self, _: Frame) -> None:
        raise Refusal(
            "'output_audio_buffer.clear' is only available over WebRTC.", code="invalid_event", param="type"
        )

    _HANDLERS: ClassVar[dict[str, Callable[[Any, Frame], None]]] = {
        "session.update": _update_session,
        "input_audio_buffer.append": _append_audio,
        "input_audio_buffer.commit": _commit_audio,
        "input_audio_buffer.clear": _clear_audio,
        "conversation.item.create": _create_item,
        "conversation.item.retrieve": _retrieve_item,
        "conversation.item.truncate": _truncate_item,
        "conversation.item.delete": _delete_item,
        "response.create": _create_response,
        "response.cancel": _cancel_response,
        "output_audio_buffer.clear": _clear_output,
    }


def _already_active(response_id: str) -> Refusal:
    return Refusal(
        f"Conversation already has an active response in progress: {response_id}. "
        "Wait until the response is finished before creating a new one.",
        code="conversation_already_has_active_response",
    )
