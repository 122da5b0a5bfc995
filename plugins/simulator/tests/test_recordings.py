"""Recorded traffic of the service is the truth: same input, same events in the same order, same shapes.

The recordings are not part of this project; without them these tests are skipped.
"""

import itertools
import json
from pathlib import Path

import pytest
from realtime_simulator.brain import Call, Say

RECORDINGS = Path(__file__).resolve().parents[4] / "shared" / "recordings"
TRANSCRIPTION = "conversation.item.input_audio_transcription."

pytestmark = pytest.mark.skipif(not RECORDINGS.is_dir(), reason=f"no recordings at {RECORDINGS}")


def recorded(name):
    lines = (RECORDINGS / f"{name}.jsonl").read_text().splitlines()
    return [(line["dir"], line["event"]) for line in map(json.loads, lines) if "event" in line]


def heard(events):
    return [event for direction, event in events if direction == "in"]


def order(frames):
    """Types with each delta stream once, audio and transcript apart; transcription is unordered."""
    kinds = [frame["type"] for frame in frames]
    spoken = {"response.output_audio.delta", "response.output_audio_transcript.delta"}
    merged = ["response.output_audio*.delta" if kind in spoken else kind for kind in kinds]
    return [
        kind for kind, _ in itertools.groupby(kind for kind in merged if not kind.startswith(TRANSCRIPTION))
    ]


def shape(value):
    """The keys of a frame and the types of its values, without the values."""
    match value:
        case dict():
            return {key: shape(inner) for key, inner in value.items()}
        case list():
            return [shape(inner) for inner in value]
        case bool() | None:
            return value
        case _:
            return type(value).__name__


def model(turn):
    """Calls the recorded function if the user asks for the weather, else says something."""
    if "weather" in turn.text:
        return Call("get_weather", '{  \n  "city": "London" \n} \n')
    return Say(turn.results[0].output if turn.results else "Hello, my friend.")


def replay(talk, events, *, speech=b"", quirks=""):
    """Send what the recorded client sent, when it sent it; audio is ours, since theirs was cut short."""
    transcripts = ["Hello, it is me."]
    talk = talk(model="gpt-realtime", voice="alloy", brain=model, transcripts=transcripts, quirks=quirks)
    frames = [talk.created]
    call_id = None
    for direction, event in events:
        if direction == "out" and event["type"] != "input_audio_buffer.append":
            if "call_id" in event.get("item", {}):
                event["item"]["call_id"] = call_id
            frames += talk.ask(**{("kind" if key == "type" else key): value for key, value in event.items()})
            call_id = frames[-1].get("response", {}).get("output", [{}])[0].get("call_id")
    return frames + (talk.append(speech) if speech else [])


TEXT_TURNS = [
    "openai_ws/test_text_in_audio_out_turn",
    "openai_ws/test_message_history_seeding",
    "azure_ws/test_text_in_audio_out_turn",
    "azure_ws/test_message_history_seeding",
]
TOOL_ROUNDS = ["openai_ws/test_tool_call_round", "azure_ws/test_tool_call_round"]
VAD_TURNS = ["openai_ws/test_audio_in_server_vad_turn", "azure_ws/test_audio_in_server_vad_transcribes"]


@pytest.mark.parametrize("name", TEXT_TURNS + TOOL_ROUNDS)
def test_typed_turn_has_the_recorded_order(talk, name):
    events = recorded(name)

    assert order(replay(talk, events)) == order(heard(events))


@pytest.mark.parametrize("name", VAD_TURNS)
def test_vad_turn_has_the_recorded_order(talk, name, speech, silence):
    events = recorded(name)

    frames = replay(talk, events, speech=silence(1700) + speech(2500) + silence(300))

    assert order(frames) == order(heard(events))
    assert {frame["type"] for frame in frames} == {frame["type"] for frame in heard(events)}


@pytest.mark.parametrize("name", TEXT_TURNS + TOOL_ROUNDS + VAD_TURNS)
def test_every_frame_has_the_recorded_shape(talk, name, speech, silence):
    events = recorded(name)
    quirks = "part-twice" if name.startswith("azure_ws") else ""
    theirs = {frame["type"]: shape(frame) for frame in heard(events)}
    audio = silence(1700) + speech(2500) + silence(300) if name in VAD_TURNS else b""

    ours = {frame["type"]: shape(frame) for frame in replay(talk, events, speech=audio, quirks=quirks)}

    assert ours == theirs


def without(session, *changing):
    return {key: value for key, value in session.items() if key not in changing}


@pytest.mark.parametrize("name", TEXT_TURNS + TOOL_ROUNDS + VAD_TURNS)
def test_session_is_the_recorded_one_before_and_after_its_update(talk, name):
    events = recorded(name)
    before, after = (event["session"] for event in heard(events)[:2])
    update = next(event["session"] for direction, event in events if direction == "out")
    talk = talk(model=before["model"], voice=before["audio"]["output"]["voice"])

    (updated,) = talk.ask("session.update", session=update)

    assert list(talk.created["session"]) == list(before)
    assert without(talk.created["session"], "id", "expires_at", "instructions") == without(
        before, "id", "expires_at", "instructions"
    )
    ours = () if update.get("instructions") else ("instructions",)
    assert without(updated["session"], "id", "expires_at", *ours) == without(after, "id", "expires_at", *ours)


@pytest.mark.parametrize("name", TEXT_TURNS + TOOL_ROUNDS)
def test_items_of_the_client_come_back_as_recorded(talk, name):
    events = recorded(name)
    theirs = [event["item"] for event in heard(events) if event["type"] == "conversation.item.done"]

    ours = [frame["item"] for frame in replay(talk, events) if frame["type"] == "conversation.item.done"]

    assert [list(item) for item in ours] == [list(item) for item in theirs]
    made = ("id", "call_id")
    assert [without(item, *made) for item in ours if item.get("role") == "user"] == [
        without(item, *made) for item in theirs if item.get("role") == "user"
    ]
