import re

import msgspec
import numpy as np
import pytest
from realtime_simulator.brain import Call, Fail, Filter, McpCall, Pieces, Say, Wait
from realtime_simulator.frames import Frames, Ids
from realtime_simulator.items import Conversation
from realtime_simulator.response import Response, ResponseSpec
from realtime_simulator.usage import Tokens
from realtime_simulator.wire_audio import FORMATS, decode_base64

AUDIO = [
    "response.output_item.added",
    "conversation.item.added",
    "response.content_part.added",
    "response.output_audio_transcript.delta",
    "response.output_audio.delta",
    "response.output_audio.done",
    "response.output_audio_transcript.done",
    "response.content_part.done",
    "conversation.item.done",
    "response.output_item.done",
    "response.done",
]
TEXT = [
    "response.output_item.added",
    "conversation.item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "conversation.item.done",
    "response.output_item.done",
    "response.done",
]


def respond(text="Hi", *, answer=None, **spec):
    given = {
        "conversation": Conversation("conv_1"),
        "modality": "audio",
        "format": {"type": "audio/pcm", "rate": 24000},
        "audio_format": FORMATS[spec.get("format", {"type": "audio/pcm"})["type"]],
        "voice": "marin",
        "speed": 1.0,
        "max_output_tokens": "inf",
        "metadata": None,
        "read": Tokens(10, 0),
        "cached": Tokens(),
        **spec,
    }
    return Response(Frames(Ids()), Ids(), ResponseSpec(**given), answer or (lambda: [Say(text)]))


def frames_of(response):
    return [frame for frame, *_ in response.steps() if frame is not None]


def of(kind, frames):
    return [frame for frame in frames if frame["type"] == kind]


def up_to(kind, steps):
    """Frames up to the first of a type."""
    taken = []
    for frame, *_ in steps:
        taken.append(frame)
        if frame["type"] == kind:
            return taken
    raise AssertionError(kind)


@pytest.mark.parametrize(("modality", "order"), [("audio", AUDIO), ("text", TEXT)])
def test_frames_come_in_the_captured_order(modality, order, collapsed):
    assert collapsed(frames_of(respond("Hi", modality=modality))) == order


def test_created_is_in_progress_and_empty():
    response = respond(metadata={"k": "v"})

    created = response.created()["response"]

    assert created == {
        "object": "realtime.response",
        "id": response.id,
        "status": "in_progress",
        "status_details": None,
        "output": [],
        "conversation_id": "conv_1",
        "output_modalities": ["audio"],
        "max_output_tokens": "inf",
        "audio": {"output": {"format": {"type": "audio/pcm", "rate": 24000}, "voice": "marin"}},
        "usage": None,
        "metadata": {"k": "v"},
    }


@pytest.mark.parametrize(
    ("modality", "delta", "done", "key"),
    [
        (
            "audio",
            "response.output_audio_transcript.delta",
            "response.output_audio_transcript.done",
            "transcript",
        ),
        ("text", "response.output_text.delta", "response.output_text.done", "text"),
    ],
)
def test_done_is_the_concatenation_of_its_deltas(modality, delta, done, key):
    frames = frames_of(respond("Good evening, my friend.", modality=modality))

    said = "".join(frame["delta"] for frame in of(delta, frames))

    assert said == "Good evening, my friend."
    assert of(done, frames)[0][key] == said


@pytest.mark.parametrize(
    ("modality", "part", "content"), [("audio", "audio", "output_audio"), ("text", "text", "output_text")]
)
def test_part_has_the_short_name_and_the_item_the_long_one(modality, part, content):
    frames = frames_of(respond(modality=modality))

    (done,) = of("response.done", frames)
    assert of("response.content_part.done", frames)[0]["part"]["type"] == part
    assert done["response"]["output"][0]["content"][0]["type"] == content


def test_reply_without_audio_sounds_as_long_as_its_text():
    frames = frames_of(respond("0123456789"))

    size = sum(len(decode_base64(frame["delta"])) for frame in of("response.output_audio.delta", frames))

    assert size == 10 * 60 * 48


