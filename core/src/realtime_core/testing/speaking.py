"""Clauses of what the assistant says: text, audio, and the turns around them."""

from collections.abc import Callable
from typing import Final

import attrs

from realtime_core.errors import InvalidSettings, UnsupportedSetting
from realtime_core.events import (
    RealtimeAudioEvent,
    RealtimeErrorEvent,
    RealtimeInterruptionEvent,
    RealtimeResponseEvent,
    RealtimeSpeechEvent,
    RealtimeTextEvent,
    RealtimeTranscriptEvent,
)
from realtime_core.testing.clauses import NotApplicable, broken
from realtime_core.testing.heard import Heard
from realtime_core.testing.line import Line, plays, shape
from realtime_core.testing.stage import Stage
from realtime_core.testing.suite import clause

__all__ = ["SpeakingClauses"]

_PIECES: Final = ("Good ", "morning, ", "no, ", "no, ", " ", "Zoë ", "👋 – ", "good morning.")
"""Some of them repeat what was said before, and mean it."""
_LONG_CHARS: Final = 60_000


def _responses(line: Line) -> list[RealtimeResponseEvent]:
    return [
        event
        for event in line.of(RealtimeResponseEvent)
        if not event.phase.startswith("playback") and not event.out_of_band
    ]


async def _writing(stage: Stage, before: Line) -> Line | None:
    """A connection on which the assistant only writes, if that can be asked for and ``before`` is none."""
    if before.setup.settings.output_modalities or not stage.capabilities.output_formats:
        return None
    try:
        return await stage.connect(output_modalities=("text",))
    except (UnsupportedSetting, InvalidSettings):
        return None


def _more_set_ups_than(before: int) -> Callable[[Heard], bool]:
    return lambda heard: len(heard.of("setup")) > before


