import functools

import pytest
from realtime_core.tools.callables import docstring_of, implementation, is_async, name_of, yields


def plain():
    """Plain."""


async def later():
    """Later."""


def many():
    yield 1


async def many_later():
    yield 1


class Spoken:
    """A class."""

    def __call__(self):
        """A call."""

    def method(self):
        """A method."""


class Heir(Spoken):
    def method(self):
        pass


class Silent:
    """A class."""

    async def __call__(self):
        pass


class Generator:
    def __call__(self):
        yield 1


nameless = lambda: None  # noqa: E731  # that is what is tested


@pytest.mark.parametrize(
    ("function", "runs"),
    [
        (plain, plain),
        (len, len),
        (functools.partial(functools.partial(plain)), plain),
        (Spoken(), Spoken.__call__),
        (functools.partial(Spoken()), Spoken.__call__),
    ],
)
def test_what_runs_in_the_end_is_a_function(function, runs):
    assert implementation(function) is runs


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (plain, "plain"),
        (nameless, "<lambda>"),
        (functools.partial(plain), "plain"),
        (Spoken().method, "method"),
        (Spoken(), "Spoken"),
        (7, "int"),
    ],
)
def test_everything_has_a_name(function, name):
    assert name_of(function) == name


@pytest.mark.parametrize(
    ("function", "docstring"),
    [
        (plain, "Plain."),
        (nameless, None),
        (functools.partial(plain), "Plain."),
        (Spoken(), "A call."),
        (Spoken().method, "A method."),
        (Heir().method, "A method."),
        (Silent(), "A class."),
    ],
)
def test_a_docstring_is_found_where_it_was_written(function, docstring):
    assert docstring_of(function) == docstring


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (later, True),
        (functools.partial(later), True),
        (Silent(), True),
        (functools.partial(Silent()), True),
        (Spoken().method, False),
        (Spoken(), False),
        (plain, False),
        (len, False),
        (many_later, False),
    ],
)
def test_whether_a_call_is_awaited_is_seen_through_partials_and_objects(function, expected):
    assert is_async(function) is expected


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (many, True),
        (many_later, True),
        (functools.partial(many), True),
        (Generator(), True),
        (plain, False),
        (later, False),
    ],
)
def test_a_generator_is_seen_through_partials_and_objects(function, expected):
    assert yields(function) is expected
