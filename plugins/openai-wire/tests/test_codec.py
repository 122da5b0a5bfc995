import json
import math
from types import MappingProxyType

import msgspec
import pybase64
import pytest
from hypothesis import given
from hypothesis import strategies as st
from realtime_core import (
    PCM16_24KHZ,
    UNSET,
    AudioFormat,
    ImageContent,
    Message,
    RealtimeErrorEvent,
    RealtimeEvent,
    ToolCall,
    ToolDefinition,
    ToolResult,
)
from realtime_core.commands import (
    AddItem,
    AnswerApproval,
    AppendAudio,
    CancelResponse,
    ClearAudio,
    Command,
    CommitAudio,
    CreateResponse,
    DeleteItem,
    Raw,
    Truncate,
    UpdateSession,
)
from realtime_core.errors import CallerError, UnsupportedCommand
from realtime_openai_wire.client_frames import METADATA_KEY, item_id_of
from realtime_openai_wire.codec import OpenAIRealtimeCodec
from realtime_openai_wire.names import GA_NAMES, ListenEvents
from realtime_openai_wire.settings import OpenAIRealtimeExecutionSettings

SETTINGS = OpenAIRealtimeExecutionSettings(voice="marin")
REFUSED_BY_ID = '{"type":"error","error":{"event_id":"cmd_7"}}'
REFUSED = '{"type":"error","error":{"event_id":null}}'

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from([*ListenEvents, *GA_NAMES]) | st.text()
fields = st.sampled_from(
    [
        "session",
        "response",
        "item",
        "error",
        "delta",
        "text",
        "transcript",
        "response_id",
        "item_id",
        "content_index",
    ]
)


def decode(frame):
    return OpenAIRealtimeCodec().decode(frame)


# --- decode


@pytest.mark.parametrize("frame", ['{"type":"x","delta":"\u00e9"}', '{"type":"x","delta":"\u00e9"}'.encode()])
def test_text_and_bytes_decode_alike(frame):
    (event,) = decode(frame)

    assert event.service_type == "x"
    assert event.service_event == {"type": "x", "delta": "é"}


@pytest.mark.parametrize(
    "frame",
    [
        "",
        b"",
        "hello",
        b"\x00\xff\xfe",
        '{"type": "x"',
        '{"type": "\\ud800"}',
        "\ud800",
        '{"type": "x", "big": 1e999}',
        "NaN",
        "[" * 100_000,
        '{"type": "x", "a": ' + "9" * 5000 + "}",
        "[]",
        "null",
        '"session.updated"',
        "{}",
        '{"type": null}',
        '{"type": ["x"]}',
    ],
)
def test_a_frame_that_cannot_be_read_is_an_error_and_not_fatal(frame):
    (event,) = decode(frame)

    assert type(event) is RealtimeErrorEvent
    assert (event.kind, event.code, event.fatal) == ("server", "malformed_frame", False)
    assert event.message


def test_a_frame_without_a_type_keeps_its_payload():
    (event,) = decode('{"delta": "x"}')

    assert event.service_event == {"delta": "x"}


def test_what_a_bad_frame_says_is_not_in_its_message():
    (event,) = decode("my secret words")

    assert "secret" not in event.message


def test_of_duplicate_keys_the_last_counts():
    (event,) = decode('{"type": "x", "type": "y"}')

    assert event.service_type == "y"


@given(st.binary())
def test_no_bytes_at_all_raise(frame):
    assert decode(frame)


@given(st.text(alphabet=st.characters()))
def test_no_text_at_all_raises(frame):
    assert decode(frame)


@given(json_values, names, st.dictionaries(fields, json_values))
def test_no_json_at_all_raises(busy_codec, value, name, rest):
    codec = busy_codec()
    for frame in (value, {"type": name, **rest}):
        events = codec.decode(json.dumps(frame))
        assert events
        assert all(isinstance(event, RealtimeEvent) for event in events)


# --- encode


def test_an_append_is_its_audio_in_base64(check_client_event):
    frame = json.loads(OpenAIRealtimeCodec().encode(AppendAudio(data=b"\0\1\2\xff")))

    assert frame == {"type": "input_audio_buffer.append", "audio": pybase64.b64encode(b"\0\1\2\xff").decode()}
    check_client_event(frame)


