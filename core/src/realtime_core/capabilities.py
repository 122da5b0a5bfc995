"""What a provider can do. The engine branches on these flags, never on a vendor's name.

No flag stands here without a branch in the engine, the conformance kit or the ``realtime`` command.
"""

from collections.abc import Iterable
from typing import Literal

import attrs

from realtime_core.audio.formats import PCM16_24KHZ, AudioFormat
from realtime_core.checks import one_of

__all__ = ["Capabilities"]


def _formats(given: Iterable[AudioFormat | str]) -> tuple[AudioFormat, ...]:
    if isinstance(given, str):
        raise TypeError(f"formats are a sequence, preferred first, not the string {given!r}")
    return tuple(map(AudioFormat.parse, given))


def _names(given: Iterable[str]) -> frozenset[str]:
    if isinstance(given, str):
        raise TypeError(f"live_settings takes a set of names, not the string {given!r}")
    return frozenset(given)


@attrs.frozen(kw_only=True)
class Capabilities:
    """The abilities of one provider.

    Attributes:
        input_formats: formats that it takes as they are, or their names (``g711_ulaw``), preferred first; the
            engine converts all others. None: it takes no audio, and sending some raises `UnsupportedCommand`.
        output_formats: formats that it gives, preferred first. None: it gives no audio.
        text: whether it takes and gives text. Without, ``send_text`` raises `UnsupportedCommand`.
        images: whether it takes images. Without, ``send_image`` raises `UnsupportedCommand`.
        ids: whether responses and items have ids. Without, late audio of a response that was interrupted
            is withheld until its end is told.
        turns: whether there are responses, with a beginning and an end. Without, nothing waits for
            one, and ``create_response`` raises `UnsupportedCommand`.
        client_responses: whether a response can be asked for. Without, ``create_response`` raises
            `UnsupportedCommand`.
        auto_continue: whether the service goes on by itself once it has the results of its calls. Without, a
            response is asked for.
        cancel: whether a response can be stopped. Without, an interruption silences it here only.
        truncate: who tells the model what was not heard of an interrupted item: the ``client``, the
            ``server`` by itself, or nobody (``none``).
        history: when items that are not the user's next words can be added: at ``any_time``, ``at_start``
            (before anything else was sent), or never (``none``).
        acks: whether commands are answered. Without, they count as done once written.
        paced: whether audio travels on a track, at the pace of speech. Then what is sent behind the user's
            audio waits until that has left; the service plays the assistant's and tells when
            (``playback_started``, ``playback_stopped``), also after the response is done, so that its end is
            told to the application when it has been played; ``CancelResponse`` ends the playing, too.
        live_settings: names of the settings that an open session can change; with ``tools`` among them it can
            change those, too.
    """

    input_formats: tuple[AudioFormat, ...] = attrs.field(default=(PCM16_24KHZ,), converter=_formats)
    output_formats: tuple[AudioFormat, ...] = attrs.field(default=(PCM16_24KHZ,), converter=_formats)
    text: bool = True
    images: bool = False
    ids: bool = True
    turns: bool = True
    client_responses: bool = True
    auto_continue: bool = False
    cancel: bool = True
    truncate: Literal["client", "server", "none"] = attrs.field(
        default="client", validator=one_of("client", "server", "none")
    )
    history: Literal["any_time", "at_start", "none"] = attrs.field(
        default="any_time", validator=one_of("any_time", "at_start", "none")
    )
    acks: bool = True
    paced: bool = False
    live_settings: frozenset[str] = attrs.field(default=frozenset(), converter=_names)
