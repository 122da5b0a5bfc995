"""The assistant speaks first. Usage: python quickstart.py PROVIDER"""

import asyncio
import sys

from realtime_core import (
    AudioContent,
    ProviderError,
    RealtimeAudioEvent,
    RealtimeError,
    RealtimeErrorEvent,
    RealtimeResponseEvent,
    RealtimeTextEvent,
    create_client,
)
from realtime_openai import ListenEvents, OpenAIRealtimeExecutionSettings


class AudioPlayer:
    """Put your sound device here: ``audio.to_ndarray()`` is int16, 24 kHz, mono."""

    async def add_audio(self, audio: AudioContent) -> None:
        pass


async def main(provider: str) -> None:
    audio_player = AudioPlayer()
    client = create_client(provider)  # key, endpoint, deployment from the environment
    settings = OpenAIRealtimeExecutionSettings(instructions="Be brief.", voice="marin")

    async with client(settings=settings, create_response=True):
        async for event in client.receive():
            match event:
                case RealtimeAudioEvent():
                    await audio_player.add_audio(event.audio)
                case RealtimeTextEvent():
                    print(event.text.text, end="")
                case RealtimeResponseEvent(phase="done"):
                    print("" if event.status == "completed" else f"({event.status})")
                    break  # to go on talking, send audio from another task instead, and stay in this loop
                case RealtimeErrorEvent(benign=False, item_id=None):  # one of an item leaves the answer be
                    raise ProviderError(event.message)  # there will be no answer
                case _:
                    if event.service_type == ListenEvents.SESSION_UPDATED:
                        print("Session updated")
                    if event.service_type == ListenEvents.RESPONSE_CREATED:
                        print("\nMosscap (transcript): ", end="")


if len(sys.argv) != 2:
    sys.exit(__doc__)
try:
    asyncio.run(main(sys.argv[1]))
except RealtimeError as exc:
    sys.exit(str(exc))
except KeyboardInterrupt:
    sys.exit(130)
