import attrs
import pytest
from realtime_core.candidate import candidate
from realtime_core.capabilities import Capabilities
from realtime_core.errors import InvalidOptions, UnsupportedSetting


def test_options_come_from_what_is_given_and_from_the_environment(service, monkeypatch):
    monkeypatch.setenv("SCRIPTED_REGION", "south")

    one = candidate(service.provider(), name="scripted", options={"timeout_s": 3})

    assert (one.options.region, one.options.timeout_s) == ("south", 3.0)


def test_options_that_were_built_are_taken_as_they_are(service):
    options = service.provider().options(region="west")

    assert candidate(service.provider(), name="scripted", options=options).options is options


def test_a_wrong_option_is_told_with_the_providers_name(service):
    with pytest.raises(InvalidOptions, match=r"^scripted: no option 'regoin'"):
        candidate(service.provider(), name="scripted", options={"regoin": "x"})


def test_capabilities_are_those_that_the_options_make(service):
    provider = attrs.evolve(
        service.provider(), capabilities_for=lambda options: Capabilities(turns=options.region == "x")
    )

    assert not candidate(provider, name="scripted").provider.capabilities.turns
    assert candidate(provider, name="scripted", options={"region": "x"}).provider.capabilities.turns


def test_later_settings_win(service):
    one = candidate(service.provider(), name="scripted", settings={"voice": "a", "speed": 1})

    merged = one.merged(None, {"voice": "b"}, {"speed": 2})

    assert (merged.voice, merged.speed) == ("b", 2)


def test_a_setting_that_the_provider_does_not_have_is_refused(service):
    with pytest.raises(UnsupportedSetting):
        candidate(service.provider(), name="scripted", settings={"nonsense": 1})


def test_options_stay_out_of_its_repr(service):
    assert "south" not in repr(
        candidate(service.provider(), name="scripted", options={"region": "south"}, profile="p")
    )
