"""The sending half of a session: commands reach the connection in the order of the calls.

Owns that order, the way of the user's audio and the commands that wait for their answer. Knows nothing
of what the answers mean.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from realtime_core.clock import Clock, timeout
from realtime_core.commands import AppendAudio, ClearAudio, Command, CommitAudio
from realtime_core.engine.lifecycle import Lifecycle
from realtime_core.engine.pending import PendingCommands
from realtime_core.engine.uplink import AudioInput, AudioLike
from realtime_core.errors import CommandTimeout
from realtime_core.state import SessionState
from realtime_core.turnstile import Turnstile

__all__ = ["Sender"]

CommandT = TypeVar("CommandT", bound=Command)

# Audio given in larger pieces is sent in several: OpenAI takes 15 MiB of base64 in one event, many a
# WebSocket server 1 MiB in one frame, and nothing else gets past a frame that is being written.
_APPEND_BYTES: Final = 256 * 1024


class Sender:
    """What one session sends.

    Args:
        life: writes to the connection.
        audio: the way of the user's audio; may be replaced under ``order``.
        acks: whether the provider answers commands.
        paced: whether what is written waits for the audio before it, however long that takes.
        timeout_s: how long one that is answered is waited for.
    """

    def __init__(
        self,
        life: Lifecycle,
        audio: AudioInput,
        *,
        acks: bool,
        clock: Clock,
        timeout_s: float,
        paced: bool = False,
    ) -> None:
        self.audio = audio
        self.pending = PendingCommands()
        # first come, first written; held while a large piece of audio goes out in several
        self.order = Turnstile()
        self._life = life
        self._acks = acks
        self._clock = clock
        self._timeout_s = timeout_s
        self._paced = paced

    async def append(self, pcm: AudioLike) -> None:
        """Send a piece of the user's audio.

        Raises:
            SessionStateError, InvalidSettings, ConnectionLost: as `RealtimeSession.send_audio`.
        """
        if self._life.state is not SessionState.OPEN:
            self._life.connection()  # raises, before the conversion has taken part of a sample in
        if not self.order.enter_nowait():
            await self.order.enter()
        try:
            data = self.audio.encode(pcm)
            if 0 < len(data) <= _APPEND_BYTES:
                await self._life.send(AppendAudio(data=data))
            else:
                await self._append(data)
        finally:
            self.order.leave()

    async def write(self, *commands: Command) -> None:
        """Send commands, one right after the other, and wait for no answer.

        Raises:
            SessionStateError, UnsupportedCommand, ConnectionLost: as `Lifecycle.send`.
        """
        self._life.connection()
        async with self.order:
            for command in commands:
                await self._life.send(command)

    async def write_in_order(self, command: Command) -> None:
        """As `write`, under ``order``, which the caller holds."""
        await self._life.send(command)

    async def commit(self) -> None:
        """End the user's turn.

        Raises:
            RealtimeError: as `RealtimeSession.commit_audio`.
        """
        async with self.asking(CommitAudio()) as commit, self.order:
            await self.flush()
            await self._life.send(commit)

    async def clear(self) -> None:
        """Forget the audio since the last commit.

        Raises:
            RealtimeError: as `RealtimeSession.clear_audio`.
        """
        async with self.asking(ClearAudio()) as clear, self.order:
            self.audio.flush()
            await self._life.send(clear)

    async def flush(self) -> None:
        """Send what the conversion of audio still holds; call it under ``order``."""
        await self._append(self.audio.flush())

    @asynccontextmanager
    async def asking(self, command: CommandT) -> AsyncIterator[CommandT]:
        """The block writes ``command``; leaving it waits for the answer, where the provider gives any.

        Raises:
            SessionStateError: the session is not open.
            CommandTimeout: there was no answer in time.
            RealtimeError: what the service said.
        """
        self._life.connection()
        answer = self.pending.expect(command.command_id)
        try:
            if self._paced:
                yield command
            async with timeout(self._clock, self._timeout_s):
                if not self._paced:
                    yield command
                if self._acks:
                    await answer
        except TimeoutError as exc:
            raise CommandTimeout(
                f"no answer to {type(command).__name__} within {self._timeout_s:g} s"
            ) from exc
        finally:
            self.pending.forget(command.command_id)

    async def _append(self, data: bytes) -> None:
        for start in range(0, len(data), _APPEND_BYTES):
            await self._life.send(AppendAudio(data=data[start : start + _APPEND_BYTES]))
