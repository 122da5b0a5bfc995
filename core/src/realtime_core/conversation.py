"""A conversation as a value: what was said, called and shown, in order, whoever the provider was.

Knows nothing of sessions or wires. `Conversation.history` is what seeds another session,
`Conversation.to_json` what is kept; ``repr`` shows counts only.
"""

import base64
import binascii
import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Self, overload

import attrs

from realtime_core.checks import optional_ms
from realtime_core.contents import ConversationItem, ImageContent, Message, ToolCall, ToolResult, hidden
from realtime_core.errors import InvalidSettings

__all__ = ["Conversation", "ConversationEntry"]

_FORMAT: Final = "realtime-conversation"
_VERSION: Final = 1
_TYPES: Final[dict[str, type[Any]]] = {
    "message": Message,
    "tool_call": ToolCall,
    "tool_result": ToolResult,
    "image": ImageContent,
}
_FLAGS: Final = ("final", "interrupted", "is_error")
# a longer run without a blank is writing that sets none between words
_LONGEST_WORD: Final = 24


def _check_item(_: Any, __: "attrs.Attribute[Any]", value: object) -> None:
    if not isinstance(value, ConversationItem):
        raise InvalidSettings(
            "a conversation is made of Message, ToolCall, ToolResult and ImageContent, "
            f"not of {type(value).__name__}"
        )


def _check_item_id(_: Any, __: "attrs.Attribute[Any]", value: object) -> None:
    if value is not None and (not isinstance(value, str) or not value):
        raise InvalidSettings("'item_id' takes a string that is not empty, or None")


@attrs.frozen
class ConversationEntry:
    """One item of a conversation, and what became of it.

    Attributes:
        item: what it holds. A message has an empty content while its words are not known, as of speech that
            is not written down.
        item_id: the service's id, where it has ids.
        final: nothing more of it is expected. The user's speech is final when its transcript is.
        interrupted: the assistant was cut short.
        audio_ms: how much audio of it there was, where that is known: for what was interrupted.
        heard_ms: how much of that was heard; None: all of it, or nobody knows.

    Raises:
        InvalidSettings: a field holds what it cannot mean.
    """

    item: ConversationItem = attrs.field(validator=_check_item)
    item_id: str | None = attrs.field(default=None, kw_only=True, validator=_check_item_id)
    final: bool = attrs.field(default=True, kw_only=True)
    interrupted: bool = attrs.field(default=False, kw_only=True)
    audio_ms: float | None = attrs.field(default=None, kw_only=True, validator=optional_ms)
    heard_ms: float | None = attrs.field(default=None, kw_only=True, validator=optional_ms)

    @property
    def text(self) -> str:
        """The words of a message as far as they were heard; of anything else, nothing.

        No service aligns its words with its audio, so this is an estimate: the share of the words that the
        share of the audio is, cut at the end of a word.
        """
        if not isinstance(self.item, Message):
            return ""
        words, heard_ms, audio_ms = self.item.content, self.heard_ms, self.audio_ms
        if not self.interrupted or heard_ms is None:
            return words
        if heard_ms <= 0:
            return ""
        if audio_ms is None or heard_ms >= audio_ms:
            return words
        return words[: _word_end(words, int(len(words) * heard_ms / audio_ms))].rstrip()


def _word_end(words: str, end: int) -> int:
    """The last end of a word at or before ``end``."""
    if end == len(words):
        return end
    for at in range(end, max(end - _LONGEST_WORD, 0), -1):
        before, after = words[at - 1], words[at]
        if before.isspace() or after.isspace() or _stands_alone(before) or _stands_alone(after):
            return at
    return end if end > _LONGEST_WORD else 0


def _stands_alone(character: str) -> bool:
    """Whether it is of a writing where every character may end a word, such as Chinese."""
    return unicodedata.east_asian_width(character) in "WF"


def _entry(value: ConversationEntry | ConversationItem) -> ConversationEntry:
    return value if isinstance(value, ConversationEntry) else ConversationEntry(value)


def _entries(values: Iterable[ConversationEntry | ConversationItem]) -> tuple[ConversationEntry, ...]:
    return tuple(map(_entry, values))


