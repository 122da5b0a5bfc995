"""Servers of the Model Context Protocol: which tools they list, which calls need the client's approval.

There is no server: a list is what the session allows, a call is what the brain says it gives.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import attrs

from realtime_simulator.brain import McpCall
from realtime_simulator.items import Item
from realtime_simulator.parts import Parts

__all__ = ["Approval", "approvals", "list_tools", "needs_approval"]

Json: TypeAlias = dict[str, Any]


def list_tools(parts: Parts, before: Sequence[Json]) -> None:
    """List the tools of each server of the session that was not among the tools ``before``.

    What fails is the list of a server whose label the options name.
    """
    for tool in parts.session.served.get("tools", ()):
        if tool["type"] == "mcp" and tool not in before:
            _list_tools_of(parts, tool)


def _list_tools_of(parts: Parts, tool: Json) -> None:
    label = tool["server_label"]
    failed = label in parts.options.mcp_failures
    tools = [] if failed else [_listed(name) for name in _names(tool.get("allowed_tools"))]
    fields = {"id": parts.ids.new("item"), "type": "mcp_list_tools", "server_label": label, "tools": []}
    item = Item(fields)
    previous_item_id = parts.conversation.add(item)
    parts.outbox.send("mcp_list_tools.in_progress", item_id=item.id)
    parts.outbox.send("conversation.item.added", previous_item_id=previous_item_id, item=item.wire())
    item.fields["tools"] = tools
    parts.outbox.send(f"mcp_list_tools.{'failed' if failed else 'completed'}", item_id=item.id)
    parts.outbox.send("conversation.item.done", previous_item_id=previous_item_id, item=item.wire())


def _listed(name: str) -> Json:
    return {"name": name, "description": None, "input_schema": {"type": "object"}, "annotations": None}


def _names(some: Any) -> list[str]:
    """The tools that ``allowed_tools`` or one side of ``require_approval`` names."""
    names: list[str] = some if isinstance(some, list) else (some or {}).get("tool_names", [])
    return names


def needs_approval(call: McpCall, tools: Iterable[Json]) -> bool:
    """Whether the client is asked before the call: if the call does not say, its server's tool does.

    A server that says nothing wants to be asked; one that is not among the tools is not asked for.
    """
    if call.needs_approval is not None:
        return call.needs_approval
    for tool in tools:
        if tool["type"] == "mcp" and tool["server_label"] == call.server:
            wanted = tool.get("require_approval") or "always"
            if isinstance(wanted, str):
                return wanted == "always"
            return call.name in _names(wanted.get("always")) or call.name not in _names(wanted.get("never"))
    return False


@attrs.frozen
class Approval:
    """What the client says about a call that the model wants to make."""

    request_id: str
    call: McpCall
    approve: bool


def approvals(context: Iterable[Item], new: Iterable[Item]) -> Iterator[Approval]:
    """The client's answers among ``new`` items to what was asked for in the ``context``."""
    asked = {item.id: item.asks for item in context if item.asks is not None}
    for item in new:
        if item.type == "mcp_approval_response":
            call = asked.get(item.fields["approval_request_id"])
            if call is not None:
                yield Approval(item.fields["approval_request_id"], call, item.fields["approve"])
