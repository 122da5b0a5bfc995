import pytest
from realtime_core.audio.formats import PCM16_24KHZ
from realtime_simulator.frames import Ids
from realtime_simulator.item_schema import check_item, resolve
from realtime_simulator.items import Conversation, Item, user_audio_item
from realtime_simulator.refusals import Refusal
from realtime_simulator.wire_audio import Clip, encode_base64

HALF_SECOND = Clip(bytes(24_000), PCM16_24KHZ)


def made(value):
    return check_item(value, "item", Ids(), PCM16_24KHZ)


def user(text="hello", **fields):
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}], **fields}


def spoken(item_id="item_a"):
    item = Item(
        {
            "id": item_id,
            "type": "message",
            "status": "completed",
            "role": "assistant",
            "content": [{"type": "output_audio", "transcript": "hi there"}],
        }
    )
    item.clips[0] = HALF_SECOND
    return item


@pytest.fixture
def conversation():
    return Conversation("conv_1")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (
            user(id="mine", status="in_progress", object="realtime.item"),
            {
                "id": "mine",
                "type": "message",
                "status": "completed",
                "role": "user",
                "content": [{"type": "input_text", "text": "hello"}],
            },
        ),
        (
            {
                "id": "a",
                "type": "message",
                "role": "assistant",
                "content": [{"type": "output_text", "text": "hi"}],
            },
            {
                "id": "a",
                "type": "message",
                "status": "completed",
                "role": "assistant",
                "content": [{"type": "output_text", "text": "hi"}],
            },
        ),
        (
            {"id": "o", "type": "function_call_output", "call_id": "call_1", "output": "7"},
            {"id": "o", "type": "function_call_output", "call_id": "call_1", "output": "7"},
        ),
        (
            {"id": "f", "type": "function_call", "name": "n", "arguments": "{}", "call_id": "call_1"},
            {
                "id": "f",
                "type": "function_call",
                "status": "completed",
                "name": "n",
                "call_id": "call_1",
                "arguments": "{}",
            },
        ),
    ],
)
def test_item_is_shown_as_the_service_shows_it(given, shown):
    assert made(given).wire() == shown


def test_item_without_an_id_gets_one():
    assert made(user()).id.startswith("item_")


def test_call_without_an_id_gets_one():
    item = made({"type": "function_call", "name": "n", "arguments": "{}"})

    assert item.fields["call_id"].startswith("call_")
    assert (item.role, item.content) == (None, [])


def test_audio_is_only_shown_when_retrieved():
    audio = encode_base64(bytes(480))

    item = made({"type": "message", "role": "user", "content": [{"type": "input_audio", "audio": audio}]})

    assert item.wire()["content"] == [{"type": "input_audio", "transcript": None}]
    assert item.retrieved()["content"] == [{"type": "input_audio", "transcript": None, "audio": audio}]


def test_item_without_content_is_retrieved_as_it_is():
    item = made({"id": "o", "type": "function_call_output", "call_id": "call_1", "output": "7"})

    assert item.retrieved() == item.wire()


def test_shown_item_is_out_of_reach_of_later_changes():
    item = spoken()
    shown = item.wire()

    item.fields["status"] = "incomplete"
    item.content[0]["transcript"] = ""

    assert shown["status"] == "completed"
    assert shown["content"][0]["transcript"] == "hi there"


@pytest.mark.parametrize(
    ("value", "code", "param"),
    [
        ("hello", "invalid_type", "item"),
        ({}, "missing_required_parameter", "item.type"),
        ({"type": "item_reference", "id": "x"}, "invalid_value", "item.type"),
        ({"type": "message"}, "missing_required_parameter", "item.role"),
        ({"type": "message", "role": "user"}, "missing_required_parameter", "item.content"),
        (user(extra=1), "unknown_parameter", "item.extra"),
        (
            {"type": "message", "role": "assistant", "content": [{"type": "output_audio", "audio": ""}]},
            "invalid_value",
            "item.content[0].type",
        ),
        (
            {"type": "message", "role": "system", "content": [{"type": "input_audio", "audio": ""}]},
            "invalid_value",
            "item.content[0].type",
        ),
        (
            {"type": "message", "role": "user", "content": [{"type": "input_audio", "audio": "?"}]},
            "invalid_value",
            "item.content[0].audio",
        ),
        ({"type": "function_call_output", "call_id": "c", "output": 7}, "invalid_type", "item.output"),
    ],
)
def test_what_a_client_cannot_make_is_refused(value, code, param):
    with pytest.raises(Refusal) as caught:
        made(value)

    assert (caught.value.code, caught.value.param) == (code, param)


def test_items_stand_where_they_were_put(conversation):
    conversation.add(made(user(id="b")))

    assert conversation.add(made(user(id="c")), "b") == "b"
    assert conversation.add(made(user(id="a")), "root") is None
    assert conversation.add(made(user(id="d"))) == "c"
    assert [item.id for item in conversation] == ["a", "b", "c", "d"]


def test_duplicate_id_is_refused(conversation):
    conversation.add(made(user(id="a")))

    with pytest.raises(Refusal) as caught:
        conversation.add(made(user(id="a")))

    assert caught.value.code == "item_create_duplicate_item_id"
    assert len(list(conversation)) == 1


def test_unknown_previous_item_is_refused(conversation):
    with pytest.raises(Refusal) as caught:
        conversation.add(made(user()), "nobody")

    assert (caught.value.code, caught.value.param) == ("invalid_value", "previous_item_id")


