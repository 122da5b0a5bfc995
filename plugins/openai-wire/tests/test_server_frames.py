import json
from pathlib import Path
from typing import get_args

import pytest
from realtime_core import RealtimeErrorEvent, RealtimeEvent
from realtime_openai_wire.names import GA_NAMES, ListenEvents
from realtime_openai_wire.server_frames import SERVER_FRAMES, server_events
from realtime_openai_wire.state import WireState

PART = {"response_id": "r1", "item_id": "i1", "output_index": 0, "content_index": 0}
# one valid frame of every event
FRAMES = [
    json.loads(line)
    for line in Path(__file__).with_name("server_events.jsonl").read_text(encoding="utf-8").splitlines()
]
CLASSES = {
    "error": ["RealtimeErrorEvent"],
    "session.created": ["RealtimeSessionEvent"],
    "session.updated": ["RealtimeSessionEvent"],
    "rate_limits.updated": ["RealtimeRateLimitEvent"],
    "input_audio_buffer.speech_started": ["RealtimeSpeechEvent"],
    "input_audio_buffer.speech_stopped": ["RealtimeSpeechEvent"],
    "input_audio_buffer.committed": ["RealtimeSpeechEvent"],
    "input_audio_buffer.timeout_triggered": ["RealtimeSpeechEvent"],
    "conversation.item.input_audio_transcription.delta": ["RealtimeTranscriptEvent"],
    "conversation.item.input_audio_transcription.completed": ["RealtimeTranscriptEvent"],
    "conversation.item.input_audio_transcription.failed": ["RealtimeErrorEvent"],
    "conversation.item.added": ["RealtimeItemEvent"],
    "conversation.item.done": ["RealtimeItemEvent"],
    "conversation.item.truncated": ["RealtimeItemEvent"],
    "conversation.item.deleted": ["RealtimeItemEvent"],
    "response.created": ["RealtimeResponseEvent"],
    "response.done": ["RealtimeTextEvent", "RealtimeFunctionCallEvent", "RealtimeResponseEvent"],
    "response.output_item.done": ["RealtimeFunctionCallEvent"],
    "response.content_part.done": ["RealtimeTextEvent", "RealtimeEvent"],
    "response.output_audio.delta": ["RealtimeAudioEvent"],
    "response.output_audio_transcript.delta": ["RealtimeTextEvent"],
    "response.output_audio_transcript.done": ["RealtimeTextEvent", "RealtimeTranscriptEvent"],
    "response.output_text.delta": ["RealtimeTextEvent"],
    "response.output_text.done": ["RealtimeTextEvent", "RealtimeTranscriptEvent"],
    "output_audio_buffer.started": ["RealtimeResponseEvent"],
    "output_audio_buffer.stopped": ["RealtimeResponseEvent"],
    "output_audio_buffer.cleared": ["RealtimeInterruptionEvent", "RealtimeResponseEvent"],
}
"""The events that have a class of their own; the others are plain."""


@pytest.mark.parametrize(
    ("fields", "response_id", "item_id"),
    [
        (PART, "r1", "i1"),
        ({"response_id": "r1", "item": {"id": "i1"}}, "r1", "i1"),
        ({"response": {"id": "r1"}}, "r1", None),
        ({"response_id": 1, "item_id": [], "item": "i", "response": 5}, None, None),
    ],
)
def test_a_frame_without_a_class_of_its_own_is_plain_with_its_ids(decode, fields, response_id, item_id):
    (event,) = decode("response.telepathy.delta", **fields)

    assert type(event) is RealtimeEvent
    assert (event.response_id, event.item_id) == (response_id, item_id)


@pytest.mark.parametrize("old", GA_NAMES)
def test_an_event_under_its_beta_name_is_the_same_event(old):
    current = GA_NAMES[old]
    fields = {"delta": "", "text": "Hello", "response_id": "r1", "item": {"id": "i1"}}

    events = server_events(WireState(), old, {"type": old, **fields})

    assert [type(event) for event in events] == [
        type(event) for event in server_events(WireState(), current, {"type": current, **fields})
    ]
    assert {event.service_type for event in events} == {current}


def test_every_event_of_the_protocol_is_in_the_table():
    assert set(SERVER_FRAMES) == set(ListenEvents)


def test_every_event_that_the_openai_package_declares_is_in_the_table():
    from openai.types.realtime import RealtimeServerEvent

    (events, *_) = get_args(RealtimeServerEvent)
    names = {get_args(event.model_fields["type"].annotation)[0] for event in get_args(events)}

    assert len(names) > 40
    assert names <= {*SERVER_FRAMES, *GA_NAMES}


@pytest.mark.parametrize(("length", "kind"), [(256, RealtimeEvent), (257, RealtimeErrorEvent)])
def test_a_name_too_long_to_be_one_is_an_error(length, kind):
    (event,) = server_events(WireState(), "x" * length, {})

    assert type(event) is kind
    assert event.service_event == {}
    assert len(repr(event)) < 600


@pytest.mark.parametrize("frame", FRAMES, ids=[frame["type"] for frame in FRAMES])
def test_an_example_of_an_event_is_of_its_class(frame):
    events = server_events(WireState(), frame["type"], frame)

    assert [type(event).__name__ for event in events] == CLASSES.get(frame["type"], ["RealtimeEvent"])
    assert all(event.service_event is frame for event in events)
    assert {event.service_type for event in events} == {frame["type"]}


@pytest.mark.parametrize("frame", FRAMES, ids=[frame["type"] for frame in FRAMES])
def test_an_event_names_the_response_and_the_item_that_its_frame_names(frame):
    event = server_events(WireState(), frame["type"], frame)[-1]

    about = {"response_id": frame.get("response", {}).get("id"), "item_id": frame.get("item", {}).get("id")}
    named = about | {key: frame[key] for key in about if key in frame}
    assert {"response_id": event.response_id, "item_id": event.item_id} == named


def test_there_is_an_example_of_every_event():
    assert sorted(frame["type"] for frame in FRAMES) == sorted(ListenEvents)


@pytest.mark.parametrize("frame", FRAMES, ids=[frame["type"] for frame in FRAMES])
def test_every_example_is_an_event_as_the_openai_package_declares_it(frame):
    from openai.types.realtime import RealtimeServerEvent
    from pydantic import TypeAdapter

    assert TypeAdapter(RealtimeServerEvent).validate_python(frame, strict=True).type == frame["type"]
