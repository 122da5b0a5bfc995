"""``realtime providers``: what is installed. Imports no plugin."""

import json
from collections.abc import Sequence
from typing import Final

import attrs
import click

from realtime_core.cli.program import complain
from realtime_core.cli.screen import has_room
from realtime_core.registry import ProviderInfo, list_providers

__all__ = ["providers"]

# What the headings and the lines between columns of a table take at most.
_TABLE_EXTRA: Final = len("Provider Distribution Version")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array of objects.")
def providers(*, as_json: bool) -> None:
    """List the installed providers: name, distribution, version.

    One line each when the output is not a terminal, or a narrow one.
    """
    found = list_providers()
    if as_json:
        click.echo(json.dumps([attrs.asdict(info) for info in found]))
        return
    if not found:
        complain("no providers are installed; try: pip install realtime-openai")
        return
    lines = _lines(found)
    if has_room(max(map(len, lines)) + _TABLE_EXTRA):  # a name that is cut short is no name
        _print_table(found)
    else:
        click.echo("\n".join(lines))


def _lines(found: Sequence[ProviderInfo]) -> list[str]:
    rows = [attrs.astuple(info) for info in found]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def _print_table(found: Sequence[ProviderInfo]) -> None:
    # rich is for terminals only
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("Provider", "Distribution", "Version"):
        table.add_column(heading)
    for info in found:
        table.add_row(Text(info.name, "bold"), Text(info.distribution), Text(info.version, "dim"))
    Console().print(table)
