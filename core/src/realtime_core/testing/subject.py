"""What the conformance kit is given: a provider, and its far end played by the provider's author.

Knows nothing of clauses.
"""

import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from enum import StrEnum
from typing import Any, Protocol

import attrs

from realtime_core.contents import ToolCall
from realtime_core.provider import Provider
from realtime_core.registry import load_provider
from realtime_core.testing.heard import Heard

__all__ = ["Meeting", "ServiceDouble", "Subject", "is_left_out"]


class Meeting(StrEnum):
    """How a double meets the next connection."""

    ACCEPT = "accept"
    """As the service does: whatever it says before the session is open, then it waits for levers."""
    REFUSE = "refuse"
    """The credentials are wrong: what the service says to a wrong key."""
    STAY_SILENT = "stay_silent"
    """Something listens, and never answers: it takes the connection of TCP, and of a WebSocket it leaves the
    upgrade unanswered, until the double ends. Where there is no network in between: as ``SAY_NOTHING``."""
    SAY_NOTHING = "say_nothing"
    """The connection is made, and then the service never says a word."""
    HANG_UP = "hang_up"
    """The connection is made, and ended at once, without a word."""


class ServiceDouble(Protocol):
    """The far end of a provider, played by the provider's author: it says what the kit asks for, and no more.

    Inherit from it: a lever that is forgotten then says so when it is pulled, and those that only some
    services need can be left out. Each lever acts on the
    latest connection, returns when what it says is written, and knows only the service's own words: the kit
    speaks of text, audio and calls, the double makes frames of them. It answers commands where the service
    acknowledges them, each on the connection on which it came, since there may be several; it ends the turn
    that it is told to cancel, and **never speaks by itself** beyond that: a response that the provider asks
    for is noted in `heard`, and the kit then pulls `begin`, `text`, ... and `end`. What it logs
    in the same process the kit reads, too, and must find no key and nobody's words there.

    Audio is in the format that was agreed for the connection.
    """

    # What every double has to play is abstract: mypy takes such a body for that in a protocol, and names what
    # an author has left out; where nobody runs mypy the kit says so, when the lever is pulled.

    @property
    def options(self) -> Mapping[str, Any]:
        """Options with which the provider reaches this double: its address, and credentials it takes."""
        raise NotImplementedError(_forgotten("options", "a property"))  # abstract: no default could know it

    @property
    def astray(self) -> Sequence[Mapping[str, Any]]:
        """Options that lead elsewhere, each to be used over `options`: to a port at which nothing listens, to
        a path where something else answers. Where there is no network: left out.
        """
        return ()

    @property
    def odd_words(self) -> Sequence[str]:
        """Words in the frames of `unknown`, `garble` and `vanish` that stand nowhere else: they could be
        somebody's, so the kit looks that they are not logged. Where there are none: left out.
        """
        return ()

    @property
    def heard(self) -> Heard:
        """What it was told so far."""
        raise NotImplementedError(_forgotten("heard", "a property"))  # abstract: no default could know it

    # -- how the next connection is met ------------------------------------------------------------

    async def meet(self, how: Meeting) -> None:
        """Meet the next connections so, until told otherwise; at first: ``ACCEPT``."""
        raise NotImplementedError(_forgotten("meet"))  # abstract: no default could know it

    # -- what it says ------------------------------------------------------------------------------

    async def begin(self) -> None:
        """The service begins a turn; where it has no word for that: nothing."""
        raise NotImplementedError(_forgotten("begin"))  # abstract: no default could know it

    async def text(self, piece: str) -> None:
        """The next piece of what the assistant says or writes, in the turn that was begun."""
        raise _unplayed("text", piece, "text=True")

    async def audio(self, pcm: bytes) -> None:
        """The next piece of what the assistant speaks, in the turn that was begun."""
        raise _unplayed("audio", pcm, "output_formats")

    async def end(self) -> None:
        """The turn is complete; where the service has no word for that: nothing."""
        raise NotImplementedError(_forgotten("end"))  # abstract: no default could know it

    async def call(self, *calls: ToolCall) -> None:
        """The model calls functions, all in one turn: everything that the service says of that, from the
        beginning of the turn up to where it waits for the results. ``call_id`` is what the service gives.
        """
        raise _unplayed("call", calls, "tools: a set-up with them is accepted")

    async def hear(self, text: str) -> None:
        """The service tells what it understood of the user, complete; if it never does, nothing."""
        del text  # a body, so that mypy does not ask for it either

    async def interrupt(self) -> None:
        """The user begins to speak while the turn that was begun runs: whatever the service says then, up to
        the end of that turn where it ends by that. Where it says nothing then: left out.
        """
        return

    async def fail(self) -> None:
        """The service says that something went wrong on its side, and goes on; where it cannot: nothing."""
        return

    async def unknown(self) -> None:
        """A frame that the service may send one day and nobody knows yet: well-formed, of a new type."""
        raise NotImplementedError(_forgotten("unknown"))  # abstract: no default could know it

    async def garble(self) -> None:
        """A frame that cannot be read, wrong from its first byte to its last; the connection goes on."""
        raise NotImplementedError(_forgotten("garble"))  # abstract: no default could know it

    async def malform(self) -> None:
        """Frames that can be read and mean nothing, each wrong in one thing: of known types with a field
        missing, None, or of another type; what is not even a frame of fields, as a list, a number or nothing
        at all; and one nested very deeply (in JSON: `realtime_core.testing.NO_OBJECTS`). Where frames have no
        fields: left out.
        """
        return

    async def together(self, piece: str) -> None:
        """The last piece of text and the end of the turn in one frame; in two if frames are not so."""
        await self.text(piece)
        await self.end()

    # -- how it ends -------------------------------------------------------------------------------

    async def fall_silent(self) -> None:
        """From now on the service says nothing on this connection, and does not answer when it is closed: no
        goodbye. Where nobody waits for one: left out.
        """
        return

    async def hang_up(self) -> None:
        """The service ends the connection in the orderly way."""
        raise NotImplementedError(_forgotten("hang_up"))  # abstract: no default could know it

    async def drop(self) -> None:
        """The network fails: the connection is gone, without a word."""
        raise NotImplementedError(_forgotten("drop"))  # abstract: no default could know it

    async def vanish(self) -> None:
        """As `drop`, when a frame was written in part: a piece of text, or whatever there is."""
        raise NotImplementedError(_forgotten("vanish"))  # abstract: no default could know it


