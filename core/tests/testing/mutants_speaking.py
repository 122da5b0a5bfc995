"""Faults in what the assistant says."""

from collections.abc import Iterator
from typing import Any

import attrs
from mutant import (
    codec,
    connecting,
    plain_connect,
)
from realtime_core import (
    AudioContent,
    AudioFormat,
    RealtimeAudioEvent,
    RealtimeEvent,
    RealtimeInterruptionEvent,
    RealtimeSessionEvent,
    RealtimeSpeechEvent,
    RealtimeTextEvent,
    RealtimeTranscriptEvent,
    UnsupportedSetting,
)
from realtime_core.unset import UNSET
from small_provider import SmallCodec, SmallConnection


@codec("text_is_told_exactly_once")
class WholeTextAtTheEnd(SmallCodec):
    said = ""

    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        self.said += value if meaning == "text" else ""
        if meaning == "end":
            yield RealtimeTextEvent(text=self.said, service_type="end", service_event=frame)
        yield from super().meaning(meaning, value, frame)


@codec("text_is_told_exactly_once")
class SkipsRepeatedPieces(SmallCodec):
    last = ""

    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        words = value.strip(" .") if meaning == "text" else ""
        if words and words.removeprefix("good ").casefold() in self.last.casefold():
            return
        self.last += words
        yield from super().meaning(meaning, value, frame)


@codec("text_is_told_as_it_comes")
class TextAtTheEnd(SmallCodec):
    said = ""

    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        if meaning == "text":
            self.said += value
            yield RealtimeEvent(service_type="text", service_event=frame)
            return
        if meaning == "end":
            yield RealtimeTextEvent(text=self.said, service_type="end", service_event=frame)
        yield from super().meaning(meaning, value, frame)


@codec("long_text_arrives_whole", kind="turn-less")
class ShortLines(SmallCodec):
    def events(self, line: bytes) -> list[RealtimeEvent]:
        return super().events(line if len(line) < 16_384 else line[:16_384])


@codec("event_carries_its_frame")
class WithoutFrames(SmallCodec):
    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        for event in super().meaning(meaning, value, frame):
            plain = type(event) is RealtimeEvent
            yield event if plain else attrs.evolve(event, service_event=None)


