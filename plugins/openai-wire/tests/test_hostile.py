"""Whatever a service sends: every event of the protocol, bent in every way, in any order, and without end."""

import copy
import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from realtime_core import RealtimeErrorEvent, RealtimeFunctionCallEvent, RealtimeTextEvent
from realtime_core.commands import (
    AddItem,
    CancelResponse,
    ClearAudio,
    CommitAudio,
    CreateResponse,
    DeleteItem,
    Truncate,
)
from realtime_core.contents import Message
from realtime_openai_wire.client_frames import METADATA_KEY
from realtime_openai_wire.codec import OpenAIRealtimeCodec
from realtime_openai_wire.frame_events import MALFORMED_FRAME
from realtime_openai_wire.names import GA_NAMES
from realtime_openai_wire.server_frames import server_events
from realtime_openai_wire.state import WireState

IMAGE = "data:image/png;base64,iVBORw0KGgpad2V0c2NoZ2U="
# one valid frame of every event; where people's words stand in them, there is WORD
FRAMES = [
    json.loads(line)
    for line in Path(__file__).with_name("server_events.jsonl").read_text(encoding="utf-8").splitlines()
]
WORD = "Zwetschge"
# items that mean something more than the example of their event
CALL = {"call_id": "call_1", "name": "f", "arguments": f'{{"q": "{WORD}"}}'}
ITEMS = [
    {"type": "message", "role": "user", "content": [{"type": "input_image", "image_url": IMAGE}]},
    {"type": "message", "role": "user", "content": [{"type": "input_audio", "transcript": WORD}]},
    {"type": "function_call", "status": "completed", **CALL},
    {"type": "function_call_output", "call_id": "call_1", "output": WORD},
    {"type": "mcp_approval_request", "server_label": "docs", **CALL},
]
FRAMES += [
    {"type": name, "event_id": "event_1", "previous_item_id": "item_0", "item": {"id": "item_1", **item}}
    for name in ("conversation.item.added", "conversation.item.done", "response.output_item.done")
    for item in ITEMS
]
BETA_NAMES = {new: old for old, new in GA_NAMES.items()}
MEGABYTE = 1024 * 1024

every_event = pytest.mark.parametrize("frame", FRAMES, ids=[frame["type"] for frame in FRAMES])

wrong_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.just(10**300),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "\0", "completed", "in_progress", "function_call", "AAAA", "\U0001f600"]),
    st.sampled_from([[], {}, [[]], {"": None}, {"id": "i1"}, [{"type": "function_call"}]]),
)


def paths(value, path=()):
    """Where every value in a nested frame stands, but for the frame itself."""
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, member in members:
        yield (*path, key)
        yield from paths(member, (*path, key))


def place_of(frame, path):
    for key in path[:-1]:
        frame = frame[key]
    return frame


def drop(frame, path, _):
    del place_of(frame, path)[path[-1]]


def retype(frame, path, data):
    place_of(frame, path)[path[-1]] = copy.deepcopy(data.draw(wrong_values))


def nest(frame, path, data):
    value = place_of(frame, path)[path[-1]]
    for _ in range(data.draw(st.sampled_from([1, 2, 50]))):
        value = data.draw(st.sampled_from([[value], {"": value}]))
    place_of(frame, path)[path[-1]] = value


def repeat(frame, path, _):
    place = place_of(frame, path)
    if isinstance(place, list):
        place.append(copy.deepcopy(place[path[-1]]))


def give_one_id_to_all(frame, _, __):
    for path in list(paths(frame)):
        place = place_of(frame, path)
        if str(path[-1]).endswith("id") and not isinstance(place[path[-1]], dict | list):
            place[path[-1]] = "one"


