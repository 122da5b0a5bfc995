import pytest
from hypothesis import given
from hypothesis import strategies as st
from realtime_core.errors import InvalidOptions
from realtime_openai_wire.options import (
    as_base_url,
    as_headers,
    as_seconds,
    as_strings,
    as_word,
    split_url,
    websocket_endpoint,
)

HIDDEN = "hidden77"


class Odd:
    def __repr__(self):
        return HIDDEN


@pytest.mark.parametrize(
    ("given", "base_url"),
    [
        ("https://api.openai.com/v1", "https://api.openai.com/v1"),
        (" https://eu.api.openai.com/v1/ ", "https://eu.api.openai.com/v1"),
        ("ws://127.0.0.1:9000/v1", "http://127.0.0.1:9000/v1"),
        ("wss://api.openai.com/v1//", "https://api.openai.com/v1"),
        ("http://localhost:8080", "http://localhost:8080"),
    ],
)
def test_a_base_url_is_taken_in_every_customary_shape(given, base_url):
    assert as_base_url(given) == base_url


@pytest.mark.parametrize("value", ["localhost:18765", "localhost:8080/v1", " api.openai.com/v1"])
def test_a_base_url_without_its_scheme_is_told_so(value):
    with pytest.raises(InvalidOptions, match=r"; this one lacks its http:// or https://$"):
        as_base_url(value)


@pytest.mark.parametrize("value", ["https://", "", "localhost:port", 7])
def test_what_a_scheme_would_not_mend_is_told_the_shape_alone(value):
    with pytest.raises(InvalidOptions, match=r"looks like https://api\.openai\.com/v1$"):
        as_base_url(value)


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("http://host:99999/v1", "the port of this one is no number from 1 to 65535"),
        ("http://host:0/v1", "the port of this one is no number from 1 to 65535"),
        ("http://host:hidden77/v1", "the port of this one is no number from 1 to 65535"),
        ("hidden77://host/v1", "this one begins with neither http:// nor https://"),
        ("//host/v1", "this one begins with neither http:// nor https://"),
        ("http://[::1/hidden77", "the host of this one is none: check its brackets and characters"),
        ("http://\u2100.example", "the host of this one is none: check its brackets and characters"),
    ],
)
def test_what_keeps_a_base_url_from_being_one_is_told_and_nothing_of_it_shown(value, what):
    with pytest.raises(InvalidOptions, match=f"; {what}$") as caught:
        as_base_url(value)

    assert HIDDEN not in str(caught.value)


@pytest.mark.parametrize(
    "value",
    ["api.openai.com", "ftp://api.openai.com", "https://", "", "http://[::1", "http://a:b", "http://a:0", 7],
)
def test_what_is_no_url_has_no_parts(value):
    assert split_url(value) is None


@given(st.text() | st.integers() | st.none())
def test_whatever_is_given_as_url_has_parts_or_has_none(value):
    parts = split_url(value)

    assert parts is None or (parts.scheme in {"http", "https"} and parts.hostname)


@pytest.mark.parametrize(("value", "seconds"), [("2.5", 2.5), (3, 3.0), ("10", 10.0)])
def test_a_timeout_may_be_a_string(value, seconds):
    assert as_seconds(value) == seconds


@pytest.mark.parametrize("value", ["soon", "0", -1, "inf", "nan", [], True])
def test_a_timeout_that_is_no_time_is_refused(value):
    with pytest.raises(InvalidOptions, match="positive number of seconds"):
        as_seconds(value)


def test_a_name_is_taken_as_it_is_without_the_blanks_around_it():
    assert as_word(" gpt realtime é ") == "gpt realtime é"


@pytest.mark.parametrize(("check", "value"), [(as_strings, "1 é"), (as_headers, "1 ~"), (as_headers, "")])
def test_strings_by_name_are_taken_as_a_copy(check, value):
    values = {"a": value}

    taken = check(values)

    assert taken == values
    assert taken is not values


@pytest.mark.parametrize(
    ("check", "value", "shape"),
    [
        (as_base_url, f"https://user:{HIDDEN}@api.openai.com/v1", "as api_key"),
        (as_base_url, f"https://{HIDDEN}@api.openai.com/v1", "as api_key"),
        (as_base_url, f"https://api.openai.com/v1?key={HIDDEN}", "query={...}"),
        (as_base_url, f"https://api.openai.com/v1#{HIDDEN}", "query={...}"),
        (as_base_url, f"{HIDDEN}.com", "https://api.openai.com/v1"),
        (as_base_url, f"http://a:{HIDDEN}", "https://api.openai.com/v1"),
        (as_base_url, Odd(), "https://api.openai.com/v1"),
        (as_word, 5, "a string"),
        (as_word, Odd(), "a string"),
        (as_word, f"a\n{HIDDEN}", "one line"),
        (as_word, "  ", "not blank"),
        (as_word, "", "not blank"),
        (as_headers, {"X-Key": f"a\nb{HIDDEN}"}, "value of header 'X-Key' is not one line of ASCII"),
        (as_headers, {"X-Key": f"{HIDDEN}\0"}, "one line"),
        (
            as_headers,
            {"Good": "1", "X-Key": f"{HIDDEN} €"},
            "value of header 'X-Key' is not one line of ASCII",
        ),
        (as_headers, {"X-Key": f"{HIDDEN} é"}, "value of header 'X-Key' is not one line of ASCII"),
        (as_headers, {"bad name": HIDDEN}, "one word"),
        (as_headers, {f"{HIDDEN}\r\n": "x"}, "one word"),
        (as_headers, {"": HIDDEN}, "one word"),
        (as_headers, {"X-Key": Odd()}, "strings to strings"),
        (as_headers, {5: HIDDEN}, "strings to strings"),
        (as_headers, HIDDEN, "strings to strings"),
        (as_strings, {"key": Odd()}, "strings to strings"),
        (as_strings, [HIDDEN], "strings to strings"),
        (as_seconds, HIDDEN, "positive number"),
    ],
)
def test_a_wrong_value_is_refused_with_the_right_shape_and_never_shown(check, value, shape):
    with pytest.raises(InvalidOptions) as caught:
        check(value)

    assert shape in str(caught.value)
    assert HIDDEN not in str(caught.value)


@pytest.mark.parametrize(
    ("base_url", "endpoint"),
    [
        ("https://api.openai.com/v1", "wss://api.openai.com/v1/realtime"),
        ("http://localhost:8000/v1/", "ws://localhost:8000/v1/realtime"),
        ("wss://api.openai.com/v1?key=secret", "wss://api.openai.com/v1/realtime"),
        ("ws://[::1]:80", "ws://[::1]:80/realtime"),
    ],
)
def test_endpoint_is_where_the_websocket_of_an_api_is(base_url, endpoint):
    assert websocket_endpoint(base_url) == endpoint
