"""Ask with a track over WebRTC, keep the answer. Usage: python webrtc_file.py IN.wav OUT.wav"""

import asyncio
import sys

from realtime_core import (
    PCM16_24KHZ,
    ProviderError,
    RealtimeError,
    RealtimeErrorEvent,
    RealtimeResponseEvent,
    RealtimeTextEvent,
    TurnDetection,
)
from realtime_core.audio.wav import WavWriter
from realtime_openai_webrtc import OpenAIRealtimeWebRTC
from realtime_openai_webrtc.tracks import FileTrack


async def main(question: str, answer: str) -> None:
    # any MediaStreamTrack of aiortc will do; after a file comes silence, in which the service answers
    client = OpenAIRealtimeWebRTC(audio_track=FileTrack(question))
    listening = TurnDetection(silence_duration_ms=500)
    with WavWriter(answer, PCM16_24KHZ) as file:
        async with client(turn_detection=listening, audio_output_callback=file.write) as session:
            async for event in session.receive():
                match event:
                    case RealtimeTextEvent():
                        print(event.text.text, end="", flush=True)
                    case RealtimeErrorEvent(benign=False):
                        raise ProviderError(event.message)
                    case RealtimeResponseEvent(phase="done", status="failed" | "incomplete"):
                        raise ProviderError(f"the response is {event.status}: {event.status_reason}")
                    case RealtimeResponseEvent(phase="playback_stopped", status_reason=None):
                        print()  # it was spoken to its end: nothing interrupted it
                        break


if len(sys.argv) != 3:
    sys.exit(__doc__)
try:
    asyncio.run(main(*sys.argv[1:]))
except RealtimeError as exc:
    sys.exit(str(exc))
except KeyboardInterrupt:
    sys.exit(130)
