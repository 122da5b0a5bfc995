import subprocess
import sys
import traceback

import pytest
from openai import AsyncOpenAI, OpenAI
from realtime_core.errors import InvalidOptions
from realtime_core.options import build_options
from realtime_openai.options import OpenAIOptions

KEY = "sk-test-4f9a8b7c6d5e"


def build(environ=None, **given):
    return build_options(OpenAIOptions, given, environ or {})


def test_a_key_is_all_it_takes():
    options = build(api_key=KEY)

    assert options.api_key == KEY
    assert options.base_url == "https://api.openai.com/v1"
    assert options.model == "gpt-realtime-2.1"
    assert options.timeout_s == 10
    assert options.intent == "realtime"
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


@pytest.mark.parametrize("intent", ["realtime", "transcription"])
def test_a_session_talks_or_only_listens(intent):
    assert build(api_key=KEY, intent=intent).intent == intent


@pytest.mark.parametrize("intent", ["translation", "", ["realtime"]])
def test_another_intent_is_refused_with_the_choices(intent):
    with pytest.raises(InvalidOptions, match=r"'intent'.*'realtime' or 'transcription'"):
        build(api_key=KEY, intent=intent)


def test_what_the_program_gives_wins_over_the_environment():
    assert build({"OPENAI_API_KEY": "sk-other"}, api_key=KEY).api_key == KEY


@pytest.mark.parametrize("environ", [{}, {"OPENAI_API_KEY": ""}])
def test_a_missing_key_is_named_with_its_variable(environ):
    with pytest.raises(InvalidOptions, match=r"'api_key'.*OPENAI_API_KEY"):
        build(environ)


def test_with_a_client_of_ones_own_no_key_is_needed():
    client = AsyncOpenAI(api_key=KEY)

    assert build(openai_client=client).openai_client is client


def test_a_key_may_be_what_gives_one():
    def give():
        return KEY

    assert build(api_key=give).api_key is give


HIDDEN = "hidden77"


class Odd:
    def __repr__(self):
        return HIDDEN


@pytest.mark.parametrize(
    ("name", "value", "shape"),
    [
        ("api_key", f"two {HIDDEN}", "one word"),
        ("base_url", f"https://user:{HIDDEN}@api.openai.com/v1", "as api_key"),
        ("model", f"a\n{HIDDEN}", "one line"),
        ("model", "", "not blank"),
        ("organization", f"a\n{HIDDEN}", "one line"),
        ("project", Odd(), "a string"),
        ("headers", {"bad name": HIDDEN}, "one word"),
        ("query", {"key": Odd()}, "strings to strings"),
        ("timeout_s", HIDDEN, "positive number"),
        ("openai_client", 5, "AsyncOpenAI"),
        ("openai_client", HIDDEN, "AsyncOpenAI"),
        ("openai_client", AsyncOpenAI, "AsyncOpenAI"),
        ("openai_client", OpenAI(api_key=HIDDEN), "AsyncOpenAI"),
    ],
)
def test_a_wrong_value_is_refused_with_the_right_shape_and_never_shown(name, value, shape):
    with pytest.raises(InvalidOptions, match=f"option '{name}'") as caught:
        build(**{"api_key": KEY, name: value})

    assert shape in str(caught.value)
    assert HIDDEN not in str(caught.value)
    assert all(HIDDEN not in str(line) for line in traceback.format_exception(caught.value))


def test_no_client_of_ones_own_is_refused_without_loading_openai():
    show = (
        "import sys; from realtime_core.errors import InvalidOptions; from realtime_openai import *\n"
        "try: OpenAIRealtimeWebsocket(openai_client=5)\n"
        "except InvalidOptions as exc: print('AsyncOpenAI' in str(exc), 'openai' in sys.modules)"
    )

    # its own interpreter: this one has it loaded
    done = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, check=True)  # noqa: S603

    assert done.stdout.strip() == "True False"


@pytest.mark.parametrize("base_url", [f"https://u:{HIDDEN}@a.com", f"https://a.com/v1?key={HIDDEN}"])
def test_a_secret_in_the_base_url_never_gets_as_far_as_a_repr(base_url):
    with pytest.raises(InvalidOptions) as caught:
        OpenAIOptions(api_key=KEY, base_url=base_url)

    assert HIDDEN not in str(caught.value)


def test_no_secret_shows_in_a_repr():
    given = {"headers": {"X-Key": HIDDEN}, "query": {"key": HIDDEN}}

    shown = repr(build(api_key=KEY, openai_client=AsyncOpenAI(api_key=HIDDEN), **given))

    assert KEY not in shown
    assert HIDDEN not in shown
    assert "api.openai.com" in shown
