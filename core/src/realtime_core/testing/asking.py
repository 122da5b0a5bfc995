"""Clauses of what the service is told: audio, messages, and wishes for a response."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, Final

from realtime_core.audio.formats import AudioFormat
from realtime_core.commands import (
    AddItem,
    AppendAudio,
    ClearAudio,
    Command,
    CommitAudio,
    CreateResponse,
    Raw,
    UpdateSession,
)
from realtime_core.contents import ImageContent, Message
from realtime_core.errors import InvalidSettings, UnsupportedCommand, UnsupportedSetting
from realtime_core.testing.clauses import NotApplicable, broken
from realtime_core.testing.heard import Heard, includes
from realtime_core.testing.stage import Stage
from realtime_core.testing.suite import clause

__all__ = ["AskingClauses", "one_update"]

_PNG: Final = b"\x89PNG\r\n\x1a\n" + bytes(64)
_LONG_CHARS: Final = 60_000
_OVERRIDES: Final = {"metadata": {"topic": "tea"}}


class Dance(Command):
    """A command that no service has a means for."""


def _more_responses_than(asked: int) -> Callable[[Heard], bool]:
    return lambda heard: heard.responses > asked


def _longer_than(size: int) -> Callable[[Heard], bool]:
    return lambda heard: len(heard.pcm) > size


def one_update(stage: Stage) -> Iterator[Command]:
    """One change of settings, where that goes: a second may wait for the answer to the first."""
    if "instructions" in stage.capabilities.live_settings:
        yield UpdateSession(settings=stage.settings(instructions="Be long."))


def _unasking(stage: Stage) -> Iterator[Command]:
    """All that asks for no response."""
    can = stage.capabilities
    if can.text:
        yield AddItem(item=Message("user", "Hello"))
    if can.images:
        yield AddItem(item=ImageContent(_PNG))
    if can.input_formats:
        yield ClearAudio()
        yield AppendAudio(data=bytes(stage.input_format.bytes_per_s // 2))
        yield CommitAudio()
    yield from one_update(stage)


class AskingClauses:
    """What the service is told."""

    @clause(
        needs=("listens", "exact"), do="write the bytes of AppendAudio as they are, all of them, in order"
    )
    async def test_users_audio_reaches_the_service_whole(self, stage: Stage) -> None:
        """Audio that is appended reaches the service once, in order, byte for byte, whatever its size; where
        there are several formats the service is told which it is in.
        """
        told: AudioFormat | None = None
        for wanted in stage.capabilities.input_formats:
            line = await stage.connect(input_audio_format=wanted)
            before, pcm, start = len(stage.double.heard.pcm), bytes(range(256)) * 15, 0
            for size in (640, 1, 333, 2, 960, len(pcm)):
                await line.send(AppendAudio(data=pcm[start : start + size]))
                start += size
            await line.heard(_longer_than(before + len(pcm) - 1), "audio of that length")
            if stage.double.heard.pcm[before:] != pcm:
                broken(f"{len(pcm)} bytes were appended, and others were heard")
            told = stage.double.heard.format_told("input_audio_format")
            if told not in (None, line.input_format):
                broken(f"the audio is {line.input_format}, and the service was told {told}")
            await line.aclose()
        if told is None and len(stage.capabilities.input_formats) > 1:
            raise NotApplicable(
                "all of it was heard, but the double notes no input_audio_format among what it was told, "
                "so whether the service knows which of the input_formats it is cannot be seen"
            )

    @clause(needs=("text",), do="write an item's text as it is, with its role")
    async def test_message_reaches_the_service(self, stage: Stage) -> None:
        """A message reaches the service once, word for word, with its role, also one of 60,000 characters."""
        line, said = await stage.connect(), Message("user", "Grüße,\n“Zoë” \\ 👋")
        await line.send(AddItem(item=said))
        await line.heard(lambda heard: bool(heard.messages), "message")
        await line.quiet()
        if stage.double.heard.messages != [said]:
            broken(f"{said!r} was said, {stage.double.heard.messages!r} was heard")
        long = Message("user", "never-ending " * (_LONG_CHARS // 13))
        await line.send(AddItem(item=long))
        await line.heard(lambda heard: len(heard.messages) > 1, "long message")
        if (heard := stage.double.heard.messages[1:]) != [long]:
            broken(f"of {len(long.content)} characters {len(heard[0].content)} were heard, or others")

    @clause(needs=("images",), do="write the image's bytes and media type, or say images=False")
    async def test_image_reaches_the_service(self, stage: Stage) -> None:
        """An image reaches the service as it is."""
        line = await stage.connect()
        await line.send(AddItem(item=ImageContent(_PNG)))
        await line.heard(lambda heard: bool(heard.images), "image")
        if stage.double.heard.images != [ImageContent(_PNG)]:
            broken("another image was heard")

    @clause(do="write commands in the order of the calls of send, through one queue or none")
    async def test_order_of_sends_is_order_at_the_service(self, stage: Stage) -> None:
        """Commands reach the service in the order in which they were sent."""
        line, can = await stage.connect(), stage.capabilities
        sent: list[tuple[str, Command]] = []
        if can.input_formats and not can.paced:
            sent += [("audio", AppendAudio(data=bytes(960))), ("commit", CommitAudio())]
            sent.append(("clear", ClearAudio()))
        if can.text:
            sent.append(("message", AddItem(item=Message("user", "Well?"))))
        if can.turns and can.client_responses:
            sent.append(("response", CreateResponse()))
        for _, command in sent:
            try:
                await line.send(command)
            except UnsupportedCommand:
                sent = [each for each in sent if each[1] is not command]
        kinds: list[Any] = ["setup", *(kind for kind, _ in sent)]
        await line.heard(lambda heard: len(heard.kinds) >= len(kinds), ", then ".join(kinds))
        if stage.double.heard.kinds != kinds:
            broken(f"sent: {', '.join(kinds)}; heard: {', '.join(stage.double.heard.kinds)}")

    @clause(do="ask for a response when you are given CreateResponse, and never else")
    async def test_no_response_is_asked_for_unasked(self, stage: Stage) -> None:
        """A response is asked for by CreateResponse alone, once each: not by a message, an image, the end of
        the user's audio, or a change of settings.
        """
        line = await stage.connect()
        for command in _unasking(stage):
            with contextlib.suppress(UnsupportedCommand):
                await line.send(command)
                await line.quiet()
            if stage.double.heard.responses:
                broken(f"{type(command).__name__} made the provider ask for a response")
        if stage.asks:
            await line.turn()
            await line.turn_ends()
            await line.quiet()
            if stage.double.heard.responses != 1:
                broken(f"CreateResponse asked for {stage.double.heard.responses} responses")

    @clause(
        needs=("asks",),
        do="write the overrides of CreateResponse as they are, and that it is out of band; or raise "
        "UnsupportedCommand",
    )
    async def test_overrides_reach_the_service(self, stage: Stage) -> None:
        """Overrides of a response reach the service as they are, and that it is out of band, or they raise
        UnsupportedCommand, UnsupportedSetting or InvalidSettings.
        """
        for command, wanted in (
            (CreateResponse(overrides=_OVERRIDES), _OVERRIDES),
            (CreateResponse(conversation="none"), {"conversation": "none"}),
        ):
            line, asked = await stage.connect(), stage.double.heard.responses
            try:
                await line.send(command)
            except (UnsupportedCommand, UnsupportedSetting, InvalidSettings):
                continue
            await line.heard(_more_responses_than(asked), "CreateResponse")
            if not includes(told := stage.double.heard.of("response")[-1], wanted):
                broken(f"a response was asked for with {wanted}, and the service heard {told}")
            await line.aclose()

    @clause(do="raise UnsupportedCommand in send for a command that you have no means for, before writing")
    async def test_unknown_command_is_refused(self, stage: Stage) -> None:
        """A command that the provider has no means for raises UnsupportedCommand; nothing is sent."""
        line = await stage.connect()
        heard = len(stage.double.heard.notes)
        try:
            await line.send(Dance())
        except UnsupportedCommand:
            await line.quiet()
        else:
            broken("send() took a command of a class that does not exist")
        if len(stage.double.heard.notes) != heard:
            broken("the service heard something of it")

    @clause(do="write the frame of Raw as it is, or raise UnsupportedCommand")
    async def test_raw_frame_is_sent_or_refused(self, stage: Stage) -> None:
        """A frame in the service's own words is sent as it is, or raises UnsupportedCommand."""
        line = await stage.connect()
        try:
            await line.send(Raw(service_type="kit.hello", payload={"number": 7}))
        except UnsupportedCommand:
            return
        await line.heard(lambda heard: bool(heard.of("raw")), "raw frame")
