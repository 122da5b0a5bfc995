"""``realtime converse``: one conversation with one provider, from the command line."""

from typing import Any

import click

from realtime_core.cli.args import FileName, InOrder, OptionPair, SettingPair, check_target

__all__ = ["converse"]


@click.command(cls=InOrder, in_order=("say", "wav"))
@click.argument("provider", required=False)
@click.option("--profile", metavar="NAME", help="Instead of PROVIDER: what a profile of realtime.toml says.")
@click.option(
    "--config", metavar="FILE", type=FileName(), help="The file of the profile, if it is not ./realtime.toml."
)
@click.option("--say", multiple=True, metavar="TEXT", help="A turn: write TEXT to the assistant.")
@click.option(
    "--wav",
    multiple=True,
    metavar="FILE",
    type=FileName(),
    help="A turn: let the assistant hear FILE, any WAV.",
)
@click.option("--out", metavar="FILE", type=FileName(), help="Write what it says to this WAV file.")
@click.option(
    "--tools",
    multiple=True,
    metavar="MODULE:FUNCTION",
    help="Let it call this function, or all in a list so named; the module may be a FILE.py.",
)
@click.option(
    "--option",
    "options",
    multiple=True,
    type=OptionPair(),
    help="Of the provider, over its environment variable.",
)
@click.option(
    "--setting",
    "settings",
    multiple=True,
    type=SettingPair(),
    help="Of the session, such as voice=marin, speed=1.2 or 'turn_detection=null': JSON, or else a string.",
)
@click.option("--vad", is_flag=True, help="Speak in real time, and let the service hear where a turn ends.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON Lines.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def converse(
    ctx: click.Context,
    *,
    provider: str | None,
    profile: str | None,
    config: str | None,
    inputs: list[tuple[str, str]],
    out: str | None,
    tools: tuple[str, ...],
    options: tuple[tuple[str, Any], ...],
    settings: tuple[tuple[str, Any], ...],
    vad: bool,
    as_json: bool,
    debug: bool,
) -> None:
    """Have one conversation with PROVIDER, or as a profile says, and end it.

    Every --say and --wav is one turn, in the order given. Without any, the assistant speaks first.

    With --tools the functions are called when the assistant asks for it, and it goes on with their results;
    those that need approval (Tool(..., approve=True)) are put to you on the terminal, and denied where
    there is none.

    With --profile the options and settings are those of the profile, those given here over them; but whether
    the service hears the end of a turn is decided by --vad.

    The transcript appears as it arrives, then a summary: for each turn what was heard and said, how
    much audio came, and how long after the end of the input the first of it (with --vad: after the
    service heard that end).

    With --json each line is one object with a "type". "turn" begins a turn and "turn_done" says what it
    came to; "summary" is the last line; all others are the session's events as they come
    ("text", "transcript", "function_call", "function_result", "response", "error", ...), with "turn", the
    number of theirs; "audio" tells the length, not the samples.

    Exit status 1 if a response failed or the conversation could not be led to its end; 2 if there is no such
    provider, profile, option, setting or function, or a file cannot be used: then nothing was sent.
    """
    ctx.find_root().obj = debug
    check_target(ctx, provider, profile, config)
    # numpy, soundfile and the engine load when there is a conversation to lead, not for --help
    from realtime_core.cli.run import Plan, run

    run(
        Plan(
            provider=provider,
            profile=profile,
            config=config,
            inputs=inputs,
            out=out,
            tools=tools,
            options=dict(options),
            settings=dict(settings),
            vad=vad,
            as_json=as_json,
        )
    )
