"""The conformance kit of codecs: what turns frames into events and commands into frames, without any I/O.

A provider need not have one of this shape; one that has gets these clauses without a socket.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

import attrs
import pytest

from realtime_core.commands import (
    AddItem,
    AppendAudio,
    CancelResponse,
    ClearAudio,
    Command,
    CommitAudio,
    CreateResponse,
    DeleteItem,
    Raw,
    Truncate,
    UpdateSession,
)
from realtime_core.contents import Message, ToolCall, ToolResult, hidden
from realtime_core.errors import CallerError
from realtime_core.events import RealtimeErrorEvent, RealtimeEvent
from realtime_core.settings import RealtimeSettings
from realtime_core.testing.clauses import Clause, ClauseBroken, broken, clauses_of, describe, make_test
from realtime_core.testing.hostile import Frame, cut, twisted
from realtime_core.testing.line import shape

__all__ = ["CODEC_CLAUSES", "Codec", "CodecConformance", "CodecSubject"]


class Codec(Protocol):
    """What is tested; one for each connection."""

    def decode(self, frame: Any) -> Sequence[RealtimeEvent]:
        """The events of one frame, at least one. Never raises."""
        ...

    def encode(self, command: Command) -> Frame | Iterable[Frame]:
        """The frame of a command, or its frames.

        Raises:
            UnsupportedCommand: there is none; or another `CallerError`.
        """
        ...


def _frames(given: Iterable[Frame]) -> tuple[Frame, ...]:
    return tuple(given)  # `tuple` itself as a converter hides from type checkers what is taken


@attrs.frozen
class CodecSubject:
    """A codec and what its service says.

    Attributes:
        codec: makes a fresh one, as for a new connection, with the same `Setup` each time if it takes one.
        frames: what the service says in a conversation, from its beginning: every kind of frame if you can.
        unknown: a well-formed frame of a type that is new.
        unreadable: frames that cannot be read.
        waived: clauses that do not apply, each with the reason, which is printed.
    """

    codec: Callable[[], Codec]
    frames: Sequence[Frame] = attrs.field(converter=_frames, repr=hidden)
    unknown: Frame = attrs.field(repr=hidden)
    unreadable: Sequence[Frame] = attrs.field(converter=_frames, repr=hidden)
    waived: Mapping[str, str] = attrs.field(factory=dict)


class Dance(Command):
    """A command that no service has a means for."""


_WORDS: Final = 'Grüße,\n"Zoë" \\ 👋'
_COMMANDS: Final[tuple[Command, ...]] = (
    UpdateSession(settings=RealtimeSettings(instructions=_WORDS)),
    *(AppendAudio(data=bytes(size)) for size in (0, 1, 2, 333, 4_800)),
    CommitAudio(),
    ClearAudio(),
    AddItem(item=Message("user", _WORDS)),
    AddItem(item=Message("assistant", _WORDS)),
    AddItem(item=ToolCall("call_1", "look_up", '{"what": 1}')),
    AddItem(item=ToolResult("call_1", "look_up", _WORDS)),
    DeleteItem(item_id="item_1"),
    Truncate(item_id="item_1", keep_ms=120),
    CreateResponse(),
    CreateResponse(conversation="none", overrides={"instructions": _WORDS}),
    CancelResponse(),
    CancelResponse(response_id="response_1"),
    Raw(service_type="kit.hello", payload={"number": 7}),
)


def _clause(
    *, do: str
) -> Callable[[Callable[[Any, CodecSubject], None]], Callable[[Any, CodecSubject], None]]:
    """Make a test of a method that is given a subject; its docstring is the clause, ``do`` the remedy."""

    def made(check: Callable[[Any, CodecSubject], None]) -> Callable[[Any, CodecSubject], None]:
        rule, judged = make_test(check, prefix="test_", remedy=do, needs=())

        def test(self: Any, codec_subject: CodecSubject) -> None:
            def run(_: Clause) -> None:
                try:
                    check(self, codec_subject)
                except ClauseBroken:
                    raise
                except Exception as exc:
                    raise ClauseBroken(describe(exc)) from exc

            judged(codec_subject, run)

        test.__name__, test.__qualname__ = check.__name__, check.__qualname__
        test.__doc__, test.__module__ = check.__doc__, check.__module__
        test.clause = rule  # type: ignore[attr-defined]  # `clauses_of` finds it there
        return test

    return made


def _decoded(codec: Codec, frame: Frame, what: str) -> Sequence[RealtimeEvent]:
    try:
        events = codec.decode(frame)
    except Exception as exc:  # noqa: BLE001  # the codec under test may raise anything
        broken(f"{what} ({len(frame)} long, it begins {frame[:40]!r}) made decode() raise: {describe(exc)}")
    if not events:
        broken(f"{what} ({len(frame)} long, it begins {frame[:40]!r}) gave no event")
    return events


def _conversation(subject: CodecSubject) -> list[RealtimeEvent]:
    codec = subject.codec()
    return [event for frame in subject.frames for event in _decoded(codec, frame, "a frame of the service")]


class CodecConformance:
    """One test per clause of a codec.

    ::

        class TestAcmeCodec(CodecConformance):
            @pytest.fixture
            def codec_subject(self) -> CodecSubject:
                return CodecSubject(AcmeCodec, frames=FRAMES, unknown='{"new": 1}', unreadable=["{", "7"])
    """

    @pytest.fixture
    def codec_subject(self) -> CodecSubject:
        """The codec under test: override this."""
        raise NotImplementedError(  # abstract: only the author knows the codec, a default would test another
            "override the fixture `codec_subject` in your class: return a CodecSubject(...)"
        )

    @_clause(do="give a plain RealtimeEvent for what has no event class of its own")
    def test_frame_gives_an_event(self, subject: CodecSubject) -> None:
        """Each frame of the service gives at least one event."""
        codec = subject.codec()
        for frame in subject.frames:
            _decoded(codec, frame, "a frame of the service")

    @_clause(do="keep all state in the codec, none in module or class, and ask no clock and no dice")
    def test_frames_mean_the_same_on_each_connection(self, subject: CodecSubject) -> None:
        """The same frames give the same events on another connection."""
        first, second = _conversation(subject), _conversation(subject)
        if len(first) != len(second):
            broken(f"first: {shape(first)}; then: {shape(second)}")
        for at, (one, other) in enumerate(zip(first, second, strict=True), 1):
            if one != other:
                broken(f"event {at} ({shape([one])}) is another on the second: {_difference(one, other)}")

    @_clause(do="pass the decoded frame on as service_event, and its name as service_type")
    def test_unknown_frame_is_plain(self, subject: CodecSubject) -> None:
        """A frame of an unknown type is one plain RealtimeEvent with service_event, never an error."""
        events = _decoded(subject.codec(), subject.unknown, "the unknown frame")
        if len(events) != 1 or type(events[0]) is not RealtimeEvent or events[0].service_event is None:
            broken(f"it was {shape(events)}, or a plain event without its service_event")

    @_clause(do="catch what reading a frame raises, and give a RealtimeErrorEvent for that frame")
    def test_unreadable_frame_is_an_error(self, subject: CodecSubject) -> None:
        """A frame that cannot be read is a RealtimeErrorEvent, not an exception, and not fatal."""
        for frame in subject.unreadable:
            events = _decoded(subject.codec(), frame, "an unreadable frame")
            errors = [event for event in events if isinstance(event, RealtimeErrorEvent)]
            if not errors or any(event.fatal for event in errors):
                broken(f"{frame[:40]!r} was {shape(events)}")

    @_clause(do="read a frame inside of one `try`, and check what you need of it")
    def test_cut_frame_is_no_exception(self, subject: CodecSubject) -> None:
        """A frame that is cut off, wherever, never makes decode raise."""
        codec = subject.codec()
        for frame in subject.frames:
            for part in cut(frame):
                _decoded(codec, part, "a frame that was cut off")
        _decoded(codec, subject.unknown, "the unknown frame, behind frames that were cut off,")

    @_clause(
        do="check the fields of a frame while you read it; what is wrong makes it an error or plain event"
    )
    def test_twisted_frame_is_no_exception(self, subject: CodecSubject) -> None:
        """A frame whose values are missing or others, each in turn, never makes decode raise."""
        for frame in subject.frames:
            codec = subject.codec()
            for wrong in twisted(frame):
                _decoded(codec, wrong, "a frame with wrong values")
            _decoded(codec, subject.unknown, "the unknown frame, behind frames with wrong values,")

    @_clause(do="write every command you have a means for, and raise UnsupportedCommand for the others")
    def test_command_is_written_or_refused(self, subject: CodecSubject) -> None:
        """Each command gives a frame, or raises UnsupportedCommand or another CallerError."""
        codec = subject.codec()
        for command in _COMMANDS:
            try:
                written = codec.encode(command)
            except CallerError:
                continue
            frames = [written] if isinstance(written, str | bytes) else list(written)
            if not all(isinstance(frame, str | bytes) for frame in frames):
                broken(f"{type(command).__name__} gave {', '.join(type(frame).__name__ for frame in frames)}")

    @_clause(do="raise UnsupportedCommand for a command that you do not know")
    def test_unknown_command_is_not_written(self, subject: CodecSubject) -> None:
        """A command that nobody knows raises UnsupportedCommand or another CallerError."""
        try:
            subject.codec().encode(Dance())
        except CallerError:
            return
        broken("encode() took a command of a class that does not exist")

    @_clause(do="keep people's words out of what repr shows: carry them in the classes that hide them")
    def test_words_do_not_show_in_reprs(self, subject: CodecSubject) -> None:
        """The repr of an event shows nothing of its frame's content."""
        for event in _conversation(subject):
            shown = repr(event)
            for piece in _words(event.service_event):
                if piece in shown:
                    broken(f"a text of {len(piece)} characters shows in the repr of a {type(event).__name__}")


def _difference(one: RealtimeEvent, other: RealtimeEvent) -> str:
    """In what two events differ; content never shows."""
    if type(one) is not type(other):
        return f"then it is {shape([other])}"
    names = [field.name for field in attrs.fields(type(one))]
    differ = [name for name in names if getattr(one, name) != getattr(other, name)]
    return f"they differ in {', '.join(differ)}"


def _words(frame: Any) -> Iterable[str]:
    """The texts of a frame that somebody may have said: those with a blank in them."""
    match frame:
        case str() if " " in frame.strip():
            yield frame.strip()
        case Mapping():
            for value in frame.values():
                yield from _words(value)
        case list() | tuple():
            for value in frame:
                yield from _words(value)


CODEC_CLAUSES: Final[Mapping[str, Clause]] = clauses_of(CodecConformance)
"""Every clause of a codec by its name."""
