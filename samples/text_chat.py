"""Write lines, read answers as they come, end with Ctrl-D. Usage: python text_chat.py PROVIDER"""

import asyncio
import sys

from realtime_core import RealtimeErrorEvent, RealtimeResponseEvent, RealtimeTextEvent, create_client


async def main(provider: str) -> None:
    client = create_client(provider)
    async with client(instructions="Be brief.", output_modalities=["text"]) as session:
        while line := await asyncio.to_thread(sys.stdin.readline):
            await session.send_text(line.strip(), respond=True)
            async for event in session.receive():
                match event:
                    case RealtimeTextEvent():
                        print(event.text.text, end="", flush=True)
                    case RealtimeErrorEvent():
                        print(event.message, file=sys.stderr)
                    case RealtimeResponseEvent(phase="done"):
                        print("" if event.status == "completed" else f"({event.status})")
                        break


asyncio.run(main(*sys.argv[1:]))
