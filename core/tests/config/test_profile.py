import re

import pytest
from realtime_core.config.file import read_config
from realtime_core.config.profile import profile_names, read_profile
from realtime_core.errors import InvalidConfig


def profile(name="support"):
    return read_profile(read_config(), name)


def test_the_name_of_a_profile_is_a_string(write):
    write("[clients.support]")

    with pytest.raises(InvalidConfig, match=r"^a profile's name is str, not NoneType$"):
        profile(None)


def test_a_profile_says_provider_options_and_settings(write):
    write("""
        [clients.support]
        provider = "acme"
        options = { region = "south" }
        fallback = ["backup"]
        [clients.support.settings]
        voice = "marin"
        turn_detection = { type = "server_vad" }
        [clients.backup]
    """)

    support = profile()

    assert (support.name, support.provider, support.fallback) == ("support", "acme", ("backup",))
    assert support.options == {"region": "south"}
    assert support.settings == {"voice": "marin", "turn_detection": {"type": "server_vad"}}


def test_profiles_are_listed_in_the_order_of_the_file(write):
    write("[clients.b]\n[clients.a]\n")

    assert profile_names(read_config()) == ["b", "a"]


@pytest.mark.parametrize("text", ["", "[clients]\n"])
def test_a_file_may_have_no_profiles(write, text):
    write(text)

    assert profile_names(read_config()) == []


def test_a_profile_inherits_what_it_does_not_say(write):
    write("""
        [clients.base]
        provider = "acme"
        options = { region = "south", port = 443 }
        settings = { voice = "marin", turn_detection = { type = "server_vad", threshold = 0.5 } }
        [clients.middle]
        inherits = "base"
        settings.turn_detection = { type = "semantic_vad" }
        [clients.support]
        inherits = "middle"
        options = { port = 80 }
        settings = { speed = 1.5 }
    """)

    support = profile()

    assert support.provider == "acme"
    assert support.options == {"region": "south", "port": 80}
    assert support.settings == {"voice": "marin", "turn_detection": {"type": "semantic_vad"}, "speed": 1.5}


def test_what_was_inherited_stands_where_it_was_said(write):
    write("""
        [clients.base]
        provider = "acme"
        settings = { voice = "marin", speed = 1 }
        [clients.support]
        inherits = "base"
        settings = { speed = 2 }
    """)

    support = profile()

    assert support.path("provider") == ("clients", "base", "provider")
    assert support.path("settings", "voice", "x") == ("clients", "base", "settings", "voice", "x")
    assert support.path("settings", "speed") == ("clients", "support", "settings", "speed")
    assert support.path() == ("clients", "support")


def test_a_profile_of_another_provider_inherits_settings_and_no_options(write):
    write("""
        [clients.base]
        provider = "acme"
        options = { region = "south" }
        settings = { voice = "marin" }
        [clients.support]
        inherits = "base"
        provider = "beta"
        options = { zone = "west" }
    """)

    support = profile()

    assert (support.provider, support.options, support.settings) == (
        "beta",
        {"zone": "west"},
        {"voice": "marin"},
    )


def test_a_profile_may_name_the_provider_that_it_inherits_and_keeps_the_options(write):
    write("""
        [clients.base]
        provider = "acme"
        options = { region = "south" }
        [clients.support]
        inherits = "base"
        provider = "acme"
    """)

    assert profile().options == {"region": "south"}


def test_options_of_a_profile_without_a_provider_are_for_whoever_inherits(write):
    write("""
        [clients.base]
        options = { region = "south" }
        [clients.support]
        inherits = "base"
        provider = "acme"
    """)

    assert profile().options == {"region": "south"}


def test_a_profile_that_nobody_gave_a_provider_has_none(write):
    write("[clients.support]\n")

    assert profile().provider is None


def test_a_fallback_is_inherited_but_never_the_profile_itself(write):
    write("""
        [clients.support]
        fallback = ["backup", "last"]
        [clients.backup]
        inherits = "support"
        [clients.last]
        fallback = []
        inherits = "support"
    """)

    assert profile("backup").fallback == ("last",)
    assert profile("last").fallback == ()


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("[clients.support]\nprovidr = 'x'", 2, "clients.support.providr is not known here; did you mean"),
        ("[client.support]", 1, "client is not known here; did you mean 'clients'?"),
        ("clients = 'x'", 1, "clients takes a table, not a string"),
        ("[clients]\nsupport = 'acme'", 2, "clients.support takes a table, not a string"),
        ("[clients.support]\nprovider = 3", 2, "clients.support.provider takes a string, not a number"),
        ("[clients.support]\n\nsettings = []", 3, "clients.support.settings takes a table, not an array"),
        ("[clients.support]\nfallback = 'b'", 2, "clients.support.fallback takes an array, not a string"),
        ("[clients.support]\nfallback = [1]", 2, "clients.support.fallback takes a string, not a number"),
        ("[clients.support]\nfallback = ['b']", 2, "clients.support.fallback: there is no profile 'b'"),
        (
            "[clients.b]\n[clients.support]\nfallback = ['b', 'b']",
            3,
            "clients.support.fallback names 'b' twice; each is tried once",
        ),
        ("[clients.support]\nfallback = ['support']", 2, "clients.support.fallback names 'support' itself"),
        (
            "[clients.support]\ninherits = 'bass'\n[clients.base]",
            2,
            "clients.support.inherits: there is no profile 'bass'; did you mean 'base'?",
        ),
        (
            "[clients.support]\ninherits = 'base'\n[clients.base]\nvoice = 'marin'",
            4,
            "clients.base.voice is not known here; choose from provider, inherits, fallback, options",
        ),
        (
            "[clients.support]\ninherits = 'support'",
            2,
            "clients.support.inherits: 'support' inherits from itself: support -> support",
        ),
        (
            "[clients.support]\ninherits = 'a'\n[clients.a]\ninherits = 'b'\n[clients.b]\ninherits = 'a'",
            6,
            "clients.b.inherits: 'b' inherits from itself: b -> a -> b",
        ),
    ],
)
def test_what_a_profile_may_not_say_is_told_with_its_line(write, text, line, what):
    write(text)

    with pytest.raises(InvalidConfig, match=rf"^realtime\.toml:{line}: {re.escape(what)}"):
        profile()


def test_a_profile_that_there_is_not_is_told_with_those_there_are(write):
    write("[clients.suport]\n")

    with pytest.raises(
        InvalidConfig, match=r"^realtime\.toml has no profile 'support'; did you mean 'suport'\?"
    ):
        profile()