def test_words_of_any_language_go_as_they_are():
    encoded = OpenAIRealtimeCodec().encode(AddItem(item=Message("user", 'Grüße, 世界, "😀"\n')))

    assert "Grüße, 世界" in encoded
    assert json.loads(encoded)["item"]["content"][0]["text"] == 'Grüße, 世界, "😀"\n'


def test_mappings_of_any_class_are_objects():
    encoded = OpenAIRealtimeCodec().encode(
        Raw(service_type="x", payload=MappingProxyType({"a": MappingProxyType({"b": (1, 2)})}))
    )

    assert json.loads(encoded)["a"] == {"b": [1, 2]}


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("value", [object(), "\ud800", 2**70 + 0.5j, {1.5j: 1}, nested(100_000)])
def test_what_is_no_json_is_refused_and_not_waited_for(value):
    codec = OpenAIRealtimeCodec()

    with pytest.raises(UnsupportedCommand, match=r"^a frame 'session\.update' cannot"):
        codec.encode(Raw(service_type="session.update", payload={"value": value}))

    assert not codec.awaits_update


def test_a_command_that_is_no_json_is_named_plainly():
    with pytest.raises(UnsupportedCommand, match=r"^a frame 'response\.create' cannot"):
        OpenAIRealtimeCodec().encode(CreateResponse(overrides={"instructions": object()}))


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (math.nan, "no finite number"),
        (b"secret", "bytes"),
        ({"secret"}, "set"),
        (UNSET, "UnsetType"),
        (OpenAIRealtimeExecutionSettings(voice="secret"), "OpenAIRealtimeExecutionSettings"),
    ],
)
def test_what_is_no_json_is_named_and_not_rewritten(value, kind):
    codec = OpenAIRealtimeCodec()

    with pytest.raises(
        UnsupportedCommand, match=rf"'session\.update' .*'session\.audio\[0\]'.* {kind}"
    ) as refused:
        codec.encode(Raw(service_type="session.update", payload={"session": {"audio": [value]}}))

    assert "secret" not in str(refused.value)
    assert not codec.awaits_update


def test_a_refused_command_is_not_waited_for():
    codec = OpenAIRealtimeCodec()

    with pytest.raises(CallerError):
        codec.encode(Command())
    with pytest.raises(CallerError):
        codec.encode(
            UpdateSession(
                settings=OpenAIRealtimeExecutionSettings(output_audio_format=AudioFormat("pcm16", 8000))
            )
        )

    assert not codec.awaits_update


texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]))
names_given = st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1)


@given(
    st.one_of(
        st.builds(AppendAudio, data=st.binary()),
        st.builds(AddItem, item=st.builds(Message, st.sampled_from(["user", "assistant", "system"]), texts)),
        st.builds(
            UpdateSession,
            settings=st.builds(OpenAIRealtimeExecutionSettings, instructions=texts, voice=texts),
        ),
        st.builds(
            UpdateSession,
            settings=st.just(SETTINGS),
            tools=st.lists(st.builds(ToolDefinition, names_given, texts)).map(tuple),
        ),
        st.builds(CreateResponse, overrides=st.fixed_dictionaries({"instructions": texts})),
        st.builds(
            CreateResponse,
            conversation=st.sampled_from(["auto", "none"]),
            overrides=st.fixed_dictionaries(
                {"tools": st.lists(st.builds(ToolDefinition, names_given, texts))}
            ),
        ),
        st.builds(AnswerApproval, approval_id=texts, approve=st.booleans(), reason=texts),
        st.builds(
            CreateResponse,
            overrides=st.fixed_dictionaries({"metadata": st.dictionaries(texts, texts), "voice": texts}),
        ),
        st.builds(CommitAudio),
        st.builds(ClearAudio),
        st.builds(AddItem, item=st.builds(ToolCall, names_given, names_given, texts)),
        st.builds(AddItem, item=st.builds(ToolResult, names_given, names_given, texts)),
        st.builds(
            AddItem, item=st.builds(ImageContent, st.binary().map(lambda rest: b"\xff\xd8\xff" + rest))
        ),
        st.builds(DeleteItem, item_id=texts),
        st.builds(Truncate, item_id=texts, keep_ms=st.integers(0, 2**31)),
        st.builds(CancelResponse, response_id=st.none() | texts),
    )
)
def test_whatever_is_encoded_is_a_client_event(check_client_event, command):
    check_client_event(json.loads(OpenAIRealtimeCodec().encode(command)))


