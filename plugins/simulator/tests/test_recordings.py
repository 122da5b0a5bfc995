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


BOUNDS = ("input_audio_buffer.committed", "conversation.item.done", "response.created", "response.done")
"""Between which of these the user's transcription comes."""


def is_delta(frame):
    return frame["type"].endswith(".delta")


def is_transcription(frame):
    return frame["type"].startswith(TRANSCRIPTION)


def kinds_of(frames):
    """Every type as often as it comes; but of deltas without another frame between them each type once."""
    runs = itertools.groupby(frames, key=is_delta)
    kinds = ((deltas, [frame["type"] for frame in run]) for deltas, run in runs)
    return [kind for deltas, run in kinds for kind in (dict.fromkeys(run) if deltas else run)]


def course(frames):
    """What must be equal: the types of the frames, and how they stand to the transcription beside them.

    How many pieces a text or an audio comes in is the service's mood, and so is which piece of the
    transcription meets which piece of the reply.
    """
    return (
        kinds_of(frame for frame in frames if not is_transcription(frame)),
        kinds_of(frame for frame in frames if is_transcription(frame) or frame["type"] in BOUNDS),
    )


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


def shapes(frames):
    """All shapes that the frames of each type have."""
    found = {}
    for frame in frames:
        found.setdefault(frame["type"], {})[json.dumps(shape(frame), sort_keys=True)] = None
    return {kind: sorted(of_kind) for kind, of_kind in found.items()}


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
EVERY_ONE = TEXT_TURNS + TOOL_ROUNDS + VAD_TURNS


@pytest.mark.parametrize("name", TEXT_TURNS + TOOL_ROUNDS)
def test_typed_turn_has_the_recorded_order(talk, name):
    events = recorded(name)

    assert course(replay(talk, events)) == course(heard(events))


@pytest.mark.parametrize("name", VAD_TURNS)
def test_vad_turn_has_the_recorded_order(talk, name, speech, silence):
    events = recorded(name)

    frames = replay(talk, events, speech=silence(1700) + speech(2500) + silence(300))

    assert course(frames) == course(heard(events))


def moved(frames, to, which):
    """All frames that are so stand where the first of type ``to`` is, before it."""
    rest = [frame for frame in frames if not which(frame)]
    place = [frame["type"] for frame in rest].index(to)
    return rest[:place] + [frame for frame in frames if which(frame)] + rest[place:]


def of_type(kind):
    return lambda frame: frame["type"] == kind


def reversed_transcription(frames):
    last_first = iter([frame for frame in frames if is_transcription(frame)][::-1])
    return [next(last_first) if is_transcription(frame) else frame for frame in frames]


AUDIO, SPOKEN = "response.output_audio.delta", "response.output_audio_transcript.delta"
TAMPERED_WITH = {
    "no transcription": lambda frames: [frame for frame in frames if not is_transcription(frame)],
    "no pieces of transcription": lambda frames: [
        frame for frame in frames if not (is_transcription(frame) and is_delta(frame))
    ],
    "transcription before its item": lambda frames: moved(
        frames, "input_audio_buffer.committed", is_transcription
    ),
    "transcription before the response": lambda frames: moved(frames, "response.created", is_transcription),
    "transcription at the end": lambda frames: [
        *(frame for frame in frames if not is_transcription(frame)),
        *filter(is_transcription, frames),
    ],
    "transcription backwards": reversed_transcription,
    "no audio": lambda frames: [frame for frame in frames if frame["type"] != AUDIO],
    "audio before its words": lambda frames: moved(frames, SPOKEN, of_type(AUDIO)),
    "audio before its part": lambda frames: moved(frames, "response.content_part.added", of_type(AUDIO)),
    "audio after its end": lambda frames: moved(frames, "response.output_item.done", of_type(AUDIO)),
    "words after their end": lambda frames: moved(frames, "response.content_part.done", of_type(SPOKEN)),
}


@pytest.mark.parametrize("how", TAMPERED_WITH)
@pytest.mark.parametrize("name", VAD_TURNS)
def test_streams_out_of_place_are_noticed(name, how):
    frames = heard(recorded(name))

    assert course(TAMPERED_WITH[how](frames)) != course(frames)


@pytest.mark.parametrize("name", EVERY_ONE)
def test_a_frame_too_many_or_too_few_or_out_of_order_is_noticed(name):
    frames = heard(recorded(name))
    steps = [index for index, frame in enumerate(frames) if not is_delta(frame)]

    for index in steps:
        before, frame, after = frames[:index], frames[index], frames[index + 1 :]
        assert course([*before, frame, frame, *after]) != course(frames), f"{frame['type']} twice"
        assert course([*before, *after]) != course(frames), f"no {frame['type']}"
        if after and not is_transcription(frame) and not is_transcription(after[0]):
            late = course([*before, after[0], frame, *after[1:]])
            assert late != course(frames), f"{frame['type']} after {after[0]['type']}"


@pytest.mark.parametrize("name", EVERY_ONE)
def test_the_number_of_pieces_is_free(name):
    frames = heard(recorded(name))

    twice = [copy for frame in frames for copy in ([frame, frame] if is_delta(frame) else [frame])]

    assert course(twice) == course(frames)


@pytest.mark.parametrize("name", EVERY_ONE)
def test_every_frame_has_the_recorded_shape(talk, name, speech, silence):
    events = recorded(name)
    quirks = "part-twice" if name.startswith("azure_ws") else ""
    audio = silence(1700) + speech(2500) + silence(300) if name in VAD_TURNS else b""

    ours = shapes(replay(talk, events, speech=audio, quirks=quirks))

    assert ours == shapes(heard(events))


def test_every_frame_of_a_call_has_the_recorded_shape(talk):
    events = recorded("openai_sideband/test_webrtc_sideband_audio_turn")
    talk = talk(model="gpt-realtime", voice="alloy", brain=model, on_tracks=True, rate_limits="end")
    for direction, event in events:
        if direction == "out":
            talk.say_raw(json.dumps(event))

    frames = [*talk.hear(), *talk.play_out()]

    assert shapes(frames) == shapes(heard(events))


def without(session, *changing):
    return {key: value for key, value in session.items() if key not in changing}


@pytest.mark.parametrize("name", EVERY_ONE)
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
