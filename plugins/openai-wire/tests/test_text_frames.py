import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from realtime_core import (
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeResponseEvent,
    RealtimeTextEvent,
    RealtimeTranscriptEvent,
    TextContent,
)
from realtime_openai_wire.frame_events import MALFORMED_FRAME
from realtime_openai_wire.server_frames import server_events
from realtime_openai_wire.state import WireState

PART = {"response_id": "r1", "item_id": "i1", "output_index": 0, "content_index": 0}
TEXT_DELTA = ["response.output_text.delta", "response.output_audio_transcript.delta"]
TEXT_DONE = [("response.output_text.done", "text"), ("response.output_audio_transcript.done", "transcript")]


@pytest.mark.parametrize("name", TEXT_DELTA)
def test_a_text_delta_is_a_new_piece(decode, name):
    (event,) = decode(name, delta="Hel", obfuscation="x", **PART)

    assert type(event) is RealtimeTextEvent
    assert event.text == TextContent("Hel")
    assert event.role is None
    assert (event.response_id, event.item_id) == ("r1", "i1")


@pytest.mark.parametrize("name", TEXT_DELTA)
@pytest.mark.parametrize("delta", [None, 3, []])
def test_a_text_delta_without_text_is_an_error(decode, name, delta):
    (event,) = decode(name, delta=delta, **PART)

    assert (type(event), event.code) == (RealtimeErrorEvent, MALFORMED_FRAME)


@pytest.mark.parametrize(("name", "field"), TEXT_DONE)
def test_a_finished_text_is_no_new_piece(decode, name, field):
    decode(name.replace("done", "delta"), delta="Hel", **PART)
    decode(name.replace("done", "delta"), delta="lo", **PART)

    (event,) = decode(name, **{field: "Hello"}, **PART)

    assert type(event) is RealtimeTranscriptEvent
    assert (event.role, event.text, event.final) == ("assistant", "Hello", True)
    assert (event.response_id, event.item_id) == ("r1", "i1")


@pytest.mark.parametrize(("name", "field"), TEXT_DONE)
def test_a_text_delta_after_the_end_of_its_text_is_no_new_piece(decode, name, field):
    decode(name.replace("done", "delta"), delta="Hello", **PART)
    decode(name, **{field: "Hello"}, **PART)

    (late,) = decode(name.replace("done", "delta"), delta="lo", **PART)
    (other,) = decode(name.replace("done", "delta"), delta="And", **{**PART, "content_index": 1})

    assert type(late) is RealtimeEvent
    assert (late.response_id, late.item_id) == ("r1", "i1")
    assert type(other) is RealtimeTextEvent


@pytest.mark.parametrize(("name", "field"), TEXT_DONE)
def test_what_no_delta_brought_is_one_piece_before_the_finished_text(decode, name, field):
    decode(name.replace("done", "delta"), delta="Hel", **PART)

    piece, whole = decode(name, **{field: "Hello"}, **PART)

    assert (type(piece), piece.text.text) == (RealtimeTextEvent, "lo")
    assert (type(whole), whole.text) == (RealtimeTranscriptEvent, "Hello")
    assert (piece.response_id, piece.item_id) == ("r1", "i1")


@pytest.mark.parametrize(("name", "field"), TEXT_DONE)
def test_a_service_that_sends_only_the_finished_text_brings_it_once(decode, name, field):
    piece, whole = decode(name, **{field: "Hello"}, **PART)
    (again,) = decode(name, **{field: "Hello"}, **PART)

    assert piece.text.text == whole.text == again.text == "Hello"


def test_parts_of_a_response_do_not_mix(decode):
    decode("response.output_text.delta", delta="One", **PART)
    decode("response.output_text.delta", delta="Two", **{**PART, "content_index": 1})

    (first,) = decode("response.output_text.done", text="One", **PART)
    (second,) = decode("response.output_text.done", text="Two", **{**PART, "content_index": 1})

    assert (first.text, second.text) == ("One", "Two")


@pytest.mark.parametrize(("name", "field"), TEXT_DONE)
def test_a_finished_text_without_text_is_what_the_deltas_brought(decode, name, field):
    decode(name.replace("done", "delta"), delta="Hel", **PART)

    (event,) = decode(name, **{field: None}, **PART)

    assert event.text == "Hel"


def printed(events):
    return "".join(event.text.text for event in events if isinstance(event, RealtimeTextEvent))


CONTENTS = [
    ("text", "text"),
    ("output_text", "text"),
    ("audio", "transcript"),
    ("output_audio", "transcript"),
]


def item_of(content, **fields):
    return {"id": "i1", "type": "message", "role": "assistant", "content": [content], **fields}


def part_frame(content):
    return {"type": "response.content_part.done", "part": content, **PART}


def item_frame(content):
    return {"type": "response.output_item.done", "response_id": "r1", "item": item_of(content)}


