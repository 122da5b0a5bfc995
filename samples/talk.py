"""Talk and listen at once; the service hears where you stop. Usage: python talk.py PROVIDER IN.wav"""

import asyncio
import sys
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


async def show(session: RealtimeSession) -> None:
    """Each turn when it is complete, however late that is, until both sides have had one."""
    missing = {"user", "assistant"}
    async for caption in session.captions():  # the whole text of a turn each time, for a screen to revise
        if caption.final:
            print(f"{caption.role}: {caption.text.strip()}")
            missing.discard(caption.role)
        if not missing:
            break


async def listen(session: RealtimeSession) -> None:
    answer_ms = 0.0
    async for event in session.receive():
        match event:
            case RealtimeAudioEvent():
                answer_ms += event.audio.duration_ms  # your sound device goes here
            case RealtimeErrorEvent(benign=False, item_id=str()):
                print(f"user: ({event.message})")  # not written down; the answer comes all the same
            case RealtimeErrorEvent(benign=False):
                raise ProviderError(event.message)  # there will be no answer
            case RealtimeResponseEvent(phase="done") if event.status != "cancelled":  # by more speech
                print(f"({answer_ms / 1000:.1f} s of audio)")
                break


async def main(provider: str, path: str) -> None:
    recording = read_wav(path)
    async with create_client(provider)(
        turn_detection=TurnDetection(silence_duration_ms=500),
        input_audio_transcription=InputAudioTranscription(),
    ) as session:
        speaking = asyncio.create_task(speak(session, recording))
        showing = asyncio.create_task(show(session))
        try:
            await listen(session)
            # what the user said is written down after the answer, or never
            await asyncio.wait([showing], timeout=TRANSCRIPT_S)
        finally:
            speaking.cancel()
            showing.cancel()
            await asyncio.gather(speaking, showing, return_exceptions=True)


if len(sys.argv) != 3:
    sys.exit(__doc__)
try:
    asyncio.run(main(*sys.argv[1:]))
except RealtimeError as exc:
    sys.exit(str(exc))
except KeyboardInterrupt:
    sys.exit(130)
