"""WAV files: any one into the audio of a session, and a session's audio into one.

Knows nothing of sessions. Resampling and mixing down are the session's business: a file is read at
its own rate, with its own channels.
"""

import io
import os
import wave
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeAlias

import numpy as np
import numpy.typing as npt
import soundfile

from realtime_core.audio.formats import AudioFormat
from realtime_core.contents import AudioContent
from realtime_core.errors import CallerError

__all__ = ["WavWriter", "check_writable", "read_wav"]

# WAVEX is WAV with WAVE_FORMAT_EXTENSIBLE, RF64 is WAV beyond 4 GiB.
_CONTAINERS: Final = ("WAV", "WAVEX", "RF64")
_FLOATS: Final = ("FLOAT", "DOUBLE")
# Opening a pipe that nobody reads would wait; only POSIX knows the flag.
_NEVER_WAIT: Final = getattr(os, "O_NONBLOCK", 0)

Samples = npt.NDArray[np.int16]
PathLike: TypeAlias = "str | os.PathLike[str]"


def read_wav(path: PathLike) -> AudioContent:
    """The whole of a WAV file of any rate, width and number of channels, as 16-bit samples.

    Raises:
        CallerError: it cannot be read, is no WAV file, or holds no audio; names the file.
    """
    with _explained("read", path):
        data = Path(path).read_bytes()
    if not data:
        raise CallerError(f"{path} is empty, not a WAV file")
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            if file.format not in _CONTAINERS:
                raise CallerError(f"{path} is {file.format}, not a WAV file")
            fmt = AudioFormat("pcm16", file.samplerate, file.channels)
            pcm = _samples(file).astype("<i2", copy=False).tobytes()
    except soundfile.SoundFileError as exc:
        raise CallerError(f"{path} is not a WAV file") from exc
    if not pcm:
        raise CallerError(f"{path} holds no audio")
    return AudioContent(pcm, fmt)


def _samples(file: Any) -> Samples:
    if file.subtype not in _FLOATS:
        samples: Samples = file.read(dtype="int16")
        return samples
    # libsndfile does not scale floats when it is asked for integers
    floats: npt.NDArray[np.float64] = np.nan_to_num(file.read(dtype="float64")) * 32768
    return floats.round().clip(-32768, 32767).astype(np.int16)


def check_writable(path: PathLike) -> None:
    """Make sure that ``path`` can be written, and leave it as it is.

    Raises:
        CallerError: it cannot; names it.
    """
    target = Path(os.path.realpath(path))  # what a link points to is created, so that is to be removed
    existed = target.exists()
    with _explained("write", path):
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | _NEVER_WAIT, 0o666))
        if not existed:
            target.unlink()


class WavWriter:
    """Writes 16-bit samples to a WAV file, which is a valid one after every ``write``.

    The file is made by the first ``write``, or else by ``close``: a ``with`` block that fails before there
    is any audio leaves no file, and an old one as it was.

    Raises:
        CallerError: it cannot be made; names the file.
    """

    def __init__(self, path: PathLike, fmt: AudioFormat) -> None:
        check_writable(path)
        self._path = path
        self._format = fmt
        self._frames = 0
        self._wave: wave.Wave_write | None = None

    @property
    def duration_ms(self) -> float:
        """How much has been written."""
        return self._frames * 1000 / self._format.rate_hz

    def write(self, samples: Samples) -> None:
        """Add ``samples``: 1-D for mono, ``(frames, channels)`` otherwise.

        Raises:
            CallerError: it cannot be written, for instance because the disk is full; names the file.
        """
        with _explained("write", self._path):
            if self._wave is None:
                self._file = Path(self._path).open("wb")  # noqa: SIM115  # `_end` closes it
                self._wave = wave.open(self._file, "wb")  # noqa: SIM115  # so it does
                self._wave.setparams((self._format.channels, 2, self._format.rate_hz, 0, "NONE", ""))
            self._wave.writeframes(samples.astype("<i2", copy=False).tobytes())
            self._file.flush()
        self._frames += len(samples)

    def close(self) -> None:
        """End the file; without any audio it is an empty WAV file. May be called twice.

        Raises:
            CallerError: as ``write``.
        """
        try:
            if self._wave is None:
                self.write(np.zeros(0, np.int16))
        finally:
            self._end()

    def _end(self) -> None:
        if self._wave is None:
            return
        with _explained("write", self._path):
            try:
                self._wave.close()
            finally:
                self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if exc is None:
            self.close()
            return
        with suppress(CallerError):  # what went wrong first is what people want to know
            self._end()


@contextmanager
def _explained(verb: str, path: PathLike) -> Iterator[None]:
    """What goes wrong with ``path`` inside, in one line that names it."""
    try:
        yield
    except OSError as exc:
        raise CallerError(f"cannot {verb} {path}: {(exc.strerror or str(exc)).lower()}") from exc
