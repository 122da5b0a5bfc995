"""The server's side of one session: client frames in, server frames out.

Does no I/O and never waits: time is a number that the caller passes in, and server frames are
there to be taken one by one. Knows nothing of sockets and faults.
"""

import math
from collections import deque
from collections.abc import Callable
from typing import Any, ClassVar, Final

from realtime_simulator import client_events
from realtime_simulator.frames import EXPIRED, End, Frame, Frames, Ids
from realtime_simulator.item_schema import check_item
from realtime_simulator.items import Conversation
from realtime_simulator.mcp import list_tools
from realtime_simulator.options import SimulatorOptions
from realtime_simulator.pacing import Pacer
from realtime_simulator.parts import Outbox, Parts
from realtime_simulator.quirks import Quirks
from realtime_simulator.refusals import Refusal
from realtime_simulator.request import Request, read_request
from realtime_simulator.session import Session
from realtime_simulator.session_defaults import SessionKind, default_session
from realtime_simulator.session_rules import Moment
from realtime_simulator.turns import Turns

__all__ = ["Engine"]

_BETA: Final = Refusal(
    "The Realtime Beta API is no longer supported. Use the GA API.", code="beta_api_shape_disabled"
)
_EXPIRED_SECRET: Final = Refusal("Ephemeral token expired", code="token_expired")
"""The message is measured; its code, and the close after it, are inferred."""


