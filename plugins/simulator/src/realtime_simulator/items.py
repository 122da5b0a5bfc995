"""The conversation: its items in order, and what a client may do to them.

Knows nothing of events, sockets or how a response comes about.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any, TypeAlias

import attrs

from realtime_simulator.brain import McpCall
from realtime_simulator.refusals import Refusal, cut
from realtime_simulator.wire_audio import Clip

__all__ = ["Conversation", "Item", "user_audio_item"]

Json: TypeAlias = dict[str, Any]


@attrs.define(eq=False)
class Item:
    """One entry of a conversation.

    ``fields`` is the item as events show it, ``clips`` its audio by content index, which only
    ``conversation.item.retrieve`` gives away.
    """

    fields: Json
    clips: dict[int, Clip] = attrs.field(factory=dict)
    heard: str | None = None
    """Of speech: its words as the model hears them, which need not be those of the transcript that a
    client gets; empty if nobody supplied them."""

    asks: McpCall | None = None
    """Of a question for approval: the call that it is about."""

    truncated: bool = False
    made: bool = False
    """Whether a response made it; else it came from the client."""

    answered: bool = False
    """Whether a response that had it before it has made something."""

    @property
    def id(self) -> str:
        """Its id."""
        item_id: str = self.fields["id"]
        return item_id

    @property
    def type(self) -> str:
        """What kind of entry it is, such as ``message``."""
        kind: str = self.fields["type"]
        return kind

    @property
    def call_id(self) -> str | None:
        """The call it makes or answers; None: neither."""
        return self.fields.get("call_id")

    @property
    def role(self) -> str | None:
        """Who says it; None: it is no message."""
        return self.fields.get("role")

    @property
    def content(self) -> list[Json]:
        """Its parts; none: it is no message."""
        parts: list[Json] = self.fields.get("content", [])
        return parts

    @property
    def text(self) -> str:
        """Its words: written, or said and known."""
        if self.heard is not None:
            return self.heard
        return " ".join(filter(None, (part.get("text") or part.get("transcript") for part in self.content)))

    def wire(self) -> Json:
        """As events show it; later changes do not reach it."""
        shown = dict(self.fields)
        if "content" in shown:
            shown["content"] = [dict(part) for part in shown["content"]]
        return shown

    def retrieved(self) -> Json:
        """As events show it, and its audio."""
        shown = self.wire()
        for index, clip in self.clips.items():
            shown["content"][index]["audio"] = clip.base64()
        return shown


def user_audio_item(item_id: str, clip: Clip, heard: str = "") -> Item:
    """The item that a commit of the input buffer makes; ``heard`` is its words, as far as known."""
    fields = {
        "id": item_id,
        "type": "message",
        "status": "completed",
        "role": "user",
        "content": [{"type": "input_audio", "transcript": None}],
    }
    return Item(fields, {0: clip}, heard=heard)


class Conversation:
    """Items in the order in which the model sees them."""

    def __init__(self, conversation_id: str) -> None:
        self.id = conversation_id
        self._items: list[Item] = []
        self._by_id: dict[str, Item] = {}
        # several calls may have one id
        self._calls: Counter[str | None] = Counter()

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items)

    @property
    def has_assistant_audio(self) -> bool:
        """Whether the assistant has spoken, which locks the voice."""
        return any(item.role == "assistant" and item.clips for item in self._items)

    def get(self, item_id: str, action: str = "retrieve", *, param: str = "item_id") -> Item:
        """The item of that id.

        Raises:
            Refusal: there is none; the code names the ``action``, and ``param`` where the id stood.
        """
        return self._known(item_id, f"item_{action}_invalid_item_id", param)

    def _known(self, item_id: str, code: str, param: str) -> Item:
        item = self._by_id.get(item_id)
        if item is None:
            raise Refusal(f"The item with id '{cut(item_id)}' does not exist.", code=code, param=param)
        return item

    def add(self, item: Item, previous_item_id: str | None = None) -> str | None:
        """Put ``item`` behind the named one (``root``: first, None: last); the id before it now.

        Raises:
            Refusal: its id is taken, or there is no such item before it.
        """
        # no item could be put behind one of that name
        if item.id == "root":
            raise Refusal("An item cannot have the id 'root'.", code="invalid_value", param="item.id")
        if item.id in self._by_id:
            raise Refusal(
                f"An item with the id '{item.id}' already exists in the conversation.",
                code="item_create_duplicate_item_id",
                param="item.id",
            )
        if previous_item_id is None:
            index = len(self._items)
        elif previous_item_id == "root":
            index = 0
        else:
            index = self._items.index(self._known(previous_item_id, "invalid_value", "previous_item_id")) + 1
        self._items.insert(index, item)
        self._by_id[item.id] = item
        if item.type == "function_call":
            self._calls[item.call_id] += 1
        return self._items[index - 1].id if index else None

    def check_answer(self, item: Item) -> None:
        """Refuse the output of a call, or the answer to a question for approval, that is not here.

        Raises:
            Refusal: it is such an item.
        """
        match item.type:
            case "function_call_output":
                if not self._calls[item.call_id]:
                    raise Refusal(
                        f"Tool call ID '{item.call_id}' not found in conversation.",
                        code="invalid_tool_call_id",
                    )
            case "mcp_approval_response":
                request_id = item.fields["approval_request_id"]
                asked = self._by_id.get(request_id)
                if asked is None or asked.type != "mcp_approval_request":
                    # the service's own words are not known
                    raise Refusal(
                        f"MCP approval request ID '{cut(request_id)}' not found in conversation.",
                        code="invalid_value",
                        param="item.approval_request_id",
                    )

    def delete(self, item_id: str) -> None:
        """Take the item out.

        Raises:
            Refusal: there is none.
        """
        item = self.get(item_id, "delete")
        self._items.remove(item)
        del self._by_id[item_id]
        if item.type == "function_call":
            self._calls[item.call_id] -= 1

    def truncate(self, item_id: str, content_index: int, audio_end_ms: int) -> None:
        """Cut what the assistant said to what was heard; the transcript goes with it.

        Raises:
            Refusal: it is no spoken item, has been cut before, or is shorter than that.
        """
        item = self.get(item_id, "truncate")
        clip = item.clips.get(content_index)
        if item.role != "assistant" or clip is None:
            raise Refusal("Only model output audio messages can be truncated", code=None)
        if item.truncated:
            raise Refusal(f"Item '{item_id}' is already truncated.", code="item_already_truncated")
        if audio_end_ms > clip.ms:
            raise Refusal(
                f"Audio content of {int(clip.ms)}ms is already shorter than {audio_end_ms}ms",
                code="invalid_value",
                param="audio_end_ms",
            )
        item.truncated = True
        item.clips[content_index] = clip.cut(audio_end_ms)
        item.content[content_index]["transcript"] = ""
