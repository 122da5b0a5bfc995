"""Clauses of opening: what comes first, what a refusal is, what a set-up does."""

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs

from realtime_core.commands import CreateResponse
from realtime_core.contents import ToolDefinition
from realtime_core.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    ConnectionLost,
    InvalidOptions,
    InvalidSettings,
    ProviderError,
    RealtimeError,
    UnsupportedCommand,
    UnsupportedSetting,
)
from realtime_core.events import RealtimeErrorEvent, RealtimeSessionEvent
from realtime_core.options import build_options
from realtime_core.settings import set_fields
from realtime_core.testing.clauses import NotApplicable, broken
from realtime_core.testing.line import Line, refused, shape
from realtime_core.testing.stage import A_TOOL, Stage
from realtime_core.testing.subject import Meeting
from realtime_core.testing.suite import clause

__all__ = ["OpeningClauses"]


_ANOTHER_TOOL: Final = ToolDefinition("count", "Counts.", {"type": "object", "properties": {}})
_OWN_WORDS: Final = {"type": "kit_search", "name": "kit_search", "limit": 3}


async def _tools_are_told(
    stage: Stage, tools: Sequence[ToolDefinition | Mapping[str, Any]], *refusals: type[RealtimeError]
) -> Line | None:
    """The connection, unless they are refused."""
    made = stage.double.heard.connections
    try:
        line = await stage.begin_connect(stage.setup(tools=tools))
    except refusals:
        if stage.double.heard.connections != made:
            broken("tools were refused only after a connection was made")
        return None
    names = [tool["name"] if isinstance(tool, Mapping) else tool.name for tool in tools]
    await line.heard(lambda heard: heard.tools == names, f"tools {', '.join(names)}")
    if not stage.double.heard.has_tools(tools):
        broken(f"of the tools {', '.join(names)} the service heard another description, or other parameters")
    return line


