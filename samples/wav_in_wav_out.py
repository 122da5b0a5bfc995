"""Ask with a recording, keep the answer. Usage: python wav_in_wav_out.py PROVIDER IN.wav OUT.wav"""

import asyncio
import sys

from realtime_core import (
    PCM16_24KHZ,
    ProviderError,
    RealtimeError,
    RealtimeErrorEvent,
    RealtimeResponseEvent,
    RealtimeTextEvent,
    create_client,
)
from realtime_core.audio.wav import WavWriter, read_wav


async def main(provider: str, question: str, answer: str) -> None:
    audio = read_wav(question)  # any rate, any channels: the session converts
    with WavWriter(answer, PCM16_24KHZ) as file:
        client = create_client(provider, audio_output_callback=file.write)
        async with client(turn_detection=None) as session:  # we say where the question ends
            await session.send_audio(audio)
            await session.commit_audio()
            await session.create_response()
            async for event in session.receive():
                match event:
                    case RealtimeTextEvent():
                        print(event.text.text, end="", flush=True)
                    case RealtimeErrorEvent(benign=False, item_id=None):
                        raise ProviderError(event.message)  # there will be no answer
                    case RealtimeResponseEvent(phase="done"):
                        print("" if event.status == "completed" else f"({event.status})")
                        break


if len(sys.argv) != 4:
    sys.exit(__doc__)
try:
    asyncio.run(main(*sys.argv[1:]))
except RealtimeError as exc:
    sys.exit(str(exc))
except KeyboardInterrupt:
    sys.exit(130)
