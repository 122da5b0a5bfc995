"""Talk while the assistant talks; keep what was heard. Usage: python barge_in.py PROVIDER IN.wav OUT.wav"""

import asyncio
import sys
from itertools import count

from realtime_core import (
    AudioContent,
    ProviderError,
    RealtimeAudioEvent,
    RealtimeError,
    RealtimeErrorEvent,
    RealtimeInterruptionEvent,
    RealtimeResponseEvent,
    RealtimeSession,
    TurnDetection,
    WavSink,
    create_client,
)
from realtime_core.audio.wav import read_wav

QUESTION = "Count slowly from one to fifty, and tell me something about each of the numbers on your way."


async def speak(session: RealtimeSession, recording: AudioContent, answer_begun: asyncio.Event) -> None:
    """A microphone: silence in the end, for only in silence that it hears the service answers."""
    await answer_begun.wait()
    await asyncio.sleep(1)
    size = recording.format.rate_hz // 50 * recording.format.frame_bytes  # 20 ms
    for start in count(step=size):
        piece = recording.data[start : start + size].ljust(size, b"\0")
        await session.send_audio(AudioContent(piece, recording.format))
        await asyncio.sleep(0.02)


async def listen(session: RealtimeSession, answer_begun: asyncio.Event) -> None:
    interrupted = False
    async for event in session.receive():
        match event:
            case RealtimeAudioEvent():
                answer_begun.set()
            case RealtimeInterruptionEvent():
                print(f"(interrupted by {event.cause} after {event.played_ms / 1000:.1f} s)")
                interrupted = True
            case RealtimeErrorEvent(benign=False):
                raise ProviderError(event.message)
            case RealtimeResponseEvent(phase="done") if interrupted and event.status != "cancelled":
                break


async def main(provider: str, question: str, heard: str) -> None:
    client = create_client(provider)
    recording = read_wav(question)
    # Your sound device takes its place: write(samples), played_ms, clear(). What it has really played is
    # what the model remembers of an answer that was cut short.
    with WavSink(heard) as sink:
        async with client(
            audio_output_callback=sink,
            turn_detection=TurnDetection(silence_duration_ms=500),
            input_audio_transcription={},
        ) as session:
            await session.send_text(QUESTION, respond=True)
            answer_begun = asyncio.Event()
            speaking = asyncio.create_task(speak(session, recording, answer_begun))
            try:
                await listen(session, answer_begun)
            finally:
                speaking.cancel()
                await asyncio.gather(speaking, return_exceptions=True)
            print(session.conversation.transcript())


if len(sys.argv) != 4:
    sys.exit(__doc__)
try:
    asyncio.run(main(*sys.argv[1:]))
except RealtimeError as exc:
    sys.exit(str(exc))
except KeyboardInterrupt:
    sys.exit(130)
