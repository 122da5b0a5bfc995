"""Streaming conversion from one audio format to another, for one direction of one session.

Knows nothing of events. Resampling is soxr's; a change of chunk size never changes the result.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from realtime_core.audio import g711
from realtime_core.audio.formats import AudioFormat

__all__ = ["AudioConverter", "to_samples"]

Samples = npt.NDArray[np.int16]


def to_samples(data: bytes, fmt: AudioFormat) -> Samples:
    """Decode whole frames: 1-D int16 for mono, ``(frames, channels)`` otherwise.

    PCM is not copied: the array is read-only.
    """
    if fmt.encoding == "pcm16":
        samples: Samples = np.frombuffer(data, dtype="<i2")
    else:
        samples = g711.decode(np.frombuffer(data, dtype=np.uint8), fmt.encoding)
    return samples if fmt.channels == 1 else samples.reshape(-1, fmt.channels)


def _from_samples(samples: Samples, fmt: AudioFormat) -> bytes:
    if fmt.encoding == "pcm16":
        return samples.astype("<i2", copy=False).tobytes()
    return g711.encode(np.ascontiguousarray(samples), fmt.encoding).tobytes()


class AudioConverter:
    """Converts a stream of bytes from ``source`` to ``target``.

    Chunks may have any size: a part of a frame waits for its rest. Channels are mixed down, or
    a mono signal copied to each. A resampler holds back up to about 60 ms until ``flush``.
    """

    def __init__(self, source: AudioFormat, target: AudioFormat) -> None:
        self.source = source
        self.target = target
        self._same = source == target
        self._frame_bytes = source.frame_bytes
        self._rest = b""
        self._resampler: Any = None  # soxr ships no type of its own for mypy --strict

    def convert(self, data: bytes) -> bytes:
        """The next piece in the target format; may be empty."""
        if self._rest:
            data = self._rest + data
            self._rest = b""
        extra = len(data) % self._frame_bytes
        if extra:
            data, self._rest = data[:-extra], data[-extra:]
        if self._same or not data:
            return data
        return self._encode(self._mix(to_samples(data, self.source)), last=False)

    def flush(self) -> bytes:
        """The end of the stream: what was held back. A lone part of a frame is dropped.

        The converter is then ready for a new stream.
        """
        self._rest = b""
        if self._resampler is None:
            return b""
        channels = self.target.channels
        tail = self._encode(np.zeros((0, channels) if channels > 1 else 0, np.int16), last=True)
        self._resampler = None
        return tail

    def _mix(self, samples: Samples) -> Samples:
        have, want = self.source.channels, self.target.channels
        if have == want:
            return samples
        mono = samples if have == 1 else samples.mean(axis=1).round().astype(np.int16)
        return mono if want == 1 else np.repeat(mono[:, np.newaxis], want, axis=1)

    def _encode(self, samples: Samples, *, last: bool) -> bytes:
        if self.source.rate_hz != self.target.rate_hz:
            if self._resampler is None:
                # imported here: most sessions never resample
                import soxr

                # as int16 soxr adds dither: noise in silence, and a result that depends on the chunks
                self._resampler = soxr.ResampleStream(
                    self.source.rate_hz, self.target.rate_hz, self.target.channels, dtype="float32"
                )
            resampled = self._resampler.resample_chunk(samples.astype(np.float32), last=last)
            samples = np.rint(resampled).clip(-32768, 32767).astype(np.int16)
        return _from_samples(samples, self.target)
