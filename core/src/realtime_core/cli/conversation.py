"""Leads one conversation: one turn after another, each to its end.

Knows nothing of the command line or of how a conversation is shown: a `Listener` is told.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Final, Protocol

from realtime_core.callbacks import AudioCallback
from realtime_core.cli.turns import Input, Play, Say, Turn
from realtime_core.clock import current_clock, timeout
from realtime_core.contents import ApprovalRequest, AudioContent
from realtime_core.engine.pending import refusal
from realtime_core.errors import CommandTimeout, RealtimeError
from realtime_core.events import (
    RealtimeApprovalEvent,
    RealtimeAudioEvent,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeTranscriptEvent,
)
from realtime_core.responses import ResponseHandle
from realtime_core.session import RealtimeSession

__all__ = ["Conversation", "Listener"]

# One append; a multiple of the 10 ms and 20 ms that services count in.
_CHUNK_MS: Final = 40
# How long silence follows a recording before we believe that no speech was heard in it.
_SILENCE_LIMIT_S: Final = 10.0
# A service that owes an answer and says nothing at all for so long will not answer.
_QUIET_LIMIT_S: Final = 30.0
# A transcript of the user's speech may come after the response's end, or never.
_TRANSCRIPT_LIMIT_S: Final = 2.0
# Where there are no responses, so long a pause is taken for the end of the answer.
_PAUSE_S: Final = 2.0


class Listener(Protocol):
    """Whoever shows a conversation. What it raises ends the conversation."""

    def turn_begun(self, turn: Turn) -> None:
        """A turn begins; nothing has been sent."""

    def sent(self, turn: Turn, sent_ms: float) -> None:
        """So much of the turn's recording has been sent."""

    def took(self, turn: Turn | None, event: RealtimeEvent) -> None:
        """An event has come, and ``turn``, if it belongs to one, has learnt from it."""

    def turn_ended(self, turn: Turn) -> None:
        """The turn is complete."""

    def asking(self) -> None:
        """A person is about to be asked something."""

    def asked(self) -> None:
        """Nobody is asked any more."""


Objection = Callable[[ApprovalRequest], Awaitable[str | None]]
"""Says why a call may not be made, if only ""; None: it may."""


async def _not_allowed(_: ApprovalRequest) -> str:
    return ""


