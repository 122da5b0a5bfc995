"""The settings of a session: those in force, and changes that were sent and not yet answered.

Keeps the user's audio in the format that the service takes. Knows nothing of events.
"""

import asyncio

from realtime_core.audio.formats import AudioFormat
from realtime_core.commands import UpdateSession
from realtime_core.engine.lifecycle import Lifecycle
from realtime_core.engine.native import input_format, native_settings
from realtime_core.engine.sender import Sender
from realtime_core.engine.uplink import AudioInput
from realtime_core.errors import RealtimeError, UnsupportedSetting
from realtime_core.provider import Provider
from realtime_core.settings import RealtimeSettings, merge_settings, set_fields
from realtime_core.unset import UNSET

__all__ = ["Configuration", "audio_input"]


def audio_input(settings: RealtimeSettings, provider: Provider) -> AudioInput:
    """The way of the user's audio under ``settings``."""
    native = native_settings(settings, provider.capabilities).input_audio_format
    return AudioInput(input_format(settings), AudioFormat.parse(native))


class Configuration:
    """The settings of one session with ``provider``, called ``name``."""

    def __init__(
        self, settings: RealtimeSettings, provider: Provider, name: str, *, sender: Sender, life: Lifecycle
    ) -> None:
        self.settings = settings
        """Those in force."""

        self._provider = provider
        self._name = name
        self._sender = sender
        self._life = life
        self._changes: dict[str, RealtimeSettings] = {}
        self._updating = asyncio.Lock()

    async def update(self, change: RealtimeSettings) -> RealtimeSettings | None:
        """Ask for a change, and wait until it is in force. Gives it if it is so without an answer.

        Raises:
            RealtimeError: as `RealtimeSession.update_session`.
        """
        names = set_fields(change)
        self._check_live(names)
        if not names:
            return None
        native = native_settings(change, self._provider.capabilities)
        sent = self._provider.settings(**{name: getattr(native, name) for name in names})
        sender = self._sender
        # one at a time: a service's answer to an update names none
        async with self._updating, sender.asking(UpdateSession(settings=sent)) as update, sender.order:
            if "input_audio_format" in names:
                # what was said so far is still in the old format, what comes after this in the new
                await sender.flush()
                sender.audio = audio_input(change, self._provider)
            # noted before it is written: cancelled while that waits, it may be in force all the same
            self._changes[update.command_id] = change
            try:
                await self._life.send(update)
            except RealtimeError:
                self.refused(update.command_id)
                raise
            if self._provider.capabilities.acks:
                return None
            return self.accepted(update.command_id)

    def _check_live(self, names: dict[str, object]) -> None:
        live = self._provider.capabilities.live_settings
        fixed = {name for name in names if name not in live and names[name] != getattr(self.settings, name)}
        if fixed:
            raise UnsupportedSetting(
                f"{self._name} cannot change {', '.join(sorted(map(repr, fixed)))} in an open session; "
                "give it when the session is made"
            )

    def awaits(self, command_id: str | None) -> bool:
        """Whether a change of that command is not yet answered."""
        return command_id in self._changes

    def accepted(self, command_id: str | None) -> RealtimeSettings | None:
        """A change is in force, whether or not somebody still waits to hear it; what it was."""
        change = self._changes.pop(command_id, None) if command_id is not None else None
        if change is not None:
            self.settings = merge_settings(self._provider.settings, self.settings, change)
        return change

    def refused(self, command_id: str) -> None:
        """A change will not be in force."""
        change = self._changes.pop(command_id)
        if change.input_audio_format is not UNSET:
            self._sender.audio = audio_input(self.settings, self._provider)

    def follow(self, native: AudioFormat | None) -> None:
        """The service says what audio it takes now; a raw update may have changed that."""
        if native is not None and native != self._sender.audio.native and not self._changes:
            self._sender.audio = AudioInput(input_format(self.settings), native)
