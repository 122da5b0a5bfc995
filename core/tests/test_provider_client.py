import attrs
import pytest
from realtime_core.errors import InvalidOptions, InvalidSettings
from realtime_core.limits import SessionLimits
from realtime_core.options import option
from realtime_core.provider_client import ProviderClient


@pytest.fixture
def by_class(service):
    """The class of the scripted service's clients."""

    class ScriptedClient(ProviderClient):
        provider_name = "scripted"
        provider = service.provider()

    return ScriptedClient


async def test_a_client_by_class_is_one_by_name(service, by_class):
    client = by_class(region="south", settings={"voice": "a"}, limits=SessionLimits(command_timeout_s=3))

    async with client():
        (options,) = service.options
        (setup,) = service.setups

    assert client.name == "scripted"
    assert options.region == "south"
    assert setup.settings.voice == "a"


@pytest.mark.parametrize("name", ["limits", "budget", "observers", "tool_error"])
def test_what_every_client_takes_is_no_option_of_the_provider(by_class, name):
    with pytest.raises(InvalidSettings, match=f"{name} (must be|takes)"):
        by_class(**{name: 3})


def test_options_are_checked_at_once(by_class):
    with pytest.raises(InvalidOptions, match=r"scripted: .*'regoin'"):
        by_class(regoin="south")


def test_options_are_given_by_name(by_class):
    with pytest.raises(InvalidOptions, match=r"^ScriptedClient takes its options by name: region=\.\.\., "):
        by_class("south")


def test_a_model_is_what_people_give_without_its_name(service):
    @attrs.frozen
    class Options:
        api_key: str = option(default="")
        model: str = option(default="m")

    class ModelClient(ProviderClient):
        provider_name = "scripted"
        provider = service.provider(options=Options)

    with pytest.raises(InvalidOptions, match=r"^ModelClient takes its options by name: model=\.\.\.$"):
        ModelClient("gpt-realtime")
