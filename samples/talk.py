"""Talk and listen at once; the service hears where you stop. Usage: python talk.py PROVIDER IN.wav"""

import asyncio
import sys
from contextlib import suppress
from itertools import count

from realtime_core import (
    AudioContent,
    InputAudioTranscription,
    ProviderError,
    RealtimeAudioEvent,
    RealtimeError,
    RealtimeErrorEvent,
    RealtimeResponseEvent,
    RealtimeSession,
    RealtimeTranscriptEvent,
    TurnDetection,
    create_client,
)
from realtime_core.audio.wav import read_wav

TRANSCRIPT_S = 3.0


async def speak(session: RealtimeSession, recording: AudioContent) -> None:
    """A microphone: after the recording come zeros, for only in silence that it hears the service answers."""
    size = recording.format.rate_hz // 50 * recording.format.frame_bytes  # 20 ms
    for start in count(step=size):
        piece = recording.data[start : start + size].ljust(size, b"\0")
        await session.send_audio(AudioContent(piece, recording.format))
        await asyncio.sleep(0.02)


async def listen(session: RealtimeSession) -> None:
    awaited = {"answer", "user"}
    answer_ms = 0.0
    with suppress(TimeoutError):
        async with asyncio.timeout(None) as patience:
            async for event in session.receive():
                match event:
                    case RealtimeAudioEvent():
                        answer_ms += event.audio.duration_ms  # your sound device goes here
                    case RealtimeTranscriptEvent(final=True):
                        print(f"{event.role}: {event.text.strip()}")
                        awaited.discard(event.role)
                    case RealtimeErrorEvent(benign=False, item_id=str()):
                        print(f"user: ({event.message})")  # the answer comes all the same
                        awaited.discard("user")
                    case RealtimeErrorEvent(benign=False):
                        raise ProviderError(event.message)  # there will be no answer
                    case RealtimeResponseEvent(phase="done") if event.status != "cancelled":  # by more speech
                        awaited.discard("answer")
                        # what the user said is written down after the answer, or never
                        patience.reschedule(asyncio.get_running_loop().time() + TRANSCRIPT_S)
                if not awaited:
                    break
    if "user" in awaited:
        print("user: (not written down)")
    print(f"({answer_ms / 1000:.1f} s of audio)")


async def main(provider: str, path: str) -> None:
    recording = read_wav(path)
    async with create_client(provider)(
        turn_detection=TurnDetection(silence_duration_ms=500),
        input_audio_transcription=InputAudioTranscription(),
    ) as session:
        speaking = asyncio.create_task(speak(session, recording))
        try:
            await listen(session)
        finally:
            speaking.cancel()
            await asyncio.gather(speaking, return_exceptions=True)


if len(sys.argv) != 3:
    sys.exit(__doc__)
try:
    asyncio.run(main(*sys.argv[1:]))
except RealtimeError as exc:
    sys.exit(str(exc))
except KeyboardInterrupt:
    sys.exit(130)
