"""What the command line means. Knows nothing of sessions."""

import json
from typing import TYPE_CHECKING, Any

import click

__all__ = ["InOrder", "OptionPair", "SettingPair"]

if TYPE_CHECKING:
    _PairType = click.ParamType[tuple[str, Any]]
else:
    _PairType = click.ParamType  # not generic in click 8.1


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
        return name, self.parse(text)

    def parse(self, text: str) -> Any:
        """The value: a string."""
        return text


class SettingPair(OptionPair):
    """``NAME=VALUE``, where the value is JSON, or else a string."""

    def parse(self, text: str) -> Any:
        """The value."""
        try:
            return json.loads(text, parse_constant=_no_constant)
        except ValueError:
            return text


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")  # Python's json takes NaN and Infinity, which are none
