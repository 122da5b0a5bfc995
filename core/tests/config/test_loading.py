import re

import attrs
import pytest
from realtime_core import load_client
from realtime_core.audio.formats import AudioFormat
from realtime_core.config.schema import config_schema
from realtime_core.errors import (
    AuthenticationFailed,
    BrokenPlugin,
    InvalidConfig,
    InvalidOptions,
    InvalidSettings,
    UnknownProvider,
    UnsupportedSetting,
)
from realtime_core.limits import SessionLimits
from realtime_core.options import option
from realtime_core.registry import load_provider

pytestmark = pytest.mark.usefixtures("acme")

SUPPORT = '[clients.support]\nprovider = "acme"\n'


async def opened(client, service):
    """The options and settings that the provider got."""
    async with client():
        return service.options[-1], service.setups[-1].settings


async def test_a_client_has_the_provider_options_and_settings_of_its_profile(write, service):
    write("""
        [clients.support]
        provider = "acme"
        [clients.support.options]
        region = "south"
        [clients.support.settings]
        voice = "marin"
        cache = false
        turn_detection = false
        output_audio_format = "g711_ulaw"
        input_audio_transcription = { language = "fr" }
    """)
    client = load_client("support")
    options, settings = await opened(client, service)

    assert client.name == "acme"
    assert (options.region, options.api_key) == ("south", "a-key")
    assert (settings.voice, settings.cache, settings.turn_detection) == ("marin", False, None)
    assert settings.input_audio_transcription.language == "fr"
    assert client().settings.output_audio_format == AudioFormat("g711_ulaw")


async def test_what_the_program_gives_goes_before_the_file(write, service):
    write(SUPPORT + 'options = { region = "south", port = 443 }\nsettings = { voice = "a", speed = 2 }\n')

    client = load_client("support", settings={"voice": "b"}, region="west", limits=SessionLimits())
    options, settings = await opened(client, service)

    assert (options.region, options.port) == ("west", 443)
    assert (settings.voice, settings.speed) == ("b", 2)


async def test_the_file_goes_before_the_environment(write, service, monkeypatch):
    write(SUPPORT + 'options = { region = "south" }\n')
    monkeypatch.setenv("ACME_REGION", "west")

    options, _ = await opened(load_client("support"), service)

    assert options.region == "south"


async def test_a_secret_comes_from_the_env_file_beside_the_configuration(
    write, service, monkeypatch, tmp_path
):
    path = write(SUPPORT)
    (tmp_path / ".env").write_text("ACME_KEY=from-the-file\nACME_REGION=south\n")
    monkeypatch.setenv("ACME_REGION", "west")
    monkeypatch.delenv("ACME_KEY")
    monkeypatch.chdir(tmp_path.parent)

    options, _ = await opened(load_client("support", path), service)

    assert (options.api_key, options.region) == ("from-the-file", "west")


async def test_a_secret_may_be_given_by_the_program(write, service, monkeypatch):
    write(SUPPORT)
    monkeypatch.delenv("ACME_KEY")

    options, _ = await opened(load_client("support", api_key="given"), service)

    assert options.api_key == "given"


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        (
            "api_key",
            "set ACME_KEY or ACME_TOKEN, here or in .env, or give api_key= to load_client",
        ),
        ("headers", "which no file like this may hold; give headers= to load_client"),
    ],
)
def test_a_secret_in_the_file_is_refused_by_name_and_not_shown(write, name, remedy):
    write(SUPPORT + f'[clients.support.options]\n{name} = "s3cret"\n')

    with pytest.raises(InvalidConfig) as caught:
        load_client("support")

    assert str(caught.value).startswith(f"realtime.toml:4: clients.support.options.{name} is a secret")
    assert remedy in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("line", "takes"),
    [
        ('port = "443"', "a whole number"),
        ('wait_s = "5"', "a number"),
        ('limit_s = "5"', "a number"),
        ('fast = "yes"', "true or false"),
    ],
)
def test_a_number_in_quotes_is_refused_as_the_schema_has_it(write, install, line, takes):
    @attrs.frozen
    class Counting:
        port: int = option(default=443, convert=int)
        wait_s: float = option(default=1.0)
        limit_s: float | None = option(default=None)
        fast: bool = option(default=False)
        region: str = option(default="north")

    install("counting", Counting)
    write(f'[clients.support]\nprovider = "counting"\n[clients.support.options]\nregion = "s"\n{line}\n')

    with pytest.raises(
        InvalidConfig,
        match=rf"^realtime.toml:5: clients.support.options.\w+ takes {takes}, not a string; write it without",
    ):
        load_client("support")

    unquoted = config_schema({"counting": load_provider("counting")})["definitions"]
    (options,) = [schema for name, schema in unquoted.items() if name.endswith("Counting")]
    assert options["properties"][line.split()[0]]["type"] != "string"