class SpeakingClauses:
    """What the assistant says."""

    @clause(
        needs=("text",),
        do="give each new piece as one RealtimeTextEvent; what repeats or sums up is RealtimeTranscriptEvent",
    )
    async def test_text_is_told_exactly_once(self, stage: Stage) -> None:
        """Printing the text of each RealtimeTextEvent prints the reply exactly once, in order."""
        line: Line | None = await stage.connect()
        while line is not None:
            await line.turn()
            for piece in _PIECES:
                await stage.double.text(piece)
            await line.turn_ends()
            await line.marked()
            line.printed("".join(_PIECES))
            await line.aclose()
            line = await _writing(stage, line)

    @clause(needs=("text",), do="give what has come when it has come; do not wait for the end of the turn")
    async def test_text_is_told_as_it_comes(self, stage: Stage) -> None:
        """A piece of text is told when it has come, not when the turn is over."""
        line = await stage.connect()
        await line.turn()
        await stage.double.text(_PIECES[0])
        await line.until_told(lambda: line.text == _PIECES[0], "the first piece of text, in a running turn")

    @clause(needs=("text",), do="raise your limits on frames, and read on until a frame is whole")
    async def test_long_text_arrives_whole(self, stage: Stage) -> None:
        """A piece of text of 60,000 characters is nothing special."""
        line = await stage.connect()
        await line.turn()
        words = "never-ending " * (_LONG_CHARS // 13)
        await stage.double.text(words)
        await line.turn_ends()
        await line.marked()
        if line.text != words:
            broken(f"of {len(words)} characters {len(line.text)} arrived, or others")

    @clause(
        needs=("speaks", "exact"),
        do="pass the bytes on as they come, also those of an odd number; never pad, drop or repeat",
    )
    async def test_audio_arrives_whole(self, stage: Stage) -> None:
        """All audio of a reply arrives once, in order, byte for byte, whatever the size of its pieces."""
        line = await stage.connect()
        pcm = bytes(range(256)) * 15
        await line.turn()
        start = 0
        for size in (640, 1, 333, 2, 960, len(pcm)):
            await stage.double.audio(pcm[start : start + size])
            start += size
        await line.turn_ends()
        await line.marked()
        if line.pcm != pcm:
            broken(f"the service spoke {len(pcm)} bytes; {len(line.pcm)} arrived, or others")

    @clause(
        needs=("speaks",),
        do="state in each AudioContent the format of the set-up's output_audio_format, and speak it",
    )
    async def test_audio_says_its_format(self, stage: Stage) -> None:
        """Audio is in the output format of the set-up, which is one of the capabilities' output_formats."""
        for wanted in stage.capabilities.output_formats:
            before = len(stage.double.heard.of("setup"))
            # a session is mono, whatever the track of a call has
            line = await stage.connect(output_audio_format=attrs.evolve(wanted, channels=1))
            await line.turn()
            await stage.double.audio(bytes(line.output_format.bytes_per_s // 10))
            await line.until(lambda event: isinstance(event, RealtimeAudioEvent), "RealtimeAudioEvent")
            told = {event.audio.format for event in line.of(RealtimeAudioEvent)}
            if told != {wanted}:
                broken(f"asked for {wanted}, got {', '.join(map(str, told))}")
            await line.heard(_more_set_ups_than(before), "set-up")
            heard = stage.double.heard.format_told("output_audio_format")
            if heard not in (None, line.output_format):
                broken(f"the audio is to be {line.output_format}, and the service was told {heard}")
            await line.aclose()

    @clause(
        needs=("turns",),
        do="give 'created' before the first part of a turn and 'done' once, behind its last",
    )
    async def test_turn_is_created_then_told_then_done(self, stage: Stage) -> None:
        """A turn is one response 'created', then its parts, then one 'done', status 'completed'."""
        line = await stage.connect()
        await line.turn()
        await stage.say_something(line)
        await line.turn_ends()
        await line.marked()
        told = _responses(line)
        if [event.phase for event in told] != ["created", "done"]:
            broken(f"the events were {shape(line.events)}")
        parts = [at for at, event in enumerate(line.events) if plays(event)]
        first, last = line.index_of(told[0]), line.index_of(told[1])
        if not parts or not all(first < part < last for part in parts if not stage.capabilities.paced):
            broken(f"a part stands outside of its response: {shape(line.events)}")
        if told[-1].status != "completed":
            broken(f"the response was done with status {told[-1].status!r}")

    @clause(needs=("turns",), do="forget at its end what you keep of a turn; give each 'created' and 'done'")
    async def test_turns_follow_each_other(self, stage: Stage) -> None:
        """A second turn is told as the first was, and nothing of the first again."""
        line = await stage.connect()
        for _ in range(2):
            await line.turn()
            await stage.say_something(line)
            await line.turn_ends()
        await line.marked()
        if [event.phase for event in _responses(line)] != ["created", "done"] * 2:
            broken(f"the events were {shape(line.events)}")
        if stage.capabilities.text and line.text != stage.something * 2:
            broken(f"two turns of {stage.something!r} print {line.text!r}")

    @clause(needs=("turns", "ids"), do="set response_id on all events of a response, one that is its own")
    async def test_events_of_a_response_share_its_id(self, stage: Stage) -> None:
        """All that belongs to a response has its id, and the next response has another."""
        line, seen = await stage.connect(), set[str | None]()
        for _ in range(2):
            begun = len(line.events)
            await line.turn()
            await stage.say_something(line)
            await line.turn_ends()
            # on a track audio is heard later than it is made
            late = RealtimeAudioEvent if stage.capabilities.paced else ()
            parts = [event for event in line.events[begun:] if plays(event) and not isinstance(event, late)]
            ids = {event.response_id for event in [*_responses(line)[-2:], *parts]}
            if len(ids) != 1 or None in ids:
                broken(f"the events of one response have the ids {sorted(map(str, ids))}")
            if ids & seen:
                broken("two responses have the same id")
            seen |= ids

    @clause(
        needs=("text",), do="give the events of a frame in the order in which it tells them, none left out"
    )
    async def test_meanings_of_one_frame_keep_their_order(self, stage: Stage) -> None:
        """A frame with several meanings gives the events of all of them, in its order."""
        line = await stage.connect()
        await line.turn()
        await stage.double.together(_PIECES[0])
        if stage.capabilities.turns:
            done = await line.until(
                lambda event: isinstance(event, RealtimeResponseEvent) and event.phase == "done",
                "RealtimeResponseEvent(phase='done') behind the text",
            )
            text = next((event for event in line.events if isinstance(event, RealtimeTextEvent)), None)
            if text is None or line.index_of(text) > line.index_of(done):
                broken(f"the events were {shape(line.events)}")
        await line.marked()
        line.printed(_PIECES[0])

    @clause(do="give the user's words as RealtimeTranscriptEvent(role='user'), never as RealtimeTextEvent")
    async def test_users_words_are_a_transcript(self, stage: Stage) -> None:
        """What the service understood of the user is a final transcript of the user, and nothing else."""
        line = await stage.connect()
        await stage.double.hear("What is the weather?")
        await line.marked()
        line.printed("")
        told = [event for event in line.of(RealtimeTranscriptEvent) if event.final]
        if (
            any(event.role != "user" or event.text != "What is the weather?" for event in told)
            or len(told) > 1
        ):
            broken(f"it was told as {[(event.role, event.text) for event in told]}")
        if not told and not stage.inherits("hear"):
            broken("it was not told at all, and the double says it")

    @clause(do="give a RealtimeErrorEvent that is not fatal for what went wrong at the service")
    async def test_failure_at_the_service_is_an_error_event(self, stage: Stage) -> None:
        """A failure that the service tells of is a RealtimeErrorEvent, not fatal, and the session goes on."""
        if stage.inherits("fail"):
            raise NotApplicable("the service never tells of a failure: the double has no fail()")
        line = await stage.connect()
        await stage.double.fail()
        event = await line.until(lambda event: isinstance(event, RealtimeErrorEvent), "RealtimeErrorEvent")
        if isinstance(event, RealtimeErrorEvent) and event.fatal:
            broken("the error event is fatal, and the connection is not gone")
        await line.marked()

    @clause(
        do="give RealtimeSpeechEvent('started'), or RealtimeInterruptionEvent where the service cuts itself"
    )
    async def test_interruption_by_the_user_is_told(self, stage: Stage) -> None:
        """The user's speech in a running turn is a speech event 'started' or an interruption, told once; a
        turn that the service ends by that is not 'completed'.
        """
        stage.needs_interruptions()
        line = await stage.connect()
        await line.turn()
        await stage.say_something(line)
        await line.until(plays, "the beginning of the reply")
        await stage.double.interrupt()
        await line.until(
            lambda event: (
                isinstance(event, RealtimeInterruptionEvent)
                or (isinstance(event, RealtimeSpeechEvent) and event.phase == "started")
            ),
            "a RealtimeSpeechEvent 'started' or a RealtimeInterruptionEvent",
        )
        await line.marked()
        started = [event for event in line.of(RealtimeSpeechEvent) if event.phase == "started"]
        if len(started) > 1 or len(line.of(RealtimeInterruptionEvent)) > 1:
            broken(f"it was told more than once: {shape(line.events)}")
        if any(event.status == "completed" for event in _responses(line)):
            broken("the response that was cut is done with status 'completed'")
