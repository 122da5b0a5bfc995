"""Faults in settings: those of the set-up, and those of an open session."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import attrs
from mutant import codec, connecting, connection, plain_connect, provider
from realtime_core import RealtimeEvent, RealtimeSettings, UnsupportedSetting
from realtime_core.commands import Command, UpdateSession
from realtime_core.provider import Provider
from realtime_core.settings import set_fields, setting
from realtime_core.unset import UNSET, UnsetType
from small_provider import FORMATS, FULL, SmallCodec, SmallConnection, tool_words

Words = Callable[[Mapping[str, Any]], Mapping[str, Any]]


async def _telling(options: Any, setup: Any, words: Words) -> SmallConnection:
    """A connect that takes every setting."""
    given = {name: value for name, value in set_fields(setup.settings).items() if name not in FORMATS}
    told = {name: set_fields(value) if attrs.has(type(value)) else value for name, value in given.items()}
    end = await options.dial()
    first = {"setup": {"key": options.key, **words(told), "tools": tool_words(setup.tools)}}
    await end.send(json.dumps(first).encode() + b"\n")
    return SmallConnection(end, setup, FULL)


@connecting("setting_is_honoured_or_refused", seen="'speed' was 1.1, and the service heard '7'")
async def numbers_of_its_own(options: Any, setup: Any) -> Any:
    return await _telling(
        options,
        setup,
        lambda told: {name: "7" if isinstance(value, float) else value for name, value in told.items()},
    )


@connecting("setting_is_honoured_or_refused", seen="setting 'instructions' was ''")
async def what_is_empty_vanishes(options: Any, setup: Any) -> Any:
    return await _telling(
        options, setup, lambda told: {name: value for name, value in told.items() if value != ""}
    )


@connecting("setting_is_honoured_or_refused", seen="setting 'input_audio_transcription' was None")
async def none_vanishes(options: Any, setup: Any) -> Any:
    return await _telling(
        options, setup, lambda told: {name: value for name, value in told.items() if value is not None}
    )


@connecting("setting_is_honoured_or_refused", seen="create_response=False")
async def false_vanishes(options: Any, setup: Any) -> Any:
    def words(told: Mapping[str, Any]) -> Mapping[str, Any]:
        return {
            name: {key: each for key, each in value.items() if each} if isinstance(value, dict) else value
            for name, value in told.items()
        }

    return await _telling(options, setup, words)


@attrs.frozen(kw_only=True)
class AcmeSettings(RealtimeSettings):
    """With a setting of its own."""

    humour: str | UnsetType = setting(str)


async def _humourless(options: Any, setup: Any) -> Any:
    known = {name: value for name, value in set_fields(setup.settings).items() if name != "humour"}
    return await plain_connect(options, attrs.evolve(setup, settings=RealtimeSettings(**known)))


@provider("own_setting_is_honoured_or_refused", seen="setting 'humour' was 'dry'", humour="dry")
def own_setting_vanishes(good: Provider) -> Provider:
    return attrs.evolve(good, settings=AcmeSettings, connect=_humourless)


@codec("live_setting_reaches_the_service", seen="change of the live setting 'tools'")
class OldTools(SmallCodec):
    def frame(self, command: Command) -> dict[str, Any]:
        if isinstance(command, UpdateSession):
            command = attrs.evolve(command, tools=UNSET)
        return super().frame(command)


@codec("live_setting_reaches_the_service", seen="'tools' is among the live_settings, and was refused")
class RefusesWhatIsLive(SmallCodec):
    def frame(self, command: Command) -> dict[str, Any]:
        if isinstance(command, UpdateSession) and command.tools is not UNSET:
            raise UnsupportedSetting("small changes no tools")
        return super().frame(command)


@codec("live_setting_reaches_the_service", seen="'instructions' is among the live_settings, and was refused")
class RefusesInstructions(SmallCodec):
    def frame(self, command: Command) -> dict[str, Any]:
        if isinstance(command, UpdateSession) and "instructions" in set_fields(command.settings):
            raise UnsupportedSetting("small changes no instructions")
        return super().frame(command)


@codec("setting_that_is_not_live_is_refused", seen="which is not live")
class IgnoresWhatIsNotLive(SmallCodec):
    def frame(self, command: Command) -> dict[str, Any]:
        if isinstance(command, UpdateSession):
            known = {
                name: value
                for name, value in set_fields(command.settings).items()
                if name in self.can.live_settings
            }
            command = attrs.evolve(command, settings=RealtimeSettings(**known))
        return super().frame(command)


@connection("setting_that_is_not_live_is_refused", seen="was refused, and the service heard an update")
class RefusesAfterTheUpdate(SmallConnection):
    async def send(self, command: Command) -> None:
        try:
            await super().send(command)
        except UnsupportedSetting:
            await super().send(UpdateSession(settings=RealtimeSettings()))
            raise


@codec("answers_find_their_commands", seen="an answer to each of 21 commands")
class WrongUnderLoad(SmallCodec):
    def answer(self, command_id: str, wire: dict[str, Any]) -> RealtimeEvent:
        event = super().answer(command_id, wire)
        late = len(self.commands) > 3
        return attrs.evolve(event, command_id=next(reversed(self.commands))) if late else event


@codec("answers_find_their_commands", seen="an answer to each of 21 commands")
class ItemsOnly(SmallCodec):
    def answer(self, command_id: str, wire: dict[str, Any]) -> RealtimeEvent:
        kinds = {type(command).__name__ for command in self.commands.values()}
        event = super().answer(command_id, wire)
        return attrs.evolve(event, command_id=None) if kinds - {"AddItem"} else event