def test_a_missing_option_is_told_with_the_place_of_the_profile(write, monkeypatch):
    write("[clients.base]\n" + SUPPORT)
    monkeypatch.delenv("ACME_KEY")

    with pytest.raises(
        InvalidOptions,
        match=re.escape(
            "realtime.toml:2: profile 'support': option 'api_key' is missing; set ACME_KEY or ACME_TOKEN, in "
            "the environment or in .env beside the file, which holds no secrets itself"
        )
        + "$",
    ):
        load_client("support")


def test_a_missing_option_that_a_file_may_hold_is_told_as_ever(write, install):
    @attrs.frozen
    class Needy:
        zone: str = option(env="NEEDY_ZONE")
        key: str = option(secret=True)

    install("needy", Needy)
    write('[clients.support]\nprovider = "needy"\n')

    with pytest.raises(
        InvalidOptions, match=r"'zone' is missing: give zone=\.\.\. or set NEEDY_ZONE; option 'key'"
    ):
        load_client("support")


def test_an_option_that_the_program_gives_wrongly_is_not_blamed_on_the_file(write):
    write(SUPPORT + 'options = { region = "south" }\n')

    with pytest.raises(
        InvalidOptions, match=r"^profile 'support': no option 'regio'; did you mean 'region'\?$"
    ):
        load_client("support", regio="west")


def test_a_wrong_value_is_told_in_the_words_of_the_file(write):
    write(SUPPORT + 'settings = { turn_detection = "none" }\n')

    with pytest.raises(
        InvalidSettings, match=r"'turn_detection' takes .* None, not str; in TOML None is false$"
    ):
        load_client("support")


def test_a_setting_that_its_error_does_not_name_is_named(write):
    write(SUPPORT + 'settings = { input_audio_format = "pcm8" }\n')

    with pytest.raises(
        InvalidSettings, match=r"^realtime\.toml:3: profile 'support': input_audio_format: no audio"
    ):
        load_client("support")


@pytest.mark.parametrize(
    ("options", "line", "what"),
    [
        ('region = "south"\nport = 80', 5, "option 'port': a port is 443"),
        ('regio = "south"', 4, "no option 'regio'; did you mean 'region'?"),
    ],
)
def test_a_wrong_option_is_told_with_its_line(write, options, line, what):
    write(SUPPORT + f"[clients.support.options]\n{options}\n")

    with pytest.raises(
        InvalidOptions, match=re.escape(f"realtime.toml:{line}: profile 'support': {what}")
    ) as caught:
        load_client("support")

    assert isinstance(caught.value.__cause__, InvalidOptions)


