"""How the ``realtime`` command ends: one line on stderr and an exit status, never a traceback unasked.

Knows nothing of what the commands do.
"""

import io
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, ClassVar, Final

import click

from realtime_core.errors import CallerError, RealtimeError, UnknownProvider

__all__ = ["Failed", "OneLineErrors", "Program", "complain"]

_WRONG: Final = 2  # as click has it for a wrong command line
_INTERRUPTED: Final = 130  # 128 + SIGINT, as shells have it


class Failed(click.ClickException):
    """The command came to its end, but not well: status 1."""


class OneLineErrors(click.Command):
    """A command that reports errors as this project does. ``ctx.obj`` is true for ``--debug``."""

    program: ClassVar[str]
    """What an error's line begins with."""

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
        sys.exit(_status(call, self.program))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; ``--debug`` shows where an error came from."""
        try:
            return super().invoke(ctx)
        except (click.Abort, click.exceptions.Exit):
            raise
        except BrokenPipeError:
            _discard_output()
            ctx.exit(0)
        except Exception as exc:
            if ctx.obj and (exc.__cause__ or not isinstance(exc, click.ClickException)):
                traceback.print_exc()
            if isinstance(exc, RealtimeError | click.ClickException):
                raise
            if isinstance(exc, OSError):
                _discard_output()
                raise Failed(
                    ": ".join(
                        map(str, filter(None, [exc.filename, (exc.strerror or type(exc).__name__).lower()]))
                    )
                ) from exc
            raise Failed(f"unexpected {type(exc).__name__}; --debug shows where") from exc


def _discard_output() -> None:
    """What could not be written must not fail once more when Python exits."""
    with suppress(OSError):  # no file at all
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Program(OneLineErrors, click.Group):
    """The ``realtime`` command."""

    program = "realtime"


def _status(call: Callable[[], Any], program: str) -> int:
    try:
        status = call()
    except click.Abort:
        return _INTERRUPTED
    except click.UsageError as exc:
        command = exc.ctx.command_path if exc.ctx else program
        _fail(program, f"{exc.format_message().rstrip('.')}; see {command} --help")
        return exc.exit_code
    except click.ClickException as exc:
        _fail(program, exc.format_message())
        return exc.exit_code
    except RealtimeError as exc:
        _fail(program, str(exc))
        return _WRONG if isinstance(exc, CallerError | UnknownProvider) else 1
    return status if isinstance(status, int) else 0


def _fail(program: str, message: str) -> None:
    """Why it failed, so that it cannot be missed."""
    line = _line(program, message)
    click.echo(line if os.environ.get("NO_COLOR") else click.style(line, fg="red"), err=True)


def complain(message: str) -> None:
    """One line on stderr."""
    click.echo(_line(Program.program, message), err=True)


def _line(program: str, message: str) -> str:
    return f"{program}: {' '.join(message.split())}"
