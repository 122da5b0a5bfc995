import traceback

import pytest
from realtime_azure.options import AzureOptions, note_ignored
from realtime_core.errors import InvalidOptions
from realtime_core.options import build_options

KEY = "0123456789abcdef"
ENDPOINT = "https://res.openai.azure.com"
PREVIEW = "2025-04-01-preview"
HIDDEN = "hidden77"
KEYED = {"AZURE_OPENAI_API_KEY": "of-environment"}
TOKEN = {"AZURE_OPENAI_AD_TOKEN": "token-of-environment"}


@pytest.fixture(autouse=True)
def _nothing_noted_yet():
    note_ignored.cache_clear()


def build(environ=None, **given):
    return build_options(AzureOptions, {"endpoint": ENDPOINT, **given}, environ or {})


def test_an_endpoint_and_a_key_are_all_it_takes():
    options = build(api_key=KEY)

    assert options.endpoint.base_url == f"{ENDPOINT}/openai/v1"
    assert (options.api_key, options.credential, options.deployment) == (KEY, None, None)
    assert options.scope == "https://ai.azure.com/.default"
    assert (options.headers, options.timeout_s, options.api_version) == ({}, 10, None)


def test_everything_comes_from_the_environment():
    environ = {
        "AZURE_OPENAI_ENDPOINT": f"{ENDPOINT}/openai/",
        "AZURE_OPENAI_DEPLOYMENT_NAME": "talk",
        **KEYED,
    }

    options = build_options(AzureOptions, {}, environ)

    assert options.endpoint.base_url == f"{ENDPOINT}/openai/v1"
    assert (options.deployment, options.api_key) == ("talk", "of-environment")


def test_the_deployment_of_realtime_goes_before_the_general_one():
    environ = {"AZURE_OPENAI_REALTIME_DEPLOYMENT_NAME": "talk", "AZURE_OPENAI_DEPLOYMENT_NAME": "chat"}

    assert build(environ, api_key=KEY).deployment == "talk"


OF_URL = f"{ENDPOINT}/openai/v1/realtime?model=of-url"
OF_ENV_URL = {"AZURE_OPENAI_ENDPOINT": f"{ENDPOINT}/openai/v1/realtime?model=of-env-url"}
OF_ENV = {"AZURE_OPENAI_DEPLOYMENT_NAME": "of-env"}


@pytest.mark.parametrize(
    ("given", "environ", "deployment"),
    [
        ({"deployment": "of-option", "endpoint": OF_URL}, {**OF_ENV, **OF_ENV_URL}, "of-option"),
        ({"deployment": "of-option"}, {**OF_ENV, **OF_ENV_URL}, "of-option"),
        ({"endpoint": OF_URL}, {**OF_ENV, **OF_ENV_URL}, "of-url"),
        ({"endpoint": ENDPOINT}, {**OF_ENV, **OF_ENV_URL}, "of-env"),
        ({}, {**OF_ENV, **OF_ENV_URL}, "of-env"),
        ({}, OF_ENV_URL, "of-env-url"),
        ({"endpoint": ENDPOINT}, OF_ENV_URL, None),
    ],
)
def test_what_the_program_says_of_the_deployment_goes_before_the_environment(given, environ, deployment):
    options = build_options(AzureOptions, {"api_key": KEY, **given}, environ)

    assert options.named_deployment == deployment


@pytest.mark.parametrize(
    ("given", "environ", "api_key", "credential"),
    [
        ({"api_key": KEY}, {**KEYED, **TOKEN}, KEY, None),
        ({"credential": "token"}, {**KEYED, **TOKEN}, None, "token"),
        ({}, KEYED, "of-environment", None),
        ({}, TOKEN, None, "token-of-environment"),
        ({}, {**KEYED, **TOKEN}, None, "token-of-environment"),
    ],
)
def test_an_option_goes_before_the_environment_and_there_a_token_before_a_key(
    given, environ, api_key, credential
):
    options = build(environ, **given)

    assert (options.api_key, options.credential) == (api_key, credential)


