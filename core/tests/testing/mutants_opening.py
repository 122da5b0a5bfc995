"""Faults of the plugin and of opening."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import attrs
from mutant import (
    codec,
    connecting,
    connection,
    plain_connect,
    provider,
)
from realtime_core import (
    ConnectionFailed,
    ConnectionLost,
    FailedReason,
    InvalidOptions,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeSessionEvent,
    UnsupportedSetting,
)
from realtime_core.commands import Command, CreateResponse
from realtime_core.options import option
from realtime_core.provider import Provider
from realtime_core.testing import MemoryPipe
from small_provider import FULL, Options, SmallCodec, SmallConnection


@provider("api_version_is_the_contracts")
def old_contract(good: Provider) -> Provider:
    return attrs.evolve(good, api_version=0)


@provider("provider_is_well_formed")
def answers_without_turns(good: Provider) -> Provider:
    return attrs.evolve(good, capabilities=attrs.evolve(FULL, turns=False))


@provider("provider_is_well_formed")
def live_setting_that_is_none(good: Provider) -> Provider:
    return attrs.evolve(good, capabilities=attrs.evolve(FULL, live_settings=frozenset({"humour"})))


@provider("provider_is_well_formed", seen="AttributeError was raised")
def endpoint_that_raises(good: Provider) -> Provider:
    return attrs.evolve(good, endpoint=lambda options: options.no_such_option)


@provider("provider_is_well_formed", seen="endpoint gives bytes")
def endpoint_of_another_type(good: Provider) -> Provider:
    return attrs.evolve(good, endpoint=lambda options: options.key.encode())


@provider("missing_option_is_named")
def option_that_nobody_knows(good: Provider) -> Provider:
    @attrs.frozen
    class Loose(Options):
        no_such_option: int = option(default=0)

    return attrs.evolve(good, options=Loose)


@codec("first_event_is_session_created")
class UpdatedFirst(SmallCodec):
    def ready(self, value: str, wire: dict[str, Any]) -> Iterator[RealtimeEvent]:
        yield from reversed(list(super().ready(value, wire)))


@codec("configuration_is_confirmed")
class NeverUpdated(SmallCodec):
    def ready(self, value: str, wire: dict[str, Any]) -> Iterator[RealtimeEvent]:
        yield RealtimeSessionEvent(phase="created", session_id=value, **wire)


@codec("configuration_is_confirmed")
class UpdatedTwice(SmallCodec):
    def ready(self, value: str, wire: dict[str, Any]) -> Iterator[RealtimeEvent]:
        yield from super().ready(value, wire)
        yield RealtimeSessionEvent(phase="updated", **wire)


@codec("refused_credentials_are_authentication_failed")
class RefusalOfNoKind(SmallCodec):
    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        for event in super().meaning(meaning, value, frame):
            yield attrs.evolve(event, kind="unknown") if isinstance(event, RealtimeErrorEvent) else event


@codec("refused_credentials_are_authentication_failed")
class RefusalThatAnswersNothing(SmallCodec):
    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        for event in super().meaning(meaning, value, frame):
            yield attrs.evolve(event, command_id=None) if meaning == "refused" else event


@connection("service_that_hangs_up_at_once_is_told")
class WaitsBehindTheEnd(SmallConnection):
    async def receive(self) -> Sequence[RealtimeEvent]:
        try:
            return await super().receive()
        except ConnectionLost:
            await asyncio.Event().wait()
            raise


@connecting("silent_service_does_not_hold_up_opening")
async def swallows_cancellation(options: Any, setup: Any) -> Any:
    dialling = asyncio.ensure_future(plain_connect(options, setup))
    while not dialling.done():
        try:
            await asyncio.wait({dialling}, timeout=4)
        except asyncio.CancelledError:
            continue
    return dialling.result()


@connecting("setting_is_honoured_or_refused")
async def drops_what_it_does_not_know(options: Any, setup: Any) -> Any:
    known = {name: getattr(setup.settings, name) for name in ("instructions", "voice")}
    return await plain_connect(options, attrs.evolve(setup, settings=type(setup.settings)(**known)))


@connecting("setting_is_honoured_or_refused")
async def refuses_too_late(options: Any, setup: Any) -> Any:
    await (await options.dial()).aclose()
    return await plain_connect(options, setup)


@connecting("unset_setting_is_not_sent")
async def has_defaults_of_its_own(options: Any, setup: Any) -> Any:
    settings = attrs.evolve(setup.settings, voice=setup.settings.voice or "baritone")
    return await plain_connect(options, attrs.evolve(setup, settings=settings))


@connecting("tools_are_told_or_refused")
async def forgets_tools(options: Any, setup: Any) -> Any:
    return await plain_connect(options, attrs.evolve(setup, tools=()))


@connecting("refused_credentials_are_authentication_failed", seen="ConnectionFailed was raised")
async def refusal_is_a_failure(options: Any, setup: Any) -> Any:
    made = await plain_connect(options, setup)
    first = await made.receive()
    await made.aclose()
    if isinstance(first[0], RealtimeErrorEvent):
        raise ConnectionFailed("no", reason=FailedReason.REJECTED)
    return await plain_connect(options, setup)


@codec("configuration_is_confirmed", seen="opening gave an error event (kind 'server'")
class GrumblesAtFirst(SmallCodec):
    def ready(self, value: str, wire: dict[str, Any]) -> Iterator[RealtimeEvent]:
        created, updated = super().ready(value, wire)
        yield from (created, RealtimeErrorEvent(kind="server"), updated)


@connection("silent_service_does_not_hold_up_opening", seen="a session opened with a service that was to say")
class OpensByItself(SmallConnection):
    opened = False

    async def receive(self) -> Sequence[RealtimeEvent]:
        if self.opened:
            return await super().receive()
        self.opened = True
        return list(self.codec.ready("made-up", {}))


@connecting("setting_is_honoured_or_refused", seen="does not name the setting")
async def refuses_without_a_name(options: Any, setup: Any) -> Any:
    try:
        return await plain_connect(options, setup)
    except UnsupportedSetting as exc:
        raise UnsupportedSetting("not that one") from exc


@connecting("setting_is_honoured_or_refused", seen="the service heard 'baritone'")
async def knows_better(options: Any, setup: Any) -> Any:
    settings = attrs.evolve(setup.settings, voice="baritone")
    return await plain_connect(options, attrs.evolve(setup, settings=settings))


@connecting("tools_are_told_or_refused", seen="refused only after a connection was made")
async def refuses_tools_too_late(options: Any, setup: Any) -> Any:
    made = await plain_connect(options, setup)
    if setup.tools:
        await made.aclose()
        raise UnsupportedSetting("no tools")
    return made


@provider("missing_option_is_named", seen="without option 'key' the error does not name it")
def option_without_a_name(good: Provider) -> Provider:
    @attrs.frozen
    class Secretive:
        dial: Any = option()
        key: str = option(default="", secret=True)

        def __attrs_post_init__(self) -> None:
            if not self.key:
                raise InvalidOptions("something is missing")

    return attrs.evolve(good, options=Secretive)


@connecting("what_is_given_is_not_changed", seen="the tools of the set-up are others")
async def takes_tools_apart(options: Any, setup: Any) -> Any:
    for tool in setup.tools:
        tool.parameters.pop("properties")
    return await plain_connect(options, setup)


@codec("what_is_given_is_not_changed", seen="the overrides of CreateResponse are others")
class TakesOverridesApart(SmallCodec):
    def frame(self, command: Command) -> dict[str, Any]:
        frame = super().frame(command)
        if isinstance(command, CreateResponse):
            command.overrides.clear()  # type: ignore[attr-defined]  # it is a dict, as callers give it
        return frame


@connecting("wrong_address_is_connection_failed", seen="ConnectionRefusedError was raised")
async def refusals_of_the_network(options: Any, setup: Any) -> Any:
    try:
        return await plain_connect(options, setup)
    except ConnectionFailed as exc:
        raise exc.__cause__ or exc from None


@connecting("wrong_address_is_connection_failed", seen="with other values of dial")
async def connects_later(options: Any, setup: Any) -> Any:
    try:
        return await plain_connect(options, setup)
    except ConnectionFailed:
        return SmallConnection(MemoryPipe().near, setup, FULL)


@codec("configuration_is_confirmed", seen="the session events were created, updated, updated")
class UpdatedWithEveryTurn(SmallCodec):
    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        yield from super().meaning(meaning, value, frame)
        if meaning == "begin":
            yield RealtimeSessionEvent(phase="updated", command_id=self.setup.command_id)
