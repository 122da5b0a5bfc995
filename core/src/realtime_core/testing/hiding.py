"""Clauses of what must not show: keys, and what people say."""

import base64
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from realtime_core.commands import AddItem, AppendAudio, Command, Raw, UpdateSession
from realtime_core.contents import Message, ToolCall, ToolDefinition, ToolResult
from realtime_core.errors import InvalidSettings, RealtimeError, UnsupportedSetting
from realtime_core.events import RealtimeFunctionCallEvent
from realtime_core.testing.clauses import NotApplicable, broken
from realtime_core.testing.line import Line
from realtime_core.testing.shown import told_by, watching
from realtime_core.testing.stage import A_TOOL, Stage
from realtime_core.testing.subject import Meeting
from realtime_core.testing.suite import clause

__all__ = ["HidingClauses"]

_WORDS: Final = "xylophone marmalade"
_SOUND: Final = b"xylophone marmalade pie " * 40
_NEEDLES: Final = (*_WORDS.split(), base64.b64encode(_SOUND[:9]).decode())
"""By what words and audio are known where they show, also in part: a sound begins with a word, too."""
_WORDY_TOOL: Final = ToolDefinition(A_TOOL.name, _WORDS, A_TOOL.parameters)
_CALL: Final = ToolCall("call_1", A_TOOL.name, f'{{"what": "{_WORDS}"}}')


class HidingClauses:
    """What a provider keeps to itself."""

    @clause(do="make the option with `option(secret=True)`, and keep it out of messages, reprs and log lines")
    async def test_secrets_do_not_show(self, stage: Stage) -> None:
        """No credential shows in a repr, an error or a cause of it, be the address wrong or the credential,
        in an event, the URL of ``endpoint``, or in what is logged, at whichever level, or printed.
        """
        endpoint = stage.provider.endpoint
        with watching() as lines:
            shown = [repr(stage.options), str(stage.options)]
            if endpoint is not None:
                shown.append(str(endpoint(stage.options)))
            for meeting in (Meeting.ACCEPT, Meeting.REFUSE, Meeting.HANG_UP):
                await stage.double.meet(meeting)
                shown.extend(await _life(stage, meeting))
            for wrong in stage.double.astray:
                shown.extend(await _stray(stage, wrong))
        for where in [*shown, *lines]:
            for name, secret in stage.secrets.items():
                if secret in where:
                    broken(f"the value of option {name!r} shows in {where.replace(secret, '<secret>')!r}")

    @clause(do="keep people's words out of messages, reprs and log lines: tell lengths and kinds")
    async def test_words_do_not_show(self, stage: Stage) -> None:
        """Nobody's words and audio, said or sent, and no prompt show in a repr, in an error or a cause of it,
        or in what is logged, at whichever level, or printed.
        """
        shown: list[str] = []
        with watching() as lines:
            line = await _prompted(stage, shown)
            await _sent(line, _wordy_commands(stage), shown)
            await line.marked()
            await _said(stage, line, shown)
            await line.aclose()
            await _sent(line, _wordy_commands(stage), shown)
            await _said_oddly(stage, shown)
        needles = (*_NEEDLES, *stage.double.odd_words)
        events = [event for line in stage.lines for event in line.events]
        for where in [*map(repr, events), *shown, *lines]:
            if any(needle in where for needle in needles):
                broken(f"what was said shows in {_masked(where, needles)!r}")


def _masked(where: str, needles: Iterable[str]) -> str:
    for needle in needles:
        where = where.replace(needle, "<words>")
    return where


async def _life(stage: Stage, meeting: Meeting) -> list[str]:
    """What a connection shows of itself, from its beginning to its end."""
    shown: list[str] = []
    try:
        line = await stage.begin_connect(stage.setup())
    except RealtimeError as exc:
        return [told_by(exc)]
    try:
        shown.append(repr(line.connection))
        shown.extend(map(repr, await line.frame()))
        if meeting is Meeting.ACCEPT:
            await stage.double.drop()
        while True:
            shown.extend(map(repr, await line.frame("ConnectionLost")))
    except RealtimeError as exc:
        shown.append(told_by(exc))
    await line.aclose()
    return shown


async def _stray(stage: Stage, wrong: Mapping[str, Any]) -> list[str]:
    """What is shown where nobody can be reached."""
    try:
        connection = await stage.connect_astray(wrong)
    except RealtimeError as exc:
        return [told_by(exc)]
    shown = repr(connection)
    await stage.bounded(connection.aclose(), "aclose() did not return")
    return [shown]


async def _prompted(stage: Stage, shown: list[str]) -> Line:
    """A connection with a prompt, and with a tool that has a description, as far as those are taken."""
    tools = (_WORDY_TOOL,)
    for given in ({"instructions": _WORDS, "tools": tools}, {"instructions": _WORDS}, {"tools": tools}):
        try:
            return await stage.connect(**given)
        except (UnsupportedSetting, InvalidSettings, NotApplicable) as exc:
            shown.append(told_by(exc))
    return await stage.connect()


def _wordy_commands(stage: Stage) -> Iterator[Command]:
    """Each command that can carry words, also those that may be refused."""
    if stage.capabilities.input_formats:
        yield AppendAudio(data=_SOUND)
    if stage.capabilities.text:
        yield AddItem(item=Message("user", _WORDS))
        yield AddItem(item=Message("assistant", _WORDS))
    yield AddItem(item=ToolCall("call_0", A_TOOL.name, f'{{"what": "{_WORDS}"}}'))
    yield AddItem(item=ToolResult("call_0", A_TOOL.name, _WORDS))
    yield UpdateSession(settings=stage.settings(instructions=_WORDS), tools=(_WORDY_TOOL,))
    yield UpdateSession(settings=stage.settings(instructions=_WORDS))
    yield Raw(service_type="kit.words", payload={"said": _WORDS})


async def _sent(line: Line, commands: Iterable[Command], shown: list[str]) -> None:
    async with line.read_meanwhile():  # a change of settings may wait for the answer to the one before
        for command in commands:
            try:
                await line.send(command)
            except RealtimeError as exc:
                shown.append(told_by(exc))
            shown.append(repr(line.connection))


async def _said(stage: Stage, line: Line, shown: list[str]) -> None:
    """The service says all that has words."""
    if line.setup.tools:
        await line.ask()
        await stage.double.call(_CALL)
        await line.until_told(lambda: bool(line.of(RealtimeFunctionCallEvent)), "RealtimeFunctionCallEvent")
        await _sent(line, [AddItem(item=ToolResult(_CALL.call_id, A_TOOL.name, _WORDS))], shown)
    await line.turn()
    if stage.capabilities.text:
        await stage.double.text(_WORDS)
    if stage.capabilities.output_formats:
        await stage.double.audio(_SOUND)
    await stage.double.hear(_WORDS)
    await line.turn_ends()
    await line.marked()
    shown.append(repr(line.connection))


async def _said_oddly(stage: Stage, shown: list[str]) -> None:
    """The service says what nobody knows, what cannot be read, and half of something."""
    line = await stage.connect()
    try:
        await stage.double.garble()
        await stage.double.fail()
        await line.marked()
        await stage.double.vanish()
        while True:
            await line.frame("ConnectionLost")
    except RealtimeError as exc:
        shown.append(told_by(exc))
    shown.append(repr(line.connection))
