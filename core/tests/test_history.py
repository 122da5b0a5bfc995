import pytest
from realtime_core import Conversation, ConversationEntry, ImageContent, Message, ToolCall, ToolResult
from realtime_core.errors import InvalidSettings
from realtime_core.history import history_items

PNG = b"\x89PNG\r\n\x1a\n and so on"
SECRET = "the vault opens at nine"
CALL = {"id": "c", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}


def test_a_conversation_gives_its_history():
    conversation = Conversation([Message("user", "Hi."), Message("assistant", "")])

    assert history_items(conversation) == (Message("user", "Hi."),)


def test_items_are_given_as_they_are():
    items = [Message("user", ""), ToolCall("c", "f", "{}"), ImageContent(PNG)]

    assert history_items(iter(items)) == tuple(items)


def test_a_list_with_entries_is_a_conversation():
    cut = ConversationEntry(
        Message("assistant", "It is sunny today."), interrupted=True, heard_ms=1, audio_ms=2
    )
    call = ConversationEntry(ToolCall("c", "f", "{}"))

    history = history_items([cut, call, {"role": "user", "content": "Hi."}])

    assert history == (Message("assistant", "It is"), Message("user", "Hi."))


@pytest.mark.parametrize("role", ["user", "assistant", "system"])
def test_every_history_message_keeps_its_role(role):
    assert history_items([{"role": role, "content": "Hi."}]) == (Message(role, "Hi."),)


def test_a_developer_is_the_system():
    assert history_items([{"role": "developer", "content": "Be brief."}]) == (Message("system", "Be brief."),)


@pytest.mark.parametrize("kind", ["text", "input_text", "output_text"])
def test_parts_of_a_content_are_a_line_each(kind):
    parts = [{"type": kind, "text": "One."}, {"type": "text", "text": "Two."}]

    assert history_items([{"role": "user", "content": parts}]) == (Message("user", "One.\nTwo."),)


def test_tool_calls_and_their_results_are_read():
    history = history_items(
        [
            {"role": "assistant", "content": "Let me see.", "tool_calls": [CALL], "refusal": None},
            {"role": "tool", "tool_call_id": "c", "content": "sunny"},
            {"role": "assistant", "content": None, "tool_calls": [{**CALL, "id": "d"}]},
            {"role": "tool", "tool_call_id": "d", "content": [{"type": "text", "text": "rain"}]},
        ]
    )

    assert history == (
        Message("assistant", "Let me see."),
        ToolCall("c", "get_weather", "{}"),
        ToolResult("c", "get_weather", "sunny"),
        ToolCall("d", "get_weather", "{}"),
        ToolResult("d", "get_weather", "rain"),
    )


@pytest.mark.parametrize("wrap", [lambda item: item, ConversationEntry])
def test_a_result_finds_a_call_that_is_an_item(wrap):
    history = history_items(
        [wrap(ToolCall("c", "f", "{}")), {"role": "tool", "tool_call_id": "c", "content": "sunny"}]
    )

    assert history == (ToolCall("c", "f", "{}"), ToolResult("c", "f", "sunny"))


@pytest.mark.parametrize("history", [SECRET, SECRET.encode(), {"role": "user", "content": SECRET}, 7, None])
def test_what_is_no_list_is_refused_with_the_remedy(history):
    with pytest.raises(
        InvalidSettings,
        match=r"^history is a Conversation, or a list of .*from_json\(\.\.\.\) reads",
    ) as no:
        history_items(history)

    assert SECRET not in str(no.value)


HI = Message("user", "Hi.")


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        (SECRET, r"str is nothing that was said; history is "),
        ({"content": SECRET}, r"its 'role' is 'user', .*, 'developer', 'tool', not None$"),
        ({"role": SECRET, "content": SECRET}, r"its 'role' is .*, not <23 chars>$"),
        ({"role": ["user"], "content": SECRET}, r"its 'role' is .*, not <1 entries>$"),
        ({"role": "user"}, r"its 'content' is text or a list of text parts, not NoneType; leave it out if"),
        ({"role": "user", "content": {"text": SECRET}}, r"its 'content' is text or .*, not dict; "),
        ({"role": "user", "content": [SECRET]}, r"part 0 of its 'content' is not .* as ImageContent"),
        ({"role": "user", "content": [{"type": "input_audio", "text": SECRET}]}, r"part 0 of its 'content'"),
        ({"role": "user", "content": [{"type": "text", "text": 7}]}, r"part 0 of its 'content'"),
        ({"role": "tool", "tool_call_id": SECRET, "content": ""}, r"its 'tool_call_id' is that of no call"),
        ({"role": "tool", "content": SECRET}, r"its 'tool_call_id' is that of no call before it; put "),
        ({"role": "assistant", "tool_calls": [SECRET]}, r"a tool call is \{'id': .*\}$"),
        ({"role": "assistant", "tool_calls": [{"id": SECRET}]}, r"a tool call is \{'id': .*\}$"),
        ({"role": "assistant", "tool_calls": 7}, r"its 'tool_calls' are a list, not int$"),
        ({"role": "assistant", "tool_calls": [{"function": {"name": SECRET}}]}, r"'call_id' takes a string"),
    ],
)
def test_a_bad_entry_is_named_never_quoted(entry, says):
    with pytest.raises(InvalidSettings, match=r"^history entry 1: " + says) as refused:
        history_items([HI, entry])

    assert SECRET not in str(refused.value)


def test_a_message_of_a_chat_history_is_met_with_how_to_give_it():
    class ChatMessageContent:
        pass

    with pytest.raises(InvalidSettings, match=r"entry 0: ChatMessageContent .* for said in chat_history"):
        history_items([ChatMessageContent()])
