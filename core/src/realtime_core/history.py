"""What ``client(history=...)`` takes, read into items. Knows nothing of sessions or wires."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, cast

from realtime_core.contents import ConversationItem, Message, Role, ToolCall, ToolResult, hidden
from realtime_core.conversation import Conversation, ConversationEntry
from realtime_core.errors import InvalidSettings

__all__ = ["History", "history_items"]

History = Conversation | Iterable[ConversationItem | ConversationEntry | Mapping[str, Any]]
"""What was said before: a conversation, or items, entries and customary ``{"role", "content"}`` mappings."""

_ROLES: Final = {"user": "user", "assistant": "assistant", "system": "system", "developer": "system"}
_TEXTS: Final = ("text", "input_text", "output_text")
_TAKEN: Final = (
    "history is a Conversation, or a list of Message, ToolCall, ToolResult, ImageContent "
    'or {"role": ..., "content": ...}'
)

_WAYS_OUT: Final = {
    "ChatMessageContent": 'give [{"role": said.role.value, "content": said.content} for said in '
    "chat_history.messages]"
}
"""What to give in the place of what semantic-kernel has."""


def history_items(history: History) -> tuple[ConversationItem, ...]:
    """The items that seed a session, in order.

    A `Conversation`, or a list that holds a `ConversationEntry`, gives what `Conversation.history` says;
    everything else is given as it is. A mapping has a ``role`` (user, assistant, system; developer, which
    counts as system; tool) and a ``content``: text, or a list of text parts, a line each. An assistant's
    ``tool_calls`` become `ToolCall` items after its words; the mapping of a tool names its call by
    ``tool_call_id``. Other keys are passed over.

    Raises:
        InvalidSettings: an entry is none of that; the message says which one, and what helps.
    """
    if isinstance(history, Conversation):
        return history.history()
    if isinstance(history, str | bytes | Mapping) or not isinstance(history, Iterable):
        raise InvalidSettings(
            f"{_TAKEN}, not {type(history).__name__}; Conversation.from_json(...) reads a saved one"
        )
    entries: list[ConversationItem | ConversationEntry] = []
    names: dict[str, str] = {}
    for index, value in enumerate(history):
        try:
            entries += _read(value, names)
        except InvalidSettings as exc:
            raise InvalidSettings(f"history entry {index}: {exc}") from exc
    items = [entry for entry in entries if not isinstance(entry, ConversationEntry)]
    return tuple(items) if len(items) == len(entries) else Conversation(entries).history()


def _read(value: object, names: dict[str, str]) -> Sequence[ConversationItem | ConversationEntry]:
    """What one entry of a history holds; ``names`` are those of the functions that were called, by call."""
    match value:
        case Mapping():
            return _from_mapping(cast("Mapping[str, Any]", value), names)
        case ToolCall(call_id, name) | ConversationEntry(item=ToolCall(call_id, name)):
            names[call_id] = name
            return (value,)
        case ConversationEntry():
            return (value,)
    if isinstance(value, ConversationItem):
        return (value,)
    name = type(value).__name__
    raise InvalidSettings(f"{name} is nothing that was said; {_WAYS_OUT.get(name, _TAKEN)}")


def _from_mapping(mapping: Mapping[str, Any], names: dict[str, str]) -> Sequence[ConversationItem]:
    role = mapping.get("role")
    if role == "tool":
        return (_result(mapping, names),)
    if not isinstance(role, str) or role not in _ROLES:
        choices = ", ".join(map(repr, (*_ROLES, "tool")))
        raise InvalidSettings(f"its 'role' is {choices}, not {hidden(role)}")
    listed = mapping.get("tool_calls") or ()
    if not isinstance(listed, list | tuple):
        raise InvalidSettings(f"its 'tool_calls' are a list, not {type(listed).__name__}")
    calls = [_call(call, names) for call in listed]
    if calls and not mapping.get("content"):
        return calls
    return (Message(cast("Role", _ROLES[role]), _words(mapping)), *calls)


def _result(mapping: Mapping[str, Any], names: dict[str, str]) -> ToolResult:
    call_id = mapping.get("tool_call_id")
    if not isinstance(call_id, str) or call_id not in names:
        raise InvalidSettings(
            "its 'tool_call_id' is that of no call before it; put the call in, or leave it out"
        )
    return ToolResult(call_id, names[call_id], _words(mapping))


def _call(call: object, names: dict[str, str]) -> ToolCall:
    function = call.get("function") if isinstance(call, Mapping) else None
    if not isinstance(call, Mapping) or not isinstance(function, Mapping):
        raise InvalidSettings("a tool call is {'id': ..., 'function': {'name': ..., 'arguments': '...'}}")
    made = ToolCall(call.get("id", ""), function.get("name", ""), function.get("arguments", ""))
    names[made.call_id] = made.name
    return made


def _words(mapping: Mapping[str, Any]) -> str:
    content = mapping.get("content")
    if isinstance(content, str):
        return content
    if not isinstance(content, list | tuple):
        raise InvalidSettings(
            f"its 'content' is text or a list of text parts, not {type(content).__name__}; "
            "leave it out if nothing was said"
        )
    return "\n".join(_part(index, part) for index, part in enumerate(content))


def _part(index: int, part: object) -> str:
    kind = part.get("type") if isinstance(part, Mapping) else None
    text = part.get("text") if isinstance(part, Mapping) and kind in _TEXTS else None
    if not isinstance(text, str):
        raise InvalidSettings(
            f'part {index} of its \'content\' is not {{"type": "text", "text": ...}}; give an image as '
            "ImageContent of its own, and sound as the words that were said"
        )
    return text
