"""What the simulator's server costs, beside a bare server that sends prepared frames.

``python tests/benchmarks/simulator.py [--quick]`` prints a table: the CPU time of the server, which is a
process of its own, for each frame. What a client of this repository costs is in the table of ``run.py``; the
simulator hides none of it, because it runs elsewhere and spends little more.
"""

import asyncio
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import attrs
import numpy as np
from realtime_simulator import Say, SimulatorServer, Turn, configure
from server import tell_cpu
from websockets.asyncio.client import ClientConnection, connect

QUICK = "--quick" in sys.argv
ROUNDS = 3 if QUICK else 5
DELTAS = 1_000 if QUICK else 5_000
CLIENTS = 200
PIECES = 50
"""Of 20 ms, sent by each of the clients while it is spoken to in real time."""

PIECE = json.dumps({"type": "input_audio_buffer.append", "audio": "A" * 1280})
CREATE = '{"type":"response.create"}'


@attrs.define
class Process:
    """A server as a process of its own."""

    name: str
    popen: subprocess.Popen[str]
    url: str

    def cpu_s(self) -> float:
        """CPU time that it has spent."""
        assert self.popen.stdin is not None
        assert self.popen.stdout is not None
        self.popen.stdin.write("\n")
        self.popen.stdin.flush()
        return float(self.popen.stdout.readline())


@contextmanager
def started(name: str, *command: str) -> Iterator[Process]:
    with subprocess.Popen(  # our own scripts
        [sys.executable, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as popen:
        assert popen.stdout is not None
        try:
            yield Process(name, popen, f"ws://127.0.0.1:{popen.stdout.readline().strip()}/v1/realtime?model=")
        finally:
            popen.kill()


@lru_cache
def reply(deltas: int) -> Say:
    """Silence of so many deltas, which take 250 ms each, but for the first two."""
    return Say("", audio=np.zeros(6_000 * (deltas - 1) - 500, np.int16))


def speak(turn: Turn) -> Say:
    return reply(int(turn.instructions))


async def serve(speed: float) -> None:
    """The simulator, whose replies are as long as the instructions say."""
    async with SimulatorServer(configure(brain=speak, speed=speed), watch=False) as server:
        print(server.port, flush=True)
        await asyncio.Event().wait()


async def opened(server: Process, scenario: str, deltas: int) -> ClientConnection:
    """A session that is ready to be asked."""
    url = f"{server.url}{scenario}-{deltas}"
    socket = await connect(
        url, additional_headers={"Authorization": "Bearer x"}, compression=None, max_size=None, max_queue=None
    )
    await socket.recv()
    update: dict[str, Any] = {"type": "realtime", "instructions": str(deltas)}
    update["audio"] = {"input": {"turn_detection": None}}
    await socket.send(json.dumps({"type": "session.update", "session": update}))
    await socket.recv()
    return socket


async def listen(socket: ClientConnection) -> int:
    """Ask for a response and count the frames until its end."""
    await socket.send(CREATE)
    count = 1
    while '"response.done"' not in (await socket.recv(decode=True))[:40]:
        count += 1
    return count


async def speak_up(socket: ClientConnection) -> int:
    """Send audio in real time; how many frames it was."""
    for _ in range(PIECES):
        await socket.send(PIECE)
        await asyncio.sleep(0.02)
    return PIECES


async def burst(server: Process, clients: int, deltas: int) -> tuple[int, float]:
    """Frames sent, and CPU s spent on them, when each client asks for as many deltas as fast as it goes."""
    sockets = [await opened(server, "burst", deltas) for _ in range(clients)]
    before = server.cpu_s()
    frames = sum(await asyncio.gather(*map(listen, sockets)))
    spent = server.cpu_s() - before
    await asyncio.gather(*(socket.close() for socket in sockets))
    return frames, spent


async def one(server: Process) -> tuple[int, float]:
    return await burst(server, 1, DELTAS)


async def many(server: Process) -> tuple[int, float]:
    return await burst(server, CLIENTS, DELTAS // 50)


async def talk(server: Process) -> tuple[int, float]:
    """Frames that went either way while all clients talk and listen in real time."""
    sockets = [await opened(server, "burst", PIECES // 10) for _ in range(CLIENTS)]
    before = server.cpu_s()
    counts = await asyncio.gather(*map(listen, sockets), *map(speak_up, sockets))
    spent = server.cpu_s() - before
    await asyncio.gather(*(socket.close() for socket in sockets))
    return sum(counts), spent


async def compare(title: str, measure: Any, servers: list[Process]) -> None:
    costs_us: dict[str, list[float]] = {server.name: [] for server in servers}
    for _ in range(ROUNDS):
        for server in servers:
            frames, spent_s = await measure(server)
            costs_us[server.name].append(spent_s / frames * 1e6)
    bare = statistics.median(costs_us[servers[0].name])
    print(f"\n{title}")
    for name, values in costs_us.items():
        value = statistics.median(values)
        print(f"  {name:32} {value:9.1f}   {value / bare:5.2f} ×", flush=True)


async def main(bare: Process, simulator: Process, paced: Process) -> None:
    await compare(f"one client, {DELTAS} audio deltas: CPU µs per frame", one, [bare, simulator])
    await compare(
        f"{CLIENTS} clients, {DELTAS // 50} audio deltas each: CPU µs per frame", many, [bare, simulator]
    )
    await compare(
        f"{CLIENTS} clients, two ways in real time: CPU µs per frame, either way", talk, [bare, paced]
    )


if __name__ == "__main__":
    if "--serve" in sys.argv:
        tell_cpu()
        asyncio.run(serve(float(sys.argv[-1])))
    else:
        canned = str(Path(__file__).with_name("server.py"))
        with (
            started("bare server, prepared frames", canned, "--tell-cpu") as bare,
            started("simulator, speed 0", __file__, "--serve", "0") as simulator,
            started("simulator, speed 1", __file__, "--serve", "1") as paced,
        ):
            asyncio.run(main(bare, simulator, paced))
