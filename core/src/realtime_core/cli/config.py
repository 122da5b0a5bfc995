"""``realtime config``: whether ``realtime.toml`` is right, and what may stand in it."""

import json
from pathlib import Path
from typing import Final, TextIO

import click

from realtime_core.cli.args import FileName
from realtime_core.cli.output import own_output
from realtime_core.cli.program import complain
from realtime_core.errors import CallerError

__all__ = ["config"]

_WRONG: Final = 2


@click.group()
def config() -> None:
    """Check realtime.toml, or print its JSON Schema."""


@config.command()
@click.argument("file", required=False, type=FileName())
@click.pass_context
def check(ctx: click.Context, *, file: str | None) -> None:
    """Make the client of every profile of FILE, else of ./realtime.toml, and open nothing.

    One line for each profile; what is wrong is on stderr, with its line. Exit status 2 if anything is: also
    if a key is neither in the environment nor in the file .env beside it.
    """
    # plugins load when there are profiles to check, not for --help
    from realtime_core.config.checking import check_profiles

    with own_output():
        checked = check_profiles(file)
    if not checked:
        complain("there are no profiles; a profile is a table [clients.NAME]")
    for one in checked:
        if one.error is not None:
            complain(str(one.error))
        else:
            then = f", then {', '.join(one.fallback)}" if one.fallback else ""
            click.echo(f"{one.name}: {one.provider or 'for others to inherit from'}{then}")
    if any(one.error for one in checked):
        ctx.exit(_WRONG)


@config.command()
@click.option("--out", metavar="FILE", type=FileName(), help="Write it to this file.")
def schema(*, out: str | None) -> None:
    """Print the JSON Schema of realtime.toml, made of the providers that are installed.

    An editor that has it checks what is written and proposes what could be. Tell it where it is in the first
    line of realtime.toml: "#:schema ./realtime.schema.json".
    """
    # plugins load for this, not for --help
    from realtime_core.config.schema import config_schema, installed

    with own_output():
        providers, broken = installed()
    for name, error in broken.items():
        complain(f"left out {name!r}: {error}")
    text = json.dumps(config_schema(providers), indent=2, ensure_ascii=False) + "\n"
    if out is None:
        click.echo(text, nl=False)
    else:
        with _opened(out) as file:
            file.write(text)


def _opened(name: str) -> TextIO:
    """``name``, to be written; that it cannot be opened is the caller's, and all else is not."""
    try:
        return Path(name).open("w", encoding="utf-8")
    except OSError as exc:
        raise CallerError(f"{name} cannot be written: {exc.strerror}") from exc