@attrs.frozen(repr=False)
class Conversation(Sequence[ConversationEntry]):
    """Entries in order; never changes. Takes entries, or bare items, which are then entries as they are.

    Raises:
        InvalidSettings: one of them is neither.
    """

    entries: tuple[ConversationEntry, ...] = attrs.field(default=(), converter=_entries)

    def __len__(self) -> int:
        return len(self.entries)

    @overload
    def __getitem__(self, index: int) -> ConversationEntry: ...

    @overload
    def __getitem__(self, index: slice) -> Self: ...

    def __getitem__(self, index: int | slice) -> ConversationEntry | Self:
        if isinstance(index, slice):
            return type(self)(self.entries[index])
        return self.entries[index]

    def __repr__(self) -> str:
        kinds = [type(entry.item) for entry in self.entries]
        counts = ((kinds.count(kind), name.replace("_", " ")) for name, kind in _TYPES.items())
        return f"<Conversation: {', '.join(f'{n} {name}s' for n, name in counts if n) or 'empty'}>"

    def history(self) -> tuple[ConversationItem, ...]:
        """What another session needs to go on from here, in order, with the roles as they are.

        Of an interrupted message there is what was heard (see `ConversationEntry.text`), nothing if nothing
        was; messages without words are left out, and so are calls without their result and results without
        their call, which services refuse.
        """
        paired = self._paired()
        items: list[ConversationItem] = []
        for index, entry in enumerate(self.entries):
            match entry.item:
                case Message(role):
                    if entry.text.strip():
                        items.append(Message(role, entry.text))
                case ImageContent():
                    items.append(entry.item)
                case _ if index in paired:
                    items.append(entry.item)
        return tuple(items)

    def transcript(self) -> str:
        """The conversation for people to read, a line or more each turn."""
        lines: list[str] = []
        paired = self._paired()
        for index, entry in enumerate(self.entries):
            if isinstance(entry.item, ToolResult) and index in paired:
                continue  # it stands beside its call
            result = self.entries[paired[index]].item if index in paired else None
            line = _line(entry, result if isinstance(result, ToolResult) else None)
            lines.append(line.replace("\n", "\n  "))
        return "\n".join(lines)

    def _paired(self) -> dict[int, int]:
        """Where a call and its later result stand, each by the other."""
        calls: dict[str, int] = {}
        paired: dict[int, int] = {}
        for index, entry in enumerate(self.entries):
            match entry.item:
                case ToolCall(call_id):
                    calls[call_id] = index
                case ToolResult(call_id) if call_id in calls:
                    call = calls.pop(call_id)
                    paired[call], paired[index] = index, call
        return paired

    # -- as JSON -----------------------------------------------------------------------------------

    def to_json(self) -> str:
        """All of it as JSON text, which `from_json` reads."""
        entries = [_to_mapping(entry) for entry in self.entries]
        return json.dumps({"format": _FORMAT, "version": _VERSION, "entries": entries}, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The conversation that `to_json` wrote. Keys that it does not know are passed over.

        Raises:
            InvalidSettings: it is not such a text, or one of a later version; the message says where.
        """
        try:
            document = json.loads(text)
        except (TypeError, ValueError, RecursionError) as exc:
            raise InvalidSettings(f"a saved conversation is JSON text, and this is not: {exc}") from exc
        if not isinstance(document, Mapping) or document.get("format") != _FORMAT:
            raise InvalidSettings(f"not a saved conversation: its 'format' is not {_FORMAT!r}")
        if document.get("version") != _VERSION:
            raise InvalidSettings(
                f"the 'version' of a saved conversation is {_VERSION} here, and this one has another; "
                "use the realtime-core that wrote it, or a later one"
            )
        entries = document.get("entries")
        if not isinstance(entries, list):
            raise InvalidSettings("the 'entries' of a saved conversation are a list, and these are not")
        return cls(_from_mapping(f"entry {index}", entry) for index, entry in enumerate(entries))


def _line(entry: ConversationEntry, result: ToolResult | None) -> str:
    match entry.item:
        case Message(role, content):
            missing = "[no transcript]" if role == "user" and not content else ""
            mark = "[interrupted]" if entry.interrupted else missing
            return " ".join(part for part in (f"{role.capitalize()}:", entry.text.strip(), mark) if part)
        case ToolCall(_, name, arguments):
            return f"Tool {name}({arguments})" + (f" -> {result.output}" if result else "")
        case ToolResult(_, name, output):
            return f"Tool {name} -> {output}"
        case image:
            return f"User: [{image.media_type}, {len(image.data)} bytes]"


def _to_mapping(entry: ConversationEntry) -> dict[str, Any]:
    kind = next(name for name, kind in _TYPES.items() if type(entry.item) is kind)
    mapping: dict[str, Any] = {"type": kind}
    for value in (entry.item, entry):
        for field in attrs.fields(type(value)):
            given = getattr(value, field.name)
            if field.name != "item" and given != field.default:
                mapping[field.name] = base64.b64encode(given).decode() if type(given) is bytes else given
    return mapping


def _from_mapping(place: str, mapping: object) -> ConversationEntry:
    if not isinstance(mapping, Mapping):
        raise InvalidSettings(f"{place} is {type(mapping).__name__}, not an object")
    kind = mapping.get("type")
    if not isinstance(kind, str) or kind not in _TYPES:
        raise InvalidSettings(f"{place}: 'type' is {', '.join(map(repr, _TYPES))}, not {hidden(kind)}")
    for flag in _FLAGS:
        if not isinstance(mapping.get(flag, False), bool):
            raise InvalidSettings(f"{place}: {flag!r} takes true or false")
    try:
        item = _TYPES[kind](**_fields(_TYPES[kind], mapping))
        return ConversationEntry(item, **_fields(ConversationEntry, mapping))
    except InvalidSettings as exc:
        raise InvalidSettings(f"{place}: {exc}") from exc


def _fields(kind: type[Any], mapping: Mapping[str, Any]) -> dict[str, Any]:
    known = [field for field in attrs.fields(kind) if field.name != "item"]
    for field in known:
        if field.default is attrs.NOTHING and field.name not in mapping:
            raise InvalidSettings(f"{field.name!r} is missing")
    fields = {field.name: mapping[field.name] for field in known if field.name in mapping}
    return {**fields, "data": _image_data(fields["data"])} if "data" in fields else fields


def _image_data(data: object) -> bytes:
    if not isinstance(data, str):
        raise InvalidSettings(f"'data' takes base64 text, not {type(data).__name__}")
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise InvalidSettings("'data' is not base64") from exc
