import pytest
from realtime_core import AudioContent, ImageContent, Message, ToolCall, ToolResult
from realtime_core.errors import UnsupportedCommand
from realtime_openai_wire.items import item_to_wire

PNG = b"\x89PNG\r\n\x1a\n"


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
