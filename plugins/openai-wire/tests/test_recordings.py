"""Real traffic decodes; the recordings stay outside the repository (see their README)."""

import json
from collections import Counter
from pathlib import Path

import pybase64
import pytest
from realtime_core import (
    Message,
    RealtimeAudioEvent,
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeFunctionCallEvent,
    RealtimeItemEvent,
    RealtimeRateLimitEvent,
    RealtimeResponseEvent,
    RealtimeSessionEvent,
    RealtimeSpeechEvent,
    RealtimeTextEvent,
    RealtimeTranscriptEvent,
    ToolCall,
    ToolResult,
    Usage,
)
from realtime_core.commands import Raw, UpdateSession
from realtime_openai_wire.codec import OpenAIRealtimeCodec
from realtime_openai_wire.names import ListenEvents
from realtime_openai_wire.settings import OpenAIRealtimeExecutionSettings, settings_in

FOLDER = Path(__file__).parents[4] / "shared" / "recordings"
FILES = sorted(FOLDER.glob("*/*.jsonl"))

pytestmark = pytest.mark.skipif(not FILES, reason="no recordings beside the repository: ../shared/recordings")
every_recording = pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")

CLASSES = {
    "session.created": RealtimeSessionEvent,
    "session.updated": RealtimeSessionEvent,
    "conversation.item.added": RealtimeItemEvent,
    "conversation.item.done": RealtimeItemEvent,
    "response.created": RealtimeResponseEvent,
    "response.done": RealtimeResponseEvent,
    "response.output_audio.delta": RealtimeAudioEvent,
    "response.output_audio_transcript.delta": RealtimeTextEvent,
    "response.output_audio_transcript.done": RealtimeTranscriptEvent,
    "response.output_text.delta": RealtimeTextEvent,
    "response.output_text.done": RealtimeTranscriptEvent,
    "conversation.item.input_audio_transcription.delta": RealtimeTranscriptEvent,
    "conversation.item.input_audio_transcription.completed": RealtimeTranscriptEvent,
    "input_audio_buffer.speech_started": RealtimeSpeechEvent,
    "input_audio_buffer.speech_stopped": RealtimeSpeechEvent,
    "input_audio_buffer.committed": RealtimeSpeechEvent,
    "output_audio_buffer.started": RealtimeResponseEvent,
    "output_audio_buffer.stopped": RealtimeResponseEvent,
    "rate_limits.updated": RealtimeRateLimitEvent,
}


def frames_in(file):
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    return [line["event"] for line in lines if line["dir"] == "in"]


def per_kind(of, tokens, *kinds):
    """The fields of `Usage` for the tokens of each kind."""
    return {f"{of}_{kind}_tokens": tokens[f"{kind}_tokens"] for kind in kinds}


def events_of(frames):
    codec = OpenAIRealtimeCodec()
    return [event for frame in frames for event in codec.decode(json.dumps(frame))]


@every_recording
def test_every_frame_is_one_event_in_order_under_a_known_name(file):
    frames = frames_in(file)

    events = events_of(frames)

    assert [event.service_event for event in events] == frames
    assert [event.service_type for event in events] == [frame["type"] for frame in frames]
    assert {event.service_type for event in events} <= set(ListenEvents)
    assert not [event for event in events if isinstance(event, RealtimeErrorEvent)]


@every_recording
def test_every_frame_with_a_meaning_is_of_its_class(file):
    events = [event for event in events_of(frames_in(file)) if event.service_type in CLASSES]

    assert [type(event) for event in events] == [CLASSES[event.service_type] for event in events]


@every_recording
def test_the_pieces_of_text_make_the_replies(file):
    frames = frames_in(file)
    parts = [
        part
        for frame in frames
        if frame["type"] == "response.done"
        for item in frame["response"]["output"]
        for part in item.get("content", [])
    ]
    events = events_of(frames)

    pieces = [event.text.text for event in events if isinstance(event, RealtimeTextEvent)]
    finals = [e.text for e in events if isinstance(e, RealtimeTranscriptEvent) and e.role == "assistant"]

    replies = [part["text"] if part["type"] == "output_text" else part["transcript"] for part in parts]
    assert replies
    assert "".join(pieces) == "".join(replies)
    assert finals == replies


