import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from realtime_core import Conversation, ConversationEntry, ImageContent, Message, ToolCall, ToolResult
from realtime_core.errors import InvalidSettings

PNG = b"\x89PNG\r\n\x1a\n and so on"
SECRET = "the vault opens at nine"


def _user(words="", **fields):
    return ConversationEntry(Message("user", words), **fields)


def _assistant(words="", **fields):
    return ConversationEntry(Message("assistant", words), **fields)


def _cut(words, heard_ms, audio_ms=1_000):
    return _assistant(words, interrupted=True, heard_ms=heard_ms, audio_ms=audio_ms)


def _call(call_id="c", arguments='{"city": "Rome"}'):
    return ToolCall(call_id, "get_weather", arguments)


def _result(call_id="c", output="sunny"):
    return ToolResult(call_id, "get_weather", output)


# -- the value ---------------------------------------------------------------------------------------


def test_a_conversation_is_its_entries_in_order():
    conversation = Conversation([_user("Hi."), _assistant("Hello.")])

    assert len(conversation) == 2
    assert [entry.text for entry in conversation] == ["Hi.", "Hello."]
    assert conversation[-1].text == "Hello."
    assert conversation[1:] == Conversation([_assistant("Hello.")])


def test_bare_items_are_entries():
    assert Conversation([Message("user", "Hi.")]) == Conversation([_user("Hi.")])


def test_a_conversation_is_a_value():
    assert hash(Conversation([_user("Hi.")])) == hash(Conversation([_user("Hi.")]))
    with pytest.raises(AttributeError):
        Conversation().entries = ()


def test_repr_shows_counts_only():
    items = [_user(SECRET), _call(arguments=SECRET), _result(output=SECRET), ImageContent(PNG), _user()]

    assert repr(Conversation(items)) == ("<Conversation: 2 messages, 1 tool calls, 1 tool results, 1 images>")
    assert repr(Conversation()) == "<Conversation: empty>"
    assert SECRET not in repr(Conversation(items).entries)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"item": SECRET}, r"^a conversation is made of Message, .*, not of str$"),
        ({"item_id": ""}, r"^'item_id' takes a string that is not empty, or None$"),
        ({"item_id": 7}, r"^'item_id' takes a string"),
        ({"heard_ms": -1}, r"^'heard_ms' takes milliseconds"),
        ({"audio_ms": "long"}, r"^'audio_ms' takes milliseconds"),
    ],
)
def test_an_entry_that_cannot_be_is_refused_without_its_words(fields, says):
    with pytest.raises(InvalidSettings, match=says) as refused:
        ConversationEntry(**{"item": Message("user", SECRET), **fields})

    assert SECRET not in str(refused.value)


# -- what was heard ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "heard_ms", "audio_ms", "heard"),
    [
        ("It is sunny in Rome today.", 500, 1_000, "It is sunny"),
        ("It is sunny in Rome today.", 458, 1_000, "It is sunny"),  # at the very end of a word
        ("It is sunny in Rome today.", 300, 1_000, "It is"),
        ("It is sunny in Rome today.", 40, 1_000, ""),  # inside the first word
        ("It is sunny.", 0, 1_000, ""),
        ("It is sunny.", 1_000, 1_000, "It is sunny."),
        ("It is sunny.", 5_000, 1_000, "It is sunny."),
        ("It is sunny.", None, 1_000, "It is sunny."),
        ("It is sunny.", 500, None, "It is sunny."),
        ("", 500, 1_000, ""),
        ("今天罗马天气晴朗", 500, 1_000, "今天罗马"),  # every character may end a word
        ("ก" * 100, 500, 1_000, "ก" * 50),  # no blanks at all
    ],
)
def test_what_was_heard_is_the_share_of_the_words_cut_at_the_end_of_a_word(words, heard_ms, audio_ms, heard):
    assert _cut(words, heard_ms, audio_ms).text == heard


def test_what_was_not_interrupted_was_heard():
    assert _assistant("It is sunny.", heard_ms=1, audio_ms=1_000).text == "It is sunny."


