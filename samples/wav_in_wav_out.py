"""Ask with a recording, keep the answer. Usage: python wav_in_wav_out.py PROVIDER IN.wav OUT.wav"""

import asyncio
import sys

from realtime_core import PCM16_24KHZ, ProviderError, RealtimeError, create_client
from realtime_core.audio.wav import WavWriter, read_wav


async def main(provider: str, question: str, answer: str) -> None:
    client = create_client(provider, settings={"turn_detection": None})  # we say where the question ends
    audio = read_wav(question)  # any rate, any channels: the session converts
    with WavWriter(answer, PCM16_24KHZ) as file:
        async with client(audio_output_callback=file.write) as session:
            await session.send_audio(audio)
            await session.commit_audio()
            response = await session.create_response()
            done = await response
            print(response.text)
            if done.status != "completed":
                raise ProviderError(f"the response is {done.status}: {done.status_reason}")


if len(sys.argv) != 4:
    sys.exit(__doc__)
try:
    asyncio.run(main(*sys.argv[1:]))
except RealtimeError as exc:
    sys.exit(str(exc))
except KeyboardInterrupt:
    sys.exit(130)
