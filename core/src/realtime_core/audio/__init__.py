"""Audio: its formats, G.711, streaming conversion, WAV files.

Knows nothing of sessions, events or sockets. What needs numpy, soxr or soundfile is imported from
its module by whoever needs it, so that ``import realtime_core`` stays quick.
"""

from realtime_core.audio.formats import PCM16_24KHZ, AudioFormat

__all__ = ["PCM16_24KHZ", "AudioFormat"]