def response_frame(content):
    response = {"id": "r1", "status": "completed", "output": [item_of(content)]}
    return {"type": "response.done", "response": response}


SHOWN = [(part_frame, RealtimeEvent), (item_frame, RealtimeEvent), (response_frame, RealtimeResponseEvent)]


@pytest.mark.parametrize(("content", "field"), CONTENTS)
@pytest.mark.parametrize(("frame_of", "kind"), SHOWN)
def test_a_text_that_comes_in_one_frame_only_is_given_out_with_it(decode, content, field, frame_of, kind):
    frame = frame_of({"type": content, field: "Hello"})

    piece, other = decode(frame.pop("type"), **frame)

    assert (type(piece), piece.text.text, piece.response_id, piece.item_id) == (
        RealtimeTextEvent,
        "Hello",
        "r1",
        "i1",
    )
    assert type(other) is kind


@pytest.mark.parametrize(("content", "field"), CONTENTS)
@pytest.mark.parametrize("frame_of", [part_frame, item_frame, response_frame])
def test_what_the_pieces_left_out_is_given_out_with_it(decode, content, field, frame_of):
    name = "response.output_text.delta" if field == "text" else "response.output_audio_transcript.delta"
    decode(name, delta="Hel", **PART)
    frame = frame_of({"type": content, field: "Hello"})

    assert printed(decode(frame.pop("type"), **frame)) == "lo"


@pytest.mark.parametrize(
    "content",
    [
        None,
        "text",
        {},
        {"type": "text"},
        {"type": "text", "text": 5},
        {"type": "text", "text": ""},
        {"type": "audio", "text": "a"},
        {"type": "input_text", "text": "a"},
        {"type": [], "text": "a"},
    ],
)
@pytest.mark.parametrize(("frame_of", "kind"), SHOWN)
def test_a_content_without_words_of_the_assistant_is_none(decode, content, frame_of, kind):
    frame = frame_of(content)

    (event,) = decode(frame.pop("type"), **frame)

    assert type(event) is kind


@pytest.mark.parametrize("fields", [{"role": "user"}, {"type": "function_call_output"}, {"content": "Hello"}])
def test_an_item_that_is_no_message_of_the_assistant_says_nothing(decode, fields):
    item = {**item_of({"type": "text", "text": "Hello"}), **fields}

    (event,) = decode("response.output_item.done", response_id="r1", item=item)

    assert type(event) is RealtimeEvent


def test_a_text_that_is_told_after_its_response_is_not_given_out_again(decode):
    decode("response.output_text.delta", delta="Hello", **PART)
    decode("response.done", response={"id": "r1", "status": "completed"})

    events = [decode("response.output_text.done", text="Hello", **PART) for _ in range(2)]

    assert [[type(event) for event in of_one] for of_one in events] == [[RealtimeTranscriptEvent]] * 2


@pytest.mark.parametrize("whole", [{}, {"text": "Hello"}])
def test_frames_that_name_no_response_are_about_the_one_that_runs(decode, whole):
    said, finals = "", []
    for response_id in ("r1", "r2"):
        decode("response.created", response={"id": response_id})
        said += printed(decode("response.output_text.delta", delta="Hello"))
        events = decode("response.output_text.done", **whole)
        said += printed(events)
        finals.append(events[-1].text)
        response = {"id": response_id, "output": [item_of({"type": "text", "text": "Hello"}, id=response_id)]}
        said += printed(decode("response.done", response=response))

    assert said == "HelloHello"
    assert finals == ["Hello", "Hello"]


ids = st.sampled_from([PART, {"item_id": "i1"}, {"response_id": "r1"}, {"content_index": 0}, {}])


@settings(max_examples=300)
@given(
    st.lists(st.sampled_from(["Hel", "lo", " ", "you"]), max_size=4),
    ids,
    ids,
    st.sets(st.sampled_from(["created", "text", "part", "item", "response"])),
    st.sampled_from(["", " rest"]),
)
def test_whichever_frames_a_service_sends_the_pieces_make_the_reply_once(
    pieces, of_deltas, of_done, sent, rest
):
    state, whole = WireState(), "".join(pieces) + rest
    content = {"type": "text", "text": whole}
    frames = [{"type": "response.created", "response": {"id": "r1"}}] if "created" in sent else []
    frames += [{"type": "response.output_text.delta", "delta": piece, **of_deltas} for piece in pieces]
    if "text" in sent:
        frames.append({"type": "response.output_text.done", "text": whole, **of_done})
    if "part" in sent:
        frames.append({**part_frame(content), **of_done})
    if "item" in sent:
        frames.append(item_frame(content))
    if "response" in sent:
        frames.append(response_frame(content))

    events = [event for frame in frames for event in server_events(state, frame["type"], frame)]

    said_whole = sent & {"text", "part", "item", "response"}
    assert printed(events) == (whole if said_whole else "".join(pieces))