def test_a_key_and_a_credential_exclude_each_other():
    with pytest.raises(InvalidOptions, match="'api_key' and 'credential' exclude each other"):
        build(api_key=KEY, credential="token")


def test_without_a_key_and_a_credential_both_are_named_with_their_variables():
    with pytest.raises(InvalidOptions, match=r"api_key=\.\.\., or set AZURE_OPENAI_AD_TOKEN or .*_API_KEY$"):
        build()


def test_with_nothing_set_all_that_is_missing_is_named_at_once():
    with pytest.raises(InvalidOptions, match=r"'endpoint'.*AZURE_OPENAI_ENDPOINT;.*AZURE_OPENAI_API_KEY"):
        build_options(AzureOptions, {}, {})


def test_a_missing_endpoint_is_named_with_its_variable():
    with pytest.raises(InvalidOptions, match=r"'endpoint'.*AZURE_OPENAI_ENDPOINT"):
        build_options(AzureOptions, {"api_key": KEY}, {})


# --- the api-version


@pytest.mark.parametrize("version", [PREVIEW, " 2024-10-01-Preview ", "preview"])
def test_the_preview_is_refused_with_the_ga_endpoint(version):
    with pytest.raises(
        InvalidOptions, match=r"'api_version'.*https://<resource>\.openai\.azure\.com/openai/v1"
    ):
        build(api_key=KEY, api_version=version)


@pytest.mark.parametrize(
    ("given", "environ", "where"),
    [
        ({}, {"AZURE_OPENAI_API_VERSION": PREVIEW}, "AZURE_OPENAI_API_VERSION or OPENAI_API_VERSION"),
        ({}, {"OPENAI_API_VERSION": "2025-08-28"}, "AZURE_OPENAI_API_VERSION or OPENAI_API_VERSION"),
        ({"api_version": "2025-08-28"}, {}, "the option api_version"),
        ({"endpoint": f"{ENDPOINT}/openai/realtime?api-version={PREVIEW}"}, {}, "the endpoint"),
    ],
)
def test_any_other_api_version_is_noted_once_and_ignored(caplog, given, environ, where):
    for _ in range(2):
        assert build(environ, api_key=KEY, **given).api_version is None

    (message,) = caplog.messages
    assert where in message
    assert "is ignored" in message


def test_without_an_api_version_nothing_is_noted(caplog):
    build(api_key=KEY)

    assert caplog.messages == []


# --- values that are wrong


class Odd:
    def __repr__(self):
        return HIDDEN


@pytest.mark.parametrize(
    ("name", "value", "shape"),
    [
        ("endpoint", HIDDEN, "looks like https://<resource>"),
        ("endpoint", f"https://res.openai.azure.com?api-key={HIDDEN}", "as api_key"),
        ("deployment", f"a\n{HIDDEN}", "one line"),
        ("api_key", f"two {HIDDEN}", "one word"),
        ("credential", f"two {HIDDEN}", "one word"),
        ("credential", Odd(), "one of azure-identity"),
        ("deployment", "", "not blank"),
        ("headers", {"X-Key": f"{HIDDEN} €"}, "value of header 'X-Key'"),
        ("scope", 5, "a string"),
        ("api_version", 5, "a string"),
        ("headers", {"bad name": HIDDEN}, "one word"),
        ("timeout_s", HIDDEN, "positive number"),
    ],
)
def test_a_wrong_value_is_refused_with_the_right_shape_and_never_shown(name, value, shape):
    with pytest.raises(InvalidOptions, match=f"option '{name}'") as caught:
        build(**{name: value})

    assert shape in str(caught.value)
    assert all(HIDDEN not in str(line) for line in traceback.format_exception(caught.value))


@pytest.mark.parametrize("secret", ["api_key", "credential"])
def test_no_secret_shows_in_a_repr(secret):
    shown = repr(build(headers={"X-Key": HIDDEN}, **{secret: HIDDEN}))

    assert HIDDEN not in shown
    assert ENDPOINT in shown
