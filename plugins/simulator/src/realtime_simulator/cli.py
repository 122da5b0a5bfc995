"""The command ``realtime-simulator``: the service on a port, until it is told to stop."""

import asyncio
import logging
import signal
from typing import Any, get_args

import click
from realtime_core.cli.program import Failed, OneLineErrors

from realtime_simulator.faults import FAULT_NAMES
from realtime_simulator.options import DEFAULT_SPEED, RateLimits, Transcription, configure
from realtime_simulator.quirks import QUIRK_NAMES
from realtime_simulator.server import SimulatorServer

__all__ = ["main"]


class _Command(OneLineErrors):
    program = "realtime-simulator"


@click.command(cls=_Command)
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="0 takes a free one."
)
@click.option("--brain", default="echo", show_default=True, help="echo or script:FILE.")
@click.option("--script", metavar="FILE", help="Short for --brain script:FILE.")
@click.option("--fault", "faults", metavar="SPEC", multiple=True, help=f"NAME@FRAME; NAME is {FAULT_NAMES}.")
@click.option(
    "--speed", type=float, default=DEFAULT_SPEED, show_default=True, help="1 is real time, 0 no pause."
)
@click.option("--api-key", metavar="KEY", help="The only key that is good; without it any key is.")
@click.option("--key-header", metavar="NAME", help="A header that may hold the key, beside Authorization.")
@click.option(
    "--own-setting",
    "own_settings",
    metavar="NAME",
    multiple=True,
    help="What a session has beyond OpenAI's; may be repeated.",
)
@click.option(
    "--transcript", "transcripts", metavar="TEXT", multiple=True, help="What the user says, turn by turn."
)
@click.option(
    "--transcription",
    metavar="WORDS",
    help=f"How that is written down, turn by turn: {', '.join(get_args(Transcription))}.",
)
@click.option("--voice", metavar="NAME", help="The voice of a session that is given none.")
@click.option("--max-session-s", metavar="SECONDS", type=float, help="How long a session lives.")
@click.option(
    "--rate-limits",
    type=click.Choice(get_args(RateLimits)),
    default="never",
    show_default=True,
    help="When in a response they are told of.",
)
@click.option("--quirk", "quirks", type=click.Choice(QUIRK_NAMES), multiple=True, help="May be repeated.")
@click.option("--quiet", is_flag=True, help="Say nothing of sessions, refusals and faults on stderr.")
def main(*, host: str, port: int, api_key: str | None, quiet: bool, **options: Any) -> None:
    """Serve a simulated OpenAI Realtime service on a port, without a key and offline.

    Errors are one line on stderr; the exit status is 2 when an argument is wrong, 1 when it cannot listen.
    """
    server = SimulatorServer(configure(**options), host=host, port=port, api_key=api_key, watch=False)
    if not quiet:
        log = logging.getLogger("realtime_simulator")
        log.addHandler(logging.StreamHandler())
        log.setLevel(logging.INFO)
    try:
        asyncio.run(_serve(server))
    except OSError as exc:
        why = str(exc.strerror or exc).rpartition(": ")[2].lower()  # asyncio names the address once more
        raise Failed(f"cannot listen on {host}:{port}: {why}") from exc


async def _serve(server: SimulatorServer) -> None:
    """Serve until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with server:
        click.echo(f"listening on {server.websocket_url} (base_url {server.base_url})")
        await stop.wait()