def test_deleted_item_is_gone(conversation):
    conversation.add(made(user(id="a")))

    conversation.delete("a")

    assert list(conversation) == []


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda c: c.get("x"), "item_retrieve_invalid_item_id"),
        (lambda c: c.delete("x"), "item_delete_invalid_item_id"),
        (lambda c: c.truncate("x", 0, 0), "item_truncate_invalid_item_id"),
    ],
)
def test_unknown_item_is_refused_with_the_code_of_the_action(conversation, act, code):
    with pytest.raises(Refusal) as caught:
        act(conversation)

    assert caught.value.code == code


def test_truncation_cuts_the_audio_and_takes_the_transcript(conversation):
    conversation.add(spoken())

    conversation.truncate("item_a", 0, 200)

    item = conversation.get("item_a")
    assert item.clips[0].ms == 200
    assert item.content == [{"type": "output_audio", "transcript": ""}]


def test_truncation_beyond_the_audio_is_refused(conversation):
    conversation.add(spoken())

    with pytest.raises(Refusal, match="Audio content of 500ms is already shorter than 501ms") as caught:
        conversation.truncate("item_a", 0, 501)

    assert caught.value.code == "invalid_value"


def test_item_is_truncated_once(conversation):
    conversation.add(spoken())
    conversation.truncate("item_a", 0, 500)

    with pytest.raises(Refusal) as caught:
        conversation.truncate("item_a", 0, 100)

    assert caught.value.code == "item_already_truncated"


@pytest.mark.parametrize("index", [0, 1])
def test_only_assistant_audio_can_be_truncated(conversation, index):
    conversation.add(user_audio_item("item_u", HALF_SECOND))

    with pytest.raises(Refusal) as caught:
        conversation.truncate("item_u", index, 0)

    assert str(caught.value) == "Only model output audio messages can be truncated"
    assert (caught.value.code, caught.value.param) == (None, None)


def test_voice_is_locked_by_assistant_audio_only(conversation):
    conversation.add(user_audio_item("item_u", HALF_SECOND))
    assert not conversation.has_assistant_audio

    conversation.add(spoken())

    assert conversation.has_assistant_audio


class CountedItem(Item):
    """One that counts how often somebody looks at its id."""

    looks = 0

    @property
    def id(self):
        CountedItem.looks += 1
        return self.fields["id"]


def test_ten_thousand_items_are_not_searched_one_by_one(conversation):
    count = 5000
    CountedItem.looks = 0
    for number in range(count):
        call = {"type": "function_call", "name": "f", "arguments": "{}", "call_id": f"call_{number}"}
        conversation.add(CountedItem({"id": f"item_{number}", **call}))
        output = CountedItem({"id": f"output_{number}", **call, "type": "function_call_output"})
        conversation.check_answer(output)
        conversation.add(output, f"item_{number}")
        conversation.get(f"item_{number}")

    assert CountedItem.looks < 10 * 2 * count


def test_deleted_call_takes_no_output(conversation):
    call = {"type": "function_call", "name": "f", "arguments": "{}", "call_id": "call_1"}
    output = made({"type": "function_call_output", "call_id": "call_1", "output": "7"})
    conversation.add(made({**call, "id": "one"}))
    conversation.add(made({**call, "id": "two"}))

    conversation.delete("one")
    conversation.check_answer(output)
    conversation.delete("two")

    with pytest.raises(Refusal, match="Tool call ID 'call_1' not found in conversation") as caught:
        conversation.check_answer(output)
    assert caught.value.code == "invalid_tool_call_id"


def test_id_of_a_deleted_item_is_free(conversation):
    conversation.add(made(user(id="a")))
    conversation.delete("a")

    assert conversation.add(made(user(id="a"))) is None
    conversation.delete("a")
    assert list(conversation) == []


def test_words_of_speech_are_those_that_were_heard():
    item = user_audio_item("item_u", HALF_SECOND, "good day")

    item.content[0]["transcript"] = "[speech, 0.5 s]"

    assert item.text == "good day"


def test_speech_nobody_knows_the_words_of_has_none_even_when_transcribed():
    item = user_audio_item("item_u", HALF_SECOND)
    item.content[0]["transcript"] = "[speech, 0.5 s]"

    assert item.text == ""


def test_reference_stands_for_the_item(conversation):
    item = made(user(id="a"))
    conversation.add(item)

    assert resolve({"type": "item_reference", "id": "a"}, "p", conversation, Ids(), PCM16_24KHZ) is item


def test_input_may_hold_new_items(conversation):
    item = resolve(user("new"), "p", conversation, Ids(), PCM16_24KHZ)

    assert item.text == "new"
    assert list(conversation) == []


def test_reference_needs_an_id(conversation):
    with pytest.raises(Refusal) as caught:
        resolve({"type": "item_reference"}, "response.input[0]", conversation, Ids(), PCM16_24KHZ)

    assert caught.value.param == "response.input[0].id"


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (
            {"type": "function_call", "name": "f", "arguments": "{}", "call_id": "call_1"},
            {"type": "function_call_output", "call_id": "call_1", "output": "7"},
        ),
        (
            {
                "id": "ask",
                "type": "mcp_approval_request",
                "server_label": "s",
                "name": "f",
                "arguments": "{}",
            },
            {"type": "mcp_approval_response", "approval_request_id": "ask", "approve": True},
        ),
    ],
)
def test_answer_needs_its_question(conversation, asked, answer):
    conversation.add(made(user(id="ask_not")))
    with pytest.raises(Refusal, match="not found in conversation"):
        conversation.check_answer(made(answer))

    conversation.add(made(asked))

    conversation.check_answer(made(answer))
    conversation.check_answer(made(user()))


def test_no_item_is_called_root(conversation):
    with pytest.raises(Refusal, match="'root'"):
        conversation.add(made(user(id="root")))