@given(texts, st.dictionaries(texts, json_values))
def test_whatever_raw_frame_is_encoded_is_json(name, payload):
    try:
        encoded = OpenAIRealtimeCodec().encode(Raw(service_type=name, payload=payload))
    except UnsupportedCommand:
        return  # lone surrogates and numbers beyond 64 bits are not written
    assert msgspec.json.decode(encoded)["type"] == name


# --- matching, both ways


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (UpdateSession(command_id="cmd_7", settings=SETTINGS), {"type": "session.updated"}),
        (CommitAudio(command_id="cmd_7"), {"type": "input_audio_buffer.committed"}),
        (ClearAudio(command_id="cmd_7"), {"type": "input_audio_buffer.cleared"}),
        (
            AddItem(command_id="cmd_7", item=Message("user", "Hello.")),
            {"type": "conversation.item.added", "item": {"id": item_id_of("cmd_7")}},
        ),
        (
            AnswerApproval(command_id="cmd_7", approval_id="mcpr_1", approve=True),
            {"type": "conversation.item.added", "item": {"id": item_id_of("cmd_7")}},
        ),
        (
            CreateResponse(command_id="cmd_7"),
            {"type": "response.created", "response": {"metadata": {METADATA_KEY: "cmd_7"}}},
        ),
        (
            DeleteItem(command_id="cmd_7", item_id="i1"),
            {"type": "conversation.item.deleted", "item_id": "i1"},
        ),
        (
            Truncate(command_id="cmd_7", item_id="i1", keep_ms=700),
            {"type": "conversation.item.truncated", "item_id": "i1", "content_index": 0, "audio_end_ms": 700},
        ),
        (
            CancelResponse(command_id="cmd_7", response_id="r1"),
            {"type": "response.done", "response": {"id": "r1", "status": "cancelled"}},
        ),
    ],
)
def test_a_command_is_answered_once_by_its_event_or_by_an_error(command, answer):
    answered, refused, fallen_back = OpenAIRealtimeCodec(), OpenAIRealtimeCodec(), OpenAIRealtimeCodec()
    for codec in (answered, refused, fallen_back):
        codec.encode(command)

    by_event = [answered.decode(json.dumps(answer))[0].command_id for _ in range(2)]
    by_error = [refused.decode(REFUSED_BY_ID)[0].command_id for _ in range(2)]
    by_age = [fallen_back.decode(REFUSED)[0].command_id for _ in range(2)]

    assert by_event == by_error == by_age == ["cmd_7", None]


@pytest.mark.parametrize(
    ("name", "ours", "answer"),
    [
        (
            "session.update",
            UpdateSession(command_id="ours", settings=SETTINGS),
            {"type": "session.updated"},
        ),
        (
            "input_audio_buffer.commit",
            CommitAudio(command_id="ours"),
            {"type": "input_audio_buffer.committed"},
        ),
        ("input_audio_buffer.clear", ClearAudio(command_id="ours"), {"type": "input_audio_buffer.cleared"}),
        (
            "conversation.item.truncate",
            Truncate(command_id="ours", item_id="i1", keep_ms=1),
            {"type": "conversation.item.truncated", "item_id": "i1"},
        ),
        (
            "conversation.item.delete",
            DeleteItem(command_id="ours", item_id="i1"),
            {"type": "conversation.item.deleted", "item_id": "i1"},
        ),
        (
            "response.cancel",
            CancelResponse(command_id="ours"),
            {"type": "response.done", "response": {"status": "cancelled"}},
        ),
        (
            "response.create",
            CreateResponse(command_id="ours"),
            {"type": "error", "error": {"code": "conversation_already_has_active_response"}},
        ),
        (
            "conversation.item.create",
            AddItem(command_id="ours", item=Message("user", "Hello.")),
            {"type": "error", "error": {"code": "invalid_value", "param": "item.role"}},
        ),
        (
            "input_audio_buffer.append",
            CommitAudio(command_id="ours"),
            {"type": "error", "error": {"code": "invalid_value", "event_id": ""}},
        ),
        ("telepathy", CommitAudio(command_id="ours"), {"type": "error", "error": {"code": "invalid_value"}}),
    ],
)
@pytest.mark.parametrize("event_id", ["ours", "mine", "", None, 7])
def test_a_raw_frame_has_its_own_answer_and_takes_no_others(name, ours, answer, event_id):
    codec = OpenAIRealtimeCodec()
    for number in (1, 2):
        payload = {"event_id": event_id, "item_id": "i1"}
        codec.encode(Raw(command_id=f"raw {number}", service_type=name, payload=payload))
    codec.encode(ours)

    ids = [codec.decode(json.dumps(answer))[0].command_id for _ in range(4)]

    assert ids == ["raw 1", "raw 2", "ours", None]


