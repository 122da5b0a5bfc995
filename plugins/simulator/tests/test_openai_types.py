"""Every kind of frame is what the ``openai`` package says it is: an independent truth."""

import copy

import pydantic
import pytest

VAD = {"input": {"transcription": {"model": "gpt-4o-transcribe"}}}
KINDS = {
    "conversation.item.added",
    "conversation.item.deleted",
    "conversation.item.done",
    "conversation.item.input_audio_transcription.completed",
    "conversation.item.input_audio_transcription.delta",
    "conversation.item.retrieved",
    "conversation.item.truncated",
    "error",
    "input_audio_buffer.cleared",
    "input_audio_buffer.committed",
    "input_audio_buffer.speech_started",
    "input_audio_buffer.speech_stopped",
    "rate_limits.updated",
    "response.content_part.added",
    "response.content_part.done",
    "response.created",
    "response.done",
    "response.output_audio.delta",
    "response.output_audio.done",
    "response.output_audio_transcript.delta",
    "response.output_audio_transcript.done",
    "response.output_item.added",
    "response.output_item.done",
    "response.output_text.delta",
    "response.output_text.done",
    "session.created",
    "session.updated",
}
"""All that the simulator can send."""


@pytest.fixture
def everything(talk, speech, silence):
    """A session in which each kind of frame occurs."""
    talk = talk(rate_limits="end", transcripts=["good day"])
    frames = [
        talk.created,
        *talk.update(audio=VAD, instructions="x", tools=[{"type": "function", "name": "f"}]),
    ]
    frames += talk.append(speech(500) + silence(500))
    frames += talk.update(output_modalities=["text"])
    frames += talk.type_text("hello")
    frames += talk.ask("response.create", response={"metadata": {"k": "v"}})
    frames += talk.ask("response.create", response={"conversation": "none", "max_output_tokens": 1})
    frames += talk.ask(
        "conversation.item.create",
        item={"type": "function_call", "name": "f", "arguments": "{}", "call_id": "call_1"},
    )
    frames += talk.ask(
        "conversation.item.create", item={"type": "function_call_output", "call_id": "call_1", "output": "7"}
    )
    talk.say("response.create")
    frames += [talk.hear_one(), *talk.ask("response.cancel")]
    user, assistant = (
        next(
            f["item"]["id"]
            for f in frames
            if f["type"] == "conversation.item.added" and f["item"]["role"] == role
        )
        for role in ("user", "assistant")
    )
    frames += talk.ask("conversation.item.retrieve", item_id=user)
    frames += talk.ask("conversation.item.truncate", item_id=assistant, content_index=0, audio_end_ms=100)
    frames += talk.ask("conversation.item.retrieve", item_id=assistant)
    frames += talk.ask("conversation.item.delete", item_id=user)
    frames += talk.ask("input_audio_buffer.clear")
    frames += talk.ask("nonsense")
    return frames


def test_every_kind_of_frame_occurs(everything, kinds):
    assert set(kinds(everything)) == KINDS


def test_every_frame_is_valid(everything, validate):
    for frame in everything:
        validate(frame)


def test_every_event_id_is_used_once(everything):
    ids = [frame["event_id"] for frame in everything]

    assert len(set(ids)) == len(ids)


def test_answer_to_a_failing_brain_is_valid(talk, validate):
    for frame in talk(brain=lambda _: None).ask("response.create"):
        validate(frame)


@pytest.mark.parametrize(
    ("kind", "breaking"),
    [
        ("session.created", lambda frame: frame.pop("event_id")),
        ("session.created", lambda frame: frame["session"].update(output_modalities=["speech"])),
        ("input_audio_buffer.speech_started", lambda frame: frame.update(audio_start_ms="0")),
        ("conversation.item.added", lambda frame: frame["item"].pop("role")),
        ("conversation.item.input_audio_transcription.completed", lambda frame: frame.pop("usage")),
        ("response.output_audio.delta", lambda frame: frame.pop("content_index")),
        ("response.content_part.added", lambda frame: frame["part"].update(type="output_audio")),
        ("response.done", lambda frame: frame["response"].update(status="finished")),
        ("error", lambda frame: frame["error"].pop("message")),
    ],
)
def test_broken_frame_is_noticed(everything, validate, kind, breaking):
    frame = copy.deepcopy(next(frame for frame in everything if frame["type"] == kind))
    validate(frame)

    breaking(frame)

    with pytest.raises(pydantic.ValidationError):
        validate(frame)
