import pytest
from realtime_core import ImageContent, Message, RealtimeEvent, RealtimeItemEvent, ToolCall, ToolResult
from realtime_openai_wire.names import SendEvents


@pytest.mark.parametrize("name", ["conversation.item.added", "conversation.item.created"])
def test_an_added_item_answers_the_command_that_chose_its_id(decode, state, name):
    state.pending.add("e1", "cmd_1", SendEvents.CONVERSATION_ITEM_CREATE, target="mine")

    (theirs,) = decode(name, item={"id": "theirs"})
    (mine,) = decode(name, item={"id": "mine"})

    assert type(mine) is RealtimeItemEvent
    assert (mine.command_id, mine.item_id) == ("cmd_1", "mine")
    assert (theirs.command_id, theirs.item_id) == (None, "theirs")


KINDS = [
    ("added", SendEvents.CONVERSATION_ITEM_CREATE),
    ("done", SendEvents.CONVERSATION_ITEM_CREATE),
    ("retrieved", SendEvents.CONVERSATION_ITEM_RETRIEVE),
    ("truncated", SendEvents.CONVERSATION_ITEM_TRUNCATE),
    ("deleted", SendEvents.CONVERSATION_ITEM_DELETE),
]


@pytest.mark.parametrize(("word", "kind"), KINDS)
@pytest.mark.parametrize("where", ["item_id", "item"])
def test_what_happens_to_an_item_answers_the_command_about_it(decode, state, word, kind, where):
    state.pending.add("e1", "cmd_1", kind, target="other")
    state.pending.add("e2", "cmd_2", kind, target="i1")
    named = {"item_id": "i1"} if where == "item_id" else {"item": {"id": "i1"}}

    (first,) = decode(f"conversation.item.{word}", **named)
    (second,) = decode(f"conversation.item.{word}", **named)

    assert type(first) is (RealtimeEvent if word == "retrieved" else RealtimeItemEvent)
    assert (first.command_id, first.item_id) == ("cmd_2", "i1")
    assert second.command_id is None


@pytest.mark.parametrize(("word", "kind"), KINDS[2:])
def test_an_answer_that_names_no_item_is_for_the_oldest(decode, state, word, kind):
    state.pending.add("e1", "cmd_1", kind, target="i1")

    (event,) = decode(f"conversation.item.{word}")

    assert event.command_id == "cmd_1"


@pytest.mark.parametrize("word", ["added", "done"])
def test_an_item_without_an_id_may_be_anybodys(decode, state, word):
    state.pending.add("e1", "cmd_1", SendEvents.CONVERSATION_ITEM_CREATE, target="i1")

    (event,) = decode(f"conversation.item.{word}", item={"type": "message", "role": "assistant"})

    assert event.command_id is None


ITEMS = [
    (
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello."}]},
        Message("user", "Hello."),
    ),
    (
        {
            "type": "message",
            "role": "user",
            "content": [{"type": "input_image", "image_url": "data:image/png;base64,iVBORw0KGgo="}],
        },
        ImageContent(b"\x89PNG\r\n\x1a\n"),
    ),
    ({"type": "message", "role": "assistant", "status": "in_progress", "content": []}, None),
    (
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}", "status": "completed"},
        ToolCall("c1", "f", "{}"),
    ),
    ({"type": "function_call", "call_id": "c1", "name": "f", "arguments": "", "status": "in_progress"}, None),
    ({"type": "function_call_output", "call_id": "c1", "output": "1"}, ToolResult("c1", "c1", "1")),
    ({"type": "mcp_list_tools", "server_label": "docs", "tools": []}, None),
    ({"type": "mcp_call", "server_label": "docs", "name": "find", "arguments": "{}"}, None),
    ({"type": "mcp_approval_request", "server_label": "docs", "name": "find", "arguments": "{}"}, None),
    ({"type": "mcp_approval_response", "approval_request_id": "i0", "approve": True}, None),
    ({"type": "telepathy"}, None),
]


