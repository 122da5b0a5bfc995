import pytest
from realtime_core import AudioContent, ImageContent, Message, ToolCall, ToolResult
from realtime_core.errors import UnsupportedCommand
from realtime_openai_wire.items import item_from_wire, item_to_wire, role_of
from realtime_openai_wire.latest import Latest

PNG = b"\x89PNG\r\n\x1a\n"


def read(item, **names):
    known = Latest(8)
    for call_id, name in names.items():
        known.note(call_id, name)
    return item_from_wire(item, known)


def message(role, *content):
    return {"type": "message", "role": role, "content": [*content]}


def shown(url):
    return {"type": "input_image", "image_url": url}


@pytest.fixture
def written(check_client_event):
    """An item as the wire writes it, without its id; checked against what the service takes."""

    def write(item):
        wire = item_to_wire(item, "item_1")
        check_client_event({"type": "conversation.item.create", "item": wire})
        assert wire.pop("id") == "item_1"
        return wire

    return write


@pytest.mark.parametrize(
    ("role", "content_type"), [("user", "input_text"), ("system", "input_text"), ("assistant", "output_text")]
)
def test_a_message_keeps_its_role(written, role, content_type):
    assert written(Message(role, "Hello.")) == {
        "type": "message",
        "role": role,
        "content": [{"type": content_type, "text": "Hello."}],
    }


@pytest.mark.parametrize(
    ("image", "url"),
    [
        (ImageContent(b"\xff\xd8\xff"), "data:image/jpeg;base64,/9j/"),
        (ImageContent(PNG), "data:image/png;base64,iVBORw0KGgo="),
    ],
)
def test_an_image_is_shown_by_the_user(written, image, url):
    assert written(image) == {
        "type": "message",
        "role": "user",
        "content": [{"type": "input_image", "image_url": url}],
    }


def test_a_call_keeps_its_arguments_as_the_model_wrote_them(written):
    assert written(ToolCall("call_1", "get_weather", '{"city": "Par')) == {
        "type": "function_call",
        "call_id": "call_1",
        "name": "get_weather",
        "arguments": '{"city": "Par',
    }


def test_a_result_tells_the_model_its_output_alone(written):
    result = ToolResult("call_1", "get_weather", '{"celsius": 21}', duration_ms=12.5, is_error=True)

    assert written(result) == {
        "type": "function_call_output",
        "call_id": "call_1",
        "output": '{"celsius": 21}',
    }


def test_an_item_the_protocol_has_nothing_for_is_refused_by_name():
    with pytest.raises(UnsupportedCommand, match="AudioContent"):
        item_to_wire(AudioContent(b""), "item_1")


ITEMS = [
    Message("user", "Hello."),
    Message("system", "Be brief."),
    Message("assistant", "Hi."),
    ImageContent(PNG),
    ImageContent(b"\xff\xd8\xff"),
    ToolCall("call_1", "get_weather", '{"city": "Par'),
    ToolResult("call_1", "get_weather", '{"celsius": 21}'),
]


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: type(item).__name__)
def test_what_was_written_is_read_again(item):
    assert read(item_to_wire(item, "item_1"), call_1="get_weather") == item


@pytest.mark.parametrize(
    "content",
    [
        {"type": "input_text", "text": "Hello."},
        {"type": "output_text", "text": "Hello."},
        {"type": "text", "text": "Hello."},
        {"type": "input_audio", "transcript": "Hello."},
        {"type": "output_audio", "transcript": "Hello."},
        {"type": "audio", "transcript": "Hello."},
    ],
    ids=lambda content: content["type"],
)
def test_words_are_read_wherever_a_content_has_them(content):
    assert read(message("assistant", content)) == Message("assistant", "Hello.")


def test_texts_of_a_message_are_a_line_each_and_images_beside_them_left_out():
    item = message(
        "user", {"type": "input_text", "text": "Look:"}, shown("data:,"), {"type": "text", "text": "a cat"}
    )

    assert read(item) == Message("user", "Look:\na cat")


@pytest.mark.parametrize(
    "item",
    [
        message("assistant"),
        message("user", {"type": "input_audio", "transcript": None}),
        message("user", {"type": "input_text", "text": ""}),
        message("user", {"type": "input_text", "text": 5}, "odd", None),
        message("user", shown(None)),
        message("user", shown("https://example.com/cat.png")),
        message("user", shown("https://example.com/;base64,iVBORw0KGgo=")),
        message("user", shown("data:image/png,iVBORw0KGgo=")),
        message("user", shown("data:image/png;base64,???")),
        message("user", shown("data:image/png;base64,\u20ac")),
        message("user", shown("data:image/gif;base64,R0lGODlh")),
        message("assistant", shown("data:image/png;base64,iVBORw0KGgo=")),
        message("robot", {"type": "input_text", "text": "Beep."}),
        message(["user"], {"type": "input_text", "text": "Hello."}),
        {"type": "message", "role": "user", "content": "Hello."},
        {"type": "message", "content": [{"type": "input_text", "text": "Hello."}]},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": '{"a', "status": "in_progress"},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": '{"a', "status": "incomplete"},
        {"type": "function_call", "call_id": "c", "name": "f", "status": "completed"},
        {"type": "function_call", "call_id": "c", "name": "", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": {"a": 1}},
        {"type": "function_call_output", "output": "1"},
        {"type": "mcp_call", "name": "f", "arguments": "{}", "output": "1"},
        {"type": "telepathy", "text": "Hello."},
        {"type": ["message"]},
        {},
    ],
)
def test_an_item_that_holds_nothing_that_can_be_told_is_none(item):
    assert read(item) is None


def test_the_first_image_that_can_be_read_counts():
    item = message("user", shown("https://example.com/cat.png"), shown("data:image/png;base64,iVBORw0KGgo="))

    assert read(item) == ImageContent(PNG)


def test_the_bytes_say_what_an_image_is():
    item = message("user", shown("data:image/jpeg;base64,iVBORw0KGgo="))

    assert read(item) == ImageContent(PNG)


def test_a_result_of_an_unknown_call_goes_by_the_calls_id():
    assert read({"type": "function_call_output", "call_id": "c", "output": "1"}) == ToolResult("c", "c", "1")


@pytest.mark.parametrize(
    ("item", "role"),
    [
        ({"type": "message", "role": "user"}, "user"),
        ({"type": "message", "role": "assistant"}, "assistant"),
        ({"type": "message", "role": "system"}, "system"),
        ({"type": "message", "role": "robot"}, None),
        ({"type": "message", "role": {}}, None),
        ({"type": "message"}, None),
        ({"type": "function_call", "role": "assistant"}, None),
    ],
)
def test_a_message_has_the_role_of_who_says_it(item, role):
    assert role_of(item) == role