class Engine:
    """One session.

    Begin with `open`; then `receive` what the client sends, and take what is due with `next`.

    Args:
        options: how the service behaves.
        model: what the client connected to; a transcription session has none.
        now_s: the time of the clock that all calls use.
        epoch_s: the same moment in seconds since 1970.
        kind: ``transcription``: the session only listens, and never answers.
        session: what it begins with in place of the defaults, but for its id and its end.
        on_tracks: it is a call: `hear` what the client's track brings, send what `play` gives.
    """

    def __init__(
        self,
        options: SimulatorOptions,
        *,
        model: str,
        now_s: float,
        epoch_s: float,
        kind: SessionKind = "realtime",
        session: Frame | None = None,
        on_tracks: bool = False,
    ) -> None:
        ids = Ids()
        frames = Frames(ids)
        expires_at = int(epoch_s + options.max_session_s)
        served = default_session(
            ids.new("sess"), model, voice=options.voice, expires_at=expires_at, kind=kind
        )
        if session is not None:
            served = {**session, "id": served["id"], "expires_at": expires_at}
        self._outbox = Outbox(frames)
        self._pacer = Pacer(options.speed)
        self._session = Session(served, on_tracks=on_tracks, own=options.own_settings)
        self._conversation = Conversation(ids.new("conv"))
        self._parts = Parts(
            options, ids, frames, self._outbox, self._pacer, self._session, self._conversation, now_s
        )
        self._turns = Turns(self._parts)
        self._quirks = Quirks(options.quirks, frames, self._conversation.id)
        self._made: deque[Frame] = deque()
        self._end_s = now_s + options.max_session_s
        self._is_expired = False

    def open(self, *, beta: bool = False, expired: bool = False) -> None:
        """Begin the session.

        One that asks for the beta shape is told so, and closed; one whose client secret had ``expired`` is
        told so when the client asks for anything, and closed.
        """
        self._is_expired = expired
        if beta:
            self._reject(_BETA)
        else:
            self._outbox.send("session.created", session=self._session.served)
            list_tools(self._parts, before=())

    def _reject(self, refusal: Refusal, event_id: str | None = None) -> None:
        self._outbox.fail(refusal, event_id)
        self._outbox.put(End(4000, f"{refusal.kind}.{refusal.code}"))

    # what the door asks

    def receive(self, text: str | bytes, now_s: float) -> Any:
        """Take a frame of the client; what was understood of it, decoded, or the text itself."""
        self._parts.now_s = now_s
        event: Any = text
        try:
            event = client_events.decode(text)
            if self._is_expired:
                self._reject(_EXPIRED_SECRET, client_events.event_id_of(event))
                return event
            checked = client_events.check(event, self._session.kind)
            self._HANDLERS[checked["type"]](self, checked)
        except Refusal as refusal:
            if self._is_expired:
                self._reject(_EXPIRED_SECRET)
            else:
                self._outbox.fail(refusal, client_events.event_id_of(event))
        return event

    def next(self, now_s: float) -> Frame | str | End | None:
        """The next frame that is due, text to go out as it is, or the end; None: nothing is due."""
        self._parts.now_s = now_s
        while not self._made:
            due = self._next(now_s)
            if due is None or isinstance(due, End | str):
                return due
            for frame in [due] if self._turns.playback is None else self._turns.playback.send(due):
                self._made.extend(self._quirks(frame))
        return self._made.popleft()

    def _next(self, now_s: float) -> Frame | str | End | None:
        waiting = self._outbox.take()
        if waiting is not None:
            return waiting
        if now_s >= self._end_s:
            self._end_s = math.inf
            self._outbox.fail(Refusal(EXPIRED, code="session_expired"))
            self._outbox.put(End(1001, EXPIRED))
            return self._outbox.take()
        idle_s = self._turns.due_s
        if idle_s is not None and now_s >= idle_s:
            self._turns.time_out()
            return self._outbox.take()
        frame = self._pacer.next(now_s)
        if frame is not None and frame["type"] == "response.done":
            self._turns.responses.sent(frame["response"]["id"])
        return frame

    @property
    def due_s(self) -> float:
        """When `next`, which had nothing, will have something if the client sends nothing before."""
        dues = (self._pacer.due_s, self._turns.due_s, self._end_s)
        return min(due_s for due_s in dues if due_s is not None)

    @property
    def is_full(self) -> bool:
        """Whether the client should take something before it is heard again."""
        return self._outbox.is_full

    @property
    def end(self) -> End | None:
        """The end that is coming, after what waits for nothing; None: none is yet."""
        return self._outbox.end

    # what the tracks of a call do

    def hear(self, pcm: bytes, now_s: float) -> None:
        """Take audio of the client's track: PCM16 mono at 24 kHz."""
        self._parts.now_s = now_s
        self._turns.hear(pcm)

    def play(self, samples: int, now_s: float) -> bytes:
        """What the service's track sends now, in the same format; what is missing is silence."""
        self._parts.now_s = now_s
        return b"" if self._turns.playback is None else self._turns.playback.take(samples)

    # what a test may do

    def send(self, kind: str, fields: dict[str, Any]) -> None:
        """Send an event, whatever it says."""
        self._outbox.send(kind, **fields)

    def send_text(self, text: str) -> None:
        """Send a frame that may be none."""
        self._outbox.put(text)

    def respond(self, now_s: float) -> None:
        """Answer, although nobody has asked."""
        self._parts.now_s = now_s
        self._turns.respond(Request())

    @property
    def is_responding(self) -> bool:
        """Whether a response that writes to the conversation goes on."""
        return self._turns.responses.active is not None

    def hold(self) -> None:
        """Make nothing more of any response."""
        self._pacer.hold()

    def release(self, *until: str) -> None:
        """Go on with the responses, or go on until an event of one of those types has been made."""
        self._pacer.release(*until)

    def finish(self, end: End) -> None:
        """End the session after what waits."""
        self._outbox.put(end)

    def user_starts_speaking(self, now_s: float) -> None:
        """Hear speech although there may be no audio of it.

        Raises:
            RuntimeError: the user speaks already, or turn detection is off.
        """
        self._parts.now_s = now_s
        self._turns.start_speech()

    def user_stops_speaking(self, text: str | None, now_s: float) -> None:
        """Hear the end of speech; ``text`` is what was said, None: the next of the transcripts.

        Raises:
            RuntimeError: nobody speaks.
        """
        self._parts.now_s = now_s
        self._turns.stop_speech(text)

    # what events do

    def _update_session(self, event: Frame) -> None:
        moment = Moment(
            voice_locked=self._conversation.has_assistant_audio,
            responding=self._turns.responses.active is not None,
        )
        tools = self._session.served.get("tools", ())
        self._session.update(event["session"], moment)
        self._turns.configure()
        self._outbox.send("session.updated", session=self._session.served)
        list_tools(self._parts, before=tools)

    def _create_item(self, event: Frame) -> None:
        item = check_item(event["item"], "item", self._parts.ids, self._session.input_format)
        self._conversation.check_answer(item)
        previous_item_id = self._conversation.add(item, event.get("previous_item_id"))
        self._parts.show_item(item, previous_item_id)

    def _retrieve_item(self, event: Frame) -> None:
        item = self._conversation.get(event["item_id"])
        self._outbox.send("conversation.item.retrieved", item=item.retrieved())

    def _truncate_item(self, event: Frame) -> None:
        where = {name: event[name] for name in ("item_id", "content_index", "audio_end_ms")}
        self._conversation.truncate(**where)
        self._outbox.send("conversation.item.truncated", **where)

    def _delete_item(self, event: Frame) -> None:
        self._conversation.delete(event["item_id"])
        self._outbox.send("conversation.item.deleted", item_id=event["item_id"])

    def _create_response(self, event: Frame) -> None:
        request = read_request(event.get("response"), self._session, self._conversation, self._parts.ids)
        self._turns.respond(request, client_events.event_id_of(event))

    def _cancel_response(self, event: Frame) -> None:
        self._turns.responses.cancel(event.get("response_id"))

    def _append(self, event: Frame) -> None:
        if self._session.on_tracks:
            raise _not_here("input_audio_buffer.append", "a WebSocket: the audio of a call is its track's")
        self._turns.append(event)

    def _clear_output(self, _: Frame) -> None:
        if self._turns.playback is None:
            raise _not_here("output_audio_buffer.clear", "WebRTC")
        self._turns.playback.clear()

    _HANDLERS: ClassVar[dict[str, Callable[[Any, Frame], None]]] = {
        "session.update": _update_session,
        "input_audio_buffer.append": _append,
        "input_audio_buffer.commit": lambda self, event: self._turns.commit(event),
        "input_audio_buffer.clear": lambda self, event: self._turns.clear(event),
        "conversation.item.create": _create_item,
        "conversation.item.retrieve": _retrieve_item,
        "conversation.item.truncate": _truncate_item,
        "conversation.item.delete": _delete_item,
        "response.create": _create_response,
        "response.cancel": _cancel_response,
        "output_audio_buffer.clear": _clear_output,
    }


def _not_here(kind: str, where: str) -> Refusal:
    return Refusal(f"'{kind}' is only available over {where}.", code="invalid_event", param="type")
