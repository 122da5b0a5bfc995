"""The command ``realtime-simulator``: the WebSocket door at a port, until it is told to stop."""

import asyncio
import signal
from typing import Any

import click
from realtime_core.errors import InvalidOptions

from realtime_simulator.faults import FAULT_NAMES
from realtime_simulator.options import DEFAULT_SPEED, RateLimits, configure
from realtime_simulator.server import SimulatorServer

__all__ = ["main"]


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="0 takes a free one."
)
@click.option("--brain", default="echo", show_default=True, help="echo, script:FILE or rules:FILE.")
@click.option("--script", metavar="FILE", help="Short for --brain script:FILE.")
@click.option("--fault", "faults", metavar="SPEC", multiple=True, help=f"NAME@FRAME; NAME is {FAULT_NAMES}.")
@click.option(
    "--speed", type=float, default=DEFAULT_SPEED, show_default=True, help="1 is real time, 0 no pause."
)
@click.option("--api-key", metavar="KEY", help="The only key that is good; without it any key is.")
@click.option(
    "--transcript", "transcripts", metavar="TEXT", multiple=True, help="What the user says, turn by turn."
)
@click.option("--rate-limits", type=click.Choice(RateLimits.__args__), default="never", show_default=True)  # type: ignore[attr-defined]
def main(*, host: str, port: int, api_key: str | None, **options: Any) -> None:
    """Serve a simulated OpenAI Realtime service on a WebSocket, without a key and offline."""
    try:
        server = SimulatorServer(configure(**options), host=host, port=port, api_key=api_key, keep_log=False)
        asyncio.run(_serve(server))
    except InvalidOptions as exc:
        raise click.UsageError(str(exc)) from exc
    except OSError as exc:
        raise click.ClickException(f"cannot listen on {host}:{port}: {exc.strerror or exc}") from exc


async def _serve(server: SimulatorServer) -> None:
    """Serve until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with server:
        click.echo(f"listening on {server.websocket_url} (base_url {server.base_url})")
        await stop.wait()
