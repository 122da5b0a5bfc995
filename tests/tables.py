"""The tables of the README that tell of providers, from the registry and `Capabilities`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import attrs
from conformance_page import lines_table
from pages import table
from realtime_core import Capabilities, RealtimeSettings, list_providers
from realtime_core.audio.formats import AudioFormat
from realtime_core.registry import ProviderInfo, load_provider
from workspace import ROOT, distributions

PAGE: Final = ROOT / "README.md"


def yes_or_no(value: bool) -> str:  # noqa: FBT001  # it is what a capability says
    return "yes" if value else "no"


def formats(given: Sequence[AudioFormat]) -> str:
    """Formats, of which both laws of G.711 are one."""
    words = [_format(one) for one in given]
    return ", ".join(dict.fromkeys(words)) or "none"


def _format(one: AudioFormat) -> str:
    if one.encoding != "pcm16":
        return "G.711"
    return f"pcm16 {one.rate_hz / 1_000:g} kHz{' stereo' if one.channels == 2 else ''}"


def live(names: frozenset[str]) -> str:
    """What an open session can change."""
    others = [f"`{name}`" for name in (*attrs.fields_dict(RealtimeSettings), "tools") if name not in names]
    return f"all but {', '.join(others)}" if others else "all"


ROWS: Final[Mapping[str, tuple[str, Callable[[Any], str]]]] = {
    "input_formats": ("native audio in", formats),
    "output_formats": ("native audio out", formats),
    "paced": (
        "audio travels",
        {False: "as fast as it is made", True: "in real time, on a track"}.__getitem__,
    ),
    "text": ("text in and out", yes_or_no),
    "images": ("images in", yes_or_no),
    "turns": ("there are turns, and responses", yes_or_no),
    "client_responses": ("a response can be asked for", yes_or_no),
    "cancel": ("a response can be stopped", yes_or_no),
    "auto_continue": (
        "after tools the answer is asked for by",
        {False: "the session", True: "nobody: it goes on by itself"}.__getitem__,
    ),
    "truncate": (
        "what was not heard is told by",
        {"client": "the session", "server": "the service", "none": "nobody"}.__getitem__,
    ),
    "history": (
        "history",
        {"any_time": "at any time", "at_start": "at the start", "none": "no"}.__getitem__,
    ),
    "live_settings": ("an open session can change", live),
    "acks": ("commands are answered", yes_or_no),
    "ids": ("responses and items have ids", yes_or_no),
}
"""A heading and the words for its values, for each of the `Capabilities`."""


def ours() -> list[ProviderInfo]:
    """The providers of this repository; others may be installed, too."""
    names = {dist.name for dist in distributions()}
    return [info for info in list_providers() if info.distribution in names]


def providers_table() -> str:
    """What there is, how to get it, what it talks to."""
    told = {dist.name: dist.pyproject["project"]["description"] for dist in distributions()}
    rows = [
        (
            f"`{info.name}`",
            f"`pip install realtime-core {info.distribution}`",
            told[info.distribution].partition(" for realtime-core")[0],
        )
        for info in ours()
    ]
    return table([("provider", "install", "talks to"), *rows])


def capabilities_table(capabilities: Mapping[str, Capabilities]) -> str:
    """What each can do."""
    rows = [
        [heading, *(words(getattr(one, field)) for one in capabilities.values())]
        for field, (heading, words) in ROWS.items()
    ]
    return table([["", *(f"`{name}`" for name in capabilities)], *rows])


def tables() -> dict[str, str]:
    """Every table, by the name of its place."""
    capabilities = {info.name: load_provider(info.name).capabilities for info in ours()}
    return {
        "providers": providers_table(),
        "lines": table(lines_table()),
        "capabilities": capabilities_table(capabilities),
    }