def test_only_messages_have_a_text():
    assert ConversationEntry(_result()).text == ""


@given(st.text(max_size=80), st.integers(0, 2_000), st.integers(0, 2_000))
def test_what_was_heard_begins_the_words(words, heard_ms, audio_ms):
    heard = _cut(words, heard_ms, audio_ms).text

    assert words.startswith(heard)
    assert heard == words or len(heard) * audio_ms <= len(words) * heard_ms


# -- history -----------------------------------------------------------------------------------------


def test_neutral_portable_history():
    """A saved conversation seeds another session, of whatever provider: calls, images, all of it."""
    conversation = Conversation(
        [_user("How is Rome?", item_id="item_1"), _call(), _result(), ImageContent(PNG), _assistant("Sunny.")]
    )

    assert Conversation.from_json(conversation.to_json()).history() == (
        Message("user", "How is Rome?"),
        _call(),
        _result(),
        ImageContent(PNG),
        Message("assistant", "Sunny."),
    )


def test_every_history_message_keeps_its_role():
    said = [Message("system", "Be brief."), Message("user", "Hi."), Message("assistant", "Hello.")]

    assert Conversation(said).history() == tuple(said)


def test_history_holds_what_was_heard_of_an_interrupted_message():
    assert Conversation([_cut("It is sunny in Rome today.", 500)]).history() == (
        Message("assistant", "It is sunny"),
    )


def test_history_leaves_out_what_nobody_heard():
    assert Conversation([_cut("It is sunny.", 0)]).history() == ()


def test_history_leaves_out_messages_without_words():
    assert Conversation([_user(final=False), _assistant(" \n")]).history() == ()


@pytest.mark.parametrize(
    "items",
    [
        [_call()],
        [_result()],
        [_result(), _call()],  # answered before it was made
        [_call("a"), _result("b")],
    ],
)
def test_history_leaves_out_calls_and_results_that_have_no_counterpart(items):
    assert Conversation([*items, Message("user", "Hi.")]).history() == (Message("user", "Hi."),)


def test_history_pairs_each_call_with_one_result():
    items = [_call("a"), _call("b"), _result("b"), Message("user", "Hi."), _result("a"), _result("a")]

    assert Conversation(items).history() == tuple(items[:5])


# -- transcript --------------------------------------------------------------------------------------


def test_transcript_is_for_people_to_read():
    conversation = Conversation(
        [
            Message("system", "Be brief."),
            _user("How is Rome?\nAnd this?"),
            ImageContent(PNG),
            _call(),
            _cut("It is sunny in Rome today.", 500),
            _result(),
            _user(final=False),
            _cut("It is", 0),
            _call("d", "{}"),
            _result("e"),
            _assistant("Bye."),
        ]
    )

    assert conversation.transcript().splitlines() == [
        "System: Be brief.",
        "User: How is Rome?",
        "  And this?",
        "User: [image/png, 18 bytes]",
        'Tool get_weather({"city": "Rome"}) -> sunny',
        "Assistant: It is sunny [interrupted]",
        "User: [no transcript]",
        "Assistant: [interrupted]",
        "Tool get_weather({})",
        "Tool get_weather -> sunny",
        "Assistant: Bye.",
    ]


def test_nobody_speaks_a_line_of_another():
    assert Conversation([_user("Hi.\nAssistant: I agree.")]).transcript() == (
        "User: Hi.\n  Assistant: I agree."
    )


# -- JSON --------------------------------------------------------------------------------------------

times = st.none() | st.floats(0, 1e9) | st.integers(0, 10**9)
names = st.text(min_size=1, max_size=8)
items = st.one_of(
    st.builds(Message, st.sampled_from(["user", "assistant", "system"]), st.text()),
    st.builds(ToolCall, names, names, st.text()),
    st.builds(ToolResult, names, names, st.text(), duration_ms=times, is_error=st.booleans()),
    st.builds(lambda rest: ImageContent(PNG + rest), st.binary()),
    st.builds(lambda rest: ImageContent(b"\xff\xd8\xff" + rest), st.binary()),
)
entries = st.builds(
    ConversationEntry,
    items,
    item_id=st.none() | names,
    final=st.booleans(),
    interrupted=st.booleans(),
    audio_ms=times,
    heard_ms=times,
)
conversations = st.builds(Conversation, st.lists(entries, max_size=6))


