import inspect
import logging
from typing import Any

import attrs
import pytest
from realtime_core import commands, events
from realtime_core.audio.formats import AudioFormat
from realtime_core.commands import AppendAudio, CreateResponse
from realtime_core.contents import (
    ApprovalRequest,
    AudioContent,
    ImageContent,
    Message,
    RateLimit,
    TextContent,
    ToolCall,
    ToolDefinition,
    ToolResult,
    Usage,
)
from realtime_core.errors import ConnectionLost, LostReason, ProviderError, SessionStateError
from realtime_core.events import (
    RealtimeAudioEvent,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeSpeechEvent,
    RealtimeTextEvent,
    RealtimeTranscriptEvent,
)
from realtime_core.observers import LoggingObserver, SessionInfo
from realtime_core.observers.loading import given_observers
from realtime_core.settings import InputAudioTranscription, RealtimeSettings, TurnDetection

SESSION = SessionInfo("acme-ws", 7, "sess_1")
WORDS = "what MARKER said"
KEY = "sk-MARKERMARKERMARKER"
PNG = b"\x89PNG\r\n\x1a\nMARKER"

# what the fields of every event and command hold, by name: words or a key wherever there may be any
FILLING: dict[str, Any] = {
    "service_type": WORDS,
    "service_event": {"text": WORDS, "authorization": KEY},
    "response_id": WORDS,
    "item_id": WORDS,
    "command_id": WORDS,
    "audio": AudioContent(b"MARKER"),
    "text": WORDS,
    "function_call": ToolCall(WORDS, WORDS, WORDS),
    "function_result": ToolResult(WORDS, WORDS, WORDS, 5.0),
    "call_id": WORDS,
    "request": ApprovalRequest(WORDS, WORDS, WORDS, WORDS),
    "previous_item_id": WORDS,
    "item": Message("user", WORDS),
    "image": ImageContent(PNG),
    "session_id": WORDS,
    "reason": WORDS,
    "not_honoured": (WORDS,),
    "input_format": AudioFormat(),
    "status": WORDS,
    "status_reason": WORDS,
    "usage": Usage(total_tokens=3),
    "metadata": {"a": WORDS},
    "message": f"{WORDS} {KEY}",
    "exception": ValueError(WORDS),
    "limits": (RateLimit(WORDS),),
    "settings": RealtimeSettings(
        instructions=WORDS,
        voice=WORDS,
        input_audio_transcription=InputAudioTranscription(model=WORDS),
        turn_detection=TurnDetection(type=WORDS),
    ),
    "tools": (ToolDefinition("f", WORDS), {"type": "mcp", "authorization": KEY}),
    "data": b"MARKER",
    "overrides": {"instructions": WORDS},
    "approval_id": WORDS,
    "payload": {"text": WORDS, "authorization": KEY},
    "code": WORDS,
    "phase": "done",
    "role": "user",
    "kind": "unknown",
    "cause": "speech",
    "conversation": "none",
}
# what people said may look like a name
SPOKEN = {
    "service_event": {"HELLO": "HELLO"},
    "text": "HELLO",
    "function_call": ToolCall("call_1", "f", "HELLO"),
    "function_result": ToolResult("call_1", "f", "HELLO"),
    "request": ApprovalRequest("appr_1", "f", "HELLO"),
    "item": Message("user", "HELLO"),
    "metadata": {"HELLO": "HELLO"},
    "message": "HELLO",
    "exception": ValueError("HELLO"),
    "settings": RealtimeSettings(instructions="HELLO"),
    "tools": (ToolDefinition("f", "HELLO"),),
    "data": b"HELLO",
    "overrides": {"HELLO": "HELLO"},
    "payload": {"HELLO": "HELLO"},
}
EVENTS = [cls for name, cls in vars(events).items() if name in events.__all__ and inspect.isclass(cls)]
COMMANDS = [
    cls
    for name, cls in vars(commands).items()
    if name in commands.__all__ and inspect.isclass(cls) and cls is not commands.Command
]


