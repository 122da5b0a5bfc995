"""One item of a conversation while it grows: pieces of text, finished texts, what was heard.

Knows nothing of events, and nothing of its place.
"""

from realtime_core.captions import Caption
from realtime_core.contents import ConversationItem, Message, Role
from realtime_core.conversation import ConversationEntry

__all__ = ["Turn"]


class Turn:
    """An item that is yet to become what it will be: a message (``role``), something else (``item``), or
    nothing that is known (neither).
    """

    __slots__ = (
        "_entry",
        "_parts",
        "_pieces",
        "audio_ms",
        "final",
        "follows",
        "gone",
        "heard_ms",
        "interrupted",
        "item",
        "item_id",
        "key",
        "local",
        "placed",
        "role",
        "shown",
    )

    def __init__(self, key: str, item_id: str | None = None, role: Role | None = None) -> None:
        self.key = key
        self.item_id = item_id
        self.role = role
        self.item: ConversationItem | None = None
        self.final = False
        self.interrupted = False
        self.audio_ms: float | None = None
        self.heard_ms: float | None = None
        self.placed = False
        """The service has told its place."""
        self.follows: str | None = None
        """The item behind which that is."""
        self.local = False
        """The service has it not, or not any more."""
        self.gone = False
        """It has left the conversation."""
        self.shown: Caption | None = None
        """The caption that readers have."""
        self._parts: list[str] = []
        self._pieces: list[str] = []
        self._entry: ConversationEntry | None = None

    @property
    def text(self) -> str:
        """All of its words so far, a line for each part."""
        if len(self._pieces) > 1:
            # joined once, not at every piece anew
            self._pieces = ["".join(self._pieces)]
        return "\n".join(self._parts + self._pieces)

    @property
    def has_whole(self) -> bool:
        """Whether a finished text of it was told."""
        return bool(self._parts)

    def add_piece(self, piece: str) -> None:
        """The words go on."""
        self._pieces.append(piece)

    def end_part(self, whole: str) -> None:
        """A part of the words is complete: ``whole``; without a piece of it, the last part is corrected."""
        given = "".join(self._pieces)
        if not self._pieces and self._parts:
            self._parts[-1] = whole
            return
        self._parts.append(whole)
        # the next part may have begun before the end of this one was told
        rest = given.removeprefix(whole) if whole else ""
        self._pieces = [rest] if rest and rest != given else []

    def replace(self, whole: str) -> None:
        """All of the words are ``whole``."""
        self._parts, self._pieces = [whole], []

    def fill(self, item: ConversationItem | None, *, done: bool = True) -> None:
        """It holds ``item``, if it does not hold more already; ``done``: nothing else will come."""
        match item:
            case None:
                self.final = self.final or (done and self.role != "user")
            case Message(role, words):
                self.role = self.role or role
                if words != self.text and words.startswith(self.text):
                    self.replace(words)
                self.final = self.final or done or role != "assistant"
            case _:
                self.item = self.item or item
                self.final = True

    def absorb(self, other: "Turn") -> None:
        """It is the same one as ``other``, and holds what that one held."""
        self.role, self.item = self.role or other.role, self.item or other.item
        self.final = self.final or other.final
        if not self.text:
            self.replace(other.text)

    def interrupt(self, heard_ms: float | None, audio_ms: float | None = None) -> None:
        """It was cut short; ``heard_ms`` of ``audio_ms`` were heard, None where that is not known."""
        self.interrupted = True
        self.heard_ms = self.heard_ms if heard_ms is None else max(heard_ms, 0)
        self.audio_ms = self.audio_ms if audio_ms is None else audio_ms

    def changed(self) -> None:
        """What was made of it before holds no more."""
        self._entry = None

    def entry(self) -> ConversationEntry | None:
        """It as an entry, if there is anything to tell."""
        if self._entry is None:
            item = self.item
            if item is None:
                if self.role is None:
                    return None
                item = Message(self.role, self.text)
            self._entry = ConversationEntry(
                item,
                item_id=self.item_id,
                final=self.final,
                interrupted=self.interrupted,
                audio_ms=self.audio_ms,
                heard_ms=self.heard_ms,
            )
        return self._entry

    def caption(self) -> Caption | None:
        """It as a caption, if somebody speaks."""
        if self.item is not None or self.role not in ("user", "assistant"):
            return None
        entry = self.entry() if self.interrupted else None
        text = self.text if entry is None else entry.text
        return Caption(
            key=self.key,
            role=self.role,
            text="" if self.gone else text,
            final=self.final or self.gone,
            interrupted=self.interrupted,
            item_id=self.item_id,
        )