@pytest.mark.parametrize(
    ("name", "size"), [("audio/pcm", 48_000), ("audio/pcmu", 8_000), ("audio/pcma", 8_000)]
)
def test_audio_of_the_brain_goes_out_in_the_output_format(name, size):
    reply = Say("x", audio=np.ones(24_000, np.int16))

    frames = frames_of(respond(answer=lambda: [reply], format={"type": name}))

    deltas = of("response.output_audio.delta", frames)
    assert sum(len(decode_base64(frame["delta"])) for frame in deltas) == size


def test_speed_shortens_the_audio():
    frames = frames_of(respond("0123456789", speed=1.5))

    size = sum(len(decode_base64(frame["delta"])) for frame in of("response.output_audio.delta", frames))

    assert size == 10 * 60 * 48 / 1.5


def test_steps_tell_how_long_the_model_speaks():
    total_ms = sum(step.speech_ms for step in respond("0123456789").steps())

    assert total_ms == pytest.approx(600)


def test_done_is_announced_as_captured():
    """Captures have null as ``previous_item_id`` of an audio item's done, and the real one for text."""
    conversation = Conversation("conv_1")
    respond(conversation=conversation).created()
    frames_of(respond(conversation=conversation))

    audio = frames_of(respond(conversation=conversation))
    text = frames_of(respond(conversation=conversation, modality="text"))

    assert of("conversation.item.added", audio)[0]["previous_item_id"] is not None
    assert of("conversation.item.done", audio)[0]["previous_item_id"] is None
    before = of("conversation.item.added", text)[0]["previous_item_id"]
    assert of("conversation.item.done", text)[0]["previous_item_id"] == before is not None


def test_item_stands_in_the_conversation_with_what_was_said():
    conversation = Conversation("conv_1")

    frames_of(respond("Hi there", conversation=conversation))

    (item,) = conversation
    assert (item.text, item.fields["status"]) == ("Hi there", "completed")
    assert item.clips[0].ms == 480


def test_out_of_band_response_leaves_no_trace_in_the_conversation(collapsed):
    frames = frames_of(respond(conversation=None))

    assert collapsed(frames) == [kind for kind in AUDIO if not kind.startswith("conversation.")]
    assert of("response.done", frames)[0]["response"]["conversation_id"] is None


def test_stopped_response_closes_what_is_open(collapsed):
    response = respond("one two three four five six")
    steps = response.steps()
    before = up_to("response.output_audio.delta", steps)

    response.stop("cancelled", reason="turn_detected")
    after = [frame for frame, *_ in steps]

    assert collapsed(after) == AUDIO[5:]
    (done,) = of("response.done", after)
    assert done["response"]["status"] == "cancelled"
    assert done["response"]["status_details"] == {"type": "cancelled", "reason": "turn_detected"}
    assert done["response"]["output"][0]["status"] == "incomplete"
    said = of("response.output_audio_transcript.delta", before)[0]["delta"]
    assert of("response.output_audio_transcript.done", after)[0]["transcript"] == said


def test_response_stopped_before_its_first_item_has_no_output(kinds):
    response = respond()

    response.stop("cancelled", reason="client_cancelled")
    frames = frames_of(response)

    assert kinds(frames) == ["response.done"]
    assert frames[0]["response"]["output"] == []


def test_response_stopped_right_after_its_item_began_still_closes_it(collapsed):
    response = respond()
    steps = response.steps()
    next(steps)

    response.stop("cancelled", reason="client_cancelled")

    assert collapsed([frame for frame, *_ in steps]) == [*AUDIO[1:3], *AUDIO[5:]]


def test_playback_is_that_of_what_has_been_said():
    response = respond("0123456789")
    steps = response.steps()
    assert response.playback_ms == 0

    up_to("response.output_audio.delta", steps)
    assert response.playback_ms == 100
    list(steps)

    assert response.playback_ms == 600


def test_ending_response_keeps_its_first_reason():
    response = respond("one two three", modality="text", max_output_tokens=1)
    steps = response.steps()
    up_to("response.output_text.done", steps)

    response.stop("cancelled", reason="client_cancelled")

    assert [frame for frame, *_ in steps][-1]["response"]["status"] == "incomplete"


