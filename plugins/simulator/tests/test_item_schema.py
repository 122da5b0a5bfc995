import base64

import pytest
from realtime_core.audio.formats import PCM16_24KHZ
from realtime_simulator.frames import Ids
from realtime_simulator.item_schema import MAX_TEXT, check_item
from realtime_simulator.refusals import Refusal

PNG = "data:image/png;base64," + base64.b64encode(b"\x89PNG").decode()
CALL = {"server_label": "docs", "name": "search", "arguments": "{}"}


def made(value):
    return check_item(value, "item", Ids(), PCM16_24KHZ)


def refusal_of(value):
    with pytest.raises(Refusal) as caught:
        made(value)
    return caught.value


def user(*parts, **fields):
    return {"type": "message", "role": "user", "content": list(parts), **fields}


def image(url, **fields):
    return user({"type": "input_image", "image_url": url, **fields})


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (
            {"type": "message", "role": "system", "content": [{"type": "input_text", "text": "x"}]},
            ["id", "type", "status", "role", "content"],
        ),
        (
            {"type": "function_call", "arguments": "{}", "name": "f"},
            ["id", "type", "status", "name", "call_id", "arguments"],
        ),
        (
            {"type": "function_call_output", "output": "7", "call_id": "call_1"},
            ["id", "type", "call_id", "output"],
        ),
        (
            {"type": "mcp_list_tools", "server_label": "docs", "tools": []},
            ["id", "type", "server_label", "tools"],
        ),
        (
            {"type": "mcp_call", **CALL, "output": "found"},
            ["id", "type", "name", "arguments", "server_label", "output"],
        ),
        (
            {"type": "mcp_call", **CALL, "error": {"type": "http_error", "code": 404, "message": "?"}},
            ["id", "type", "name", "arguments", "server_label", "error"],
        ),
        ({"type": "mcp_approval_request", **CALL}, ["id", "type", "name", "arguments", "server_label"]),
        (
            {
                "type": "mcp_approval_response",
                "approval_request_id": "item_1",
                "approve": False,
                "reason": "no",
            },
            ["id", "type", "approval_request_id", "approve", "reason"],
        ),
    ],
)
def test_every_kind_of_item_can_be_made(given, shown):
    item = made({**given, "object": "realtime.item", "status": "in_progress"})

    assert list(item.wire()) == shown
    assert item.wire().get("status", "completed") == "completed"
    assert {key: item.wire()[key] for key in given} == given


@pytest.mark.parametrize("url", [PNG, PNG.replace("png", "jpeg"), PNG.replace("png", "jpg")])
@pytest.mark.parametrize("detail", [{}, {"detail": "low"}])
def test_image_is_a_png_or_a_jpeg_in_the_message(url, detail):
    assert made(image(url, **detail)).content == [{"type": "input_image", "image_url": url, **detail}]


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/cat.png",
        PNG.replace("png", "gif"),
        "data:image/png;base64,",
        "data:image/png;base64,?",
        "data:image/png,abc",
    ],
)
def test_other_images_are_refused(url):
    refusal = refusal_of(image(url))

    assert (refusal.code, refusal.param) == ("invalid_value", "item.content[0].image_url")


@pytest.mark.parametrize(
    ("value", "code", "param"),
    [
        (image(PNG, detail="medium"), "invalid_value", "item.content[0].detail"),
        (image(7), "invalid_type", "item.content[0].image_url"),
        (user(id="x" * 33), "string_above_max_length", "item.id"),
        (
            user({"type": "input_text", "text": "x" * (MAX_TEXT + 1)}),
            "string_above_max_length",
            "item.content[0].text",
        ),
        (
            {"type": "function_call_output", "call_id": "call/1", "output": ""},
            "invalid_value",
            "item.call_id",
        ),
        (
            {"type": "function_call_output", "call_id": "c" * 33, "output": ""},
            "string_above_max_length",
            "item.call_id",
        ),
        (
            {"type": "mcp_approval_response", "approve": True},
            "missing_required_parameter",
            "item.approval_request_id",
        ),
        ({"type": "mcp_call", **CALL, "error": "no"}, "invalid_type", "item.error"),
    ],
)
def test_what_the_service_does_not_take_is_refused(value, code, param):
    refusal = refusal_of(value)

    assert (refusal.code, refusal.param) == (code, param)


def test_text_holds_as_much_as_the_service_was_measured_to_take():
    assert made(user({"type": "input_text", "text": "x" * 256_000}))

    with pytest.raises(Refusal, match="maximum length 256000"):
        made(user({"type": "input_text", "text": "x" * 256_001}))
