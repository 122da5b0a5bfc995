"""The items that a call of an MCP server makes in a response: the call itself, or the question for approval.

Knows nothing of servers.
"""

from collections.abc import Iterator
from typing import Any

from realtime_simulator.brain import McpCall
from realtime_simulator.frames import Step
from realtime_simulator.output import OpenItem, Output, arguments

__all__ = ["approval_request", "mcp_call"]


def mcp_call(output: Output, call: McpCall, *, approval_request_id: str | None = None) -> Iterator[Step]:
    """A call that the service makes itself, from its start to its result."""
    opened = output.begin(
        "mcp_call",
        server_label=call.server,
        name=call.name,
        arguments="",
        approval_request_id=approval_request_id,
        output=None,
        error=None,
    )
    yield from opened.opening()
    yield from arguments(opened, "response.mcp_call_arguments", call.arguments)
    if output.progress.going:
        yield _phase(opened, "in_progress")
    if output.progress.going:
        opened.item.fields |= _result(call)
        yield _phase(opened, "completed" if call.error is None else "failed")
    yield from opened.closing()


def _result(call: McpCall) -> dict[str, Any]:
    if call.error is None:
        return {"output": call.output}
    return {"error": {"type": "tool_execution_error", "message": call.error}}


def _phase(opened: OpenItem, phase: str) -> Step:
    return Step(
        opened.output.frames(f"response.mcp_call.{phase}", item_id=opened.item.id, output_index=opened.index)
    )


def approval_request(output: Output, call: McpCall) -> Iterator[Step]:
    """The question whether the client allows the call."""
    opened = output.begin(
        "mcp_approval_request", server_label=call.server, name=call.name, arguments=call.arguments
    )
    opened.item.asks = call
    yield from opened.opening()
    yield from opened.closing()
