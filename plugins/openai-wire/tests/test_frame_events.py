import pytest
from realtime_core import PCM16_24KHZ, AudioFormat, RealtimeErrorEvent, RealtimeEvent
from realtime_openai_wire.frame_events import (
    MALFORMED_FRAME,
    error_event,
    frame_ids,
    malformed,
    plain,
    plain_event,
    reported_format,
    unreadable,
)
from realtime_openai_wire.state import WireState

ULAW = AudioFormat("g711_ulaw")
WIRE_ULAW = {"type": "audio/pcmu"}


@pytest.mark.parametrize(
    ("frame", "response_id", "item_id"),
    [
        ({"response_id": "r1", "item_id": "i1"}, "r1", "i1"),
        ({"response": {"id": "r1"}, "item": {"id": "i1"}}, "r1", "i1"),
        ({"response_id": "r1", "response": {"id": "r2"}, "item_id": "i1", "item": {"id": "i2"}}, "r1", "i1"),
        ({"response_id": "", "response": {"id": "r2"}, "item_id": 5, "item": {"id": "i2"}}, "r2", "i2"),
        ({"response": "r1", "item": ["i1"]}, None, None),
        ({"response_id": "r" * 257, "item_id": "i" * 257}, None, None),
    ],
)
def test_a_frame_names_its_response_and_item_in_either_place(frame, response_id, item_id):
    assert frame_ids(frame) == {"response_id": response_id, "item_id": item_id}


def test_a_plain_event_is_the_frame_its_ids_and_the_command_it_answers():
    frame = {"response_id": "r1", "item_id": "i1"}

    event = plain_event("x.y", frame, "cmd_1")

    assert event == RealtimeEvent(
        service_type="x.y", service_event=frame, response_id="r1", item_id="i1", command_id="cmd_1"
    )
    assert event.service_event is frame
    assert plain(WireState(), "x.y", frame) == (plain_event("x.y", frame),)


def test_an_error_has_its_meaning_its_command_and_its_frames_ids():
    error = {
        "type": "server_error",
        "code": "rate_limit_exceeded",
        "message": "Later: 'a'.",
        "param": "tools",
    }

    event = error_event("error", {"response_id": "r1"}, error, "cmd_1")

    assert (event.kind, event.code, event.retryable) == ("rate_limited", "rate_limit_exceeded", True)
    assert (event.command_id, event.response_id) == ("cmd_1", "r1")
    assert event.message == "Later: '<1 chars>'.; try again later"


@pytest.mark.parametrize(("code", "shown"), [(None, "server_error"), ("", "server_error"), ("x", "x")])
def test_an_error_without_a_code_shows_its_type(code, shown):
    assert error_event("error", {}, {"type": "server_error", "code": code}).code == shown


def test_what_cannot_be_read_is_a_mild_error():
    event = unreadable("it is torn", service_event={"a": 1})

    assert (event.kind, event.code, event.message) == ("server", MALFORMED_FRAME, "it is torn")
    assert (event.fatal, event.service_event) == (False, {"a": 1})


def test_a_malformed_frame_is_named_with_its_ids():
    event = malformed("x.y", {"item_id": "i1"}, "it has no text")

    assert type(event) is RealtimeErrorEvent
    assert event.message == "a frame 'x.y' is malformed: it has no text"
    assert (event.service_type, event.item_id) == ("x.y", "i1")


@pytest.mark.parametrize(
    ("holder", "reported"),
    [
        ({"audio": {"output": {"format": WIRE_ULAW}}}, ULAW),
        ({"output_audio_format": "g711_ulaw"}, ULAW),
        ({"audio": {"output": {"format": WIRE_ULAW}}, "output_audio_format": "pcm16"}, ULAW),
        (
            {"audio": {"output": {"format": {"type": "audio/opus"}}}, "output_audio_format": "pcm16"},
            PCM16_24KHZ,
        ),
        ({"audio": {"input": {"format": WIRE_ULAW}}, "input_audio_format": "pcm16"}, None),
        ({"audio": "loud"}, None),
        ({}, None),
    ],
)
def test_a_format_is_reported_in_either_protocols_place(holder, reported):
    assert reported_format(holder, "output") == reported
