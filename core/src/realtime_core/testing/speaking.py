"""Clauses of what the assistant says: text, audio, and the turns around them."""

from realtime_core.events import RealtimeAudioEvent, RealtimeResponseEvent
from realtime_core.testing.clauses import broken
from realtime_core.testing.stage import Stage, shape
from realtime_core.testing.suite import clause

__all__ = ["SpeakingClauses"]

_PIECES = ("Good ", "morning, ", "Zoë ", "– ", "hello.")


class SpeakingClauses:
    """What the assistant says."""

    @clause(
        needs=("text",),
        do="give each new piece as one RealtimeTextEvent; what repeats or sums up is RealtimeTranscriptEvent",
    )
    async def test_text_is_told_exactly_once(self, stage: Stage) -> None:
        """Printing the text of each RealtimeTextEvent prints the reply exactly once, in order."""
        line = await stage.connect()
        await line.turn()
        for piece in _PIECES:
            await stage.double.text(piece)
        await line.turn_ends()
        await line.marked()
        if line.text != "".join(_PIECES):
            broken(f"the service said {''.join(_PIECES)!r}, the events print {line.text!r}")

    @clause(
        needs=("speaks", "exact"),
        do="pass the bytes on as they come, also those of an odd number; never pad, drop or repeat",
    )
    async def test_audio_arrives_whole(self, stage: Stage) -> None:
        """All audio of a reply arrives once, in order, byte for byte."""
        line = await stage.connect()
        pcm = bytes(range(256)) * 15
        await line.turn()
        for start in range(0, len(pcm), 640):
            await stage.double.audio(pcm[start : start + 640])
        await line.turn_ends()
        await line.marked()
        if line.pcm != pcm:
            broken(f"the service spoke {len(pcm)} bytes, {len(line.pcm)} arrived, or others")

    @clause(
        needs=("speaks",),
        do="state in each AudioContent the format of the set-up's output_audio_format, and speak it",
    )
    async def test_audio_says_its_format(self, stage: Stage) -> None:
        """Audio is in the output format of the set-up, which is one of the capabilities' output_formats."""
        line = await stage.connect()
        await line.turn()
        await stage.double.audio(bytes(line.output_format.bytes_per_s // 10))
        await line.until(lambda event: isinstance(event, RealtimeAudioEvent), "RealtimeAudioEvent")
        told = {event.audio.format for event in line.of(RealtimeAudioEvent)}
        if told != {line.output_format}:
            broken(f"asked for {line.output_format}, got {', '.join(map(str, told))}")

    @clause(
        needs=("turns",),
        do="give 'created' before the first part of a turn and 'done' once, behind its last",
    )
    async def test_turn_is_created_then_told_then_done(self, stage: Stage) -> None:
        """A turn is one response 'created', then its parts, then one 'done', status 'completed'."""
        line = await stage.connect()
        await line.turn()
        if stage.capabilities.text:
            await stage.double.text("Yes.")
        else:
            await stage.double.audio(bytes(line.output_format.bytes_per_s // 10))
        await line.turn_ends()
        await line.marked()
        told = line.of(RealtimeResponseEvent)
        if [event.phase for event in told if not event.phase.startswith("playback")] != ["created", "done"]:
            broken(f"the events were {shape(line.events)}")
        if told[-1].status != "completed":
            broken(f"the response was done with status {told[-1].status!r}")