@pytest.mark.parametrize(
    ("raw", "answer"),
    [
        (
            Raw(command_id="raw", service_type="conversation.item.retrieve", payload={"item_id": "i1"}),
            {"type": "conversation.item.retrieved", "item": {"id": "i1"}},
        ),
        (
            Raw(command_id="raw", service_type="conversation.item.create", payload={"item": {"id": "i1"}}),
            {"type": "conversation.item.added", "item": {"id": "i1"}},
        ),
        (
            Raw(command_id="raw", service_type="response.cancel", payload={"event_id": "mine"}),
            {"type": "error", "error": {"code": "response_cancel_not_active", "event_id": "mine"}},
        ),
    ],
)
def test_a_raw_frame_is_answered_where_its_answer_can_be_told(raw, answer):
    codec = OpenAIRealtimeCodec()
    codec.encode(CommitAudio())
    codec.encode(raw)

    assert [codec.decode(json.dumps(answer))[0].command_id for _ in range(2)] == ["raw", None]


def test_an_update_encoded_ahead_counts_from_when_it_is_sent(clock):
    codec = OpenAIRealtimeCodec()
    update = UpdateSession(command_id="update", settings=SETTINGS)
    codec.encode(update, sent=False)
    clock.advance(60)
    (unasked,) = codec.decode('{"type":"session.updated"}')
    codec.mark_sent(update)
    clock.advance(1)

    assert unasked.command_id is None
    assert codec.update_left_s == 4


def audio_format_of(codec, **ids):
    (event,) = codec.decode(json.dumps({"type": "response.output_audio.delta", "delta": "", **ids}))
    return event.audio.format


def test_audio_is_in_the_format_that_was_asked_for_where_none_is_reported():
    codec = OpenAIRealtimeCodec()
    codec.encode(UpdateSession(settings=OpenAIRealtimeExecutionSettings(output_audio_format="g711_ulaw")))
    created = {"audio": {"output": {"format": {"type": "audio/pcm", "rate": 24000}}}}
    codec.decode(json.dumps({"type": "session.created", "session": created}))
    before = audio_format_of(codec)
    codec.decode('{"type":"session.updated","session":{}}')

    assert (before, audio_format_of(codec)) == (PCM16_24KHZ, AudioFormat("g711_ulaw"))


def test_a_response_has_the_format_that_was_asked_for_where_none_is_reported():
    codec = OpenAIRealtimeCodec()
    codec.encode(CreateResponse(command_id="cmd_7", overrides={"output_audio_format": "g711_ulaw"}))
    metadata = {METADATA_KEY: "cmd_7"}
    codec.decode(json.dumps({"type": "response.created", "response": {"id": "r1", "metadata": metadata}}))

    assert audio_format_of(codec, response_id="r1") == AudioFormat("g711_ulaw")
    assert audio_format_of(codec, response_id="r2") == PCM16_24KHZ


def test_a_truncation_points_at_the_audio_the_service_announced():
    codec = OpenAIRealtimeCodec()
    part = {
        "type": "response.content_part.added",
        "item_id": "i1",
        "content_index": 1,
        "part": {"type": "audio"},
    }
    codec.decode(json.dumps(part))

    indexes = [
        json.loads(codec.encode(Truncate(item_id=item_id, keep_ms=700)))["content_index"]
        for item_id in ("i1", "i2")
    ]

    assert indexes == [1, 0]