@codec("audio_arrives_whole")
class EvenBytesOnly(SmallCodec):
    def audio(self, pcm: bytes, wire: dict[str, Any]) -> RealtimeEvent:
        return super().audio(pcm[: len(pcm) // 2 * 2], wire)


@codec("audio_arrives_whole", kind="audio-only")
class DropsSmallPieces(SmallCodec):
    def audio(self, pcm: bytes, wire: dict[str, Any]) -> RealtimeEvent:
        return super().audio(pcm, wire) if len(pcm) > 100 else RealtimeEvent(**wire)


@codec("audio_says_its_format", kind="audio-only")
class AlwaysTwentyFour(SmallCodec):
    def audio(self, pcm: bytes, wire: dict[str, Any]) -> RealtimeEvent:
        return RealtimeAudioEvent(audio=AudioContent(pcm, AudioFormat("pcm16", 24_000)), **wire)


@codec("turn_is_created_then_told_then_done")
class NeverCreated(SmallCodec):
    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        if meaning == "begin":
            yield RealtimeEvent(service_type=meaning, service_event=frame)
        else:
            yield from super().meaning(meaning, value, frame)


@codec("turn_is_created_then_told_then_done", kind="text-only")
class NoStatus(SmallCodec):
    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        yield from super().meaning(meaning, None if meaning == "end" else value, frame)


@codec("turn_is_created_then_told_then_done", kind="auto-continuing")
class DoneTwice(SmallCodec):
    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        for event in super().meaning(meaning, value, frame):
            yield event
            if meaning == "end":
                yield event


@codec("turns_follow_each_other", kind="id-less")
class OneTurnOnly(SmallCodec):
    begun_before = False

    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        if meaning == "begin" and self.begun_before:
            yield RealtimeEvent(service_type=meaning, service_event=frame)
            return
        self.begun_before |= meaning == "begin"
        yield from super().meaning(meaning, value, frame)


@codec("events_of_a_response_share_its_id")
class ItemForResponse(SmallCodec):
    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        for event in super().meaning(meaning, value, frame):
            text = isinstance(event, RealtimeTextEvent)
            yield attrs.evolve(event, response_id=event.item_id) if text else event


@codec("events_of_a_response_share_its_id")
class OneIdForAll(SmallCodec):
    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        for event in super().meaning(meaning, value, frame):
            yield attrs.evolve(event, response_id="the-response")


@codec("meanings_of_one_frame_keep_their_order")
class FirstMeaningOnly(SmallCodec):
    def events(self, line: bytes) -> list[RealtimeEvent]:
        events = super().events(line)
        return events if isinstance(events[0], RealtimeSessionEvent) else events[:1]


@codec("meanings_of_one_frame_keep_their_order")
class EndBeforeText(SmallCodec):
    def events(self, line: bytes) -> list[RealtimeEvent]:
        return sorted(super().events(line), key=lambda event: isinstance(event, RealtimeTextEvent))


@codec("users_words_are_a_transcript")
class PrintsTheUser(SmallCodec):
    def beside(self, meaning: str, value: Any, wire: dict[str, Any]) -> Iterator[RealtimeEvent]:
        if meaning == "heard":
            yield RealtimeTextEvent(text=value, **wire)
        else:
            yield from super().beside(meaning, value, wire)


@codec("users_words_are_a_transcript")
class UserIsTheAssistant(SmallCodec):
    def beside(self, meaning: str, value: Any, wire: dict[str, Any]) -> Iterator[RealtimeEvent]:
        if meaning == "heard":
            yield RealtimeTranscriptEvent(role="assistant", text=value, final=True, **wire)
        else:
            yield from super().beside(meaning, value, wire)


@codec("failure_at_the_service_is_an_error_event")
class HidesTrouble(SmallCodec):
    def beside(self, meaning: str, value: Any, wire: dict[str, Any]) -> Iterator[RealtimeEvent]:
        yield from super().beside("weather" if meaning == "trouble" else meaning, value, wire)


@codec("interruption_by_the_user_is_told")
class HidesSpeech(SmallCodec):
    def beside(self, meaning: str, value: Any, wire: dict[str, Any]) -> Iterator[RealtimeEvent]:
        yield from super().beside("weather" if meaning == "speech" else meaning, value, wire)


@codec("turn_is_created_then_told_then_done", seen="a part stands outside of its response")
class DoneTooEarly(SmallCodec):
    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        if meaning == "begin":
            yield from super().meaning(meaning, value, frame)
            yield from super().meaning("end", "completed", frame)
        elif meaning != "end":
            yield from super().meaning(meaning, value, frame)
        else:
            yield RealtimeEvent(service_type=meaning, service_event=frame)


@codec("turns_follow_each_other", kind="text-only", seen="two turns of 'Yes.' print")
class SaysAllAgain(SmallCodec):
    said = ""

    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        if meaning == "text":
            self.said += value
            value = self.said
        yield from super().meaning(meaning, value, frame)


@codec("users_words_are_a_transcript", seen="it was not told at all")
class HidesTheUser(SmallCodec):
    def beside(self, meaning: str, value: Any, wire: dict[str, Any]) -> Iterator[RealtimeEvent]:
        yield from super().beside("weather" if meaning == "heard" else meaning, value, wire)


@connecting("audio_says_its_format", kind="audio-only", seen="UnsupportedSetting was raised")
async def refuses_its_own_format(options: Any, setup: Any) -> Any:
    if setup.settings.output_audio_format.rate_hz != 24_000:
        raise UnsupportedSetting("small speaks at 24 kHz, whatever output_audio_format says")
    return await plain_connect(options, setup)


@codec("text_is_told_exactly_once", seen="the events print 'Good morning, no,  Zoë")
class DropsWhatRepeats(SmallCodec):
    last = ""

    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        if meaning == "text":
            if value == self.last:
                yield RealtimeEvent(service_type=meaning, service_event=frame)
                return
            self.last = value
        yield from super().meaning(meaning, value, frame)


@codec("text_is_told_exactly_once", seen="the events print 'Good morning, no, no, Zoë")
class DropsBlanks(SmallCodec):
    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        if meaning == "text" and not value.strip():
            yield RealtimeEvent(service_type=meaning, service_event=frame)
            return
        yield from super().meaning(meaning, value, frame)


@codec("event_carries_its_frame", seen="has not the text that the frame had")
class FrameIsTouched(SmallCodec):
    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        for event in super().meaning(meaning, value, frame):
            yield attrs.evolve(event, service_event={"redacted": 1})


class Echoing(SmallCodec):
    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        for event in super().meaning(meaning, value, frame):
            yield event
            if isinstance(event, RealtimeTextEvent):
                yield event


@connecting("text_is_told_exactly_once", seen="the service said 'Good morning")
async def writes_twice_what_it_only_writes(options: Any, setup: Any) -> Any:
    only_writes = setup.settings.output_modalities == ("text",)
    spoken = attrs.evolve(setup, settings=attrs.evolve(setup.settings, output_modalities=UNSET))
    twice = type("Twice", (SmallConnection,), {"codec_class": Echoing})
    return await plain_connect(options, spoken, twice if only_writes else SmallConnection)


@codec("text_is_told_exactly_once", seen="? ")
class OnlyThePlaneOfLetters(SmallCodec):
    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        if meaning == "text":
            value = "".join(letter if ord(letter) < 0x10000 else "?" for letter in value)
        yield from super().meaning(meaning, value, frame)


@codec("interruption_by_the_user_is_told", seen="it was told more than once")
@codec("interruption_by_the_user_is_told", kind="id-less", seen="it was told more than once")
class InterruptedTwice(SmallCodec):
    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        for event in super().meaning(meaning, value, frame):
            yield event
            if isinstance(event, RealtimeSpeechEvent | RealtimeInterruptionEvent):
                yield event


@codec("interruption_by_the_user_is_told", kind="id-less", seen="is done with status 'completed'")
class CutIsCompleted(SmallCodec):
    def meaning(self, meaning: str, value: Any, frame: Any) -> Iterator[RealtimeEvent]:
        yield from super().meaning(meaning, "completed" if meaning == "end" else value, frame)
