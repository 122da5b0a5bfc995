"""The settings and tools of a session: those in force, and changes that were sent and not yet answered.

Keeps the user's audio in the format that the service takes. Knows nothing of events.
"""

import asyncio

import attrs

from realtime_core.audio.formats import AudioFormat
from realtime_core.commands import UpdateSession
from realtime_core.engine.lifecycle import Lifecycle
from realtime_core.engine.native import input_format, native_settings
from realtime_core.engine.plan import GivenTools, SessionPlan, definitions
from realtime_core.engine.sender import Sender
from realtime_core.engine.uplink import AudioInput
from realtime_core.errors import RealtimeError, UnsupportedSetting
from realtime_core.events import RealtimeSessionEvent
from realtime_core.provider import Provider
from realtime_core.settings import RealtimeSettings, TurnDetection, merge_settings, set_fields
from realtime_core.unset import UNSET, UnsetType

__all__ = ["Change", "Configuration", "audio_input"]


def audio_input(settings: RealtimeSettings, provider: Provider) -> AudioInput:
    """The way of the user's audio under ``settings``."""
    native = native_settings(settings, provider.capabilities).input_audio_format
    return AudioInput(input_format(settings), AudioFormat.parse(native))


@attrs.frozen
class Change:
    """What is to be otherwise."""

    settings: RealtimeSettings
    tools: GivenTools | UnsetType = UNSET


class Configuration:
    """The settings and tools of one session."""

    def __init__(self, plan: SessionPlan, *, sender: Sender, life: Lifecycle) -> None:
        self.settings = plan.settings
        """Those in force."""

        self._reported: TurnDetection | UnsetType | None = UNSET
        self._provider = plan.provider
        self._name = plan.name
        self._sender = sender
        self._life = life
        self._changes: dict[str, Change] = {}
        self._updating = asyncio.Lock()

    async def update(self, change: Change) -> Change | None:
        """Ask for a change, and wait until it is in force. Gives it if it is so without an answer.

        Raises:
            RealtimeError: as `RealtimeSession.update_session`.
        """
        names = set_fields(change.settings)
        tools = change.tools
        self._check_live(names if tools is UNSET else {**names, "tools": tools})
        if not names and tools is UNSET:
            return None
        native = native_settings(change.settings, self._provider.capabilities)
        sent = UpdateSession(
            settings=self._provider.settings(**{name: getattr(native, name) for name in names}),
            tools=tools if isinstance(tools, UnsetType) else definitions(tools),
        )
        sender = self._sender
        # one at a time: a service's answer to an update names none
        async with self._updating, sender.asking(sent) as update, sender.order:
            if "input_audio_format" in names:
                # what was said so far is still in the old format, what comes after this in the new
                await sender.flush()
                sender.audio = audio_input(change.settings, self._provider)
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
        fixed = {
            name for name in names if name not in live and names[name] != getattr(self.settings, name, UNSET)
        }
        if fixed:
            raise UnsupportedSetting(
                f"{self._name} cannot change {', '.join(sorted(map(repr, fixed)))} in an open session; "
                "give it when the session is made"
            )

    def accepted(self, command_id: str | None) -> Change | None:
        """A change is in force, whether or not somebody still waits to hear it; what it was."""
        change = self._changes.pop(command_id, None) if command_id is not None else None
        if change is not None:
            self.settings = merge_settings(self._provider.settings, self.settings, change.settings)
        return change

    def refused(self, command_id: str | None) -> None:
        """A change, if the command is one, will not be in force."""
        change = self._changes.pop(command_id, None) if command_id is not None else None
        if change is not None and change.settings.input_audio_format is not UNSET:
            self._sender.audio = audio_input(self.settings, self._provider)

    @property
    def turn_detection(self) -> object:
        """What is in force: as the service reports it, else as it was asked for."""
        return self.settings.turn_detection if self._reported is UNSET else self._reported

    def follow(self, event: RealtimeSessionEvent) -> None:
        """The service says what is in force; a raw update may have changed that."""
        self._reported = event.turn_detection
        native = event.input_format
        if native is not None and native != self._sender.audio.native and not self._changes:
            self._sender.audio = AudioInput(input_format(self.settings), native)