@pytest.mark.parametrize(("modality", "limit"), [("text", 2), ("audio", 4)])
def test_used_up_tokens_make_it_incomplete(modality, limit):
    frames = frames_of(respond("one two three four five", modality=modality, max_output_tokens=limit))

    response = of("response.done", frames)[0]["response"]
    assert response["status"] == "incomplete"
    assert response["status_details"] == {"type": "incomplete", "reason": "max_output_tokens"}
    assert response["output"][0]["status"] == "incomplete"
    assert response["usage"]["output_tokens"] <= limit


def test_failing_brain_is_a_failed_response(kinds):
    def answer():
        raise LookupError("no reply")

    frames = frames_of(respond(answer=answer))

    assert kinds(frames) == ["response.done"]
    assert frames[0]["response"]["status"] == "failed"
    assert frames[0]["response"]["status_details"] == {
        "type": "failed",
        "error": {
            "type": "server_error",
            "code": "server_error",
            "message": "The model failed to answer: LookupError: no reply",
        },
    }


def fail_with_words_that_are_none():
    raise ValueError("\ud800")


@pytest.mark.parametrize(
    "answer",
    [
        *(lambda: [Say(None)], lambda: [Say(5)], lambda: [Say("\ud800")], lambda: [Wait(None)]),
        *(lambda: [Call(5)], lambda: [McpCall(None, None)], fail_with_words_that_are_none),
        lambda: [Say("x", audio=5)],
    ],
)
def test_wrong_value_of_a_brain_fails_the_response(kinds, answer):
    frames = frames_of(respond(answer=answer))

    assert kinds(frames) == ["response.done"]
    error = frames[0]["response"]["status_details"]["error"]
    assert error["code"] == "server_error"
    assert re.match(r"The model failed to answer: (Type|Value|Attribute)Error: ", error["message"])
    assert msgspec.json.encode(frames)


@pytest.mark.parametrize("audio", [np.zeros(10), np.zeros((10, 2), np.int16), [0, 0]])
def test_audio_that_is_no_mono_int16_fails_the_response(kinds, audio):
    frames = frames_of(respond(answer=lambda: [Say("x", audio=audio)]))

    assert kinds(frames) == ["response.done"]
    assert frames[0]["response"]["status"] == "failed"


def test_usage_counts_what_was_made():
    (done,) = of("response.done", frames_of(respond("Hi there")))

    assert done["response"]["usage"]["output_token_details"] == {"text_tokens": 2, "audio_tokens": 10}
    assert done["response"]["usage"]["input_tokens"] == 10


def test_item_truncated_while_it_is_said_stays_truncated():
    conversation = Conversation("conv_1")
    response = respond("one two three four five six", conversation=conversation)
    steps = response.steps()
    up_to("response.output_audio.delta", steps)
    (item,) = conversation

    conversation.truncate(item.id, 0, 50)
    for _ in steps:
        pass

    assert (item.clips[0].ms, item.text) == (50, "")


CALL = [
    "response.output_item.added",
    "conversation.item.added",
    "response.function_call_arguments.delta",
    "response.function_call_arguments.done",
    "conversation.item.done",
    "response.output_item.done",
]
ROME = Call("weather", '{ "city": "Rome" }')


def test_call_comes_in_the_captured_order(collapsed):
    response = respond(answer=lambda: [ROME])

    frames = frames_of(response)

    assert collapsed(frames) == [*CALL, "response.done"]
    (item,) = of("response.done", frames)[0]["response"]["output"]
    assert item["arguments"] == of("response.function_call_arguments.done", frames)[0]["arguments"]
    assert item == of("response.output_item.done", frames)[0]["item"]
    assert (item["name"], item["arguments"], item["status"]) == ("weather", ROME.arguments, "completed")


def test_arguments_are_the_concatenation_of_their_deltas():
    frames = frames_of(respond(answer=lambda: [ROME]))

    deltas = of("response.function_call_arguments.delta", frames)

    assert len(deltas) > 1
    assert "".join(frame["delta"] for frame in deltas) == ROME.arguments


