"""Tools in the protocol's words. Knows nothing of sessions and responses."""

from collections.abc import Iterable, Mapping
from typing import Any

from realtime_core.contents import ToolDefinition
from realtime_core.errors import InvalidSettings

__all__ = ["tools_to_wire"]


def tools_to_wire(tools: object) -> list[Mapping[str, Any]]:
    """The list that asks for ``tools``; a mapping among them, such as an MCP server, is passed on as it is.

    Raises:
        InvalidSettings: it is no list, or one of them is neither a `ToolDefinition` nor a mapping.
    """
    if isinstance(tools, str | bytes | Mapping) or not isinstance(tools, Iterable):
        raise InvalidSettings(f"'tools' takes a list of tools, not {type(tools).__name__}")
    return [_to_wire(tool) for tool in tools]


def _to_wire(tool: object) -> Mapping[str, Any]:
    match tool:
        case ToolDefinition(name, description, parameters):
            about = {"description": description} if description else {}
            return {"type": "function", "name": name, **about, "parameters": parameters}
        case Mapping():
            return tool
        case _:
            given = type(tool).__name__
            raise InvalidSettings(
                f"a tool is a ToolDefinition or a mapping in the service's words, not {given}"
            )