@given(conversations)
def test_json_loses_nothing(conversation):
    assert Conversation.from_json(conversation.to_json()) == conversation


@given(conversations)
def test_any_conversation_can_be_read_and_can_seed(conversation):
    conversation.transcript()
    history = conversation.history()

    assert Conversation(history).history() == history


def test_json_is_versioned_and_says_no_more_than_it_must():
    document = json.loads(Conversation([_user("Hi.", item_id="item_1"), ImageContent(PNG)]).to_json())

    assert document == {
        "format": "realtime-conversation",
        "version": 1,
        "entries": [
            {"type": "message", "role": "user", "content": "Hi.", "item_id": "item_1"},
            {"type": "image", "media_type": "image/png", "data": base64.b64encode(PNG).decode()},
        ],
    }


def _document(*entries, **fields):
    return json.dumps({"format": "realtime-conversation", "version": 1, "entries": entries, **fields})


def test_unknown_keys_are_passed_over():
    entry = {"type": "message", "role": "user", "content": "Hi.", "mood": "good", "item": "?"}

    assert Conversation.from_json(_document(entry, app="mine")) == Conversation([_user("Hi.")])


HI = {"type": "message", "role": "user", "content": "Hi."}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (SECRET, r"^a saved conversation is JSON text, and this is not: Expecting value: line 1"),
        (7, r"^a saved conversation is JSON text, and this is not: "),
        ("[" * 100_000, r"^a saved conversation is JSON text, and this is not: "),
        (json.dumps([SECRET]), r"^not a saved conversation: its 'format' is not 'realtime-conversation'$"),
        (json.dumps({"text": SECRET}), r"^not a saved conversation"),
        (_document(version=2), r"^the 'version' of a saved conversation is 1 here, .* use the realtime-core"),
        (_document(entries=SECRET), r"^the 'entries' of a saved conversation are a list"),
        (_document(HI, SECRET), r"^entry 1 is str, not an object$"),
        (_document({}), r"^entry 0: 'type' is 'message', 'tool_call', 'tool_result', 'image', not None$"),
        (_document({"type": [SECRET]}), r"^entry 0: 'type' is .*, not <1 entries>$"),
        (_document({"type": SECRET}), r"^entry 0: 'type' is .*, not <23 chars>$"),
        (_document({"type": "message", "role": "user"}), r"^entry 0: 'content' is missing$"),
        (_document({**HI, "role": SECRET}), r"^entry 0: a role is 'user', 'assistant', 'system', not <"),
        (_document({**HI, "content": [SECRET]}), r"^entry 0: 'content' takes str, not list$"),
        (_document({**HI, "final": SECRET}), r"^entry 0: 'final' takes true or false$"),
        (_document({**HI, "item_id": 7}), r"^entry 0: 'item_id' takes a string"),
        (_document({**HI, "heard_ms": float("nan")}), r"^entry 0: 'heard_ms' takes milliseconds"),
        (_document({"type": "image", "data": 7}), r"^entry 0: 'data' takes base64 text, not int$"),
        (_document({"type": "image", "data": SECRET}), r"^entry 0: 'data' is not base64$"),
        (_document({"type": "image", "data": "é"}), r"^entry 0: 'data' is not base64$"),
        (_document({"type": "image", "data": "aGk="}), r"^entry 0: an image is a PNG or a JPEG"),
        (
            _document({"type": "tool_result", "call_id": "c", "name": "f", "output": "", "is_error": 1}),
            r"^entry 0: 'is_error' takes true or false$",
        ),
    ],
)
def test_what_cannot_be_read_is_named_never_quoted(text, says):
    with pytest.raises(InvalidSettings, match=says) as refused:
        Conversation.from_json(text)

    assert SECRET not in str(refused.value)
