import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from realtime_core.contents import Usage
from realtime_core.usage import FirstAudio, SessionUsage, add_usage, with_totals

NAMES = [field.name for field in attrs.fields(Usage)]
counts = st.integers(min_value=0, max_value=10_000)
usages = st.builds(Usage, **dict.fromkeys(NAMES, counts))


@st.composite
def told_usages(draw):
    """What a service tells that counts right: totals are their parts, cached ones among the input."""
    kinds = {kind: draw(counts) for kind in ("text", "audio", "image")}
    cached = {kind: draw(st.integers(0, tokens)) for kind, tokens in kinds.items()}
    out = {kind: draw(counts) for kind in ("text", "audio")}
    return Usage(
        total_tokens=sum(kinds.values()) + sum(out.values()),
        input_tokens=sum(kinds.values()),
        output_tokens=sum(out.values()),
        cached_tokens=sum(cached.values()),
        **{f"input_{kind}_tokens": tokens for kind, tokens in kinds.items()},
        **{f"cached_{kind}_tokens": tokens for kind, tokens in cached.items()},
        **{f"output_{kind}_tokens": tokens for kind, tokens in out.items()},
    )


@given(st.lists(usages))
def test_every_count_of_a_sum_is_the_sum_of_that_count(rows):
    total = add_usage(rows)

    assert attrs.asdict(total) == {name: sum(getattr(row, name) for row in rows) for name in NAMES}


@given(st.lists(told_usages()))
def test_cached_tokens_of_a_sum_are_a_subset_and_never_added_on_top(rows):
    total = add_usage(rows)

    assert total.total_tokens == total.input_tokens + total.output_tokens
    assert total.cached_tokens <= total.input_tokens
    for kind in ("text", "audio", "image"):
        assert getattr(total, f"cached_{kind}_tokens") <= getattr(total, f"input_{kind}_tokens")


@given(told_usages())
def test_totals_that_are_told_stay(usage):
    assert with_totals(usage) == usage


@given(told_usages())
def test_totals_that_are_left_out_are_the_sums_of_their_parts(usage):
    parts = attrs.evolve(usage, total_tokens=0, input_tokens=0, output_tokens=0, cached_tokens=0)

    assert with_totals(parts) == usage


def test_a_total_of_totals_needs_no_parts():
    usage = Usage(input_tokens=7, output_tokens=3)

    assert with_totals(usage) == attrs.evolve(usage, total_tokens=10)


def test_nothing_is_measured_at_first():
    assert FirstAudio() == FirstAudio(count=0, last_ms=None, mean_ms=None, max_ms=None)


def test_first_audio_has_the_last_the_mean_and_the_longest():
    first = FirstAudio().and_one(300.0).and_one(900.0).and_one(600.0)

    assert first == FirstAudio(count=3, last_ms=600.0, mean_ms=600.0, max_ms=900.0)


@given(st.lists(st.floats(0, 1e6), min_size=1))
def test_the_mean_is_the_mean(times_ms):
    first = FirstAudio()
    for time_ms in times_ms:
        first = first.and_one(time_ms)

    assert first.mean_ms == pytest.approx(sum(times_ms) / len(times_ms), abs=1e-6)
    assert (first.last_ms, first.max_ms) == (times_ms[-1], max(times_ms))


def test_a_session_has_used_nothing_at_first():
    counters = attrs.asdict(SessionUsage(), recurse=False)

    assert (counters.pop("tokens"), counters.pop("first_audio")) == (Usage(), FirstAudio())
    assert counters.pop("cost") is None
    assert set(counters.values()) == {0}
