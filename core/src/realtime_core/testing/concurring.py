"""Clauses of what happens at the same time: connections, senders, and the loop that they share."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import attrs

from realtime_core.commands import AddItem, AppendAudio, Command
from realtime_core.contents import Message
from realtime_core.errors import InvalidSettings, UnsupportedSetting
from realtime_core.events import RealtimeAudioEvent
from realtime_core.testing.clauses import NotApplicable, broken
from realtime_core.testing.heard import Heard
from realtime_core.testing.holding import longest_hold_s
from realtime_core.testing.line import Line, plays
from realtime_core.testing.stage import Stage
from realtime_core.testing.suite import clause

__all__ = ["ConcurringClauses"]

_BRIEFS: Final = ("Be brief.", "Be long.")
_AT_ONCE: Final = 20
_PIECE_BYTES: Final = 64
_ENDS_S: Final = 0.1
"""How long connect() and aclose() may hold the loop."""
_FRAME_S: Final = 0.015
"""How long a frame may: fifty a second are nothing special."""


class ConcurringClauses:
    """What happens at the same time."""

    @clause(
        waits=12,
        do="keep nothing of a connection in module or class, also while connect() waits; each is its own",
    )
    async def test_connections_are_independent(self, stage: Stage) -> None:
        """Connections know nothing of each other, also those that are made at the same time: each has its own
        settings, its own words, and its own end.
        """
        await _made_at_once(stage)
        first, second = await _one_after_the_other(stage)
        await _arrives(stage, second, "Two are here.")
        await first.aclose()
        await second.turn()
        await stage.say_something(second)
        await _gets_it(stage, second, "a connection, when another was closed,")
        await _arrives(stage, second, "Still here.")

    @clause(do="let one send() write its frame whole before the next begins: a lock, or one write for each")
    async def test_sends_at_once_do_not_mix(self, stage: Stage) -> None:
        """Several tasks may call send() at once: each command reaches the service, whole and once."""
        line, can, heard = await stage.connect(), stage.capabilities, stage.double.heard
        said = [f"Number {number}." for number in range(_AT_ONCE)] if can.text else []
        loud = [bytes([number]) * _PIECE_BYTES for number in range(_AT_ONCE)]
        if can.paced or not can.input_formats:
            loud = []
        commands: list[Command] = [AddItem(item=Message("user", words)) for words in said]
        commands += [AppendAudio(data=pcm) for pcm in loud]
        await stage.bounded(
            asyncio.gather(*map(line.connection.send, commands)), "send(), called by many, did not return"
        )
        await line.heard(
            lambda heard: len(heard.messages) >= len(said) and len(heard.pcm) >= len(loud) * _PIECE_BYTES,
            f"{len(commands)} commands that were sent at once",
        )
        if sorted(message.content for message in heard.messages) != sorted(said):
            broken(f"{len(said)} messages were sent at once, and others were heard")
        starts = range(0, len(heard.pcm), _PIECE_BYTES)
        if sorted(heard.pcm[start : start + _PIECE_BYTES] for start in starts) != loud:
            broken(f"{len(loud)} pieces of audio were sent at once, and others were heard")

    @clause(
        waits=12,
        do="await what takes time, or do it in a thread (asyncio.to_thread): the loop serves others, too",
    )
    async def test_loop_is_not_held(self, stage: Stage) -> None:
        """Nothing holds the event loop: connect() and aclose() no longer than 100 ms at a stretch, send() and
        receive() no longer than 15 ms.
        """
        holds: dict[str, list[float]] = {"connect": [], "aclose": [], "send": [], "receive": []}

        async def timed(name: str, work: Awaitable[Any]) -> None:
            holds[name].append(await stage.bounded(longest_hold_s(work), f"{name}() did not return"))

        for number in range(3):
            await timed("connect", stage.connect())
            line = stage.lines[-1]
            for _ in range(4):
                await timed("send", line.connection.send(_saying(stage, f"Number {number}.")))
                await stage.double.unknown()
                await timed("receive", line.frame())
            await timed("aclose", line.aclose())
        limits = {"connect": _ENDS_S, "aclose": _ENDS_S, "send": _FRAME_S, "receive": _FRAME_S}
        for name, limit_s in limits.items():
            least_s = min(holds[name])  # a busy machine holds it now and then, and not each time
            if least_s > limit_s:
                broken(f"{name}() held the loop for {least_s * 1000:.0f} ms, and no less in any of its calls")


def _saying(stage: Stage, words: str) -> Command:
    """A command by which the service hears that: as words, else as audio.

    Raises:
        NotApplicable: it can hear neither as it is.
    """
    can = stage.capabilities
    if can.text:
        return AddItem(item=Message("user", words))
    if can.paced:
        raise NotApplicable("text=False and paced=True: nothing reaches the service as it was sent")
    return AppendAudio(data=words.encode().ljust(_PIECE_BYTES))


def _has(words: str) -> Callable[[Heard], bool]:
    """Whether that was heard, however it was said."""
    return lambda heard: (
        any(message.content == words for message in heard.messages) or words.encode() in heard.pcm
    )


async def _arrives(stage: Stage, line: Line, words: str) -> None:
    """What is sent on a line reaches the service by that line, as far as answers tell."""
    command = _saying(stage, words)
    await line.send(command)
    await line.heard(_has(words), "what was sent on a connection beside another")
    if stage.capabilities.acks and isinstance(command, AddItem):
        await line.until(
            lambda event: event.command_id == command.command_id, "its answer, on the connection that sent it"
        )


async def _gets_it(stage: Stage, line: Line, which: str) -> None:
    """The line tells what the double has said to it, and as it was said."""
    can = stage.capabilities
    await line.until_told(
        lambda: (bool(line.text) or not can.text) and (bool(line.pcm) or not can.output_formats),
        f"what was said to {which}",
    )
    if can.text:
        line.printed(stage.something)
    formats = {event.audio.format.rate_hz for event in line.of(RealtimeAudioEvent)}
    if formats - {line.output_format.rate_hz}:
        broken(f"{which} gave audio of {formats} Hz where {line.output_format.rate_hz} Hz were agreed")


async def _made_at_once(stage: Stage) -> None:
    """Two connections at the same moment, with settings that differ where those are taken."""
    expected = sorted(_BRIEFS)
    try:
        setups = [stage.setup(instructions=brief) for brief in _BRIEFS]
        lines = await asyncio.gather(*map(stage.begin_connect, setups))
    except (UnsupportedSetting, InvalidSettings):
        expected = []
        lines = await asyncio.gather(*(stage.begin_connect(stage.setup()) for _ in _BRIEFS))
    for line in lines:
        await line.opened()
    await lines[0].heard(lambda heard: len(heard.of("setup")) >= len(lines), "set-up of each connection")
    heard = [setup.get("instructions") for setup in stage.double.heard.of("setup")]
    if expected and sorted(map(str, heard)) != expected:
        broken(f"two connections were made at once, with {_BRIEFS}, and the service heard {heard}")
    await lines[0].aclose()
    await _arrives(stage, lines[1], "Me, too.")
    await lines[1].aclose()


async def _one_after_the_other(stage: Stage) -> tuple[Line, Line]:
    """Two connections, where the first was told something before the second came, of another format."""
    wanted = [attrs.evolve(each, channels=1) for each in stage.capabilities.output_formats]
    settings = [{"output_audio_format": each} for each in (wanted[0], wanted[-1])] if wanted else [{}, {}]
    first = await stage.connect(**settings[0])  # type: ignore[arg-type]  # settings of whichever type
    await first.turn()
    await stage.say_something(first)
    second = await stage.connect(**settings[1])  # type: ignore[arg-type]  # the same
    await _gets_it(stage, first, "the first of two connections")
    if any(map(plays, second.events)):
        broken("the second of two connections told what was said to the first")
    return first, second
