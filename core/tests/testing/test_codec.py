"""A small correct codec passes the kit of codecs, and each clause of it catches a fault."""

import itertools
import json
from typing import Any

import attrs
import pytest
from realtime_core import RealtimeErrorEvent, RealtimeEvent
from realtime_core.commands import Command
from realtime_core.provider import Setup
from realtime_core.testing import CODEC_CLAUSES, CodecConformance, CodecSubject
from small_provider import FULL, SmallCodec, small

FRAMES = [
    json.dumps(frame).encode()
    for frame in (
        {"ready": "small-1"},
        {"heard": "How are you?"},
        {"begin": True, "r": "r1"},
        {"text": "Very well, ", "r": "r1", "i": "i1"},
        {"audio": "AAAAAA==", "r": "r1", "i": "i1"},
        {"text": "thank you.", "end": "completed", "r": "r1", "i": "i1"},
        {"calls": [{"id": "c1", "name": "look_up", "args": "{}"}], "r": "r2"},
        {"speech": "started"},
        {"interrupted": True},
        {"trouble": "overheated"},
        {"ack": "cmd_0"},
    )
]


class Whole(SmallCodec):
    """The codec of the small provider, in the kit's words."""

    def __init__(self) -> None:
        super().__init__(Setup(settings=small().settings(), command_id="cmd_setup"), FULL)

    def decode(self, frame: bytes) -> list[RealtimeEvent]:
        return self.events(frame)

    def encode(self, command: Command) -> bytes:
        return self.line(command)


def subject_of(codec: Any) -> CodecSubject:
    return CodecSubject(
        codec, frames=FRAMES, unknown=b'{"weather": "fine"}', unreadable=[b"{", b"\xff\xfe", b"7"]
    )


class TestSmallCodec(CodecConformance):
    @pytest.fixture
    def codec_subject(self) -> CodecSubject:
        return subject_of(Whole)


class NothingForSpeech(Whole):
    def decode(self, frame: bytes) -> list[RealtimeEvent]:
        return [] if b"speech" in frame else super().decode(frame)


class Numbered(Whole):
    numbers = itertools.count()

    def decode(self, frame: bytes) -> list[RealtimeEvent]:
        return [attrs.evolve(event, item_id=str(next(self.numbers))) for event in super().decode(frame)]


class UnknownIsWrong(Whole):
    def unknown(self, wire: dict[str, Any]) -> RealtimeEvent:
        return RealtimeErrorEvent(kind="unknown", **wire)


class UnreadableIsPlain(Whole):
    def decode(self, frame: bytes) -> list[RealtimeEvent]:
        return [
            RealtimeEvent() if isinstance(event, RealtimeErrorEvent) else event
            for event in super().decode(frame)
        ]


class TrustsTheEnd(Whole):
    def decode(self, frame: bytes) -> list[RealtimeEvent]:
        if frame.startswith(b'{"text"'):
            json.loads(frame)
        return super().decode(frame)


class TrustsTheValues(Whole):
    def meaning(self, meaning: str, value: Any, frame: Any) -> Any:
        if meaning == "heard" and len(value) > 9_999:
            raise OverflowError
        return super().meaning(meaning, value, frame)


class WritesObjects(Whole):
    def encode(self, command: Command) -> Any:
        return [json.loads(super().encode(command))]


class FailsToWrite(Whole):
    def encode(self, command: Command) -> bytes:
        return json.dumps({"words": getattr(command, "data", None)}).encode()


class WritesAnything(Whole):
    def encode(self, command: Command) -> bytes:
        return type(command).__name__.encode()


class Talkative(Whole):
    def decode(self, frame: bytes) -> list[RealtimeEvent]:
        return [
            attrs.evolve(event, item_id=str(dict(event.service_event or {})))
            for event in super().decode(frame)
        ]


FAULTS = [
    ("frame_gives_an_event", NothingForSpeech),
    ("frames_mean_the_same_on_each_connection", Numbered),
    ("unknown_frame_is_plain", UnknownIsWrong),
    ("unreadable_frame_is_an_error", UnreadableIsPlain),
    ("cut_frame_is_no_exception", TrustsTheEnd),
    ("twisted_frame_is_no_exception", TrustsTheValues),
    ("command_is_written_or_refused", WritesObjects),
    ("command_is_written_or_refused", FailsToWrite),
    ("unknown_command_is_not_written", WritesAnything),
    ("words_do_not_show_in_reprs", Talkative),
]


@pytest.mark.parametrize(("clause", "fault"), FAULTS)
def test_fault_is_caught_by_the_clause_that_owns_it(clause: str, fault: type[Whole]):
    with pytest.raises(pytest.fail.Exception, match=f"^clause {clause!r} is broken"):
        getattr(CodecConformance(), f"test_{clause}")(subject_of(fault))


def test_every_clause_catches_a_fault():
    assert {clause for clause, _ in FAULTS} == set(CODEC_CLAUSES)


class Longer(Whole):
    seen = itertools.count()

    def decode(self, frame: bytes) -> list[RealtimeEvent]:
        return super().decode(frame) * (1 + (next(self.seen) == 0))


class Changing(Whole):
    seen = itertools.count()

    def decode(self, frame: bytes) -> list[RealtimeEvent]:
        events = super().decode(frame)
        return events if next(self.seen) else [RealtimeErrorEvent(kind="server") for _ in events]


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        (Numbered, r"event 1 \(Session created\) is another on the second: they differ in item_id\n"),
        (Changing, r"event 1 \(Error\) is another on the second: then it is Session created\n"),
        (Longer, r"first: Session created, .*; then: Session created, "),
    ],
)
def test_what_differs_on_another_connection_is_named(fault: type[Whole], seen: str):
    with pytest.raises(pytest.fail.Exception, match=seen):
        CodecConformance().test_frames_mean_the_same_on_each_connection(subject_of(fault))
