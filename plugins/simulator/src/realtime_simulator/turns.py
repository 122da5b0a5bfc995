"""The user's turns: audio that comes in, what turn detection makes of it, the items, their transcription.

Knows nothing of how an answer is made.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from realtime_simulator.buffer import InputBuffer, SpeechStarted
from realtime_simulator.frames import Frame, Step
from realtime_simulator.idle import IdleTimer
from realtime_simulator.items import Item, user_audio_item
from realtime_simulator.parts import Parts
from realtime_simulator.playback import Playback
from realtime_simulator.refusals import Refusal
from realtime_simulator.request import Request
from realtime_simulator.response import Response
from realtime_simulator.responses import Responses
from realtime_simulator.transcription import SILENCE, Heard, Transcriber
from realtime_simulator.wire_audio import Clip, decode_base64

__all__ = ["Turns"]

TRACK_MS: Final = 300_000
"""How much of a call's track is kept: nearly 15 MiB, as much as one append may hold."""


class Turns:
    """The turns of one session."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        session, options = parts.session, parts.options
        self._buffer = InputBuffer(session.heard_format, session.turn_detection)
        self._transcriber = Transcriber(parts.frames, parts.ids, options.transcripts, options.transcription)
        self._late: list[Iterator[Step]] = []
        self._idle = IdleTimer()
        self._speech_item_id = ""
        self.responses = Responses(parts, self._answered)
        """Who answers."""

        self.playback = Playback(parts, self._quiet) if session.on_tracks else None
        """How a call sounds; None: it is none."""

    def configure(self) -> None:
        """Take the session's settings."""
        self._buffer.configure(self._parts.session.heard_format, self._parts.session.turn_detection)

    # what the client sends

    def append(self, event: Frame) -> None:
        """Take audio.

        Raises:
            Refusal: it is none, or too much.
        """
        data = decode_base64(event["audio"])
        if data is None:
            raise Refusal("Invalid 'audio': not base64.", code="invalid_value", param="audio")
        self._append(data)

    def hear(self, pcm: bytes) -> None:
        """Take audio of a call's track, which never stops: what is too old is forgotten."""
        self._append(pcm)
        self._buffer.keep(TRACK_MS)

    def _append(self, data: bytes) -> None:
        changes = self._buffer.append(data)
        self._idle.wrote(self._parts.now_s, self._buffer.written_ms)
        for change in changes:
            if isinstance(change, SpeechStarted):
                self._speech_started(change.at_ms)
            else:
                self._speech_stopped(change.at_ms, change.clip)

    def commit(self, _: Frame) -> None:
        """Make an item of what has come.

        Raises:
            Refusal: it is too little.
        """
        self._commit(self._parts.ids.new("item"), self._buffer.commit(), self._transcriber.next_turn())

    def clear(self, _: Frame) -> None:
        """Forget what has come."""
        self._buffer.clear()
        self._parts.outbox.send("input_audio_buffer.cleared")

    # what a test may tell turn detection to hear

    def start_speech(self) -> None:
        """Speech starts, whatever the audio says.

        Raises:
            RuntimeError: the user speaks already, or turn detection is off.
        """
        self._speech_started(self._buffer.start_speech().at_ms)

    def stop_speech(self, text: str | None) -> None:
        """Speech stops; ``text`` is what was said, None: the next of the transcripts.

        Raises:
            RuntimeError: nobody speaks.
        """
        stopped = self._buffer.stop_speech()
        self._speech_stopped(stopped.at_ms, stopped.clip, text)

    # what turn detection hears

    @property
    def _detection(self) -> Mapping[str, Any]:
        """The turn detection that heard something, so there is one."""
        return self._parts.session.turn_detection or {}

    def _speech_started(self, at_ms: int) -> None:
        self._speech_item_id = self._parts.ids.new("item")
        self._parts.outbox.send(
            "input_audio_buffer.speech_started", audio_start_ms=at_ms, item_id=self._speech_item_id
        )
        if self._detection.get("interrupt_response"):
            self.responses.interrupt()
            if self.playback is not None:
                self.playback.clear()
        # after what the interruption ended
        self._idle.stop()

    def _speech_stopped(self, at_ms: int, clip: Clip, text: str | None = None) -> None:
        item_id = self._speech_item_id
        self._parts.outbox.send("input_audio_buffer.speech_stopped", audio_end_ms=at_ms, item_id=item_id)
        self._commit(item_id, clip, self._transcriber.next_turn(text))
        if self._parts.session.kind == "realtime" and self._detection["create_response"]:
            self.respond(Request())

    # how an answer begins and ends

    def respond(self, request: Request, event_id: str | None = None) -> None:
        """Ask for an answer."""
        if request.in_conversation:
            self._idle.stop()
        self.responses.begin(request, event_id)

    def _answered(self, response: Response) -> None:
        while self._late:
            self._parts.pacer.add(self._late.pop(0), self._parts.now_s)
        if self.playback is None:
            self._begin_idle(response.playback_ms)
        elif not self.playback.is_playing:
            self._begin_idle()

    def _quiet(self) -> None:
        """A call plays nothing any more."""
        if self.responses.active is None:
            self._begin_idle()

    def _begin_idle(self, playback_ms: float = 0.0) -> None:
        if not self._buffer.speaking:
            self._idle.start(
                self._parts.now_s, playback_s=playback_ms / 1000, written_ms=self._buffer.written_ms
            )

    @property
    def due_s(self) -> float | None:
        """When the user will have been silent for too long; None: that does not count."""
        return self._idle.due_s(self._parts.session.turn_detection)

    def time_out(self) -> None:
        """The user has been silent for too long: commit the silence, and answer."""
        item_id = self._parts.ids.new("item")
        begin_ms, end_ms = self._idle.begin_ms, self._buffer.written_ms
        self._parts.outbox.send(
            "input_audio_buffer.timeout_triggered",
            item_id=item_id,
            audio_start_ms=round(begin_ms),
            audio_end_ms=round(end_ms),
        )
        self._commit(item_id, self._buffer.since(begin_ms), SILENCE)
        self.respond(Request())

    def _commit(self, item_id: str, clip: Clip, heard: Heard) -> None:
        parts = self._parts
        item = user_audio_item(item_id, clip, heard.words or "")
        previous_item_id = parts.conversation.add(item)
        parts.outbox.send("input_audio_buffer.committed", previous_item_id=previous_item_id, item_id=item_id)
        parts.show_item(item, previous_item_id)
        if parts.session.transcription is not None and heard.outcome != "missing":
            self._transcribe(item, heard, parts.session.transcription)

    def _transcribe(self, item: Item, heard: Heard, settings: dict[str, Any]) -> None:
        session = self._parts.session
        steps = self._transcriber.steps(item, heard, settings, logprobs=session.includes_logprobs)
        if heard.outcome == "late" and session.kind == "realtime":
            self._late.append(steps)
        else:
            self._parts.pacer.add(steps, self._parts.now_s)
