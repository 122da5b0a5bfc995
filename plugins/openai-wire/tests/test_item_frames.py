import pytest
from realtime_core import RealtimeEvent
from realtime_openai_wire.names import SendEvents


@pytest.mark.parametrize("name", ["conversation.item.added", "conversation.item.created"])
def test_an_added_item_answers_the_command_that_chose_its_id(decode, state, name):
    state.pending.add("e1", "cmd_1", SendEvents.CONVERSATION_ITEM_CREATE, target="mine")

    (theirs,) = decode(name, item={"id": "theirs"})
    (mine,) = decode(name, item={"id": "mine"})

    assert type(mine) is RealtimeEvent
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

    assert type(first) is RealtimeEvent
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


@pytest.mark.parametrize(
    "item",
    [
        {"type": "message", "role": "user", "content": [{"type": "input_image", "image_url": "data:"}]},
        {"type": "message", "role": "assistant", "content": [{"type": "text", "text": "beta"}]},
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}", "status": "completed"},
        {"type": "function_call_output", "call_id": "c1", "output": "1"},
        {"type": "mcp_list_tools", "server_label": "docs", "tools": []},
        {"type": "mcp_call", "server_label": "docs", "name": "find", "arguments": "{}"},
        {"type": "mcp_approval_request", "server_label": "docs", "name": "find", "arguments": "{}"},
        {"type": "mcp_approval_response", "approval_request_id": "i0", "approve": True},
        {"type": "telepathy"},
    ],
)
@pytest.mark.parametrize("word", ["added", "done", "retrieved"])
def test_items_of_every_kind_are_plain(decode, item, word):
    (event,) = decode(f"conversation.item.{word}", item={"id": "i1", **item})

    assert type(event) is RealtimeEvent
    assert event.item_id == "i1"


@pytest.mark.parametrize(("item_id", "refused"), [("theirs", "update"), (None, "update"), ("mine", "item 2")])
def test_an_item_added_that_nobody_named_casts_doubt_on_the_oldest(decode, state, item_id, refused):
    state.pending.add("item 1", "item 1", SendEvents.CONVERSATION_ITEM_CREATE, target="mine")
    if refused == "item 2":
        state.pending.add("item 2", "item 2", SendEvents.CONVERSATION_ITEM_CREATE, target="later")
    state.pending.add("update", "update", SendEvents.SESSION_UPDATE)
    decode("conversation.item.added", item={"id": item_id})

    (event,) = decode("error", error={"code": "invalid_value"})

    assert event.command_id == refused
