"""What a client may put into the conversation, kind by kind.

Knows nothing of what is in the conversation already.
"""

import re
from typing import Any, Final, TypeAlias

from realtime_core.audio.formats import AudioFormat

from realtime_simulator.frames import Ids
from realtime_simulator.items import Conversation, Item
from realtime_simulator.refusals import Refusal
from realtime_simulator.schema import (
    Check,
    boolean,
    by_type,
    integer,
    items,
    json_object,
    nullable,
    pattern,
    record,
    string,
    word,
)
from realtime_simulator.wire_audio import Clip, decode_base64

__all__ = ["check_item", "resolve"]

Json: TypeAlias = dict[str, Any]

MAX_TEXT: Final = 256_000
"""Measured: so many characters, and no more, go into one ``input_text``."""

_ID: Final = string(32, 1)
_CALL_ID: Final = pattern(r"^[a-zA-Z0-9_-]+$", _ID)
_IMAGE: Final = re.compile(r"data:image/(?:png|jpe?g);base64,(.+)", re.DOTALL)
_COMMON: Final = {
    "type": string(),
    "id": _ID,
    "object": word("realtime.item"),
    "status": word("completed", "incomplete", "in_progress"),
}


def _image_url(value: Any, path: str) -> Any:
    found = _IMAGE.fullmatch(string()(value, path))
    if found is None or not decode_base64(found[1]):
        raise Refusal(
            f"Invalid '{path}'. Expected a base64-encoded data URL with a PNG or JPEG image "
            "(e.g. 'data:image/png;base64,aW1hZ2U=').",
            code="invalid_value",
            param=path,
        )
    return value


_PARTS: Final = {
    "input_text": record({"type": string(), "text": string(MAX_TEXT)}, required=["text"]),
    "output_text": record({"type": string(), "text": string()}, required=["text"]),
    "input_audio": record(
        {"type": string(), "audio": string(), "transcript": nullable(string())}, required=["audio"]
    ),
    "input_image": record(
        {"type": string(), "image_url": _image_url, "detail": word("auto", "low", "high")},
        required=["image_url"],
    ),
}


def _message(*parts: str) -> Check:
    """A message whose content has these kinds of parts."""
    return record(
        {
            **_COMMON,
            "role": string(),
            "content": items(by_type({part: _PARTS[part] for part in parts})),
        },
        required=["content"],
    )


_NAMED_CALL: Final = {**_COMMON, "server_label": string(), "name": string(), "arguments": string()}
_MCP_ERROR: Final = record(
    {
        "type": word("protocol_error", "tool_execution_error", "http_error"),
        "code": integer(),
        "message": string(),
    },
    required=["type", "message"],
)
_ITEM: Final = by_type(
    {
        "message": by_type(
            {
                "user": _message("input_text", "input_audio", "input_image"),
                "system": _message("input_text"),
                # the audio of an assistant cannot be put in; its words can
                "assistant": _message("output_text"),
            },
            tag="role",
        ),
        "function_call": record(
            {**_COMMON, "name": string(64, 1), "arguments": string(), "call_id": _CALL_ID},
            required=["name", "arguments"],
        ),
        "function_call_output": record(
            {**_COMMON, "call_id": _CALL_ID, "output": string()}, required=["call_id", "output"]
        ),
        "mcp_list_tools": record(
            {**_COMMON, "server_label": string(), "tools": items(json_object)},
            required=["server_label", "tools"],
        ),
        "mcp_call": record(
            {
                **_NAMED_CALL,
                "approval_request_id": nullable(string()),
                "output": nullable(string()),
                "error": nullable(_MCP_ERROR),
            },
            required=["server_label", "name", "arguments"],
        ),
        "mcp_approval_request": record(_NAMED_CALL, required=["server_label", "name", "arguments"]),
        "mcp_approval_response": record(
            {
                **_COMMON,
                "approval_request_id": string(),
                "approve": boolean,
                "reason": nullable(string()),
            },
            required=["approval_request_id", "approve"],
        ),
    }
)
_REFERENCE: Final = record({"type": string(), "id": string()}, required=["id"])
_WITH_STATUS: Final = ("message", "function_call")


def check_item(value: Any, path: str, ids: Ids, session_format: AudioFormat) -> Item:
    """An item made from what a client sent; its own id is kept, its status counts for nothing.

    Raises:
        Refusal: it is not an item that a client can make.
    """
    given: Json = dict(_ITEM(value, path))
    for name in ("id", "type", "object", "status"):
        given.pop(name, None)
    kind = value["type"]
    fields: Json = {"id": value.get("id") or ids.new("item"), "type": kind}
    if kind in _WITH_STATUS:
        fields["status"] = "completed"
    if kind == "function_call":
        given.setdefault("call_id", ids.new("call"))
    item = Item({**fields, **{name: given[name] for name in _ORDER if name in given}, **given})
    _take_audio(item, path, session_format)
    return item


_ORDER: Final = ("role", "name", "call_id", "arguments")
"""The order in which captures show these keys, whatever the client's."""


def _take_audio(item: Item, path: str, session_format: AudioFormat) -> None:
    """Move the audio out of the fields that events show."""
    for index, part in enumerate(item.content):
        if part["type"] == "input_audio":
            data = decode_base64(part.pop("audio"))
            if data is None:
                raise Refusal(
                    "Invalid 'audio': not base64.",
                    code="invalid_value",
                    param=f"{path}.content[{index}].audio",
                )
            part.setdefault("transcript", None)
            item.clips[index] = Clip(data, session_format)


def resolve(value: Any, path: str, conversation: Conversation, ids: Ids, session_format: AudioFormat) -> Item:
    """An entry of ``response.input``: an item, or a reference to one of the conversation.

    Raises:
        Refusal: it is neither.
    """
    if value.get("type") != "item_reference":
        return check_item(value, path, ids, session_format)
    return conversation.get(_REFERENCE(value, path)["id"], param=f"{path}.id")
