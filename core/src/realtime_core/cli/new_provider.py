"""``realtime new-provider``: writes a provider that works, and says what is to be filled in."""

from pathlib import Path

import click

from realtime_core.registry import list_providers
from realtime_core.scaffold import DIALECTS, LICENSES, check_free, find_marks, names_of, render, write_new

__all__ = ["new_provider"]


@click.command("new-provider")
@click.argument("name")
@click.option(
    "--dialect",
    type=click.Choice(sorted(DIALECTS)),
    default="own",
    show_default=True,
    help="What the service speaks: OpenAI's realtime protocol, or one of its own.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    metavar="DIR",
    help="Where to put the distribution's folder. [default: here]",
)
@click.option(
    "--license",
    "license_id",
    type=click.Choice(LICENSES, case_sensitive=False),
    default="MIT",
    show_default=True,
    help="The licence text.",
)
def new_provider(*, name: str, dialect: str, out: Path, license_id: str) -> None:
    """Write a distribution with the provider NAME, such as acme-ws, into a new folder.

    As it is written it installs, loads by name, talks to a service that its tests play, and passes the
    conformance kit, ruff and mypy --strict. What only you know is marked with FILL IN and listed.

    Exit status 2 if the name is none or taken, or the folder exists: then nothing was written.
    """
    names = names_of(name)
    check_free(names, list_providers())
    made = render(names, dialect=dialect, license_id=license_id)
    folder = out / names.distribution
    write_new(folder, made)
    click.echo(f"Wrote {folder}: {len(made)} files. What only you know:\n")
    for mark in find_marks(made):
        click.echo(f"  {folder / mark.path}:{mark.line}: {mark.what}")
    click.echo(
        f"\nIt works as it is; in {folder}:\n\n  pip install -e '.[dev]'\n  pytest\n  realtime providers"
    )