@every_recording
def test_the_pieces_of_the_users_words_make_the_transcript(file):
    said = [
        event
        for event in events_of(frames_in(file))
        if isinstance(event, RealtimeTranscriptEvent) and event.role == "user"
    ]

    pieces = "".join(event.text for event in said if not event.final)

    assert pieces.strip() == "".join(event.text for event in said if event.final).strip()


@every_recording
def test_the_users_words_are_those_of_the_file(file):
    frames = frames_in(file)
    kind = "conversation.item.input_audio_transcription."
    fields = {f"{kind}delta": "delta", f"{kind}completed": "transcript"}
    written = [
        (frame[fields[frame["type"]]], frame["type"] == f"{kind}completed", frame["item_id"])
        for frame in frames
        if frame["type"] in fields
    ]

    said = [
        (event.text, event.final, event.item_id)
        for event in events_of(frames)
        if isinstance(event, RealtimeTranscriptEvent) and event.role == "user"
    ]

    assert said == written


@every_recording
def test_rate_limits_are_those_of_the_file(file):
    frames = frames_in(file)

    limits = [event.limits for event in events_of(frames) if isinstance(event, RealtimeRateLimitEvent)]

    assert [[(row.name, row.limit, row.remaining, row.reset_s) for row in rows] for rows in limits] == [
        [(row["name"], row["limit"], row["remaining"], row["reset_seconds"]) for row in frame["rate_limits"]]
        for frame in frames
        if frame["type"] == "rate_limits.updated"
    ]


@every_recording
def test_no_byte_of_audio_is_lost(file):
    frames = frames_in(file)

    audio = b"".join(e.audio.data for e in events_of(frames) if isinstance(e, RealtimeAudioEvent))

    deltas = [frame["delta"] for frame in frames if frame["type"] == "response.output_audio.delta"]
    assert audio == b"".join(map(pybase64.b64decode, deltas))


@every_recording
def test_every_response_ends_with_its_usage_in_full(file):
    frames = frames_in(file)
    done = [e for e in events_of(frames) if isinstance(e, RealtimeResponseEvent) and e.phase == "done"]
    reported = [frame["response"]["usage"] for frame in frames if frame["type"] == "response.done"]

    assert [event.status for event in done] == ["completed"] * len(reported)
    assert [event.usage for event in done] == [
        Usage(
            total_tokens=usage["total_tokens"],
            input_tokens=usage["input_tokens"],
            output_tokens=usage["output_tokens"],
            cached_tokens=usage["input_token_details"]["cached_tokens"],
            **per_kind("input", usage["input_token_details"], "text", "audio", "image"),
            **per_kind(
                "cached", usage["input_token_details"]["cached_tokens_details"], "text", "audio", "image"
            ),
            **per_kind("output", usage["output_token_details"], "text", "audio"),
        )
        for usage in reported
    ]


@every_recording
def test_every_call_of_the_model_is_given_out_once(file):
    frames = frames_in(file)
    outputs = [frame["response"]["output"] for frame in frames if frame["type"] == "response.done"]
    written = [item for output in outputs for item in output if item["type"] == "function_call"]

    calls = [event for event in events_of(frames) if isinstance(event, RealtimeFunctionCallEvent)]

    assert [event.function_call for event in calls] == [
        ToolCall(item["call_id"], item["name"], item["arguments"]) for item in written
    ]
    assert [event.item_id for event in calls] == [item["id"] for item in written]


def test_the_recordings_hold_calls_playback_and_limits():
    events = [event for file in FILES for event in events_of(frames_in(file))]
    phases = [event.phase for event in events if isinstance(event, RealtimeResponseEvent)]

    assert sum(isinstance(event, RealtimeFunctionCallEvent) for event in events) == 2
    assert (phases.count("playback_started"), phases.count("playback_stopped")) == (1, 1)
    assert sum(isinstance(event, RealtimeRateLimitEvent) for event in events) == 1


