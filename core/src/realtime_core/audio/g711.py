"""G.711 µ-law and A-law (ITU-T G.711) as table look-ups on numpy arrays.

Two tables a law: 256 entries to decode, 65,536 to encode. They are built on first use. The
expansion rules are written out in the Recommendation (tables 1a-2b); the compression tables
are their inverse: for each 16-bit sample the code word whose decision interval holds it.
"""

from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt

__all__ = ["Law", "decode", "encode"]

Law = Literal["g711_ulaw", "g711_alaw"]

Samples = npt.NDArray[np.int16]
Codes = npt.NDArray[np.uint8]


def decode(codes: Codes, law: Law) -> Samples:
    """16-bit samples of G.711 code words, same shape."""
    return _expansion(law)[codes]


def encode(samples: Samples, law: Law) -> Codes:
    """G.711 code words of 16-bit samples, same shape."""
    return _compression(law)[samples.view(np.uint16)]


@cache
def _expansion(law: Law) -> Samples:
    codes = np.arange(256, dtype=np.int32)
    if law == "g711_ulaw":
        # every bit is inverted on the line; 33 is the bias of the 14-bit code, shifted to 16 bit
        bits = ~codes & 0xFF
        magnitude = (((bits & 0x0F) << 3) + 0x84 << ((bits & 0x70) >> 4)) - 0x84
        positive = bits & 0x80 == 0
    else:
        # even bits are inverted on the line; segment 0 is linear, the others carry a leading one
        bits = codes ^ 0x55
        segment = (bits & 0x70) >> 4
        magnitude = ((bits & 0x0F) << 4) + 8 + np.where(segment > 0, 0x100, 0)
        magnitude <<= np.maximum(segment - 1, 0)
        positive = bits & 0x80 != 0
    return np.where(positive, magnitude, -magnitude).astype(np.int16)


@cache
def _compression(law: Law) -> Codes:
    samples = np.arange(-32768, 32768, dtype=np.int32)
    if law == "g711_ulaw":
        # 16 -> 14 bit by an arithmetic shift, then clipped at the highest decision value
        linear = samples >> 2
        negative = linear < 0
        magnitude = np.minimum(np.where(negative, -linear, linear) + 33, 8191)
        segment = np.maximum(_bit_length(magnitude) - 6, 0)
        codes = (segment << 4) | ((magnitude >> (segment + 1)) & 0x0F)
        codes ^= np.where(negative, 0x7F, 0xFF)
    else:
        # 16 -> 13 bit; a negative value is inverted (one's complement), so that -1 is smallest
        linear = samples >> 3
        negative = linear < 0
        magnitude = np.where(negative, -linear - 1, linear)
        segment = np.maximum(_bit_length(magnitude) - 5, 0)
        codes = (segment << 4) | ((magnitude >> np.maximum(segment, 1)) & 0x0F)
        codes ^= np.where(negative, 0x55, 0xD5)
    # the table is indexed by the sample's bit pattern: 0..32767, then -32768..-1
    table: Codes = np.roll(codes, 32768).astype(np.uint8)
    return table


def _bit_length(values: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """The number of bits each value needs: ``int.bit_length`` for arrays (frexp is exact here)."""
    _, exponents = np.frexp(values)
    return exponents.astype(np.int32)
