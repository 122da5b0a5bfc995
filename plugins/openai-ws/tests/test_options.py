import pytest
from realtime_core.errors import InvalidOptions
from realtime_core.options import build_options
from realtime_openai.options import OpenAIOptions, checked_key

KEY = "sk-test-4f9a8b7c6d5e"


def build(environ=None, **given):
    return build_options(OpenAIOptions, given, environ or {})


def test_a_key_is_all_it_takes():
    options = build(api_key=KEY)

    assert options.api_key == KEY
    assert options.base_url == "https://api.openai.com/v1"
    assert options.model == "gpt-realtime-2.1"
    assert options.timeout_s == 10
    assert (options.organization, options.project, options.openai_client) == (None, None, None)
    assert (options.headers, options.query) == ({}, {})


def test_everything_comes_from_the_environment():
    options = build(
        {
            "OPENAI_API_KEY": KEY,
            "OPENAI_BASE_URL": "http://localhost:8080/v1/",
            "OPENAI_ORG_ID": "org-1",
            "OPENAI_PROJECT_ID": "proj-1",
            "OPENAI_REALTIME_MODEL": "gpt-test",
        }
    )

    assert options.api_key == KEY
    assert options.base_url == "http://localhost:8080/v1"
    assert (options.organization, options.project, options.model) == ("org-1", "proj-1", "gpt-test")


def test_what_the_program_gives_wins_over_the_environment():
    assert build({"OPENAI_API_KEY": "sk-other"}, api_key=KEY).api_key == KEY


@pytest.mark.parametrize("environ", [{}, {"OPENAI_API_KEY": ""}])
def test_a_missing_key_is_named_with_its_variable(environ):
    with pytest.raises(InvalidOptions, match=r"'api_key'.*OPENAI_API_KEY"):
        build(environ)


def test_with_a_client_of_ones_own_no_key_is_needed():
    client = object()

    assert build(openai_client=client).openai_client is client


def test_a_key_may_be_what_gives_one():
    def give():
        return KEY

    assert build(api_key=give).api_key is give


@pytest.mark.parametrize("key", ["", " ", "two words", "line\nbreak", "schlüssel", 7, b"sk"])
def test_a_key_that_cannot_stand_in_a_header_is_refused_without_showing_it(key):
    with pytest.raises(InvalidOptions, match="'api_key'") as caught:
        build(api_key=key)

    assert not str(key).strip() or str(key) not in str(caught.value)


def test_a_key_that_can_is_taken_as_it_is():
    assert checked_key(KEY) == KEY


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
    assert build(api_key=KEY, base_url=given).base_url == base_url


@pytest.mark.parametrize(
    "given", ["api.openai.com", "ftp://api.openai.com", "https://", "", "http://[::1", "http://a:b", 7]
)
def test_a_base_url_that_is_none_is_refused(given):
    with pytest.raises(InvalidOptions, match="'base_url'"):
        build(api_key=KEY, base_url=given)


@pytest.mark.parametrize(("given", "seconds"), [("2.5", 2.5), (3, 3.0), ("10", 10.0)])
def test_a_timeout_may_be_a_string(given, seconds):
    assert build(api_key=KEY, timeout_s=given).timeout_s == seconds


@pytest.mark.parametrize("given", ["soon", "0", -1, "inf", "nan", []])
def test_a_timeout_that_is_no_time_is_refused(given):
    with pytest.raises(InvalidOptions, match="'timeout_s'"):
        build(api_key=KEY, timeout_s=given)


@pytest.mark.parametrize("name", ["headers", "query"])
def test_headers_and_query_are_mappings_given_in_code(name):
    assert getattr(build(api_key=KEY, **{name: {"a": 1}}), name) == {"a": "1"}
    with pytest.raises(InvalidOptions, match=f"'{name}'"):
        build(api_key=KEY, **{name: "a=1"})


def test_no_secret_shows_in_a_repr():
    shown = repr(
        build(api_key=KEY, headers={"X-Key": "hidden"}, query={"key": "hidden"}, openai_client="hidden")
    )

    assert KEY not in shown
    assert "hidden" not in shown
    assert "api.openai.com" in shown
