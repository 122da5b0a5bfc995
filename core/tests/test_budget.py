import math
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from realtime_core.budget import Budget, Prices
from realtime_core.contents import Usage
from realtime_core.errors import InvalidSettings

PRICES = Prices(
    input_text=4.0,
    input_audio=32.0,
    input_image=5.0,
    cached_text=0.4,
    cached_audio=0.5,
    cached_image=0.6,
    output_text=16.0,
    output_audio=64.0,
)
BARE = partial(Prices, input_text=4.0, input_audio=32.0, output_text=16.0, output_audio=64.0)
MILLION = 1_000_000


@pytest.mark.parametrize(
    ("usage", "cost"),
    [
        (Usage(), 0.0),
        (Usage(input_text_tokens=MILLION), 4.0),
        (Usage(input_audio_tokens=MILLION), 32.0),
        (Usage(input_image_tokens=MILLION), 5.0),
        (Usage(output_text_tokens=MILLION), 16.0),
        (Usage(output_audio_tokens=MILLION), 64.0),
    ],
)
def test_each_kind_has_its_price_per_million(usage, cost):
    assert PRICES.cost(usage) == pytest.approx(cost)


@pytest.mark.parametrize(("kind", "cost"), [("text", 0.4), ("audio", 0.5), ("image", 0.6)])
def test_cached_tokens_cost_their_own_price_instead_of_the_input_price(kind, cost):
    usage = Usage(
        **{f"input_{kind}_tokens": MILLION, f"cached_{kind}_tokens": MILLION},
        input_tokens=MILLION,
        cached_tokens=MILLION,
        total_tokens=MILLION,
    )

    assert PRICES.cost(usage) == pytest.approx(cost)


def test_a_real_bill_is_what_the_table_says():
    # the figures of OpenAI's own example of a usage
    usage = Usage(
        total_tokens=253,
        input_tokens=132,
        output_tokens=121,
        input_text_tokens=119,
        input_audio_tokens=13,
        cached_tokens=64,
        cached_text_tokens=64,
        output_text_tokens=30,
        output_audio_tokens=91,
    )

    assert PRICES.cost(usage) == pytest.approx((55 * 4 + 64 * 0.4 + 13 * 32 + 30 * 16 + 91 * 64) / MILLION)


def test_without_a_cached_price_cached_tokens_cost_as_others():
    usage = Usage(input_tokens=100, input_text_tokens=100, cached_tokens=60, cached_text_tokens=60)

    assert BARE().cost(usage) == pytest.approx(100 * 4 / MILLION)


def test_images_without_a_price_cost_as_the_dearest_input():
    assert BARE().cost(Usage(input_image_tokens=MILLION)) == pytest.approx(32)


def test_tokens_whose_kind_is_not_told_cost_as_the_dearest_of_their_direction():
    usage = Usage(input_tokens=100, input_text_tokens=90, output_tokens=50)

    assert PRICES.cost(usage) == pytest.approx((90 * 4 + 10 * 32 + 50 * 64) / MILLION)


def test_more_cached_tokens_than_input_tokens_save_no_more_than_all():
    usage = Usage(input_text_tokens=10, cached_text_tokens=99)

    assert PRICES.cost(usage) == pytest.approx(10 * 0.4 / MILLION)


counts = st.integers(0, MILLION)


@given(counts, counts, counts)
def test_cached_tokens_never_make_it_dearer(text, audio, cached):
    def usage(cached_tokens):
        return Usage(
            input_tokens=text + audio,
            input_text_tokens=text,
            input_audio_tokens=audio,
            cached_text_tokens=cached_tokens,
            cached_audio_tokens=cached_tokens,
        )

    assert PRICES.cost(usage(cached)) <= PRICES.cost(usage(0)) + 1e-9


@pytest.mark.parametrize("value", [-1, -0.01, math.nan, math.inf, "4", None, True])
def test_a_price_is_a_number_not_below_zero(value):
    with pytest.raises(InvalidSettings, match=r"^price 'input_text' takes a number per million tokens"):
        BARE(input_text=value)


def test_an_optional_price_is_checked_too():
    with pytest.raises(InvalidSettings, match=r"price 'cached_audio' takes .*, 0 or more, not -1$"):
        BARE(cached_audio=-1)


def test_a_price_may_be_zero():
    assert BARE(input_text=0).cost(Usage(input_text_tokens=MILLION)) == 0


def test_max_cost_needs_prices_and_says_so():
    with pytest.raises(
        InvalidSettings, match=r"budget 'max_cost' needs prices .*; give prices=Prices\(...\)"
    ):
        Budget(max_cost=1.0)


def test_prices_alone_bound_nothing():
    assert Budget(prices=PRICES).max_cost is None


@pytest.mark.parametrize("name", ["max_duration_s", "max_cost"])
@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf, "60", True])
def test_a_bound_is_a_number_above_zero(name, value):
    with pytest.raises(InvalidSettings, match=rf"^budget '{name}' takes int or float above 0, or None"):
        Budget(prices=PRICES, **{name: value})


@pytest.mark.parametrize("value", [0, -1, 1.5, "60", True])
def test_the_bound_of_tokens_is_a_whole_number_above_zero(value):
    with pytest.raises(InvalidSettings, match=r"^budget 'max_tokens' takes int above 0, or None"):
        Budget(max_tokens=value)


@pytest.mark.parametrize("value", [0, -0.5, 1.01, math.nan, "0.8", True])
def test_warn_at_is_a_share(value):
    with pytest.raises(InvalidSettings, match=r"^budget 'warn_at' takes a share above 0 and up to 1"):
        Budget(warn_at=value)


@pytest.mark.parametrize("value", [-1, math.inf, "10", True])
def test_grace_is_a_time(value):
    with pytest.raises(InvalidSettings, match=r"^budget 'grace_s' takes seconds, 0 or more"):
        Budget(grace_s=value)


def test_the_edges_of_a_share_and_of_grace_are_inside():
    assert (Budget(warn_at=1).warn_at, Budget(grace_s=0).grace_s) == (1, 0)


def test_a_budget_bounds_nothing_until_it_is_told_to():
    assert Budget() == Budget(
        max_duration_s=None, max_tokens=None, max_cost=None, prices=None, warn_at=0.8, grace_s=10.0
    )


def test_prices_are_prices():
    with pytest.raises(InvalidSettings, match=r"^budget 'prices' takes a Prices value, not dict$"):
        Budget(prices={"input_text": 4})
