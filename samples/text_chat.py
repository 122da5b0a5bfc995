"""Write lines, read answers as they come, end with Ctrl-D. Usage: python text_chat.py PROVIDER"""

import asyncio
import sys
from collections.abc import AsyncIterator
from threading import Thread

from realtime_core import (
    ProviderError,
    RealtimeError,
    RealtimeErrorEvent,
    RealtimeResponseEvent,
    RealtimeTextEvent,
    create_client,
)


async def typed_lines() -> AsyncIterator[str]:
    lines: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def read() -> None:  # in a daemon thread, which Ctrl-C need not wait for
        with open(0, closefd=False) as keyboard:
            while line := keyboard.readline():
                loop.call_soon_threadsafe(lines.put_nowait, line)
        loop.call_soon_threadsafe(lines.put_nowait, "")

    Thread(target=read, daemon=True).start()
    prompt = "> " if sys.stdin.isatty() else ""
    print(prompt, end="", flush=True)
    while line := await lines.get():
        yield line.strip()
        print(prompt, end="", flush=True)
    print(end="\n" if prompt else "")


async def main(provider: str) -> None:
    client = create_client(provider)
    async with client(instructions="Be brief.", output_modalities=["text"]) as session:
        async for line in typed_lines():
            await session.send_text(line, respond=True)
            async for event in session.receive():
                match event:
                    case RealtimeTextEvent():
                        print(event.text.text, end="", flush=True)
                    case RealtimeErrorEvent(benign=False, response_id=None, item_id=None):
                        raise ProviderError(event.message)  # there will be no answer
                    case RealtimeErrorEvent(benign=False):
                        print(f"({event.message})", end=" ")  # the next line may fare better
                    case RealtimeResponseEvent(phase="done"):
                        print("" if event.status == "completed" else f"({event.status})")
                        break


if len(sys.argv) != 2:
    sys.exit(__doc__)
try:
    asyncio.run(main(sys.argv[1]))
except RealtimeError as exc:
    sys.exit(str(exc))
except KeyboardInterrupt:
    print()
    sys.exit(130)