class Conversation:
    """A conversation over an open session, which is deleted at its end.

    Args:
        session: open.
        listener: is told.
        calls_are_made: whether the session calls the functions that the model asks for.
        objection: is asked about calls that need approval.
    """

    def __init__(
        self,
        session: RealtimeSession,
        listener: Listener,
        *,
        calls_are_made: bool = False,
        objection: Objection = _not_allowed,
    ) -> None:
        self.turns: list[Turn] = []
        self._session = session
        self._listener = listener
        self._calls_are_made = calls_are_made
        self._objection = objection
        self._questions: set[asyncio.Task[None]] = set()
        self._one_question = asyncio.Lock()
        self._spoken_ms: dict[str, float] = {}
        self._clock = current_clock()
        self._news = asyncio.Event()

    async def run(self, inputs: Sequence[Input], audio_output_callback: AudioCallback | None = None) -> None:
        """Take one turn for each input. What the callback raises ends it, too.

        Raises:
            CommandTimeout: the service owes an answer, and nothing comes.
            RealtimeError: the session failed, or refused something.
        """
        talking = asyncio.create_task(self._talk(inputs))
        try:
            async for event in self._session.receive(audio_output_callback):
                self._take(event)
            await talking
        finally:
            talking.cancel()
            await asyncio.gather(talking, self._withdraw_questions(), return_exceptions=True)

    # -- listening -------------------------------------------------------------------------------

    def _take(self, event: RealtimeEvent) -> None:
        if isinstance(event, RealtimeErrorEvent) and event.exception is not None:
            raise event.exception  # our own audio callback's
        turn = self._turn_of(event)
        if turn is not None:
            turn.take(event, self._clock.now_s())
        if isinstance(event, RealtimeAudioEvent) and event.item_id is not None:
            spoken_ms = self._spoken_ms.get(event.item_id, 0.0)
            self._spoken_ms[event.item_id] = spoken_ms + event.audio.duration_ms
        self._listener.took(turn, event)
        if turn is not None and turn.refusal is not None:
            raise refusal(turn.refusal)
        if turn is not None and isinstance(event, RealtimeApprovalEvent):
            question = asyncio.create_task(self._ask_person(turn, event.request))
            self._questions.add(question)
            question.add_done_callback(self._questions.discard)
        self._news.set()

    def _turn_of(self, event: RealtimeEvent) -> Turn | None:
        """The current turn, but a transcript may be late."""
        if event.item_id is not None and isinstance(event, RealtimeTranscriptEvent | RealtimeErrorEvent):
            for turn in self.turns:
                if event.item_id in turn.items:
                    return turn
        return self.turns[-1] if self.turns else None

    async def _hear_more(self) -> None:
        self._news.clear()
        await self._news.wait()

    def _hear_out(self) -> None:
        """Nobody listens in real time, so all that was said counts as heard: the next turn cuts nothing."""
        for item_id, ms in self._spoken_ms.items():
            self._session.report_played(item_id, ms)
        self._spoken_ms.clear()

    # -- approvals -------------------------------------------------------------------------------

    async def _ask_person(self, turn: Turn, request: ApprovalRequest) -> None:
        async with self._one_question:
            self._listener.asking()
            try:
                why_not = await self._objection(request)
            finally:
                self._listener.asked()
        # too late, for the session has ended, or for the call, which is told then by its result
        with suppress(RealtimeError):
            if why_not is None:
                await self._session.approve(request)
            else:
                await self._session.deny(request, why_not)
        turn.decided(request)
        self._news.set()

    async def _withdraw_questions(self) -> None:
        questions = list(self._questions)
        for question in questions:
            question.cancel()
        await asyncio.gather(*questions, return_exceptions=True)

    # -- talking ---------------------------------------------------------------------------------

    async def _talk(self, inputs: Sequence[Input]) -> None:
        try:
            for number, given in enumerate(inputs, 1):
                turn = Turn(number, given, calls_are_made=self._calls_are_made)
                self.turns.append(turn)
                self._listener.turn_begun(turn)
                response = await self._ask(turn)
                if response is not None:
                    await response.created()  # or why not
                await self._hear_answer(turn)
                turn.over = True
                await self._hear_transcript(turn)
                await self._withdraw_questions()
                self._hear_out()
                self._listener.turn_ended(turn)
        finally:
            await self._session.delete_session()

    async def _ask(self, turn: Turn) -> ResponseHandle | None:
        """Take the user's part of ``turn``; the response that was asked for, if it has to be."""
        session = self._session
        match turn.input:
            case Say(text):
                turn.ask(self._clock.now_s())
                return await session.send_text(text, respond=self._may_ask)
            case Play(audio=audio) if self._service_takes_turns:
                return await self._speak(turn, audio)
            case Play(audio=audio):
                return await self._send(turn, audio)
            case _:
                turn.ask(self._clock.now_s())
                return await session.create_response()

    @property
    def _may_ask(self) -> bool:
        """Whether the service waits to be asked for its answers."""
        return self._session.capabilities.turns and self._session.capabilities.client_responses

    @property
    def _service_takes_turns(self) -> bool:
        return not self._may_ask or bool(self._session.settings.turn_detection)

    async def _send(self, turn: Turn, audio: AudioContent) -> ResponseHandle:
        """As fast as it goes; we say where the turn ends."""
        sent_ms = 0.0
        for chunk in _chunks(audio):
            await self._session.send_audio(chunk)
            sent_ms += chunk.duration_ms
            self._listener.sent(turn, sent_ms)
        turn.ask(self._clock.now_s())
        await self._session.commit_audio()
        return await self._session.create_response()

    async def _speak(self, turn: Turn, audio: AudioContent) -> ResponseHandle | None:
        """As a microphone would, and silence after it; the service hears where the turn ends."""
        detection = self._session.settings.turn_detection
        on_request = getattr(detection, "create_response", True) is False
        started_s = self._clock.now_s()
        sent_ms = 0.0
        for chunk in _chunks(audio):
            await self._until(started_s + sent_ms / 1000)
            await self._session.send_audio(chunk)
            sent_ms += chunk.duration_ms
            self._listener.sent(turn, sent_ms)
        turn.ask(self._clock.now_s())
        limit_ms = sent_ms + _SILENCE_LIMIT_S * 1000
        silence = _silence(audio)
        while not (turn.committed if on_request else turn.answering or turn.has_output):
            if sent_ms >= limit_ms:
                raise CommandTimeout(
                    f"no answer in {_SILENCE_LIMIT_S:g} s of silence after the recording; "
                    "is there speech in it?"
                )
            await self._until(started_s + sent_ms / 1000)
            await self._session.send_audio(silence)
            sent_ms += silence.duration_ms
        return await self._session.create_response() if on_request else None

    async def _hear_answer(self, turn: Turn) -> None:
        if self._session.capabilities.turns:
            await self._while(turn, lambda: not turn.answered)
            return
        paused = False
        while not paused:
            await self._while(turn, lambda: turn.is_calling or not turn.has_output)
            try:
                async with timeout(self._clock, _PAUSE_S):
                    await self._hear_more()
            except TimeoutError:
                paused = True

    async def _while(self, turn: Turn, waiting: Callable[[], bool]) -> None:
        try:
            while waiting():
                if turn.is_calling:
                    await self._hear_more()  # tools and approvals have limits of their own
                    continue
                async with timeout(self._clock, _QUIET_LIMIT_S):
                    await self._hear_more()
        except TimeoutError as exc:
            raise CommandTimeout(
                f"the service owes an answer and was quiet for {_QUIET_LIMIT_S:g} s"
            ) from exc

    async def _hear_transcript(self, turn: Turn) -> None:
        if not isinstance(turn.input, Play) or not self._session.settings.input_audio_transcription:
            return
        with suppress(TimeoutError):
            async with timeout(self._clock, _TRANSCRIPT_LIMIT_S):
                while turn.transcript_missing:
                    await self._hear_more()

    async def _until(self, moment_s: float) -> None:
        """Sleep, by the clock."""
        delay_s = moment_s - self._clock.now_s()
        if delay_s <= 0:
            return
        awake = asyncio.get_running_loop().create_future()
        timer = self._clock.call_later(delay_s, partial(awake.set_result, None))
        try:
            await awake
        finally:
            timer.cancel()


def _chunks(audio: AudioContent) -> Iterator[AudioContent]:
    size = _chunk_bytes(audio)
    for start in range(0, len(audio.data), size):
        yield AudioContent(audio.data[start : start + size], audio.format)


def _silence(audio: AudioContent) -> AudioContent:
    return AudioContent(bytes(_chunk_bytes(audio)), audio.format)


def _chunk_bytes(audio: AudioContent) -> int:
    fmt = audio.format
    return max(fmt.rate_hz * _CHUNK_MS // 1000, 1) * fmt.frame_bytes