@pytest.mark.parametrize(("wire", "item"), ITEMS)
@pytest.mark.parametrize("phase", ["added", "done"])
def test_an_item_has_its_place_and_what_it_holds(decode, wire, item, phase):
    (event,) = decode(f"conversation.item.{phase}", item={"id": "i1", **wire}, previous_item_id="i0")

    assert type(event) is RealtimeItemEvent
    assert (event.phase, event.item_id, event.previous_item_id) == (phase, "i1", "i0")
    assert (event.role, event.item) == (wire.get("role"), item)


@pytest.mark.parametrize(("wire", "_"), ITEMS)
def test_an_item_that_was_asked_for_again_is_plain(decode, wire, _):
    (event,) = decode("conversation.item.retrieved", item={"id": "i1", **wire})

    assert type(event) is RealtimeEvent
    assert event.item_id == "i1"


def test_the_first_item_has_none_before_it(decode):
    (event,) = decode("conversation.item.added", item={"id": "i1"}, previous_item_id=None)

    assert event.previous_item_id is None


def test_an_added_item_goes_by_that_phase_under_its_old_name_too(decode):
    (event,) = decode("conversation.item.created", item={"id": "i1"})

    assert event.phase == "added"


@pytest.mark.parametrize("status", ["in_progress", "incomplete", "completed"])
def test_a_result_has_the_name_of_its_call(decode, status):
    call = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}", "status": status}
    decode("conversation.item.added", item=call)

    (event,) = decode(
        "conversation.item.added", item={"type": "function_call_output", "call_id": "c1", "output": "1"}
    )

    assert event.item == ToolResult("c1", "f", "1")


def test_a_result_has_the_name_of_a_call_that_only_its_response_told_of(decode):
    call = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}
    decode("response.output_item.done", item=call)

    (event,) = decode(
        "conversation.item.added", item={"type": "function_call_output", "call_id": "c1", "output": "1"}
    )

    assert event.item == ToolResult("c1", "f", "1")


@pytest.mark.parametrize(
    ("left", "keep_ms"),
    [(700, 700), (700.5, 700), (0, 0), (-1, None), ("7", None), (10**300, None), (None, None)],
)
def test_a_truncated_item_keeps_some_of_its_audio(decode, left, keep_ms):
    (event,) = decode("conversation.item.truncated", item_id="i1", content_index=0, audio_end_ms=left)

    assert (event.phase, event.item_id, event.keep_ms) == ("truncated", "i1", keep_ms)


def test_a_deleted_item_is_named(decode):
    (event,) = decode("conversation.item.deleted", item_id="i1")

    assert (event.phase, event.item_id) == ("deleted", "i1")


@pytest.mark.parametrize("item", [None, [], "item", 5, {}, {"id": 5, "type": [], "role": {}, "content": {}}])
@pytest.mark.parametrize("phase", ["added", "done"])
def test_an_item_that_cannot_be_read_is_none(decode, item, phase):
    (event,) = decode(f"conversation.item.{phase}", item=item, previous_item_id=[])

    assert (event.phase, event.item_id, event.item, event.role) == (phase, None, None, None)


@pytest.mark.parametrize(("item_id", "refused"), [("theirs", "update"), (None, "update"), ("mine", "item 2")])
def test_an_item_added_that_nobody_named_casts_doubt_on_the_oldest(decode, state, item_id, refused):
    state.pending.add("item 1", "item 1", SendEvents.CONVERSATION_ITEM_CREATE, target="mine")
    if refused == "item 2":
        state.pending.add("item 2", "item 2", SendEvents.CONVERSATION_ITEM_CREATE, target="later")
    state.pending.add("update", "update", SendEvents.SESSION_UPDATE)
    decode("conversation.item.added", item={"id": item_id})

    (event,) = decode("error", error={"code": "invalid_value"})

    assert event.command_id == refused
