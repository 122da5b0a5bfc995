"""The conversation that codecs tell of: of recorded traffic, and of a stranger's protocol."""

import json
from pathlib import Path

import pytest
from own_protocol.frames import pack
from own_protocol.provider import Codec
from realtime_core import Conversation, Message, RealtimeAudioEvent, RealtimeSettings, ToolCall, ToolResult
from realtime_core.engine.recorder import Recorder
from realtime_core.provider import Setup
from realtime_openai_wire.codec import OpenAIRealtimeCodec
from workspace import ROOT

FILES = sorted((ROOT.parent / "shared" / "recordings").glob("*/*.jsonl"))

every_recording = pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
recorded = pytest.mark.skipif(not FILES, reason="no recordings beside the repository: ../shared/recordings")


def frames_in(file: Path) -> list[dict]:
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    return [line["event"] for line in lines if line["dir"] == "in"]


def record(frames) -> Conversation:
    codec, recorder = OpenAIRealtimeCodec(), Recorder()
    for frame in frames:
        for event in codec.decode(json.dumps(frame)):
            recorder.take(event)
    return recorder.conversation


def ids_in_order(frames) -> list[str]:
    """The ids of the items, each behind the one that its frame names."""
    ids: list[str] = []
    for frame in frames:
        if frame["type"] == "conversation.item.added":
            previous = frame["previous_item_id"]
            ids.insert(len(ids) if previous is None else ids.index(previous) + 1, frame["item"]["id"])
    return ids


def words_by_id(frames) -> dict[str, str]:
    words: dict[str, str] = {}
    for frame in frames:
        item = frame.get("item", {})
        for content in item.get("content", []) if frame["type"] == "conversation.item.done" else []:
            words[item["id"]] = content.get("text") or content.get("transcript") or ""
        if frame["type"] == "conversation.item.input_audio_transcription.completed":
            words[frame["item_id"]] = frame["transcript"]
    return words


@recorded
@every_recording
def test_a_recorded_session_is_its_items_in_order_with_their_words_and_roles(file):
    frames = frames_in(file)
    items = {
        frame["item"]["id"]: frame["item"] for frame in frames if frame["type"] == "conversation.item.done"
    }

    conversation = record(frames)

    assert [entry.item_id for entry in conversation] == ids_in_order(frames)
    assert [entry.item.role for entry in conversation if isinstance(entry.item, Message)] == [
        items[item_id]["role"] for item_id in ids_in_order(frames) if items[item_id]["type"] == "message"
    ]
    assert {
        entry.item_id: entry.item.content for entry in conversation if isinstance(entry.item, Message)
    } == words_by_id(frames)
    assert all(entry.final for entry in conversation if entry.text)


@recorded
@every_recording
def test_user_transcript_that_arrives_after_the_answer_changes_nothing(file):
    frames = frames_in(file)
    late = [frame for frame in frames if "input_audio_transcription" in frame["type"]]
    others = [frame for frame in frames if frame not in late]

    assert record(others + late) == record(frames)
    assert record(others[:3] + late + others[3:]) == record(frames)


@recorded
def test_a_recorded_call_and_its_result_stand_side_by_side():
    for file in FILES:
        if file.stem == "test_tool_call_round":
            kinds = [type(item) for item in record(frames_in(file)).history()]

            assert kinds == [Message, ToolCall, ToolResult, Message]


# -- a protocol without ids --------------------------------------------------------------------------


def talk(*frames: dict, turns: bool) -> list[str]:
    codec = Codec(Setup(settings=RealtimeSettings(output_audio_format="pcm16")), turns=turns)
    recorder = Recorder()
    for frame in frames:
        for event in codec.events(pack(frame)[4:]):
            if not isinstance(event, RealtimeAudioEvent):
                recorder.take(event)
    return recorder.conversation.transcript().splitlines()


def heard(text: str, *, whole: bool = False) -> dict:
    return {"heard": {"text": text, "whole": whole}}


CALLS = {"calls": [{"id": "c", "name": "get_weather", "args": {}}]}


def test_a_service_with_turns_and_no_ids_is_recorded_in_order():
    assert talk(
        {"ready": "s"},
        heard("How is"),
        heard("How is Rome?", whole=True),
        {"spoken": "Let me see. "} | CALLS,
        {"over": True},
        {"spoken": "It is "},
        {"spoken": "sunny."},
        {"over": True},
        heard("Thanks.", whole=True),
        turns=True,
    ) == [
        "User: How is Rome?",
        "Assistant: Let me see.",
        "Tool get_weather({})",
        "Assistant: It is sunny.",
        "User: Thanks.",
    ]


def test_user_transcript_that_arrives_after_the_answer_began_stands_before_it_without_ids():
    assert talk({"spoken": "Sunny."}, heard("How is Rome?", whole=True), {"over": True}, turns=True) == [
        "User: How is Rome?",
        "Assistant: Sunny.",
    ]


def test_what_interrupts_stands_behind_what_was_interrupted_without_ids():
    assert talk(
        {"spoken": "It is "},
        {"interrupted": True},
        heard("Stop.", whole=True),
        {"over": True},
        {"spoken": "Yes?"},
        turns=True,
    ) == ["Assistant: It is [interrupted]", "User: Stop.", "Assistant: Yes?"]


def test_a_service_without_turns_is_recorded_as_both_sides_speak():
    assert talk(
        heard("How is "),
        heard("Rome?"),
        {"spoken": "It is "},
        {"spoken": "sunny."},
        heard("Thanks."),
        {"spoken": "Bye."},
        turns=False,
    ) == ["User: How is Rome?", "Assistant: It is sunny.", "User: Thanks.", "Assistant: Bye."]
