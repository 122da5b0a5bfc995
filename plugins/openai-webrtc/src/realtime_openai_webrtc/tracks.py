"""Tracks for ``audio_track``: a file, and whatever the application gives, followed by silence.

Importing it loads ``aiortc``. Knows nothing of calls.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from os import PathLike, fspath
from typing import Any, Final

import av
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, AudioResampler, Packet
from av.container import InputContainer
from realtime_core.audio.formats import PCM16_24KHZ
from realtime_core.errors import InvalidOptions
from realtime_openai_wire.media import FRAME_MS
from realtime_openai_wire.rtc import PacedTrack, two_channels

__all__ = ["FileTrack", "LastingTrack"]

_RATE_HZ: Final = PCM16_24KHZ.rate_hz
_TIME_BASE: Final = Fraction(1, _RATE_HZ)


def _resampler() -> AudioResampler:
    return AudioResampler("s16", "mono", _RATE_HZ, _RATE_HZ * FRAME_MS // 1000)


def _pcm(frame: AudioFrame) -> bytes:
    pcm: bytes = frame.to_ndarray().tobytes()
    return pcm


class FileTrack(MediaStreamTrack):
    """An audio file in real time, then silence. One of it serves one session.

    ``path`` is any file that ``av`` can read: WAV, MP3, Ogg, FLAC, M4A and others. It is read as it is
    played, a frame ahead.

    Raises:
        InvalidOptions: it cannot be read, or has no audio.
    """

    kind = "audio"

    def __init__(self, path: str | PathLike[str]) -> None:
        super().__init__()
        self._frames: Iterator[bytes] | None = _frames_in(fspath(path))
        self._frame = b""
        self._paced = PacedTrack(lambda _: self._frame, rate_hz=_RATE_HZ)
        self._played = asyncio.Event()

    async def played(self) -> None:
        """Wait until the file has been played, or the track was stopped."""
        await self._played.wait()

    async def recv(self) -> AudioFrame:
        """The next 20 ms, when they are due.

        Raises:
            MediaStreamError: the track was stopped.
        """
        if self._frames is not None:
            self._frame = await asyncio.to_thread(next, self._frames, b"")
            if not self._frame:
                self._frames = None
                self._played.set()
        return await self._paced.recv()

    def stop(self) -> None:
        """Let go of the file."""
        super().stop()
        self._paced.stop()
        self._frames = None
        self._played.set()


def _frames_in(path: str) -> Iterator[bytes]:
    try:
        container = av.open(path)
    except (OSError, av.FFmpegError) as exc:
        why = type(exc).__name__
        raise InvalidOptions(f"the audio file {path!r} cannot be read ({why}); check its path") from exc
    if not container.streams.audio:
        container.close()
        raise InvalidOptions(f"the file {path!r} has no audio")
    return _decoded(container)


def _decoded(container: InputContainer) -> Iterator[bytes]:
    resampler = _resampler()
    with container:
        for frame in container.decode(audio=0):
            yield from map(_pcm, resampler.resample(frame))
        yield from map(_pcm, resampler.resample(None))


class LastingTrack(MediaStreamTrack):
    """``track`` in frames that the encoder takes, whatever its own are, and silence once it ends or fails.

    A service that hears nothing does not know that the user has stopped speaking. Packets that are encoded
    already are passed on. ``sent`` is called for each frame, with the number of samples of ``track`` in it,
    ``failed`` with what ``track`` raised. Stopping it stops ``track``.
    """

    kind = "audio"

    def __init__(
        self,
        track: MediaStreamTrack,
        sent: Callable[[int], object],
        failed: Callable[[Exception], object],
    ) -> None:
        super().__init__()
        self._given = track
        self._lasts = True
        self._sent = sent
        self._failed = failed
        self._resampler = _resampler()
        self._ready: deque[AudioFrame | Packet[Any]] = deque()
        self._silence = PacedTrack(lambda _: b"", rate_hz=_RATE_HZ)
        self._samples = 0

    async def recv(self) -> "AudioFrame | Packet[Any]":
        """What ``track`` gives next, when it gives it; then silence, paced.

        Raises:
            MediaStreamError: this track was stopped.
        """
        while self._lasts and not self._ready:
            await self._read()
        if not self._ready:
            self._sent(0)
            return self._timed(await self._silence.recv())
        frame = self._ready.popleft()
        if isinstance(frame, Packet):
            self._sent(1)
            return frame
        self._sent(frame.samples)
        return self._timed(frame)

    def _timed(self, frame: AudioFrame) -> AudioFrame:
        frame.pts = self._samples
        frame.time_base = _TIME_BASE
        self._samples += frame.samples
        return frame

    async def _read(self) -> None:
        try:
            self._ready.extend(self._sendable(await self._given.recv()))
        except Exception as exc:  # noqa: BLE001  # the track is other people's code
            self._lasts = False
            if not isinstance(exc, MediaStreamError):
                self._failed(exc)

    def _sendable(self, given: Any) -> "Iterable[AudioFrame | Packet[Any]]":
        match given:
            case Packet():
                return [given]
            case AudioFrame():
                return self._resampled(given)
            case _:
                raise TypeError("recv() of a track gives an AudioFrame or a Packet")

    def _resampled(self, frame: AudioFrame) -> Iterator[AudioFrame]:
        try:
            frames = self._resampler.resample(frame)
        except ValueError:
            # its format is another than before
            self._resampler = _resampler()
            frames = self._resampler.resample(frame)
        return (two_channels(_pcm(mono), _RATE_HZ) for mono in frames)

    def stop(self) -> None:
        """End this track, and the one it was made for."""
        super().stop()
        self._silence.stop()
        self._given.stop()
