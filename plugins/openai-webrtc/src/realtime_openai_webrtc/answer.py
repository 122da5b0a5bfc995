"""What the service's SDP answer says, read before `aiortc` takes it. Pure text, no I/O."""

import re
from typing import Final

import attrs

__all__ = ["UNSTATED_LIMIT_BYTES", "Answer", "read_answer"]

UNSTATED_LIMIT_BYTES: Final = 65_536
"""The largest message of a peer that names no limit (RFC 8841 §6.1)."""

_LIMIT: Final = "a=max-message-size:"
_OPUS: Final = re.compile(r"a=rtpmap:(\d+) +opus/48000", re.IGNORECASE)


@attrs.frozen
class Answer:
    """An answer that can be taken: it accepts the audio and the data channel.

    Attributes:
        sdp: the text.
        max_message_bytes: the largest message that the service takes on the channel; None: any.
    """

    sdp: str
    max_message_bytes: int | None


def read_answer(sdp: str) -> Answer:
    """The answer in a response's body, whatever its content type was.

    Raises:
        ValueError: what it lacks, in a few words; nothing of the text is in them.
    """
    sdp = sdp.removeprefix("\ufeff").lstrip()
    if not sdp.startswith("v=0"):
        raise ValueError("it is no SDP")
    sections = _sections(sdp)
    for kind, name in (("audio", "audio"), ("application", "data channel")):
        if kind not in sections:
            raise ValueError(f"it accepts no {name}")
    if not _takes_opus(sections["audio"]):
        raise ValueError("it accepts the audio without Opus")
    if "\na=fingerprint:" not in sdp:
        # aiortc would leave an assertion of its own in the log
        raise ValueError("it has no fingerprint")
    limits = [line.removeprefix(_LIMIT) for line in sections["application"] if line.startswith(_LIMIT)]
    return Answer(sdp, _limit(limits[0]) if limits else UNSTATED_LIMIT_BYTES)


def _sections(sdp: str) -> dict[str, list[str]]:
    """The lines of each kind of media that is not rejected, that is on port 0."""
    sections: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in sdp.splitlines():
        if line.startswith("m="):
            kind, port = [*line.removeprefix("m=").split(" "), ""][:2]
            lines = []
            if port != "0":
                sections[kind] = lines
        lines.append(line)
    return sections


def _takes_opus(audio: list[str]) -> bool:
    accepted = audio[0].split()[3:]
    return any((codec := _OPUS.match(line)) and codec[1] in accepted for line in audio)


def _limit(value: str) -> int | None:
    value = value.strip()
    if not value.isascii() or not value.isdigit():
        raise ValueError("its max-message-size is no number")
    return int(value) or None
