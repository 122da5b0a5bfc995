"""What people and tools say, as the protocol's conversation items. Knows nothing of commands and frames."""

from typing import Any

import pybase64
from realtime_core.contents import ImageContent, Message, ToolCall, ToolResult
from realtime_core.errors import UnsupportedCommand

__all__ = ["Item", "item_to_wire"]

Item = Message | ToolCall | ToolResult | ImageContent


def item_to_wire(item: Item, item_id: str) -> dict[str, Any]:
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
