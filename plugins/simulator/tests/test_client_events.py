import pytest
from realtime_simulator.client_events import CLIENT_EVENTS, check, decode, event_id_of
from realtime_simulator.refusals import Refusal


@pytest.mark.parametrize("text", ["", "{", "[1", '{"a": NaN}', "\ud800", b"\xff", "[" * 5000, '"\\ud800"'])
def test_what_is_no_json_is_refused(text):
    with pytest.raises(Refusal) as caught:
        decode(text)

    assert caught.value.code == "invalid_event"


@pytest.mark.parametrize("event", [None, 1, "x", []])
def test_what_is_no_object_is_refused(event):
    with pytest.raises(Refusal) as caught:
        check(event)

    assert caught.value.code == "invalid_event"


def test_event_without_a_type_is_refused():
    with pytest.raises(Refusal) as caught:
        check({"event_id": "x"})

    assert (caught.value.code, caught.value.param) == ("missing_required_parameter", "type")


@pytest.mark.parametrize("kind", ["scooby.dooby.doo", "transcription_session.update"])
def test_unknown_type_is_an_invalid_value_of_type(kind):
    with pytest.raises(Refusal) as caught:
        check({"type": kind})

    assert (caught.value.code, caught.value.param) == ("invalid_value", "type")


def test_unknown_type_names_what_is_supported():
    with pytest.raises(Refusal, match=r"^Invalid value: 'scooby.dooby.doo'\. Supported values are: 'session"):
        check({"type": "scooby.dooby.doo"})


@pytest.mark.parametrize(
    ("event", "code", "param"),
    [
        ({"type": "session.update"}, "missing_required_parameter", "session"),
        ({"type": 7}, "invalid_type", "type"),
        ({"type": "input_audio_buffer.append"}, "missing_required_parameter", "audio"),
        ({"type": "input_audio_buffer.append", "audio": 1}, "invalid_type", "audio"),
        ({"type": "input_audio_buffer.commit", "more": 1}, "unknown_parameter", "more"),
        (
            {"type": "conversation.item.truncate", "item_id": "x", "content_index": 0, "audio_end_ms": 1.5},
            "invalid_type",
            "audio_end_ms",
        ),
        (
            {"type": "conversation.item.truncate", "item_id": "x", "content_index": 0, "audio_end_ms": -1},
            "integer_below_min_value",
            "audio_end_ms",
        ),
        ({"type": "response.cancel", "event_id": 5}, "invalid_type", "event_id"),
    ],
)
def test_event_that_is_not_what_it_should_be_is_refused(event, code, param):
    with pytest.raises(Refusal) as caught:
        check(event)

    assert (caught.value.code, caught.value.param) == (code, param)


def test_every_client_event_of_the_openai_package_is_known():
    from typing import get_args

    from openai.types.realtime import RealtimeClientEvent

    names = {
        get_args(cls.model_fields["type"].annotation)[0] for cls in get_args(get_args(RealtimeClientEvent)[0])
    }

    assert names == set(CLIENT_EVENTS)


@pytest.mark.parametrize(
    ("event", "event_id"), [({"event_id": "a"}, "a"), ({"event_id": 1}, None), ({}, None), ([], None)]
)
def test_only_a_text_can_be_echoed_as_event_id(event, event_id):
    assert event_id_of(event) == event_id