class OpeningClauses:
    """How a session begins."""

    @clause(do="make connect() give a connection whose first event is RealtimeSessionEvent(phase='created')")
    async def test_first_event_is_session_created(self, stage: Stage) -> None:
        """The first event is a RealtimeSessionEvent 'created'."""
        line = await stage.begin_connect(stage.setup())
        first = (await line.frame("RealtimeSessionEvent(phase='created')"))[0]
        if isinstance(first, RealtimeErrorEvent) and first.kind == "auth":
            raise refused("the first event was an error event of kind 'auth'")
        if not (isinstance(first, RealtimeSessionEvent) and first.phase == "created"):
            broken(f"the first event was {shape([first])}")

    @clause(do="give 'updated' when the service confirms the set-up; where it says nothing, make it up")
    async def test_configuration_is_confirmed(self, stage: Stage) -> None:
        """One RealtimeSessionEvent 'updated' follows 'created' once the configuration is in force; a turn
        makes no other.
        """
        line = await stage.connect()
        await line.turn()
        await stage.say_something(line)
        await line.turn_ends()
        await line.marked()
        told = [event.phase for event in line.of(RealtimeSessionEvent)]
        if told[:1] != ["created"] or told.count("created") != 1 or told.count("updated") != 1:
            broken(f"the session events were {', '.join(told)}")
        await line.heard(lambda heard: bool(heard.of("setup")), "set-up")

    @clause(
        do="raise AuthenticationFailed, or give an error event of kind 'auth' with the setup's command_id"
    )
    async def test_refused_credentials_are_authentication_failed(self, stage: Stage) -> None:
        """Wrong credentials are AuthenticationFailed from connect, or an error event of kind 'auth'."""
        if not stage.secrets:
            raise NotApplicable("no option is a secret: there are no credentials")
        await stage.double.meet(Meeting.REFUSE)
        setup = stage.setup()
        try:
            line = await stage.begin_connect(setup)
            event = await line.until(lambda event: isinstance(event, RealtimeErrorEvent), "an error event")
        except AuthenticationFailed:
            return
        except RealtimeError as exc:
            broken(f"{type(exc).__name__} was raised: {exc}")
        assert isinstance(event, RealtimeErrorEvent)
        if event.kind != "auth" or event.command_id != setup.command_id:
            broken(f"the error event is of kind {event.kind!r} and answers {event.command_id!r}")

    @clause(do="turn what the network raises into ConnectionFailed, or ConnectionLost from receive()")
    async def test_service_that_hangs_up_at_once_is_told(self, stage: Stage) -> None:
        """A service that ends the connection at once is ConnectionFailed or ConnectionLost, soon."""
        await stage.double.meet(Meeting.HANG_UP)
        try:
            line = await stage.begin_connect(stage.setup())
            while True:
                await line.frame("ConnectionLost")
        except (ConnectionFailed, ConnectionLost):
            return

    @clause(
        do="let every wait of connect() and receive() be cancelled; keep no wait of your own without an end"
    )
    async def test_silent_service_does_not_hold_up_opening(self, stage: Stage) -> None:
        """Opening a session with a service that never says a word is ConnectionFailed, in bounded time."""
        for meeting in (Meeting.STAY_SILENT, Meeting.SAY_NOTHING):
            await stage.double.meet(meeting)
            try:
                await stage.bounded(stage.open_impatiently(), f"opening ({meeting}) did not give up")
            except ConnectionFailed:
                continue
            broken(f"a session opened with a service that was to {meeting.replace('_', ' ')}")

    @clause(do="write tools of the set-up, or raise UnsupportedSetting for them before anything is sent")
    async def test_tools_are_told_or_refused(self, stage: Stage) -> None:
        """Functions of the set-up, and tools in the service's own words, reach the service whole, or raise
        UnsupportedSetting before anything is sent.
        """
        line = await _tools_are_told(stage, (A_TOOL, _ANOTHER_TOOL), UnsupportedSetting)
        if line is not None:
            await line.opened()
        # the service itself may have no such tool, and say so at once or later: its words are not the kit's
        with contextlib.suppress(ProviderError):
            await _tools_are_told(stage, (A_TOOL, _OWN_WORDS), UnsupportedSetting, InvalidSettings)

    @clause(do="copy what you change: tools and overrides are the caller's")
    async def test_what_is_given_is_not_changed(self, stage: Stage) -> None:
        """Tools of the set-up and overrides of a response are left as they were given."""
        try:
            line = await stage.connect(tools=(A_TOOL,))
        except NotApplicable:
            line = await stage.connect()
        if line.setup.tools not in ((), (A_TOOL,)):
            broken("the tools of the set-up are others since they were given to connect()")
        if stage.asks:
            overrides = {"metadata": {"topic": "tea"}}
            with contextlib.suppress(UnsupportedCommand):  # a service may have no overrides
                await line.send(CreateResponse(overrides=overrides))
                await line.heard(lambda heard: bool(heard.responses), "CreateResponse")
            if overrides != {"metadata": {"topic": "tea"}}:
                broken("the overrides of CreateResponse are others since they were given to send()")

    @clause(do="wrap what the network raises in ConnectionFailed, with `raise ... from`, and a reason")
    async def test_wrong_address_is_connection_failed(self, stage: Stage) -> None:
        """Where nothing listens, or something else than the service, connect raises ConnectionFailed."""
        astray = stage.double.astray
        if not astray:
            raise NotApplicable("the double names no wrong address: it has no `astray`")
        for wrong in astray:
            try:
                connection = await stage.connect_astray(wrong)
            except ConnectionFailed:
                continue
            await connection.aclose()
            broken(f"connect() gave a connection, with other values of {', '.join(wrong)}")

    @clause(do="make each required option an `option()` without a default; read nothing from elsewhere")
    async def test_missing_option_is_named(self, stage: Stage) -> None:
        """Without a required option InvalidOptions is raised, and names it; so does one that is unknown."""
        values = stage.option_values
        try:
            build_options(stage.provider.options, {**values, "no_such_option": 1}, {})
            broken("an option 'no_such_option' was accepted")
        except InvalidOptions:
            pass
        for name in values:
            try:
                build_options(stage.provider.options, {key: values[key] for key in values if key != name}, {})
            except InvalidOptions as exc:
                if name not in str(exc):
                    broken(f"without option {name!r} the error does not name it: {exc}")

    @clause(do="correct the Provider that the hook returns")
    async def test_provider_is_well_formed(self, stage: Stage) -> None:
        """Options and settings are attrs classes as the contract has them, and the capabilities agree."""
        provider, can = stage.provider, stage.capabilities
        known = {*set_fields(provider.settings()), *attrs.fields_dict(provider.settings), "tools"}
        wrong = {
            "live_settings names what no setting is": bool(can.live_settings - known),
            "client_responses without turns": can.client_responses and not can.turns,
            "truncate='client' without ids": can.truncate == "client" and not can.ids,
            "neither text nor audio": not (can.text or can.output_formats),
            "nothing to hear: neither text nor audio": not (can.text or can.input_formats),
            "paced without audio": can.paced and not can.output_formats,
        }
        found = [what for what, holds in wrong.items() if holds] + _wrong_endpoint(stage)
        if found:
            broken("; ".join(found))


def _wrong_endpoint(stage: Stage) -> list[str]:
    """What `Provider.endpoint` must not give; what it must not raise leaves."""
    try:
        url: object = stage.provider.endpoint(stage.options) if stage.provider.endpoint else None
    except InvalidOptions:
        return []
    return [] if url is None or isinstance(url, str) else [f"endpoint gives {type(url).__name__}, not a URL"]
