"""The schema takes and refuses what loading does."""

import json
import tomllib

import attrs
import pytest
from jsonschema import Draft7Validator
from realtime_core import load_client
from realtime_core.config.schema import config_schema, installed
from realtime_core.errors import BrokenPlugin, RealtimeError
from realtime_core.options import option
from realtime_core.provider import Provider
from realtime_core.settings import RealtimeSettings, setting


@attrs.frozen(kw_only=True)
class AcmeSettings(RealtimeSettings):
    """Settings.

    Args:
        cache: whether it remembers ``things``.
    """

    cache: bool | None = None
    mode: str = setting(str, None, choices=("fast", "slow"))


@attrs.frozen
class AcmeOptions:
    """Options.

    Args:
        region: where
            it is.
    """

    key: str = option(env="ACME_KEY", secret=True)
    region: str = option(env=("ACME_REGION", "ACME_ZONE"), default="north")
    tags: tuple[str, ...] = option(default=(), convert=lambda given: tuple(given))
    port: int = option(default=443, convert=int)
    later: "NotImported | None" = option(default=None)  # noqa: F821  # as for type checkers only


@attrs.frozen
class BetaOptions:
    zone: str = option(default="east")


ACME = '[clients.support]\nprovider = "acme"\n'
BETA = '[clients.support]\nprovider = "beta"\n'


@pytest.fixture
def providers(install, monkeypatch):
    monkeypatch.setenv("ACME_KEY", "a-key")
    install("acme", AcmeOptions, AcmeSettings)
    install("beta", BetaOptions)
    found, _ = installed()
    return {name: found[name] for name in ("acme", "beta")}


@pytest.fixture
def problems(providers, write):
    """What a validator has against a document, and whether it can be loaded."""

    def find(text):
        schema = config_schema(providers)
        path = write(text)
        errors = [
            error.message for error in Draft7Validator(schema).iter_errors(tomllib.loads(path.read_text()))
        ]
        try:
            load_client("support", path)
        except RealtimeError:
            return errors, False
        return errors, True

    return find


def test_it_is_a_valid_schema_and_json(providers):
    schema = config_schema(providers)

    Draft7Validator.check_schema(schema)
    assert json.loads(json.dumps(schema)) == schema


def test_there_may_be_no_providers():
    Draft7Validator.check_schema(config_schema({}))


@pytest.mark.parametrize(
    "text",
    [
        ACME,
        ACME + '[clients.support.options]\nregion = "x"\nport = 443\ntags = ["a"]',
        ACME + 'options = { tags = "abc" }',
        ACME + "[clients.support.settings]\nmode = false\nspeed = 1\ncache = true",
        ACME + 'settings = { output_audio_format = "g711_ulaw" }',
        ACME + 'settings = { turn_detection = false, voice = "x" }',
        ACME + "settings.turn_detection = { idle_timeout_ms = false }",
        ACME + 'settings = { tool_choice = { name = "f" }, max_output_tokens = "inf" }',
        '[clients.a]\nsettings = { cache = true }\n[clients.support]\ninherits = "a"\nprovider = "acme"',
        BETA + 'options = { zone = "x" }\nfallback = ["b"]\n[clients.b]\nprovider = "beta"',
    ],
)
def test_what_can_be_loaded_is_valid(problems, text):
    assert problems(text) == ([], True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[clients.support]\nprovidr = "acme"', "'providr' was unexpected"),
        ('[client.support]\nprovider = "acme"', "'client' was unexpected"),
        ('[clients.support]\nprovider = "gamma"', "'gamma' is not one of ['acme', 'beta']"),
        (BETA + 'options = { region = "x" }', "'region' was unexpected"),
        (ACME + 'options = { key = "x" }', "'key' was unexpected"),
        (ACME + "options = { region = 3 }", "3 is not of type 'string'"),
        (BETA + "settings = { cache = true }", "'cache' was unexpected"),
        (
            ACME + "settings = { voice = false }",
            "False is not of type 'string'",
        ),
        (ACME + 'settings = { mode = "odd" }', "'odd' is not valid under any"),
        (
            ACME + 'settings = { input_audio_format = "mp3" }',
            "'mp3' is not one of",
        ),
        (
            ACME + 'settings.turn_detection = { tipe = "x" }',
            "not valid under any",
        ),
        (ACME + 'fallback = "b"', "'b' is not of type 'array'"),
    ],
)
def test_what_is_invalid_cannot_be_loaded(problems, text, words):
    errors, loads = problems(text)

    assert not loads
    assert any(words in error for error in errors), errors


def test_what_a_profile_inherits_its_provider_for_is_checked_against_all(providers):
    validator = Draft7Validator(config_schema(providers))

    def valid(**profile):
        return validator.is_valid({"clients": {"a": profile}})

    assert valid(options={"zone": "x"})
    assert valid(settings={"cache": True})
    assert not valid(options={"nonsense": "x"})


def test_fields_are_described_by_docstrings_and_variables(providers):
    definitions = config_schema(providers)["definitions"]

    def described(cls, name):
        return definitions[f"{cls.__module__}.{cls.__qualname__}"]["properties"][name].get("description")

    assert described(AcmeOptions, "region") == "where it is. From the environment: ACME_REGION or ACME_ZONE."
    assert described(AcmeOptions, "port") is None
    assert described(AcmeSettings, "cache") == "whether it remembers `things`."


def test_a_reference_that_is_described_is_read_all_the_same(service):
    @attrs.frozen(kw_only=True)
    class Inner:
        loud: bool = setting(bool)

    @attrs.frozen(kw_only=True)
    class Outer(RealtimeSettings):
        """Settings.

        Args:
            inner: it is nested.
        """

        inner: Inner = setting(nested=Inner)

    provider: Provider = service.provider(settings=Outer)
    validator = Draft7Validator(config_schema({"outer": provider}))

    assert validator.is_valid({"clients": {"a": {"settings": {"inner": {"loud": True}}}}})
    assert not validator.is_valid({"clients": {"a": {"settings": {"inner": {"loud": 1}}}}})


def test_a_provider_that_cannot_be_loaded_is_told_and_the_others_are_there(providers, install):
    install("broken", None, given="nonsense")

    found, broken = installed()

    assert isinstance(broken["broken"], BrokenPlugin)
    assert providers.keys() <= found.keys()
