"""What a tool may say of itself: functions of the client, and servers of the Model Context Protocol.

Knows nothing of who calls them.
"""

from typing import Any, Final, TypeAlias

from realtime_simulator.refusals import missing
from realtime_simulator.schema import (
    boolean,
    by_type,
    items,
    json_object,
    mapping,
    nullable,
    record,
    string,
    string_or,
    word,
)

__all__ = ["TOOLS", "TOOL_CHOICE", "redacted"]

Json: TypeAlias = dict[str, Any]

REDACTED: Final = "<redacted>"

_FUNCTION: Final = record(
    {"type": string(), "name": string(64, 1), "description": string(), "parameters": json_object},
    required=["name"],
)
_SOME_TOOLS: Final = record({"tool_names": items(string()), "read_only": boolean})
_SERVER: Final = record(
    {
        "type": string(),
        "server_label": string(min_length=1),
        "server_url": string(),
        "connector_id": string(),
        "tunnel_id": string(),
        "server_description": string(),
        "authorization": string(),
        "headers": nullable(mapping(256, string(), 64)),
        "allowed_tools": nullable(
            lambda value, path: (items(string()) if isinstance(value, list) else _SOME_TOOLS)(value, path)
        ),
        "allowed_callers": nullable(items(word("direct", "programmatic"))),
        "require_approval": nullable(
            string_or(word("always", "never"), record({"always": _SOME_TOOLS, "never": _SOME_TOOLS}))
        ),
        "defer_loading": boolean,
    },
    required=["server_label"],
)
_PLACES: Final = {"server_url", "connector_id", "tunnel_id"}


def _server(value: Any, path: str) -> Any:
    checked: Json = _SERVER(value, path)
    if not _PLACES & checked.keys():
        raise missing(f"{path}.server_url")
    return checked


TOOLS: Final = items(by_type({"function": _FUNCTION, "mcp": _server}))
"""The ``tools`` of a session or a response."""

TOOL_CHOICE: Final = string_or(
    word("auto", "none", "required"),
    by_type(
        {
            "function": record({"type": string(), "name": string(64, 1)}, required=["name"]),
            "mcp": record(
                {"type": string(), "server_label": string(min_length=1), "name": nullable(string())},
                required=["server_label"],
            ),
        }
    ),
)


def redacted(tools: list[Json]) -> list[Json]:
    """The tools as a session shows them: what authorises is hidden. A guess at how the service hides it."""
    return [_redacted(tool) for tool in tools]


def _redacted(tool: Json) -> Json:
    shown = {**tool}
    if "authorization" in tool:
        shown["authorization"] = REDACTED
    if tool.get("headers"):
        shown["headers"] = dict.fromkeys(tool["headers"], REDACTED)
    return shown
