"""``realtime doctor``: what stands between this machine and the first word of a provider."""

from typing import Any

import click

from realtime_core.cli.args import OptionPair

__all__ = ["doctor"]


@click.command()
@click.argument("provider")
@click.option(
    "--option",
    "options",
    multiple=True,
    type=OptionPair(),
    help="Of the provider, over its environment variable.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, at the end.")
@click.pass_context
def doctor(ctx: click.Context, *, provider: str, options: tuple[tuple[str, Any], ...], as_json: bool) -> None:
    """Find out why PROVIDER does not work, or that it does.

    Checks in order: installed, loads, options, dns, tcp, tls, http, authentication, session, first audio. The
    first that fails is told with a remedy, and ends it. Within 15 seconds. No secret is shown.

    It opens one session and asks for a short answer, which costs what that costs.

    Exit status 0 if all is well; 1 if the plugin, the link or the service fails; 2 if there is no such
    provider, or an option is missing or wrong.
    """
    # numpy and the engine load when there is something to examine, not for --help
    from realtime_core.cli.examining import run

    ctx.exit(run(provider, dict(options), as_json=as_json))