def filled(cls):
    fields = {field.name: field for field in attrs.fields(cls)}
    given = {name: FILLING[name] for name in fields if name in FILLING}
    if "text" in given and cls is RealtimeTextEvent:
        given["text"] = TextContent(FILLING["text"])
    rest = {
        name: {int: 5, float: 5.0, bool: True}[field.type]
        for name, field in fields.items()
        if name not in FILLING and field.default is attrs.NOTHING
    }
    return cls(**given, **rest)


def told(value, observer, **arguments):
    hook = "realtime_command" if isinstance(value, commands.Command) else "realtime_event"
    argument = hook.removeprefix("realtime_")
    getattr(observer, hook)(session=SESSION, **{argument: value}, **arguments)


@pytest.fixture
def log(caplog):
    caplog.set_level(logging.DEBUG, logger="realtime_core.observer")
    return caplog


def everything(log):
    return "\n".join(str(vars(record)) + record.getMessage() for record in log.records)


@pytest.mark.parametrize("cls", [*EVENTS, *COMMANDS])
def test_no_words_and_no_key_at_any_level(log, cls):
    told(filled(cls), LoggingObserver())

    assert len(log.records) == 1
    assert "MARKER" not in everything(log)


@pytest.mark.parametrize("cls", [*EVENTS, *COMMANDS])
def test_not_even_a_single_word_where_people_speak(log, monkeypatch, cls):
    for name, value in SPOKEN.items():
        monkeypatch.setitem(FILLING, name, value)

    told(filled(cls), LoggingObserver())

    assert "HELLO" not in everything(log)


@pytest.mark.parametrize("cls", [*EVENTS, *COMMANDS])
def test_no_key_even_with_content(log, cls):
    told(filled(cls), LoggingObserver(include_content=True))

    assert "sk-MARKER" not in everything(log)
    assert "authorization" not in everything(log)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (filled(events.RealtimeTextEvent), "text"),
        (filled(events.RealtimeTranscriptEvent), "text"),
        (filled(events.RealtimeFunctionCallEvent), "function_call_arguments"),
        (filled(events.RealtimeFunctionResultEvent), "function_result_output"),
        (filled(events.RealtimeApprovalEvent), "request_arguments"),
        (filled(events.RealtimeItemEvent), "item_content"),
        (filled(commands.AddItem), "item_content"),
        (filled(commands.AnswerApproval), "reason"),
    ],
)
def test_words_are_there_if_they_are_asked_for_by_name(log, value, name):
    told(value, LoggingObserver(include_content=True))

    assert vars(log.records[0])[f"realtime_{name}"] == WORDS
    assert f'{name}="{WORDS}"' in log.messages[0]


def test_a_tool_that_ran_is_one_line(log):
    LoggingObserver().realtime_tool(
        SESSION, ToolCall("call_1", "f", WORDS), ToolResult("call_1", "f", WORDS, 12.5, is_error=True)
    )

    assert log.messages == [
        (
            "what=tool_run session=7 provider=acme-ws session_id=sess_1 call_id=call_1 name=f "
            f"arguments_chars={len(WORDS)} output_chars={len(WORDS)} duration_ms=12.5 is_error=true"
        )
    ]


def test_a_tool_that_ran_shows_its_words_if_asked(log):
    observer = LoggingObserver(include_content=True)

    observer.realtime_tool(SESSION, ToolCall("call_1", "f", WORDS), ToolResult("call_1", "f", WORDS))

    assert f'arguments="{WORDS}" output="{WORDS}"' in log.messages[0]


def test_a_session_opens_and_is_closed_as_asked_for(log):
    observer = LoggingObserver()

    observer.realtime_session_opened(SESSION)
    observer.realtime_session_closed(SESSION, "deleted", None)

    assert log.messages == [
        "what=session_opened session=7 provider=acme-ws session_id=sess_1",
        "what=session_closed session=7 provider=acme-ws session_id=sess_1 reason=deleted",
    ]
    assert [record.levelno for record in log.records] == [logging.INFO] * 2


