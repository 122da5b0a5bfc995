"""The conversation: its items in order, and what a client may do to them.

Knows nothing of events, sockets or how a response comes about.
"""

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

import attrs

from realtime_simulator.frames import Ids
from realtime_simulator.refusals import Refusal, missing
from realtime_simulator.schema import by_type, items, nullable, record, string, word
from realtime_simulator.wire_audio import Clip, decode_base64

__all__ = ["Conversation", "Item", "check_item", "user_audio_item"]

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
        """What kind of entry it is: ``message``, ``function_call``, ``function_call_output``."""
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


def message(*parts: str) -> Any:
    """The check of a message whose content has these kinds of parts."""
    return record(
        {
            **_COMMON,
            "role": string(),
            "content": items(by_type({part: _PARTS[part] for part in parts})),
        },
        required=["content"],
    )


_COMMON: Final = {
    "type": string(),
    "id": string(min_length=1),
    "object": word("realtime.item"),
    "status": word("completed", "incomplete", "in_progress"),
}
_PARTS: Final = {
    "input_text": record({"type": string(), "text": string()}, required=["text"]),
    "output_text": record({"type": string(), "text": string()}, required=["text"]),
    "input_audio": record(
        {"type": string(), "audio": string(), "transcript": nullable(string())}, required=["audio"]
    ),
    "input_image": record(
        {"type": string(), "image_url": string(), "detail": word("auto", "low", "high")},
        required=["image_url"],
    ),
}
_ITEM: Final = by_type(
    {
        "message": by_type(
            {
                "user": message("input_text", "input_audio", "input_image"),
                "system": message("input_text"),
                # the audio of an assistant cannot be put in; its words can
                "assistant": message("output_text"),
            },
            tag="role",
        ),
        "function_call": record(
            {**_COMMON, "name": string(64, 1), "arguments": string(), "call_id": string(min_length=1)},
            required=["name", "arguments"],
        ),
        "function_call_output": record(
            {**_COMMON, "call_id": string(min_length=1), "output": string()}, required=["call_id", "output"]
        ),
    }
)


def check_item(value: Any, path: str, ids: Ids, session_format: Any) -> Item:
    """An item made from what a client sent; its own id is kept, its status counts for nothing.

    Raises:
        Refusal: it is not an item that a client can make.
    """
    given = _ITEM(value, path)
    item = Item({"id": given.get("id") or ids.new("item"), "type": given["type"]})
    match given["type"]:
        case "message":
            item.fields |= {"status": "completed", "role": given["role"], "content": given["content"]}
            _take_audio(item, path, session_format)
        case "function_call":
            call_id = given.get("call_id") or ids.new("call")
            item.fields |= {
                "status": "completed",
                "name": given["name"],
                "call_id": call_id,
                "arguments": given["arguments"],
            }
        case _:
            item.fields |= {"call_id": given["call_id"], "output": given["output"]}
    return item


def _take_audio(item: Item, path: str, session_format: Any) -> None:
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

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items)

    @property
    def has_assistant_audio(self) -> bool:
        """Whether the assistant has spoken, which locks the voice."""
        return any(item.role == "assistant" and item.clips for item in self._items)

    def get(self, item_id: str, action: str = "retrieve") -> Item:
        """The item of that id.

        Raises:
            Refusal: there is none; the code names the ``action``.
        """
        return self._items[self._index(item_id, f"item_{action}_invalid_item_id", "item_id")]

    def _index(self, item_id: str, code: str, param: str) -> int:
        for index, item in enumerate(self._items):
            if item.id == item_id:
                return index
        raise Refusal(f"The item with id '{item_id}' does not exist.", code=code, param=param)

    def add(self, item: Item, previous_item_id: str | None = None) -> str | None:
        """Put ``item`` behind the named one (``root``: first, None: last); the id before it now.

        Raises:
            Refusal: its id is taken, or there is no such item before it.
        """
        if any(known.id == item.id for known in self._items):
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
            index = self._index(previous_item_id, "invalid_value", "previous_item_id") + 1
        self._items.insert(index, item)
        return self._items[index - 1].id if index else None

    def delete(self, item_id: str) -> None:
        """Take the item out.

        Raises:
            Refusal: there is none.
        """
        self._items.remove(self.get(item_id, "delete"))

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


def resolve(value: Any, path: str, conversation: Conversation, ids: Ids, session_format: Any) -> Item:
    """An entry of ``response.input``: an item, or a reference to one of the conversation.

    Raises:
        Refusal: it is neither.
    """
    if value.get("type") != "item_reference":
        return check_item(value, path, ids, session_format)
    if "id" not in value:
        raise missing(f"{path}.id")
    return conversation.get(string()(value["id"], f"{path}.id"))