def test_a_preamble_is_said_before_the_calls_and_every_item_has_its_index(collapsed):
    frames = frames_of(respond(answer=lambda: [Say("One moment."), ROME, Call("time")], modality="text"))

    assert collapsed(frames) == [*TEXT[:-1], *CALL, *CALL, "response.done"]
    (done,) = of("response.done", frames)
    assert [item["type"] for item in done["response"]["output"]] == ["message", *["function_call"] * 2]
    assert [f["output_index"] for f in of("response.output_item.done", frames)] == [0, 1, 2]
    first, second = done["response"]["output"][1:]
    assert first["call_id"] != second["call_id"]


def test_a_cut_call_is_incomplete_and_has_the_arguments_that_were_sent():
    frames = frames_of(respond(answer=lambda: [ROME, Say("never")], max_output_tokens=2))

    (item,) = of("response.done", frames)[0]["response"]["output"]
    assert item["status"] == "incomplete"
    assert item["arguments"] == '{ "city":'
    assert of("response.done", frames)[0]["response"]["status"] == "incomplete"


def test_waiting_is_a_pause_without_an_event():
    steps = list(respond(answer=lambda: [Wait(250), Say("x")]).steps())

    assert steps[0] == (None, 0.0, 250)
    assert None not in [step.frame for step in steps[1:]]


@pytest.mark.parametrize(
    ("code", "kind"), [("rate_limit_exceeded", "invalid_request_error"), ("server_error", "server_error")]
)
def test_failing_after_some_words_keeps_them(code, kind):
    frames = frames_of(respond(answer=lambda: [Say("So far"), Fail(code, "Try again in 6.9s.")]))

    response = of("response.done", frames)[0]["response"]
    assert response["status"] == "failed"
    error = {"type": kind, "code": code, "message": "Try again in 6.9s."}
    assert response["status_details"] == {"type": "failed", "error": error}
    assert response["output"][0]["status"] == "completed"


@pytest.mark.parametrize("modality", ["audio", "text"])
def test_filter_cuts_what_was_being_said(modality):
    said = [Say("One thing first."), Say("I will tell"), Filter(), Say("never")]

    *frames, done = frames_of(respond(answer=lambda: said, modality=modality))

    response = done["response"]
    assert response["status"] == "incomplete"
    assert response["status_details"] == {"type": "incomplete", "reason": "content_filter"}
    assert [item["status"] for item in response["output"]] == ["completed", "incomplete"]
    assert of("response.content_part.done", frames)[1]["part"].popitem()[1] == "I will tell"


@pytest.mark.parametrize("before", [[], [Call("f")]])
def test_filter_may_leave_nothing_incomplete(before):
    *_, done = frames_of(respond(answer=lambda: [*before, Filter()]))

    assert done["response"]["status"] == "incomplete"
    assert [item["status"] for item in done["response"]["output"]] == ["completed"] * len(before)


def test_brain_of_a_response_that_is_stopped_at_once_is_not_asked():
    asked = []
    response = respond(answer=lambda: asked.append(1) or [])

    response.stop("cancelled", reason="client_cancelled")

    assert len(frames_of(response)) == 1
    assert asked == []


@pytest.mark.parametrize(
    ("modality", "expected"),
    [("audio", ["audio_transcript", "audio", "audio_transcript"]), ("text", ["text", "text"])],
)
def test_pieces_are_said_as_they_come(modality, expected):
    pieces = iter(["Good ", b"\0\0", "day."])

    frames = frames_of(respond(answer=lambda: [Pieces(pieces)], modality=modality))

    deltas = [frame["type"] for frame in frames if frame["type"].endswith(".delta")]
    assert deltas == [f"response.output_{kind}.delta" for kind in expected]
    (said,) = the_output(frames)["content"]
    assert said.get("transcript", said.get("text")) == "Good day."


def test_call_has_the_id_that_it_was_given():
    frames = frames_of(respond(answer=lambda: [Call("look_up", call_id="call_7")]))

    assert the_output(frames)["call_id"] == "call_7"


def the_output(frames):
    (item,) = frames[-1]["response"]["output"]
    return item
