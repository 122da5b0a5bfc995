"""A server that does nothing but send: the same prepared frames to every client.

Knows just enough of the protocol to open a session. Run as a process of its own. A client chooses its
scenario by the model in the URL: ``burst-N`` sends N audio deltas when a response is asked for,
``paced-N`` sends N deltas 20 ms apart, each stamped with the time of sending, ``sink`` only counts what
it is sent, and says so when a response is asked for.
"""

import asyncio
import base64
import json
import os
import sys
import threading
import time
from typing import Any

from websockets.asyncio.server import ServerConnection, serve

PCM = os.urandom(9_600)  # 200 ms at 24 kHz, a usual delta
AUDIO = base64.b64encode(PCM).decode()


def delta(number: int, audio: str = AUDIO) -> str:
    return json.dumps(
        {
            "type": "response.output_audio.delta",
            "event_id": f"event_{number:021d}",
            "response_id": "resp_E6U0xPKs3yvsEC0vkrect",
            "item_id": "item_E6U0xPKs3yvsEC0vkrect",
            "output_index": 0,
            "content_index": 0,
            "delta": audio,
        }
    )


def session(kind: str) -> str:
    return json.dumps({"type": kind, "event_id": "event_s", "session": {"type": "realtime", "id": "sess_b"}})


def done(note: Any) -> str:
    response = {
        "id": "resp_E6U0xPKs3yvsEC0vkrect",
        "status": "completed",
        "output": [],
        "metadata": {"note": str(note)},
    }
    return json.dumps({"type": "response.done", "event_id": "event_d", "response": response})


async def handle(socket: ServerConnection) -> None:
    scenario = socket.request.path.rpartition("model=")[2].split("&")[0] if socket.request else ""
    name, _, count = scenario.partition("-")
    frames = [delta(number) for number in range(min(int(count or 0), 64))]
    received = 0
    await socket.send(session("session.created"))
    async for message in socket:
        received += 1
        if '"session.update"' in message[:60]:
            await socket.send(session("session.updated"))
        elif '"response.create"' in message[:60]:
            for number in range(int(count or 0)):
                if name == "paced":
                    await asyncio.sleep(0.02)
                    stamp = time.monotonic_ns().to_bytes(8, "little") * 120
                    await socket.send(delta(number, base64.b64encode(stamp).decode()))
                else:
                    await socket.send(frames[number % len(frames)])
            await socket.send(done(received))


def tell_cpu() -> None:
    """From now on, print the CPU time of this process for each line that comes in."""

    def answer() -> None:
        for _ in sys.stdin:
            print(time.process_time(), flush=True)

    threading.Thread(target=answer, daemon=True).start()


async def main() -> None:
    async with serve(handle, "127.0.0.1", 0, compression=None, max_size=None) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    if "--tell-cpu" in sys.argv:
        tell_cpu()
    asyncio.run(main())
