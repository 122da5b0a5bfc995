"""How the ``realtime`` command ends: one line on stderr and an exit status, never a traceback unasked.

Knows nothing of what the commands do.
"""

import io
import sys
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import click

from realtime_core.errors import RealtimeError

__all__ = ["Failed", "Program", "complain"]

_INTERRUPTED: Final = 130  # 128 + SIGINT, as shells have it


class Failed(click.ClickException):
    """The command came to its end, but not well: status 1."""


class Program(click.Group):
    """A group of commands that reports errors as this project does. ``ctx.obj`` is true for ``--debug``."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: FBT001, FBT002  # click's signature
        **extra: Any,
    ) -> Any:
        """Run it, and exit; with ``standalone_mode=False`` as click does."""
        call = partial(super().main, args, prog_name, complete_var, standalone_mode=False, **extra)
        if not standalone_mode:
            return call()
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")  # people speak languages that a terminal may not
        sys.exit(_status(call))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; ``--debug`` shows where an error came from."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.Abort, click.exceptions.Exit, BrokenPipeError):
            raise
        except Exception as exc:
            if ctx.obj:
                traceback.print_exc()
            if isinstance(exc, RealtimeError):
                raise
            raise Failed(f"unexpected {type(exc).__name__}; --debug shows where") from exc


def _status(call: Callable[[], Any]) -> int:
    try:
        status = call()
    except click.Abort:
        return _INTERRUPTED
    except click.UsageError as exc:
        command = exc.ctx.command_path if exc.ctx else "realtime"
        complain(f"{exc.format_message().rstrip('.')}; see {command} --help")
        return exc.exit_code
    except click.ClickException as exc:
        complain(exc.format_message())
        return exc.exit_code
    except RealtimeError as exc:
        complain(str(exc))
        return 1
    return status if isinstance(status, int) else 0


def complain(message: str) -> None:
    """One line on stderr."""
    click.echo(f"realtime: {' '.join(message.split())}", err=True)
