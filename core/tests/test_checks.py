import attrs
import pytest
from realtime_core.checks import one_of, optional_ms, positive
from realtime_core.errors import InvalidSettings


@attrs.frozen
class Box:
    size: float = attrs.field(default=1, validator=positive(int, float))
    count: int = attrs.field(default=1, validator=positive(int))
    kind: str = attrs.field(default="a", validator=one_of("a", "b"))
    long_ms: float | None = attrs.field(default=None, validator=optional_ms)


def test_a_value_that_fits_is_kept():
    assert attrs.astuple(Box(size=0.5, count=3, kind="b", long_ms=0)) == (0.5, 3, "b", 0)


@pytest.mark.parametrize("value", [0, -1, "8000", None, True, float("nan")])
def test_what_is_no_number_above_zero_is_refused_by_name(value):
    with pytest.raises(InvalidSettings, match=r"^'size' takes int or float above 0, not "):
        Box(size=value)


def test_a_fraction_is_no_whole_number():
    with pytest.raises(InvalidSettings, match=r"^'count' takes int above 0, not 1\.5$"):
        Box(count=1.5)


@pytest.mark.parametrize("value", ["c", None, ["a"]])
def test_a_word_that_is_not_on_the_list_is_refused_with_the_list(value):
    with pytest.raises(InvalidSettings, match=r"^'kind' takes 'a' or 'b', not "):
        Box(kind=value)


@pytest.mark.parametrize("value", [-1, True, "7", float("nan"), float("inf")])
def test_what_is_no_time_is_refused(value):
    with pytest.raises(InvalidSettings, match=r"^'long_ms' takes milliseconds, 0 or more, or None$"):
        Box(long_ms=value)