@every_event
@settings(max_examples=40)
@given(data=st.data())
def test_no_bent_frame_raises_shows_its_words_or_is_changed(busy_codec, frame, data):
    bent = copy.deepcopy(frame)
    for bend in data.draw(
        st.lists(st.sampled_from([drop, retype, nest, repeat, give_one_id_to_all]), min_size=1, max_size=3)
    ):
        where = data.draw(st.sampled_from([path for path in paths(bent) if path != ("type",)] or [("type",)]))
        if where != ("type",):
            bend(bent, where, data)
    if data.draw(st.booleans()):
        bent["type"] = BETA_NAMES.get(bent["type"], bent["type"])
    before = copy.deepcopy(bent)

    events = server_events(WireState(), bent["type"], bent)
    decoded = busy_codec().decode(json.dumps(bent))

    assert events
    assert decoded
    assert all(event.service_event is bent for event in events)
    assert bent == before
    assert {event.service_type for event in events} == {frame["type"]}
    assert not any(WORD in repr(event) for event in (*events, *decoded))


@settings(max_examples=100)
@given(frame=st.sampled_from(FRAMES), data=st.data())
def test_a_bent_frame_among_others_does_not_raise(busy_codec, frame, data):
    bent, codec = copy.deepcopy(frame), busy_codec()
    where = data.draw(st.sampled_from([path for path in paths(bent) if path != ("type",)] or [("type",)]))
    if where != ("type",):
        data.draw(st.sampled_from([drop, retype, nest]))(bent, where, data)

    for each in (*FRAMES, bent, *FRAMES):
        assert codec.decode(json.dumps(each))


@every_event
def test_no_event_shows_its_words(frame):
    events = server_events(WireState(), frame["type"], frame)

    assert WORD not in repr(events)


ids = st.sampled_from(["a", "b", None, 5])
some_frames = st.builds(
    lambda frame, response_id, item_id, call_id, status: rename(frame, response_id, item_id, call_id, status),
    st.sampled_from(FRAMES),
    ids,
    ids,
    ids,
    st.sampled_from(["completed", "incomplete", "cancelled", "failed", None]),
)
some_commands = st.sampled_from(
    [
        lambda: CommitAudio(),
        lambda: ClearAudio(),
        lambda: CreateResponse(),
        lambda: AddItem(item=Message("user", "Hello.")),
        lambda: DeleteItem(item_id="a"),
        lambda: Truncate(item_id="b", keep_ms=1),
        lambda: CancelResponse(response_id="a"),
        lambda: CancelResponse(),
    ]
)


def rename(frame, response_id, item_id, call_id, status):
    """A frame about other things than it was."""
    frame = copy.deepcopy(frame)
    for path in list(paths(frame)):
        place = place_of(frame, path)
        match path:
            case (*_, "call_id"):
                place["call_id"] = call_id
            case ("response_id",) | ("response", "id"):
                place[path[-1]] = response_id
            case ("item_id",) | (*_, "item", "id") | (*_, "output", int(), "id"):
                place[path[-1]] = item_id
            case (*_, "status"):
                place["status"] = status
    return frame


@settings(max_examples=200)
@given(st.lists(some_frames | some_commands, max_size=40))
def test_in_any_order_a_command_is_answered_once_and_a_call_given_once(steps):
    codec, asked, answered, calls = OpenAIRealtimeCodec(), [], [], []
    for step in steps:
        if callable(step):
            asked.append(step())
            codec.encode(asked[-1])
            continue
        events = codec.decode(json.dumps(step))
        assert events
        answered += [event.command_id for event in events if event.command_id is not None]
        given_out = [event for event in events if isinstance(event, RealtimeFunctionCallEvent)]
        calls += [
            (event.response_id, event.function_call.call_id) for event in given_out if event.response_id
        ]

    assert len(set(answered)) == len(answered)
    assert set(answered) <= {command.command_id for command in asked}
    assert len(set(calls)) == len(calls)


@settings(max_examples=200)
@given(st.lists(st.sampled_from(["Hel", "lo", "", "\n"]), max_size=6), st.booleans(), st.booleans())
def test_whatever_deltas_come_the_pieces_make_the_reply_once(pieces, with_text, twice):
    codec = OpenAIRealtimeCodec()
    whole = "".join(pieces) + (" rest" if with_text else "")
    part = {"response_id": "r", "item_id": "i", "content_index": 0}
    done = {"type": "response.output_text.done", **part, **({"text": whole} if with_text else {})}
    frames = [{"type": "response.output_text.delta", "delta": piece, **part} for piece in pieces]

    events = [
        event for frame in [*frames, done, *[done] * twice] for event in codec.decode(json.dumps(frame))
    ]

    assert "".join(event.text.text for event in events if isinstance(event, RealtimeTextEvent)) == whole


