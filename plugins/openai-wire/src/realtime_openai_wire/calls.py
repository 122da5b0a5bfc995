"""Calls of the model: which items are calls to be made or approved, and which of them are new.

One call is visible in several frames: its item is done, and so is the response that holds the item. It is
given out at the first of them that shows it complete. A call that was cut off is never given out: what
there is of its arguments can read like arguments. One whose item brings no arguments at all waits for the
end of its response, which may bring them; without any, they are empty.

A call is known by its response and its id: some services begin again at ``call_0`` in every response. Where
a frame names no response and none is under way, the id alone counts.
"""

from collections.abc import Mapping
from typing import Any, Final

from realtime_core.contents import ApprovalRequest, ToolCall

from realtime_openai_wire.fields import identifier, text
from realtime_openai_wire.latest import Latest

__all__ = [
    "MOST_CALLS",
    "GivenCalls",
    "call_id_of",
    "is_approval_request",
    "is_complete_call",
    "read_approval",
    "read_call",
]

MOST_CALLS: Final = 1024
"""How many calls are remembered."""

_MOST_HELD: Final = 64


class GivenCalls:
    """The calls that were given out, the latest 1024 of them, and those that wait, the latest 64."""

    def __init__(self) -> None:
        self._given: Latest[tuple[str | None, str], None] = Latest(MOST_CALLS)
        self._held: list[tuple[str | None, Mapping[str, Any]]] = []

    def __len__(self) -> int:
        return len(self._given) + len(self._held)

    def is_given(self, response_id: str | None, call_id: str | None) -> bool:
        """Whether a call was given out; one without any id never was."""
        if call_id is None:
            return False
        if response_id is None:
            return any(known == call_id for _, known in self._given)
        return (response_id, call_id) in self._given or (None, call_id) in self._given

    def note(self, response_id: str | None, call_id: str) -> None:
        """A call was given out."""
        self._given.note((response_id, call_id), None)

    def hold(self, response_id: str | None, item: Mapping[str, Any]) -> None:
        """Keep a call whose arguments may yet come."""
        self._held = [*self._held[1 - _MOST_HELD :], (response_id, item)]

    def release(self, response_id: str | None) -> list[Mapping[str, Any]]:
        """The calls that were kept of a response that has ended; also those that named none."""
        released = [item for held_of, item in self._held if held_of in (response_id, None)]
        self._held = [held for held in self._held if held[0] not in (response_id, None)]
        return released


def is_complete_call(item: Mapping[str, Any]) -> bool:
    """Whether an item is a function call that the model has written to its end.

    The service says so by the item's ``status``; one that leaves it out means completed.
    """
    return item.get("type") == "function_call" and item.get("status") in ("completed", None)


def call_id_of(item: Mapping[str, Any]) -> str | None:
    """The id that links a call to its result; services without call ids go by the item's."""
    return identifier(item, "call_id") or identifier(item, "id")


def read_call(item: Mapping[str, Any]) -> ToolCall | None:
    """The call that an item is; None when it has no id, no name, or arguments that are no text."""
    call_id, name = call_id_of(item), identifier(item, "name")
    arguments = "" if item.get("arguments") is None else text(item, "arguments")
    if call_id is None or name is None or arguments is None:
        return None
    return ToolCall(call_id, name, arguments)


def is_approval_request(item: Mapping[str, Any]) -> bool:
    """Whether an item asks a person to approve a call that the service would make itself."""
    return item.get("type") == "mcp_approval_request"


def read_approval(item: Mapping[str, Any]) -> ApprovalRequest | None:
    """The request that an item is; None when it has no id, no name, or arguments that are no text."""
    approval_id, name = identifier(item, "id"), identifier(item, "name")
    arguments = "" if item.get("arguments") is None else text(item, "arguments")
    if approval_id is None or name is None or arguments is None:
        return None
    return ApprovalRequest(approval_id, name, arguments, server=identifier(item, "server_label"))
