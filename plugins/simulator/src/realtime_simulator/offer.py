"""The session descriptions of a call: what an offer must hold, and how an answer may look otherwise.

Knows nothing of peers; whether an offer can be carried out is theirs to say.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

import attrs

from realtime_simulator.access import Refused

__all__ = ["ANSWER_QUIRKS", "AnswerQuirk", "Offer", "invalid_offer", "quirky"]

AnswerQuirk: TypeAlias = Literal[
    "no-message-size", "any-message-size", "huge-message-size", "ice-lite", "tcp-candidates", "plain-sdp"
]

_MEDIA: Final = re.compile(r"^m=(\w+) ", re.MULTILINE)
_DEAF: Final = re.compile(r"^a=(sendonly|inactive)\s*$", re.MULTILINE)
_MESSAGE_SIZE: Final = re.compile(r"^a=max-message-size:\d+\r?\n", re.MULTILINE)
_UDP_CANDIDATE: Final = re.compile(r"^a=candidate:(\S+) 1 udp \d+ (\S+) \d+ typ host.*?(\r?\n)", re.MULTILINE)


def invalid_offer(why: str) -> Refused:
    """The refusal of an offer; the service's own words are not known."""
    return Refused(400, f"Invalid SDP offer: {why}.", code="invalid_offer", param="sdp")


@attrs.frozen
class Offer:
    """What a client wants to connect by."""

    sdp: str = attrs.field(repr=False)
    has_channel: bool
    """Whether it opens a data channel; its frames may also go over a side-band alone."""

    @classmethod
    def read(cls, sdp: str) -> "Offer":
        """Check an offer.

        Raises:
            Refused: it is none, or no call can come of it.
        """
        if not sdp.startswith("v=0"):
            raise invalid_offer("it does not begin with 'v=0'")
        _, *rest = _MEDIA.split(sdp)
        # the first of each kind is the one
        sections = dict(reversed([*zip(rest[::2], rest[1::2], strict=True)]))
        if "audio" not in sections:
            raise invalid_offer("it has no audio: add a track, or a transceiver")
        if _DEAF.search(sections["audio"]):
            raise invalid_offer("its audio is not to be received, so that nobody would hear the answers")
        return cls(sdp, "application" in sections)


def _message_size(line: str) -> Callable[[str], str]:
    return lambda sdp: _MESSAGE_SIZE.sub(line, sdp)


def _ice_lite(sdp: str) -> str:
    return sdp.replace("a=group:", "a=ice-lite\r\na=group:", 1)


def _tcp_candidates(sdp: str) -> str:
    return _UDP_CANDIDATE.sub(r"\g<0>a=candidate:\1 1 tcp 1671430143 \2 443 typ host tcptype passive\3", sdp)


ANSWER_QUIRKS: Final[Mapping[AnswerQuirk, Callable[[str], str]]] = MappingProxyType(
    {
        "no-message-size": _message_size(""),
        "any-message-size": _message_size("a=max-message-size:0\r\n"),
        "huge-message-size": _message_size("a=max-message-size:1073741823\r\n"),
        "ice-lite": _ice_lite,
        "tcp-candidates": _tcp_candidates,
        # of the header that comes with it
        "plain-sdp": lambda sdp: sdp,
    }
)
"""What each makes of an answer."""


def quirky(sdp: str, quirks: Iterable[str]) -> str:
    """An answer with its peculiarities; other quirks have nothing to do with it."""
    wanted = set(quirks)
    for name, change in ANSWER_QUIRKS.items():
        if name in wanted:
            sdp = change(sdp)
    return sdp
