"""Speed, measured side by side in one run: the whole engine against bare loops that do the same job.

``python tests/benchmarks/run.py [--quick]`` prints a table. The server is a process of its own; what is
measured is the CPU time of the client process, except for latency. Each figure is the median of
alternating rounds.
"""

import asyncio
import gc
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from clients import CLIENTS

QUICK = "--quick" in sys.argv
ROUNDS = 3 if QUICK else 7
DELTAS = 2_000 if QUICK else 5_000
SESSIONS = 100
PIECES = 50  # of 20 ms, both ways, in each of the sessions
IDLE = 200

Measure = Callable[[type[Any], str], Awaitable[float]]


def ignore(_: Any) -> None:
    """Play to nobody."""


async def downlink(kind: type[Any], url: str) -> float:
    """CPU µs for an audio delta of 200 ms, from the socket to the callback."""
    client = kind()
    await client.open(url, f"burst-{DELTAS}", ignore)
    started = time.process_time()
    await client.listen()
    spent = time.process_time() - started
    await client.close()
    return spent / DELTAS * 1e6


async def uplink(kind: type[Any], url: str) -> float:
    """CPU µs for a piece of 20 ms, from the microphone to the socket."""
    client, pcm = kind(), bytes(960)
    await client.open(url, "sink", ignore)
    started = time.process_time()
    for _ in range(DELTAS):
        await client.say(pcm)
    await client.listen()
    spent = time.process_time() - started
    await client.close()
    return spent / DELTAS * 1e6


async def call(client: Any) -> None:
    pcm = bytes(960)
    listening = asyncio.ensure_future(client.listen())
    for _ in range(PIECES):
        await client.say(pcm)
        await asyncio.sleep(0.02)
    await listening


async def crowd(kind: type[Any], url: str) -> float:
    """CPU ms for a second of 100 two-way calls."""
    clients = [kind() for _ in range(SESSIONS)]
    await asyncio.gather(*(client.open(url, f"paced-{PIECES}", ignore) for client in clients))
    started, began = time.process_time(), time.monotonic()
    await asyncio.gather(*(call(client) for client in clients))
    spent, lasted = time.process_time() - started, time.monotonic() - began
    await asyncio.gather(*(client.close() for client in clients))
    return spent / lasted * 1e3


async def latency(kind: type[Any], url: str) -> float:
    """99th percentile of the µs from sending a delta to its callback."""
    late: list[float] = []

    def play(samples: Any) -> None:
        late.append((time.monotonic_ns() - int.from_bytes(samples[:4].tobytes(), "little")) / 1e3)

    client = kind()
    await client.open(url, f"paced-{50 if QUICK else 150}", play)
    await client.listen()
    await client.close()
    return statistics.quantiles(late, n=100)[98]


async def idle(kind: type[Any], url: str) -> float:
    """kB of Python memory for a session that does nothing, its socket included."""
    first = kind()
    await first.open(url, "sink", ignore)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    clients = [kind() for _ in range(IDLE)]
    for client in clients:
        await client.open(url, "sink", ignore)
    gc.collect()
    spent = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    for client in [first, *clients]:
        await client.close()
    return spent / IDLE / 1e3


async def compare(title: str, measure: Measure, url: str, rounds: int = ROUNDS) -> None:
    figures: dict[str, list[float]] = {kind.name: [] for kind in CLIENTS}
    for _ in range(rounds):
        for kind in CLIENTS:
            gc.collect()
            figures[kind.name].append(await measure(kind, url))
    bare = statistics.median(figures[CLIENTS[0].name])
    print(f"\n{title}")
    for name, values in figures.items():
        value = statistics.median(values)
        print(f"  {name:32} {value:9.1f}   {value / bare:5.2f} ×", flush=True)


def import_time() -> None:
    script = "import time; t = time.perf_counter(); import realtime_core; print(time.perf_counter() - t)"
    runs = [float(subprocess.check_output([sys.executable, "-c", script])) for _ in range(ROUNDS)]
    print(f"\nimport realtime_core, s\n  {'realtime-core':32} {statistics.median(runs):9.3f}")


async def main(url: str) -> None:
    for title, measure, rounds in (
        ("downlink: CPU µs per audio delta of 200 ms", downlink, ROUNDS),
        ("uplink: CPU µs per piece of 20 ms", uplink, ROUNDS),
        ("100 two-way calls: CPU ms per second", crowd, ROUNDS),
        ("latency from server to callback, p99 µs", latency, min(ROUNDS, 5)),
        ("idle session, kB", idle, 1),
    ):
        await compare(title, measure, url, rounds)
    import_time()


if __name__ == "__main__":
    with subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("server.py"))], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        port = server.stdout.readline().strip()
        try:
            asyncio.run(main(f"http://127.0.0.1:{port}/v1"))
        finally:
            server.terminate()
