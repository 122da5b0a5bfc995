"""What events carry and what people say: values without behaviour.

Knows nothing of sessions or wires. ``repr`` shows lengths: people's words stay out of logs.
"""

from collections.abc import Mapping, Sized
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import attrs

from realtime_core.audio.formats import PCM16_24KHZ, AudioFormat
from realtime_core.checks import optional_ms
from realtime_core.errors import InvalidSettings

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = [
    "ApprovalRequest",
    "AudioContent",
    "ConversationItem",
    "ImageContent",
    "ImageType",
    "Message",
    "RateLimit",
    "Role",
    "TextContent",
    "ToolCall",
    "ToolDefinition",
    "ToolResult",
    "Usage",
    "hidden",
]

Role = Literal["user", "assistant", "system"]
"""Who says a message."""

ImageType = Literal["image/png", "image/jpeg"]

_SIGNATURES: Final[dict[ImageType, bytes]] = {
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
}


def hidden(value: Any) -> str:
    """What a ``repr`` shows of content: how much there is, never what."""
    match value:
        case None:
            return "None"
        case str():
            return f"<{len(value)} chars>"
        case bytes():
            return f"<{len(value)} bytes>"
        case Sized():
            return f"<{len(value)} entries>"
        case _:
            return f"<{type(value).__name__}>"


def _as_bytes(value: object, holder: str) -> bytes:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    raise InvalidSettings(f"the data of {holder} is bytes, not {type(value).__name__}")


@attrs.frozen
class AudioContent:
    """A run of audio and its format.

    Raises:
        InvalidSettings: the data is no bytes, or the format none.
    """

    data: bytes = attrs.field(repr=hidden)
    format: AudioFormat = PCM16_24KHZ

    def __attrs_post_init__(self) -> None:
        # every piece of audio comes by here: one look instead of two converters
        if type(self.data) is not bytes or type(self.format) is not AudioFormat:
            object.__setattr__(self, "data", _as_bytes(self.data, "AudioContent"))
            object.__setattr__(self, "format", AudioFormat.parse(self.format))

    @property
    def duration_ms(self) -> float:
        """How long it lasts, in milliseconds."""
        return self.format.duration_ms(len(self.data))

    def to_ndarray(self) -> "npt.NDArray[np.int16]":
        """The decoded samples: int16, 1-D for mono, ``(frames, channels)`` otherwise.

        PCM is not copied, so the array is read-only; ``.copy()`` gives one to change.
        """
        # numpy loads with the first audio, not with the package
        from realtime_core.audio.convert import to_samples

        return to_samples(self.data, self.format)


def _check_role(_: Any, __: "attrs.Attribute[Any]", value: object) -> None:
    if value not in get_args(Role):
        # role and content may have been swapped, so what is given may be what somebody said
        raise InvalidSettings(f"a role is {', '.join(map(repr, get_args(Role)))}, not {hidden(value)}")


def _check_words(_: Any, attribute: "attrs.Attribute[Any]", value: object) -> None:
    if not isinstance(value, str):  # attrs' own check would quote the content
        raise InvalidSettings(f"{attribute.name!r} takes str, not {type(value).__name__}")


@attrs.frozen
class TextContent:
    """A piece of text.

    Raises:
        InvalidSettings: it is no text.
    """

    text: str = attrs.field(repr=hidden, validator=_check_words)


def _image_bytes(value: object) -> bytes:
    return _as_bytes(value, "ImageContent")


def _image_type(image: "ImageContent") -> ImageType:
    for media_type, signature in _SIGNATURES.items():
        if image.data.startswith(signature):
            return media_type
    raise InvalidSettings("an image is a PNG or a JPEG, and these bytes begin like neither; convert it")


def _check_image_type(image: "ImageContent", _: "attrs.Attribute[Any]", value: object) -> None:
    if value != _image_type(image):
        raise InvalidSettings(
            f"the media type is {_image_type(image)!r}, which the bytes are, not {hidden(value)}"
        )


@attrs.frozen
class ImageContent:
    """An image: the bytes of its file, PNG or JPEG; its media type is read from them unless it is given.

    Raises:
        InvalidSettings: the bytes are no PNG and no JPEG, or not of the media type that is given.
    """

    data: bytes = attrs.field(repr=hidden, converter=_image_bytes)
    media_type: ImageType = attrs.field(
        default=attrs.Factory(_image_type, takes_self=True), validator=_check_image_type
    )


@attrs.frozen
class Message:
    """Something said in a conversation, with who said it.

    Raises:
        InvalidSettings: there is no such role, or the content is no text.
    """

    role: Role = attrs.field(validator=_check_role)
    content: str = attrs.field(repr=hidden, validator=_check_words)


def _check_id(_: Any, attribute: "attrs.Attribute[Any]", value: object) -> None:
    if not isinstance(value, str) or not value:
        given = "an empty one" if value == "" else type(value).__name__
        raise InvalidSettings(f"{attribute.name!r} takes a string, not {given}")


@attrs.frozen
class ToolCall:
    """A function that the model wants called.

    ``arguments`` is JSON text as the model wrote it, which need not be valid. ``call_id`` links the call to
    its `ToolResult`.

    Raises:
        InvalidSettings: a field is no text, or id or name is empty.
    """

    call_id: str = attrs.field(validator=_check_id)
    name: str = attrs.field(validator=_check_id)
    arguments: str = attrs.field(repr=hidden, validator=_check_words)


@attrs.frozen
class ToolResult:
    """What came of a `ToolCall`: ``output`` is what the model gets to read, usually JSON text.

    ``duration_ms`` is how long the call took, where somebody measured it; ``is_error``: it failed, and the
    output says so.

    Raises:
        InvalidSettings: a field is no text, id or name is empty, or the duration no time.
    """

    call_id: str = attrs.field(validator=_check_id)
    name: str = attrs.field(validator=_check_id)
    output: str = attrs.field(repr=hidden, validator=_check_words)
    duration_ms: float | None = attrs.field(default=None, validator=optional_ms)
    is_error: bool = False


ConversationItem = Message | ToolCall | ToolResult | ImageContent
"""What a conversation is made of. An image is one that the user shows."""


@attrs.frozen
class ToolDefinition:
    """A function that the model may call: its name, what it is for, and the JSON Schema of its arguments."""

    name: str = attrs.field(validator=_check_id)
    description: str = attrs.field(default="", repr=hidden, validator=_check_words)
    parameters: Mapping[str, Any] = attrs.field(
        factory=lambda: {"type": "object", "properties": {}}, hash=False
    )


@attrs.frozen
class ApprovalRequest:
    """A call that waits until a person has said whether it may be made.

    ``arguments`` is the JSON text with which it would be made, to the letter; ``server`` names the service's
    own tool server where the service makes the call, None where this program does.
    """

    approval_id: str
    name: str
    arguments: str = attrs.field(repr=hidden)
    server: str | None = None


@attrs.frozen
class RateLimit:
    """One limit of the service: its ``name`` (requests, tokens), size, rest, and time to renewal."""

    name: str
    limit: int | None = None
    remaining: int | None = None
    reset_s: float | None = None


@attrs.frozen(kw_only=True)
class Usage:
    """Tokens of one response. Cached tokens are a subset of the input tokens, in all and of each kind."""

    total_tokens: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    input_text_tokens: int = 0
    input_audio_tokens: int = 0
    input_image_tokens: int = 0
    cached_tokens: int = 0
    cached_text_tokens: int = 0
    cached_audio_tokens: int = 0
    cached_image_tokens: int = 0
    output_text_tokens: int = 0
    output_audio_tokens: int = 0
