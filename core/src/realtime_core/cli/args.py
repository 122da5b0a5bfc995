"""What the command line means. Knows nothing of sessions."""

import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from realtime_core.cli.program import complain
from realtime_core.config.file import DEFAULT_NAME, read_config
from realtime_core.errors import InvalidConfig

__all__ = ["FileName", "InOrder", "OptionPair", "SettingPair", "check_target"]

if TYPE_CHECKING:
    _PairType = click.ParamType[tuple[str, Any]]
    _NameType = click.ParamType[str]
else:
    _PairType = _NameType = click.ParamType  # not generic in click 8.1

_PYTHON: Final = {"None": "null", "True": "true", "False": "false"}


class InOrder(click.Command):
    """A command with options whose common order on the command line matters.

    ``in_order`` names them; the parameter ``inputs`` gets ``(name, value)`` for each of their uses.
    """

    def __init__(self, *args: Any, in_order: tuple[str, ...], **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self._in_order = in_order

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does, and note the order, which click's own parameters forget."""
        _, _, uses = self.make_parser(ctx).parse_args(list(args))
        rest = super().parse_args(ctx, args)
        values = {name: iter(ctx.params.pop(name)) for name in self._in_order}
        ctx.params["inputs"] = [(use.name, next(values[use.name])) for use in uses if use.name in values]
        return rest


class OptionPair(_PairType):
    """``NAME=VALUE``; a wrong one is not shown, it may hold a secret."""

    name = "name=value"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Any]:
        """The pair."""
        name, equals, text = value.partition("=")
        if not equals or not name:
            self.fail("give NAME=VALUE", param, ctx)
        return name, self.parse(name, text)

    def parse(self, name: str, text: str) -> Any:  # noqa: ARG002  # for those that need it
        """The value: a string."""
        return text


class SettingPair(OptionPair):
    """``NAME=VALUE``, where the value is JSON, or else a string.

    What begins as JSON does must be JSON, and Python's words for JSON's are no strings by accident.
    """

    def parse(self, name: str, text: str) -> Any:
        """The value."""
        if text in _PYTHON:
            raise click.UsageError(
                f"setting {name!r}: {text} is Python, write {_PYTHON[text]}, or '\"{text}\"' for the word"
            )
        try:
            return json.loads(text, parse_constant=_no_constant)
        except ValueError as exc:
            if not text.startswith(("{", "[", '"')):
                return text
            where = f", character {exc.pos + 1}" if isinstance(exc, json.JSONDecodeError) else ""
            why = f"{getattr(exc, 'msg', exc)}{where}"
            raise click.UsageError(f"setting {name!r}: not valid JSON ({why})") from exc


class FileName(_NameType):
    """The name of a file, which is not empty: ``""`` would be the current folder."""

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name."""
        if not value:
            self.fail("give the name of a file", param, ctx)
        return str(value)


def check_target(ctx: click.Context, provider: str | None, profile: str | None, config: str | None) -> None:
    """Make sure that one of ``provider`` and ``profile`` is given, and ``config`` only with the latter.

    Raises:
        UsageError: it is otherwise.
    """
    if (provider is None) == (profile is None):
        raise click.UsageError("give a provider, or --profile NAME", ctx)
    if config is not None and profile is None:
        raise click.UsageError("--config takes --profile NAME beside it", ctx)
    if provider is not None and Path(DEFAULT_NAME).is_file():
        _point_at_profile(provider)


def _point_at_profile(provider: str) -> None:
    """Say so if ``provider`` is none, and the file here has a profile of that name."""
    from realtime_core.config.profile import profile_names
    from realtime_core.registry import list_providers

    with suppress(InvalidConfig):  # a file that nobody asked for is not what is wrong
        is_profile = provider in profile_names(read_config())
        if is_profile and provider not in {info.name for info in list_providers()}:
            complain(f"{provider!r} is a profile of {DEFAULT_NAME}; did you mean --profile {provider}?")


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")  # Python's json takes NaN and Infinity, which are none