def test_an_append_is_never_answered():
    codec = OpenAIRealtimeCodec()
    codec.encode(AppendAudio(data=b"ab"))

    (event,) = codec.decode(REFUSED)

    assert event.command_id is None


def test_an_update_is_awaited_until_it_is_answered():
    codec = OpenAIRealtimeCodec()
    before = codec.awaits_update
    codec.encode(UpdateSession(settings=SETTINGS))
    during = codec.awaits_update
    codec.decode('{"type":"session.updated"}')

    assert (before, during, codec.awaits_update) == (False, True, False)


def test_a_response_that_a_command_asked_for_out_of_band_is_so_where_the_service_does_not_say():
    codec = OpenAIRealtimeCodec()
    for conversation in ("none", "auto"):
        codec.encode(CreateResponse(command_id=conversation, conversation=conversation))

    events = [
        codec.decode(json.dumps({"type": "response.created", "response": {"metadata": {METADATA_KEY: name}}}))
        for name in ("auto", "none")
    ]

    assert [event.out_of_band for (event,) in events] == [False, True]


def test_a_response_out_of_band_that_is_refused_is_forgotten():
    codec = OpenAIRealtimeCodec()
    codec.encode(CreateResponse(command_id="cmd_7", conversation="none"))

    codec.decode(json.dumps({"type": "error", "error": {"event_id": "cmd_7"}}))

    assert len(codec._state.out_of_band) == 0


def test_a_result_that_was_sent_comes_back_with_its_name():
    codec = OpenAIRealtimeCodec()
    result = ToolResult("call_1", "get_weather", "21")
    item = json.loads(codec.encode(AddItem(item=result)))["item"]

    (event,) = codec.decode(json.dumps({"type": "conversation.item.added", "item": item}))

    assert event.item == result


def updated(**output):
    return json.dumps({"type": "session.updated", "session": {"audio": {"output": output}}})


def test_a_setting_that_the_service_reports_otherwise_is_named():
    codec = OpenAIRealtimeCodec()
    codec.encode(UpdateSession(settings=SETTINGS))

    (event,) = codec.decode(updated(voice="alloy"))

    assert event.not_honoured == ("voice",)


def test_a_setting_is_compared_from_when_it_is_sent():
    codec = OpenAIRealtimeCodec()
    setup = UpdateSession(settings=SETTINGS, tools=(ToolDefinition("f"),))
    codec.encode(setup, sent=False)

    (before,) = codec.decode(updated(voice="alloy"))
    codec.mark_sent(setup)
    (after,) = codec.decode(
        '{"type":"session.updated","session":{"tools":[],"audio":{"output":{"voice":"marin"}}}}'
    )

    assert (before.not_honoured, after.not_honoured) == ((), ("tools",))


def test_an_update_that_was_refused_is_not_compared():
    codec = OpenAIRealtimeCodec()
    codec.encode(UpdateSession(command_id="cmd_7", settings=SETTINGS))
    codec.decode(REFUSED_BY_ID)

    (event,) = codec.decode(updated(voice="alloy"))

    assert event.not_honoured == ()


def test_a_raw_update_is_compared_as_it_was_when_it_was_sent():
    codec = OpenAIRealtimeCodec()
    session = {"type": "realtime", "audio": {"output": {"voice": "marin"}}}
    codec.encode(Raw(service_type="session.update", payload={"session": session}))
    session["audio"]["output"]["voice"] = "alloy"

    (event,) = codec.decode(updated(voice="alloy"))

    assert event.not_honoured == ("voice",)


@pytest.mark.parametrize("session", [None, "realtime", [], {"audio": None}, {"audio": {"output": "loud"}}])
def test_a_raw_update_that_is_none_asks_for_nothing(session):
    codec = OpenAIRealtimeCodec()
    codec.encode(Raw(service_type="session.update", payload={"session": session}))

    (event,) = codec.decode(updated(voice="alloy"))

    assert event.not_honoured == ()
