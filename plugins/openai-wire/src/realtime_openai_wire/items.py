"""What people and tools say, as the protocol's conversation items. Knows nothing of commands and frames."""

from collections.abc import Mapping
from typing import Any, Final, get_args

import pybase64
from realtime_core.contents import ConversationItem, ImageContent, Message, Role, ToolCall, ToolResult
from realtime_core.errors import InvalidSettings, UnsupportedCommand

from realtime_openai_wire.calls import is_complete_call, read_call
from realtime_openai_wire.fields import identifier, objects, text
from realtime_openai_wire.latest import Latest

__all__ = ["item_from_wire", "item_to_wire", "role_of"]

_ROLES: Final[dict[str | None, Role]] = {role: role for role in get_args(Role)}
_WORDS: Final = ("text", "transcript")
"""The fields of a content that hold its words."""


def item_to_wire(item: ConversationItem, item_id: str) -> dict[str, Any]:
    """The item object that adds ``item`` under the id ``item_id``; an image is something the user shows.

    Raises:
        UnsupportedCommand: the protocol has nothing for it.
    """
    match item:
        case Message(role, words):
            # what the assistant said in an earlier session can only be given back as text
            content = {"type": "output_text" if role == "assistant" else "input_text", "text": words}
            return _message(item_id, role, content)
        case ImageContent(data, media_type):
            url = f"data:{media_type};base64,{pybase64.b64encode_as_string(data)}"
            return _message(item_id, "user", {"type": "input_image", "image_url": url})
        case ToolCall(call_id, name, arguments):
            call = {"call_id": call_id, "name": name, "arguments": arguments}
            return {"id": item_id, "type": "function_call", **call}
        case ToolResult(call_id, output=output):
            return {"id": item_id, "type": "function_call_output", "call_id": call_id, "output": output}
        case _:
            raise UnsupportedCommand(f"the service has no means for an item {type(item).__name__}")


def _message(item_id: str, role: str, content: dict[str, Any]) -> dict[str, Any]:
    return {"id": item_id, "type": "message", "role": role, "content": [content]}


def role_of(item: Mapping[str, Any]) -> Role | None:
    """Whose message an item is; None where it is none, or does not say."""
    return _ROLES.get(identifier(item, "role")) if item.get("type") == "message" else None


def item_from_wire(item: Mapping[str, Any], call_names: Latest[str, str]) -> ConversationItem | None:
    """What an item holds; None where it holds nothing yet, and for kinds that core has no class for.

    The texts of a message become one, a line each; where it has any, its images are left out. A result takes
    the name of its function from ``call_names``, by call id; where that has none, it goes by the call id.
    """
    match item.get("type"):
        case "message":
            return _from_message(item)
        case "function_call" if is_complete_call(item) and item.get("arguments") is not None:
            return read_call(item)
        case "function_call_output":
            call_id, output = identifier(item, "call_id"), text(item, "output")
            if call_id is None or output is None:
                return None
            return ToolResult(call_id, call_names.get(call_id) or call_id, output)
        case _:
            return None


def _from_message(item: Mapping[str, Any]) -> ConversationItem | None:
    role, contents = role_of(item), objects(item, "content")
    if role is None:
        return None
    words = [said for content in contents if (said := _words(content))]
    if words:
        return Message(role, "\n".join(words))
    images = (_image(content) for content in contents if content.get("type") == "input_image")
    return next((image for image in images if image is not None), None) if role == "user" else None


def _words(content: Mapping[str, Any]) -> str | None:
    return next((said for field in _WORDS if (said := text(content, field))), None)


def _image(content: Mapping[str, Any]) -> ImageContent | None:
    """The image of a data URI; None where it is elsewhere, or none."""
    head, _, data = (text(content, "image_url") or "").partition(";base64,")
    if not head.startswith("data:"):
        return None
    try:
        return ImageContent(pybase64.b64decode(data, validate=True))
    except (InvalidSettings, ValueError):
        return None
