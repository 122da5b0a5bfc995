"""The ``realtime`` command.

`args` reads the command line, `conversation` leads the conversation, `turns` knows what it came to, and
one presenter shows it: `terminal`, `plain` or `json_lines`. What only one of them needs is imported
by that one.
"""

import click

from realtime_core.cli.config import config
from realtime_core.cli.converse import converse
from realtime_core.cli.doctor import doctor
from realtime_core.cli.new_provider import new_provider
from realtime_core.cli.program import Program
from realtime_core.cli.providers import providers

__all__ = ["main"]


@click.group(
    cls=Program,
    commands=[config, converse, doctor, new_provider, providers],
    invoke_without_command=True,
)
@click.version_option(package_name="realtime-core", prog_name="realtime")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Realtime voice AI, any provider by name.

    Errors are one line on stderr. The exit status is 0 when all went well, or when whoever read the output
    has seen enough (as in "| head -1"); 1 when the service, the link or the disk failed; 2 when the command
    line is wrong: a provider, an option, a setting or a file that there is not, or that cannot be used; 130
    after Ctrl-C.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
