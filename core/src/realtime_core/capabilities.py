"""What a provider can do. The engine branches on these flags, never on a vendor's name.

No flag stands here without a branch in the engine, the conformance kit or the ``realtime`` command.
"""

import attrs

from realtime_core.audio.formats import PCM16_24KHZ, AudioFormat

__all__ = ["Capabilities"]


@attrs.frozen(kw_only=True)
class Capabilities:
    """The abilities of one provider.

    Attributes:
        input_formats: formats that it takes as they are, preferred first; the engine converts all
            others.
        output_formats: formats that it gives, preferred first.
        images: whether it takes images. Without, ``send_image`` raises `UnsupportedCommand`.
        turns: whether there are responses that can be asked for. Without, ``create_response`` raises
            `UnsupportedCommand`.
        acks: whether commands are answered. Without, they count as done once written.
        live_settings: names of the settings that an open session can change.
    """

    input_formats: tuple[AudioFormat, ...] = (PCM16_24KHZ,)
    output_formats: tuple[AudioFormat, ...] = (PCM16_24KHZ,)
    images: bool = False
    turns: bool = True
    acks: bool = True
    live_settings: frozenset[str] = frozenset()
