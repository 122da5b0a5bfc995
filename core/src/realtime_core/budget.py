"""Bounds of what a session may use, and the prices by which its tokens cost something.

Knows nothing of sessions; prices are the user's own table, in whatever currency it is written.
"""

import math
from typing import Any, Final

import attrs

from realtime_core.contents import Usage
from realtime_core.errors import InvalidSettings

__all__ = ["Budget", "Prices"]

_PER: Final = 1_000_000


def _number(value: Any, *kinds: type[int] | type[float]) -> bool:
    return isinstance(value, kinds) and not isinstance(value, bool) and math.isfinite(value)


def _price(_: Any, attribute: "attrs.Attribute[Any]", value: Any) -> None:
    if not _number(value, int, float) or value < 0:
        raise InvalidSettings(
            f"price {attribute.name!r} takes a number per million tokens, 0 or more, not {value!r}"
        )


_optional_price: Final = attrs.validators.optional(_price)


@attrs.frozen(kw_only=True)
class Prices:
    """What a million tokens cost, by kind.

    A cached token costs its cached price *instead of* the input price. The cost is never too low: without
    a cached price cached tokens cost as others do, and tokens whose kind the service does not tell, or
    images without a price of their own, cost as the dearest kind that has a price.

    Raises:
        InvalidSettings: a price is no number, or below 0.
    """

    input_text: float = attrs.field(validator=_price)
    input_audio: float = attrs.field(validator=_price)
    input_image: float | None = attrs.field(default=None, validator=_optional_price)
    cached_text: float | None = attrs.field(default=None, validator=_optional_price)
    cached_audio: float | None = attrs.field(default=None, validator=_optional_price)
    cached_image: float | None = attrs.field(default=None, validator=_optional_price)
    output_text: float = attrs.field(validator=_price)
    output_audio: float = attrs.field(validator=_price)

    def cost(self, usage: Usage) -> float:
        """What ``usage`` costs, in the currency of the prices."""
        dearest = max(self.input_text, self.input_audio, self.input_image or 0.0)
        image = dearest if self.input_image is None else self.input_image
        into = (
            (usage.input_text_tokens, self.input_text, usage.cached_text_tokens, self.cached_text),
            (usage.input_audio_tokens, self.input_audio, usage.cached_audio_tokens, self.cached_audio),
            (usage.input_image_tokens, image, usage.cached_image_tokens, self.cached_image),
        )
        out = (
            (usage.output_text_tokens, self.output_text),
            (usage.output_audio_tokens, self.output_audio),
        )
        return (
            sum(_input_cost(*kind) for kind in into)
            + sum(tokens * price for tokens, price in out)
            + _untold(usage.input_tokens, [kind[0] for kind in into]) * dearest
            + _untold(usage.output_tokens, [kind[0] for kind in out])
            * max(self.output_text, self.output_audio)
        ) / _PER


def _input_cost(tokens: int, price: float, cached_tokens: int, cached_price: float | None) -> float:
    if cached_price is None:
        return tokens * price
    cached = min(cached_tokens, tokens)  # a part of the input tokens, whatever a service says
    return (tokens - cached) * price + cached * cached_price


def _untold(total: int, kinds: list[int]) -> int:
    return max(0, total - sum(kinds))


def _bound(*kinds: type[int] | type[float]) -> Any:
    def check(_: Any, attribute: "attrs.Attribute[Any]", value: Any) -> None:
        if value is not None and not (_number(value, *kinds) and value > 0):
            names = " or ".join(kind.__name__ for kind in kinds)
            raise InvalidSettings(f"budget {attribute.name!r} takes {names} above 0, or None, not {value!r}")

    return check


def _share(_: Any, attribute: "attrs.Attribute[Any]", value: Any) -> None:
    if not (_number(value, int, float) and 0 < value <= 1):
        raise InvalidSettings(
            f"budget {attribute.name!r} takes a share above 0 and up to 1, such as 0.8, not {value!r}"
        )


def _grace(_: Any, attribute: "attrs.Attribute[Any]", value: Any) -> None:
    if not (_number(value, int, float) and value >= 0):
        raise InvalidSettings(f"budget {attribute.name!r} takes seconds, 0 or more, not {value!r}")


def _prices(_: Any, __: "attrs.Attribute[Any]", value: Any) -> None:
    if value is not None and not isinstance(value, Prices):
        raise InvalidSettings(f"budget 'prices' takes a Prices value, not {type(value).__name__}")


@attrs.frozen(kw_only=True)
class Budget:
    """What a session may use. At ``warn_at`` of a bound it warns, once for each; at the bound new responses
    are refused, and the session ends with reason ``budget_exhausted`` when what is being said has been heard,
    at the latest ``grace_s`` later.

    Tokens and cost are known when a response is done, so the last one may go beyond its bound. What the
    service does not tell is not counted, nor the transcription of the user's speech, which is billed apart.

    Raises:
        InvalidSettings: a bound is no number above 0; or there is ``max_cost`` without ``prices``.
    """

    max_duration_s: float | None = attrs.field(default=None, validator=_bound(int, float))
    """How long the session may be open."""
    max_tokens: int | None = attrs.field(default=None, validator=_bound(int))
    """Input and output tokens of all responses; cached ones are input tokens."""
    max_cost: float | None = attrs.field(default=None, validator=_bound(int, float))
    """In the currency of ``prices``."""
    prices: Prices | None = attrs.field(default=None, validator=_prices)
    """Also without ``max_cost``: the session's usage tells its cost then."""
    warn_at: float = attrs.field(default=0.8, validator=_share)
    """At 1 there is no warning."""
    grace_s: float = attrs.field(default=10.0, validator=_grace)

    def __attrs_post_init__(self) -> None:
        if self.max_cost is not None and self.prices is None:
            raise InvalidSettings(
                "budget 'max_cost' needs prices to count by; give prices=Prices(...), per million tokens"
            )
