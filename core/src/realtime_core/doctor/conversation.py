"""A session with the provider as a program has it: opened, and asked for its first words.

Knows nothing of how the way there was tried.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, cast

import attrs

from realtime_core.audio.wav import read_wav
from realtime_core.clock import Clock, sleep, timeout
from realtime_core.contents import AudioContent
from realtime_core.doctor.steps import Untold
from realtime_core.doctor.troubles import no_words, wordless
from realtime_core.errors import RealtimeError, UnsupportedCommand
from realtime_core.events import (
    RealtimeAudioEvent,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeResponseEvent,
    RealtimeSessionEvent,
    RealtimeSpeechEvent,
    RealtimeTextEvent,
    RealtimeTranscriptEvent,
)
from realtime_core.provider import Connection, Provider, Setup
from realtime_core.session import RealtimeSession

__all__ = ["FirstWords", "Opening", "noting", "open_session"]

_REQUEST: Final = "Please say hello."
# "He might even have", out of Sense and Sensibility, read for LibriVox: in the public domain
_SPEECH: Final = Path(__file__).with_name("speech.wav")
_CHUNK_MS: Final = 40
_PATIENCE_WITH_TEXT_S: Final = 1.5


@attrs.define
class Opening:
    """How far opening came: when ``connect`` returned, whether the service then told of a session, when all
    was over, and whether it is open, or why not.

    Neither open nor an error: it took too long.
    """

    connected_s: float | None = None
    is_created: bool = False
    ended_s: float = 0.0
    is_open: bool = False
    error: RealtimeError | None = None


def noting(provider: Provider, opening: Opening, clock: Clock, *, timeout_s: float | None) -> Provider:
    """``provider``, which notes in ``opening`` when it has connected, and that a session was created.

    ``timeout_s`` is the option of that name, as ``connect`` is to see it, so that it says what kept it before
    it is given up; None leaves it as it is.
    """

    async def connect(options: Any, setup: Setup) -> Connection:
        if timeout_s is not None:
            options = attrs.evolve(options, timeout_s=timeout_s)
        connection = await provider.connect(options, setup)
        opening.connected_s = clock.now_s()
        return _Noted(connection, opening)

    return attrs.evolve(provider, connect=connect)


class _Noted:
    """A connection that notes in ``opening`` that a session was created."""

    def __init__(self, connection: Connection, opening: Opening) -> None:
        self.send = connection.send
        self.aclose = connection.aclose
        self._connection = connection
        self._opening = opening

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)  # what a connection may have

    async def receive(self) -> Sequence[RealtimeEvent]:
        events = await self._connection.receive()
        if any(isinstance(event, RealtimeSessionEvent) and event.phase == "created" for event in events):
            self._opening.is_created = True
        return events


async def open_session(session: RealtimeSession, opening: Opening, clock: Clock, limit_s: float) -> None:
    """Open ``session`` within ``limit_s`` seconds, and note in ``opening`` what came of it."""
    task = asyncio.create_task(session.create_session())
    over = asyncio.Event()
    task.add_done_callback(lambda _: over.set())
    timer = clock.call_later(limit_s, over.set)
    try:
        await over.wait()
        opening.ended_s = clock.now_s()  # what follows is taking leave
    finally:
        timer.cancel()
        task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        opening.error = cast("RealtimeError | None", task.exception())  # it raises nothing else
        opening.is_open = opening.error is None


class FirstWords:
    """Asks an open session for its first words, and waits for them.

    It is asked in text; a service that decides by itself when it answers is also spoken to, if text does not
    make it answer.
    """

    def __init__(self, session: RealtimeSession, clock: Clock) -> None:
        self._was_heard = False
        self._session = session
        self._clock = clock
        self._error = ""

    async def wait(self, limit_s: float) -> str:
        """What came first, in words.

        Raises:
            Trouble: nothing comes in ``limit_s`` seconds, or the response ended without.
            Untold: it hears what is said to it, and nothing comes in that time.
            RealtimeError: the session ended, or the request was refused.
        """
        asking = asyncio.create_task(self._ask())
        listening = asyncio.create_task(self._listen())
        listening.add_done_callback(lambda _: asking.cancel())
        try:
            async with timeout(self._clock, limit_s):
                await asyncio.wait({asking, listening}, return_when=asyncio.FIRST_EXCEPTION)
                return await (listening if listening.done() else asking)
        except TimeoutError as exc:
            if self._was_heard:
                raise Untold(
                    "it hears, and does not answer: right for a session that only writes down what is said"
                ) from exc
            raise no_words(limit_s, self._error) from exc
        finally:
            for task in (asking, listening):
                task.cancel()
            await asyncio.gather(asking, listening, return_exceptions=True)

    async def _listen(self) -> str:
        wanted = self._session.settings.output_modalities
        gives_audio = bool(self._session.capabilities.output_formats) and (not wanted or "audio" in wanted)
        events = self._session.receive()
        while True:
            match await anext(events):
                case RealtimeAudioEvent(audio=audio):
                    return f"speaks ({audio.format.encoding}, {audio.format.rate_hz / 1000:g} kHz)"
                case RealtimeTextEvent() if not gives_audio:
                    return "writes; it gives no audio"
                case (
                    RealtimeSpeechEvent(phase="committed") | RealtimeTranscriptEvent(role="user", final=True)
                ):
                    self._was_heard = True
                case RealtimeErrorEvent(benign=False, message=message, code=code, kind=kind):
                    self._error = message or code or kind
                case RealtimeResponseEvent(phase="done", status=status, status_reason=reason):
                    raise wordless(status, reason, self._error)

    async def _ask(self) -> str:
        session, capabilities = self._session, self._session.capabilities
        may_ask = capabilities.turns and capabilities.client_responses
        try:
            response = await session.send_text(_REQUEST, respond=may_ask)
        except UnsupportedCommand:
            await self._speak()
        else:
            if response is not None:
                await response.created()
            else:
                await sleep(self._clock, _PATIENCE_WITH_TEXT_S)
                if capabilities.input_formats:
                    await self._speak()
        return ""

    async def _speak(self) -> None:
        """As a microphone does: speech, then silence, in which the service hears that it is its turn."""
        audio = read_wav(_SPEECH)
        size = audio.format.rate_hz * _CHUNK_MS // 1000 * audio.format.frame_bytes
        at = 0
        while True:
            pcm = audio.data[at : at + size].ljust(size, b"\0")
            await self._session.send_audio(AudioContent(pcm, audio.format))
            await sleep(self._clock, _CHUNK_MS / 1000)
            at += size
