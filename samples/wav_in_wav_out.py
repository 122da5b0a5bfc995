"""Ask with a recording, keep the answer. Usage: python wav_in_wav_out.py PROVIDER IN.wav OUT.wav"""

import asyncio
import sys
from pathlib import Path

from realtime_core import PCM16_24KHZ, RealtimeResponseEvent, RealtimeTextEvent, create_client
from realtime_core.audio.wav import WavWriter, read_wav


async def main(provider: str, question: str, answer: str) -> None:
    audio = read_wav(Path(question))  # any rate, any channels: the session converts
    with WavWriter(Path(answer), PCM16_24KHZ) as file:
        client = create_client(provider, audio_output_callback=file.write)
        async with client(turn_detection=None) as session:  # we say where the question ends
            await session.send_audio(audio)
            await session.commit_audio()
            await session.create_response()
            async for event in session.receive():
                match event:
                    case RealtimeTextEvent():
                        print(event.text.text, end="", flush=True)
                    case RealtimeResponseEvent(phase="done"):
                        break
    print()


asyncio.run(main(*sys.argv[1:]))
