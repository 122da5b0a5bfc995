"""``realtime providers``: what is installed, what each can do, and why one that is broken is broken.

Each is loaded in a process of its own; none is imported here.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import attrs
import click

from realtime_core.cli.program import complain
from realtime_core.cli.screen import has_room, is_screen
from realtime_core.registry import LOAD_TIMEOUT_S, ProviderInfo, list_providers
from realtime_core.registry.installed import survey
from realtime_core.registry.probe import Probe, probe

__all__ = ["providers"]

_AT_ONCE: Final = 4
_HEADINGS: Final = ("Provider", "Distribution", "Version", "API", "Capabilities")
# What a table takes beside the first three columns: its gaps, the API version, room for the last.
_TABLE_EXTRA: Final = 15 + len("API") + 32

_Row = tuple[ProviderInfo, Probe]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array of objects.")
@click.option("--check", is_flag=True, help="Exit with status 1 if any is broken.")
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(min=0, min_open=True),
    default=LOAD_TIMEOUT_S,
    show_default=True,
    metavar="SECONDS",
    help="How long each may take to load.",
)
@click.pass_context
def providers(ctx: click.Context, *, as_json: bool, check: bool, timeout_s: float) -> None:
    """List the installed providers: name, distribution, version, API version, capabilities.

    Each is loaded, in a process of its own; of one that cannot be, the reason is told. One line each when the
    output is not a terminal. A capability that is not there is left out.

    Exit status 0, also if some are broken; with --check, 1 if any is, or if a distribution cannot be read.
    """
    found = list_providers()
    damage = survey().damage
    for one in damage:
        complain(one)
    rows: list[_Row] = []
    _show(found, _noted(_probed(found, timeout_s), rows), as_json=as_json)
    if check and (damage or any(told.broken for _, told in rows)):
        ctx.exit(1)


def _noted(rows: Iterable[_Row], seen: list[_Row]) -> Iterator[_Row]:
    for row in rows:
        seen.append(row)
        yield row


def _show(found: Sequence[ProviderInfo], rows: Iterator[_Row], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([{**attrs.asdict(info), **attrs.asdict(told)} for info, told in rows]))
        return
    if not found:
        complain("no providers are installed; try: pip install realtime-openai")
        return
    columns = [max(map(len, column)) for column in zip(*map(attrs.astuple, found), strict=True)]
    if has_room(sum(columns) + _TABLE_EXTRA):  # a name that is cut short is no name
        _print_table(list(rows))
        return
    if is_screen():
        _print_paragraphs(rows)
        return
    for info, told in rows:
        known = "  ".join(map(str.ljust, attrs.astuple(info), columns))
        api = "" if told.broken else f"API {told.api_version}  "
        click.echo(f"{known}  {api}{_capabilities(info, told)}")


def _probed(found: Sequence[ProviderInfo], timeout_s: float) -> Iterator[_Row]:
    """Each with what came of it, as soon as it is known of all before it."""
    names = list(dict.fromkeys(info.name for info in found))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        told = {name: pool.submit(probe, name, timeout_s=timeout_s) for name in names}
        for info in found:
            yield info, told[info.name].result()


def _capabilities(info: ProviderInfo, told: Probe) -> str:
    if told.broken is not None:
        # what stands beside it already is not said again
        return f"broken: {told.broken.removeprefix(_owner(info))}"
    words = (_words(name, value) for name, value in (told.capabilities or {}).items())
    return ", ".join(word for word in words if word)


def _owner(info: ProviderInfo) -> str:
    """How the errors of the registry begin."""
    return f"provider {info.name!r} of {info.distribution} {info.version} "


def _words(name: str, value: Any) -> str:
    """One capability, whichever it is: one that is added needs no line here."""
    match value:
        case False | None | []:
            return ""
        case True:
            return name
        case [{}, *_]:
            return f"{name}={'+'.join(map(_format, value))}"
        case list():
            return f"{name}={len(value)}"
        case _:
            return f"{name}={value}"


def _format(value: Mapping[str, Any]) -> str:
    """As RTP has it (RFC 8866, section 6.6): encoding, rate, and the channels if there are several."""
    channels = f"/{value['channels']}" if value["channels"] > 1 else ""
    return f"{value['encoding']}/{value['rate_hz']}{channels}"


def _print_paragraphs(rows: Iterable[_Row]) -> None:
    # rich is for terminals only
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console()
    for info, told in rows:
        api = "" if told.broken else f"  API {told.api_version}"
        console.print(Text.assemble((info.name, "bold"), f"  {info.distribution} {info.version}{api}"))
        words = Text(_capabilities(info, told), "red" if told.broken else "dim")
        console.print(Padding(words, (0, 0, 0, 4)))


def _print_table(rows: Sequence[_Row]) -> None:
    # rich is for terminals only
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in _HEADINGS:
        table.add_column(heading, no_wrap=heading != _HEADINGS[-1])
    for info, told in rows:
        table.add_row(
            Text(info.name, "bold"),
            Text(info.distribution),
            Text(info.version, "dim"),
            Text("" if told.broken else str(told.api_version)),
            Text(_capabilities(info, told), "red" if told.broken else ""),
        )
    Console().print(table)
