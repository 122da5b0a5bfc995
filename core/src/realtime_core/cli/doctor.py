"""``realtime doctor``: what stands between this machine and the first word of a provider."""

from typing import Any

import click

from realtime_core.cli.args import FileName, OptionPair, check_target

__all__ = ["doctor"]


@click.command()
@click.argument("provider", required=False)
@click.option("--profile", metavar="NAME", help="Instead of PROVIDER: what a profile of realtime.toml says.")
@click.option(
    "--config", metavar="FILE", type=FileName(), help="The file of the profile, if it is not ./realtime.toml."
)
@click.option(
    "--option",
    "options",
    multiple=True,
    type=OptionPair(),
    help="Of the provider, over its environment variable.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, at the end.")
@click.pass_context
def doctor(
    ctx: click.Context,
    *,
    provider: str | None,
    profile: str | None,
    config: str | None,
    options: tuple[tuple[str, Any], ...],
    as_json: bool,
) -> None:
    """Find out why PROVIDER, or that of a profile, does not work, or that it does.

    Checks in order: installed, loads, options, dns, tcp, tls, http, authentication, session, first audio. The
    first that fails is told with a remedy, and ends it. Within 15 seconds. No secret is shown.

    With --profile its options, its settings and the file .env beside it count, as for load_client; its
    fallbacks do not.

    It opens one session and asks for a short answer, which costs what that costs.

    Exit status 0 if all is well; 1 if the plugin, the link or the service fails; 2 if there is no such
    provider or profile, or an option is missing or wrong.
    """
    check_target(ctx, provider, profile, config)
    # numpy and the engine load when there is something to examine, not for --help
    from realtime_core.cli.examining import run

    ctx.exit(run(provider, profile, config, dict(options), as_json=as_json))
