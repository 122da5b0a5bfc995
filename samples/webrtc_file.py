"""Ask with a track over WebRTC, keep the answer. Usage: python webrtc_file.py IN.wav OUT.wav"""

import asyncio
import sys
from pathlib import Path

from realtime_core import (
    PCM16_24KHZ,
    ProviderError,
    RealtimeError,
    RealtimeErrorEvent,
    RealtimeResponseEvent,
    RealtimeSpeechEvent,
    RealtimeTextEvent,
    TurnDetection,
)
from realtime_core.audio.wav import WavWriter
from realtime_openai_webrtc import OpenAIRealtimeWebRTC
from realtime_openai_webrtc.tracks import FileTrack

PATIENCE_S = 5.0  # for the service to find speech in what it has heard


async def main(question: str, answer: str) -> None:
    # any MediaStreamTrack of aiortc will do; after a file comes silence, in which the service answers
    track = FileTrack(question)
    client = OpenAIRealtimeWebRTC(audio_track=track)
    listening = TurnDetection(silence_duration_ms=500)
    is_answered = is_busy = False

    async def stop_when_all_is_said() -> None:
        await asyncio.wait([asking])
        await asyncio.sleep(PATIENCE_S)
        if not is_busy:
            await session.delete_session()

    with WavWriter(answer, PCM16_24KHZ) as file:
        async with client(turn_detection=listening, audio_output_callback=file.write) as session:
            asking = asyncio.create_task(track.played())
            stopping = asyncio.create_task(stop_when_all_is_said())
            async for event in session.receive():
                match event:
                    case RealtimeTextEvent():
                        print(event.text.text, end="", flush=True)
                    case RealtimeErrorEvent(benign=False):
                        raise ProviderError(event.message)
                    case RealtimeResponseEvent(phase="done", status="failed" | "incomplete"):
                        raise ProviderError(f"the response is {event.status}: {event.status_reason}")
                    case RealtimeSpeechEvent(phase="started"):
                        is_busy = True
                    case RealtimeResponseEvent(phase="done", status="completed"):
                        print()  # it was heard to its end: nothing interrupted it
                        is_answered, is_busy = True, False
                        if asking.done():
                            break
            stopping.cancel()
    if not is_answered:
        sys.exit(f"no speech was found in {question}")


if len(sys.argv) != 3:
    sys.exit(__doc__)
if Path(sys.argv[1]).resolve() == Path(sys.argv[2]).resolve():
    sys.exit("OUT.wav is IN.wav: give another file for the answer")
try:
    asyncio.run(main(*sys.argv[1:]))
except RealtimeError as exc:
    sys.exit(str(exc))
except KeyboardInterrupt:
    sys.exit(130)
