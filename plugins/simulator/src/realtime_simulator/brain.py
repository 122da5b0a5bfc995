"""What the simulated model says: the contract of a brain, and the brain that echoes.

A brain is a callable from one `Turn` to one `Reply`; it knows nothing of events, sessions or sockets::

    def shout(turn: Turn) -> Reply:
        return Reply(turn.text.upper())
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import attrs
from realtime_core.contents import Message, hidden

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Samples: TypeAlias = npt.NDArray[np.int16]

__all__ = ["Brain", "Reply", "Turn", "echo", "seconds_of_speech"]


@attrs.frozen(kw_only=True)
class Turn:
    """What a brain has to answer."""

    text: str = attrs.field(default="", repr=hidden)
    """What the user wrote or said since the model last spoke; empty if that is nothing, or speech
    whose transcript nobody supplied."""

    audio: "Samples | None" = attrs.field(default=None, repr=hidden)
    """What the user said since then: mono int16 at 24 kHz."""

    number: int = 0
    """How many responses came before it in this session."""

    history: tuple[Message, ...] = ()
    """The whole conversation as words, this turn's included."""

    instructions: str = attrs.field(default="", repr=hidden)
    """The instructions in force."""


@attrs.frozen
class Reply:
    """What the model says."""

    text: str = attrs.field(repr=hidden)
    """Its words; the transcript, if it is spoken."""

    audio: "Samples | None" = attrs.field(default=None, repr=hidden, kw_only=True)
    """How it sounds: mono int16 at 24 kHz. None: soft tones as long as the text would take."""


Brain: TypeAlias = Callable[[Turn], Reply]
"""Anything that answers a turn. It must not block; if it raises, the response fails with ``server_error``."""


def echo(turn: Turn) -> Reply:
    """Say what the user said: speech with the user's own voice, text in words."""
    if turn.text:
        return Reply(f"You said: {turn.text}", audio=turn.audio)
    if turn.audio is not None:
        return Reply(f"I heard {seconds_of_speech(turn.audio)} of speech.", audio=turn.audio)
    if turn.history:
        return Reply("I have nothing new to repeat.")
    return Reply("Hello! Say something, and I will say it back.")


def seconds_of_speech(samples: "Samples") -> str:
    """Such as ``3.3 seconds``."""
    return f"{len(samples) / 24_000:.1f} seconds"
