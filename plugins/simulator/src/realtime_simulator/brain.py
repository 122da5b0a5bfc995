"""What the simulated model does: the contract of a brain, and the brain that echoes.

A brain is a callable from one `Turn` to what the model does about it: one action or several in order. It
knows nothing of events, sessions or sockets::

    def shout(turn: Turn) -> Say:
        return Say(turn.text.upper())

    def look_it_up(turn: Turn) -> list[Action]:
        if turn.results:
            return [Say(f"It is {turn.results[0].output}.")]
        return [Say("One moment."), Call("get_weather", {"city": "Rome"})]
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs
import msgspec
from realtime_core.contents import Message, hidden

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Samples: TypeAlias = npt.NDArray[np.int16]

__all__ = [
    "Action",
    "Brain",
    "Call",
    "Fail",
    "Filter",
    "McpCall",
    "Pieces",
    "Result",
    "Say",
    "Turn",
    "Wait",
    "echo",
    "seconds_of_speech",
]


@attrs.frozen
class Result:
    """What a function of the client gave: the ``output`` of the call of ``name``."""

    name: str
    """Empty if nobody called it."""

    output: str = attrs.field(repr=hidden)


@attrs.frozen(kw_only=True)
class Turn:
    """What a brain has to answer."""

    text: str = attrs.field(default="", repr=hidden)
    """What the user wrote or said since the model last spoke or called; empty if that is nothing, or
    speech whose transcript nobody supplied."""

    audio: "Samples | None" = attrs.field(default=None, repr=hidden)
    """What the user said since then: mono int16 at 24 kHz."""

    results: tuple[Result, ...] = ()
    """What the functions and approved MCP tools gave that the model called last."""

    declined: tuple[str, ...] = ()
    """The MCP tools that the client has not allowed the model to call."""

    number: int = 0
    """How many responses came before it in this session."""

    history: tuple[Message, ...] = ()
    """The whole conversation as words, this turn's included."""

    instructions: str = attrs.field(default="", repr=hidden)
    """The instructions in force."""


def _is_text(action: Any, field: "attrs.Attribute[Any]", given: Any) -> None:
    """Text that can be sent: the failure of one that cannot is the brain's, where it makes it."""
    if not isinstance(given, str):
        raise TypeError(f"the {field.name} of a {type(action).__name__} is text, not {type(given).__name__}")
    try:
        given.encode()
    except UnicodeEncodeError as exc:
        # without the text itself
        raise ValueError(f"the {field.name} of a {type(action).__name__} is no Unicode text") from exc


@attrs.frozen
class Say:
    """Say something: one message."""

    text: str = attrs.field(validator=_is_text, repr=hidden)
    """Its words; the transcript, if it is spoken."""

    audio: "Samples | None" = attrs.field(default=None, repr=hidden, kw_only=True)
    """How it sounds: mono int16 at 24 kHz. None: soft tones as long as the text would take."""


@attrs.frozen
class Pieces:
    """Say what comes, piece by piece, in one message: text, and audio as it goes over the wire.

    A piece is asked for when the one before it has gone out, so that whoever holds the session decides
    when: see `WatchedSession.hold`. In a written message audio is left out.
    """

    pieces: Iterator[str | bytes] = attrs.field(repr=hidden)


def _json_text(given: str | Mapping[str, Any]) -> str:
    if isinstance(given, Mapping):
        return msgspec.json.encode(given).decode()
    return given


@attrs.frozen
class Call:
    """Call a function of the client, whether or not it has one of that name."""

    name: str = attrs.field(validator=_is_text)
    arguments: str = attrs.field(default="{}", converter=_json_text, validator=_is_text, repr=hidden)
    """A mapping, or text that is sent as it is, JSON or not."""

    call_id: str | None = attrs.field(default=None, kw_only=True)
    """Its id; None: a new one."""


@attrs.frozen
class McpCall:
    """Call a tool of an MCP server: the service does, not the client, and goes on with the next action."""

    server: str = attrs.field(validator=_is_text)
    """The ``server_label`` of the tool."""

    name: str = attrs.field(validator=_is_text)
    arguments: str = attrs.field(default="{}", converter=_json_text, validator=_is_text, repr=hidden)
    output: str = attrs.field(default="", validator=_is_text, repr=hidden, kw_only=True)
    """What the tool gives."""

    error: str | None = attrs.field(
        default=None, validator=attrs.validators.optional(_is_text), repr=hidden, kw_only=True
    )
    """What went wrong in the tool; there is no output then."""

    needs_approval: bool | None = attrs.field(default=None, kw_only=True)
    """Whether the client is asked first; None: as the session's tool says. The call is made in the first
    response after the client has approved, and is among the results of its turn."""


def _is_time(_: Any, __: "attrs.Attribute[Any]", given: Any) -> None:
    if not isinstance(given, int | float):
        raise TypeError(f"the ms of a Wait is a number, not {type(given).__name__}")
    # not the same as below zero: nan is neither
    if not given >= 0:
        raise ValueError(f"the ms of a Wait is 0 or more, not {given}")


@attrs.frozen
class Wait:
    """Do nothing for so long, whatever the speed."""

    ms: float = attrs.field(validator=_is_time)


@attrs.frozen
class Filter:
    """Let the service's safety filter cut off what is said before it, and with it the response."""


@attrs.frozen
class Fail:
    """Let the response fail with that error."""

    code: str = attrs.field(default="server_error", validator=_is_text)
    message: str = attrs.field(
        default="The server had an error while processing your request.", validator=_is_text
    )


Action: TypeAlias = Say | Pieces | Call | McpCall | Wait | Filter | Fail
"""What the service does in a turn."""

Brain: TypeAlias = Callable[[Turn], Action | Sequence[Action]]
"""Anything that answers a turn. It must not block; if it raises, the response fails with ``server_error``."""


def echo(turn: Turn) -> Say:
    """Say what the user said: speech with the user's own voice, text in words; or what a function gave."""
    if turn.text:
        return Say(f"You said: {turn.text}", audio=turn.audio)
    if turn.audio is not None:
        return Say(f"I heard {seconds_of_speech(turn.audio)} of speech.", audio=turn.audio)
    if turn.results:
        return Say(
            " ".join(f"{result.name or 'the function'} gave: {result.output}" for result in turn.results)
        )
    if turn.history:
        return Say("I have nothing new to repeat.")
    return Say("Hello! Say something, and I will say it back.")


def seconds_of_speech(samples: "Samples") -> str:
    """Such as ``3.3 seconds``."""
    return f"{len(samples) / 24_000:.1f} seconds"