@pytest.mark.parametrize(
    ("settings", "line", "error", "what"),
    [
        ('voice = "a"\nspeed = "fast"', 5, InvalidSettings, "setting 'speed' takes int or float, not str"),
        ('voise = "a"', 4, UnsupportedSetting, "AcmeSettings has no setting 'voise'; did you mean 'voice'?"),
        ("\nvoice = false", 5, InvalidSettings, "setting 'voice' takes str, not bool"),
        ("turn_detection = true", 4, InvalidSettings, "'turn_detection' takes TurnDetection or a mapping or"),
        ('input_audio_format = "mp3"', 4, InvalidSettings, "no audio format 'mp3'; choose 'pcm16', "),
        (
            '[clients.support.settings.turn_detection]\ntype = "server_vad"\nthreshold = "high"',
            6,
            InvalidSettings,
            "setting 'threshold' takes int or float, not str",
        ),
        (
            '[clients.support.settings.turn_detection]\ntipe = "server_vad"',
            5,
            UnsupportedSetting,
            "TurnDetection has no setting 'tipe'; did you mean 'type'?",
        ),
    ],
)
def test_a_wrong_setting_is_told_with_its_line(write, settings, line, error, what):
    write(SUPPORT + f"[clients.support.settings]\n{settings}\n")

    with pytest.raises(error, match=rf"^realtime\.toml:{line}: profile 'support': .*{re.escape(what)}"):
        load_client("support")


def test_a_wrong_value_that_was_inherited_is_told_where_it_was_said(write):
    write("""
        [clients.base]
        provider = "acme"
        settings = { speed = "fast" }
        [clients.support]
        inherits = "base"
    """)

    with pytest.raises(InvalidSettings, match=r"^realtime\.toml:3: profile 'support': setting 'speed'"):
        load_client("support")


def test_a_provider_that_there_is_not_is_told_with_its_line(write):
    write('[clients.support]\n\nprovider = "acmee"\n')

    with pytest.raises(
        UnknownProvider, match=r"^realtime\.toml:3: profile 'support': no provider 'acmee'; inst"
    ):
        load_client("support")


def test_a_broken_plugin_is_told_with_the_profile_that_wants_it(write, install):
    install("broken", None, given="nonsense")
    write('[clients.support]\nprovider = "broken"\n')

    with pytest.raises(BrokenPlugin, match=r"^realtime\.toml:2: profile 'support': provider 'broken' of"):
        load_client("support")


def test_a_profile_without_a_provider_is_refused(write):
    write("[clients.base]\n[clients.support]\ninherits = 'base'\n")

    with pytest.raises(InvalidConfig, match=r"^realtime\.toml:2: clients\.support names no provider, nor"):
        load_client("support")


def test_an_error_of_a_plugins_own_class_is_told_as_the_class_of_ours(write, install):
    class Special(InvalidOptions):
        def __init__(self, one, two):
            super().__init__(f"{one} and {two}")

    def refuse(_value):
        raise Special("one", "two")

    @attrs.frozen
    class Picky:
        def __attrs_post_init__(self):
            refuse(None)

        zone: str = option(default="x")

    install("picky", Picky)
    write('[clients.support]\nprovider = "picky"\n')

    with pytest.raises(InvalidOptions, match=r"^realtime\.toml:1: profile 'support': one and two$") as caught:
        load_client("support")

    assert type(caught.value) is InvalidOptions


async def test_a_profile_falls_back_on_others_with_their_own_options_and_settings(
    write, service, other_service, install
):
    @attrs.frozen
    class Nothing:
        pass

    install("other", None, given=other_service.provider(options=Nothing))
    service.connect_error = AuthenticationFailed("no")
    write("""
        [clients.support]
        provider = "acme"
        settings = { voice = "a" }
        fallback = ["backup"]
        [clients.backup]
        inherits = "support"
        provider = "other"
        settings = { speed = 2 }
    """)

    async with load_client("support", settings={"voice": "x"}, region="south")() as session:
        assert (session.provider, session.profile) == ("other", "backup")
        assert [attempt.profile for attempt in session.failed_attempts] == ["support"]

    (setup,) = other_service.setups
    assert (setup.settings.voice, setup.settings.speed) == ("a", 2)


def test_a_wrong_fallback_is_told_before_it_is_needed(write):
    write(SUPPORT + 'fallback = ["backup"]\n[clients.backup]\nprovider = "beta"\nsettings.voise = "a"\n')

    with pytest.raises(
        UnsupportedSetting, match=r"^realtime\.toml:6: profile 'backup', a fallback of 'support': "
    ):
        load_client("support")