# --- without end


def size_of(state):
    return {
        "responses": len(state.responses),
        "text": state.responses.cost,
        "calls": len(state.calls),
        "names": len(state.call_names),
        "approvals": len(state.approvals),
        "parts": len(state.audio_parts),
        "pending": len(state.pending),
    }


def test_what_a_session_remembers_is_bounded():
    state = WireState()
    for number in range(5000):
        names = {"response_id": f"r{number}", "item_id": f"i{number}", "content_index": 1}
        call = {
            "type": "function_call",
            "id": f"i{number}",
            "call_id": f"c{number}",
            "name": "f",
            "arguments": "{}",
        }
        for frame in (
            {"type": "response.created", "response": {"id": f"r{number}"}},
            {"type": "response.content_part.added", "part": {"type": "audio"}, **names},
            {"type": "response.output_text.delta", "delta": "x" * 2000, **names},
            {"type": "response.output_item.done", "item": call, **names},
            {
                "type": "response.output_item.done",
                "item": {**call, "type": "mcp_approval_request"},
                **names,
            },
            {
                "type": "response.output_item.done",
                "item": {**call, "arguments": None, "call_id": "held"},
                **names,
            },
        ):
            server_events(state, frame["type"], frame)

    assert size_of(state)["responses"] == 64
    assert size_of(state)["text"] <= 4 * MEGABYTE
    assert size_of(state)["calls"] == 1024 + 64
    assert size_of(state)["names"] == 1024
    assert size_of(state)["approvals"] == 1024
    assert size_of(state)["parts"] == 64


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "response.output_audio.delta", "delta": "AAAA" * (5 * MEGABYTE)},
        {"type": "response.output_audio.delta", "delta": "!" * (20 * MEGABYTE)},
        {"type": "response.output_text.delta", "delta": "x" * (20 * MEGABYTE)},
        {"type": "response.output_text.done", "text": "x" * (20 * MEGABYTE)},
        {"type": "response.created", "response": {"id": "r" * (20 * MEGABYTE)}},
        {"type": "error", "error": {"message": "'" * (20 * MEGABYTE), "code": "c" * (20 * MEGABYTE)}},
        {"type": "x" * (20 * MEGABYTE)},
        {"type": "response.done", "response": {"output": [None] * (5 * MEGABYTE)}},
    ],
    ids=["audio", "no audio", "text", "whole text", "id", "error", "type", "output"],
)
def test_of_a_frame_of_20_megabytes_little_is_remembered_or_shown(frame):
    codec = OpenAIRealtimeCodec()

    events = codec.decode(msgspec.json.encode(frame))

    assert events
    assert len(repr(events)) < 5000
    assert size_of(codec._state)["text"] <= 4 * MEGABYTE
    assert not any(event.fatal for event in events if isinstance(event, RealtimeErrorEvent))


@pytest.mark.parametrize("depth", [100, 900, 100_000])
def test_nesting_is_an_event_or_an_error_whatever_its_depth(depth):
    frame = '{"type":"response.done","response":' + '{"output":[' * depth + "]}" * depth + "}"

    (event,) = OpenAIRealtimeCodec().decode(frame)

    assert event.service_type == "response.done" or event.code == MALFORMED_FRAME


def test_metadata_that_names_a_command_of_another_kind_does_not_answer_it():
    codec = OpenAIRealtimeCodec()
    codec.encode(CommitAudio(command_id="commit"))
    created = {"type": "response.created", "response": {"id": "r1", "metadata": {METADATA_KEY: "commit"}}}

    (event,) = codec.decode(json.dumps(created))

    assert event.command_id is None