def is_left_out(exc: NotImplementedError) -> bool:
    """Whether it was raised by a lever of `ServiceDouble` that has not been written."""
    return traceback.extract_tb(exc.__traceback__)[-1].filename == __file__


def _forgotten(lever: str, what: str = "a method") -> str:
    return (
        f"every ServiceDouble plays {lever!r}, and this one leaves it out: write it, {what}; an empty one "
        "where the service has no word for it"
    )


def _unplayed(lever: str, _: object, capability: str) -> NotImplementedError:
    return NotImplementedError(
        f"the capabilities of this provider say {capability}, so its ServiceDouble must play {lever!r}: "
        f"write the method {lever}(), or change the capabilities"
    )


def _makes_a_far_end(_: "Subject", __: object, value: Any) -> None:
    # what a function of @asynccontextmanager gives can be called, too
    if not callable(value) or (hasattr(value, "__aenter__") and not isinstance(value, type)):
        raise TypeError(
            f"Subject.service makes a far end for each clause: a function or class whose call gives an async "
            f"context manager, not a {type(value).__name__}; leave out its ()"
        )


def _has_reasons(_: "Subject", __: object, value: Mapping[str, str]) -> None:
    for clause, reason in value.items():
        if not reason.strip():
            raise ValueError(f"Subject.waived[{clause!r}] has no reason: say why the far end cannot play it")


@attrs.frozen
class Subject:
    """What is tested.

    Attributes:
        provider: the name of its entry point, or the `Provider` itself where it is not installed.
        service: makes a far end: an async context manager that gives a `ServiceDouble`, fresh each time.
        options: options of the provider beside those that the double gives.
        settings: a value for each setting that the provider's class adds to `RealtimeSettings`, and for those
            of which the kit's own values are not taken: to see that they reach the service.
        bound_s: how long anything that must happen is waited for, in real seconds.
        waived: clauses that this far end has no means to play, each with the reason, which is printed:
            never for what the provider gets wrong.
    """

    provider: Provider | str
    service: Callable[[], AbstractAsyncContextManager[ServiceDouble]] = attrs.field(
        validator=_makes_a_far_end
    )
    options: Mapping[str, Any] = attrs.field(factory=dict, repr=False)
    settings: Mapping[str, Any] = attrs.field(factory=dict)
    bound_s: float = 10.0
    waived: Mapping[str, str] = attrs.field(factory=dict, validator=_has_reasons)

    @property
    def name(self) -> str:
        """What to call the provider."""
        return self.provider if isinstance(self.provider, str) else "provider"

    def load(self) -> Provider:
        """The provider itself.

        Raises:
            UnknownProvider, DuplicateProvider, BrokenPlugin: no installed distribution gives it.
        """
        return load_provider(self.provider) if isinstance(self.provider, str) else self.provider