def test_a_session_that_could_not_be_opened_has_no_id(log):
    LoggingObserver().realtime_session_closed(SessionInfo("acme-ws", 8), "deleted", None)

    assert log.messages == ["what=session_closed session=8 provider=acme-ws reason=deleted"]


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (ConnectionLost(WORDS, reason=LostReason.DROPPED, code=1006), "error=ConnectionLost code=1006"),
        (ProviderError(WORDS, code="server_error"), "error=ProviderError code=server_error"),
        (SessionStateError(WORDS), "error=SessionStateError"),
    ],
)
def test_an_end_nobody_asked_for_is_a_warning_without_its_words(log, error, shown):
    LoggingObserver().realtime_session_closed(SESSION, "dropped", error)

    assert log.messages[0].endswith(f"reason=dropped {shown}")
    assert log.records[0].levelno == logging.WARNING
    assert "MARKER" not in everything(log)


def test_the_message_of_an_end_is_content_and_its_keys_are_masked(log):
    error = ProviderError(f"{WORDS} {KEY}")

    LoggingObserver(include_content=True).realtime_session_closed(SESSION, WORDS, error)

    assert f'message="{WORDS} sk-…"' in log.messages[0]


@pytest.mark.parametrize(
    ("value", "level"),
    [
        (RealtimeSpeechEvent(phase="started"), logging.INFO),
        (RealtimeTranscriptEvent(role="user", text="x", final=True), logging.INFO),
        (CreateResponse(), logging.INFO),
        (RealtimeErrorEvent(kind="server"), logging.WARNING),
        (RealtimeErrorEvent(kind="quota", benign=True), logging.INFO),
        (RealtimeAudioEvent(audio=AudioContent(b"")), logging.DEBUG),
        (RealtimeTextEvent(text="x"), logging.DEBUG),
        (RealtimeTranscriptEvent(role="user", text="x", final=False), logging.DEBUG),
        (RealtimeEvent(), logging.DEBUG),
        (AppendAudio(data=b""), logging.DEBUG),
    ],
)
def test_steps_are_told_at_the_level_pieces_below_and_errors_above(log, value, level):
    told(value, LoggingObserver())

    assert [record.levelno for record in log.records] == [level]


def test_the_level_of_steps_can_be_chosen(log):
    observer = LoggingObserver(level=logging.ERROR)

    told(RealtimeSpeechEvent(phase="started"), observer)
    told(RealtimeErrorEvent(kind="server"), observer)
    observer.realtime_session_closed(SESSION, "dropped", SessionStateError("x"))

    assert [record.levelno for record in log.records] == [logging.ERROR] * 3


def test_what_the_logger_does_not_take_is_not_even_made_into_fields(caplog):
    caplog.set_level(logging.ERROR, logger="realtime_core.observer")
    observer = LoggingObserver()

    told(object.__new__(RealtimeEvent), observer)  # it has no field to read
    observer.realtime_tool(SESSION, ToolCall("call_1", "f", ""), ToolResult("call_1", "f", ""))

    assert caplog.records == []


def test_another_logger_can_be_named(caplog):
    caplog.set_level(logging.INFO, logger="acme")

    told(RealtimeSpeechEvent(phase="started"), LoggingObserver("acme"))

    assert [record.name for record in caplog.records] == ["acme"]


def test_fields_are_in_the_record_too(log):
    told(RealtimeSpeechEvent(phase="started", offset_ms=12.5), LoggingObserver())

    fields = {name: value for name, value in vars(log.records[0]).items() if name.startswith("realtime_")}
    assert fields == {
        "realtime_what": "RealtimeSpeechEvent",
        "realtime_session": 7,
        "realtime_provider": "acme-ws",
        "realtime_session_id": "sess_1",
        "realtime_phase": "started",
        "realtime_offset_ms": 12.5,
    }


def test_a_value_cannot_pass_for_another_field_or_line(log):
    event = RealtimeTextEvent(text='a\nwhat=forged "b" \\ ü')

    told(event, LoggingObserver(include_content=True))

    assert log.messages[0].endswith(r'text="a\nwhat=forged \"b\" \\ ü"')


def test_it_keeps_the_rules_of_an_observer():
    (observer,) = given_observers([LoggingObserver()])

    assert len(observer.hooks) == 5