@every_recording
def test_the_update_is_answered_once(file):
    codec = OpenAIRealtimeCodec()
    codec.encode(UpdateSession(command_id="setup", settings=OpenAIRealtimeExecutionSettings()))

    events = [event for frame in frames_in(file) for event in codec.decode(json.dumps(frame))]

    assert Counter(event.command_id for event in events)["setup"] == 1
    (answer,) = [event for event in events if event.command_id]
    assert answer.service_type == ListenEvents.SESSION_UPDATED


@every_recording
def test_every_plain_event_tells_its_item_or_response(file):
    plain = [event for event in events_of(frames_in(file)) if type(event) is RealtimeEvent]

    assert plain
    assert all(event.item_id or event.response_id for event in plain)


@every_recording
def test_items_follow_each_other_and_hold_what_was_said(file):
    frames = frames_in(file)
    items = [event for event in events_of(frames) if isinstance(event, RealtimeItemEvent)]
    added = [event for event in items if event.phase == "added"]
    held = {event.item_id: event.item for event in items if event.phase == "done"}

    said = [
        (frame["item"]["id"], part.get("text") or part.get("transcript"))
        for frame in frames
        if frame["type"] == "conversation.item.done"
        for part in frame["item"].get("content", [])
    ]

    assert [event.previous_item_id for event in added] == [None, *(event.item_id for event in added)][:-1]
    assert {item_id: item.content for item_id, item in held.items() if isinstance(item, Message)} == {
        item_id: words for item_id, words in said if words
    }
    calls = {item.call_id: item.name for item in held.values() if isinstance(item, ToolCall)}
    assert all(calls[item.call_id] == item.name for item in held.values() if isinstance(item, ToolResult))
    kinds = Counter(frame["item"]["type"] for frame in frames if frame["type"] == "conversation.item.done")
    assert len(calls) == kinds["function_call"]


@every_recording
def test_every_response_is_part_of_the_conversation(file):
    responses = [event for event in events_of(frames_in(file)) if isinstance(event, RealtimeResponseEvent)]

    assert responses
    assert not any(event.out_of_band for event in responses)


# --- what was asked for, and what is reported


def lines_of(file):
    return [json.loads(line) for line in file.read_text().splitlines()]


def updates_in(lines):
    """What the client says in a recording goes out raw; the events of the service's updates."""
    codec, events = OpenAIRealtimeCodec(), []
    for line in lines:
        if line["dir"] == "out":
            codec.encode(Raw(service_type=line["event"]["type"], payload=line["event"]))
        elif line["dir"] == "in":
            events += codec.decode(json.dumps(line["event"]))
    return [event for event in events if event.service_type == ListenEvents.SESSION_UPDATED]


def sessions(lines, name):
    return [line["event"]["session"] for line in lines if line.get("event", {}).get("type") == name]


@every_recording
def test_every_session_is_what_it_was_asked_to_be(file):
    updates = updates_in(lines_of(file))

    assert [(event.command_id is not None, event.not_honoured) for event in updates] == [(True, ())]


ELSE = {
    "instructions": lambda session: session.update(instructions="Mine."),
    "output_modalities": lambda session: session.update(output_modalities=["smell"]),
    "input_audio_format": lambda session: session["audio"]["input"].update(format={"type": "audio/pcma"}),
    "output_audio_format": lambda session: session["audio"]["output"]["format"].update(rate=8000),
    "input_audio_transcription": lambda session: session["audio"]["input"].update(transcription=None),
    "turn_detection": lambda session: session["audio"]["input"]["turn_detection"].update(type="else"),
    "tools": lambda session: session.update(tools=[{"type": "function", "name": "else"}]),
    "voice": lambda session: session["audio"]["output"].update(voice="else"),
}


@every_recording
@pytest.mark.parametrize("name", ELSE)
def test_what_a_session_is_otherwise_than_it_was_asked_to_be_is_named(file, name):
    lines = lines_of(file)
    (asked,), (reported,) = sessions(lines, "session.update"), sessions(lines, "session.updated")
    ELSE[name](reported)

    (event,) = updates_in(lines)

    assert event.not_honoured == ((name,) if settings_in(asked).get(name) else ())
