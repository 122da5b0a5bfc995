import attrs
import pluggy
import pytest
from realtime_core import provider
from realtime_core.audio.formats import AudioFormat
from realtime_core.capabilities import Capabilities
from realtime_core.provider import ENTRY_POINT_GROUP, HookSpecs, Provider, Setup, hookimpl
from realtime_core.settings import RealtimeSettings


async def _connect(_, __):
    raise AssertionError("never called")


@attrs.frozen
class Options:
    pass


def _provider(**more):
    return Provider(
        connect=_connect,
        options=Options,
        settings=RealtimeSettings,
        capabilities=Capabilities(),
        **{"api_version": 1, **more},
    )


def test_the_group_is_the_one_that_plugins_write_down():
    assert ENTRY_POINT_GROUP == "realtime_core.providers"


def test_a_provider_says_for_which_contract_it_was_written():
    with pytest.raises(TypeError, match="api_version"):
        Provider(connect=_connect, options=Options, settings=RealtimeSettings, capabilities=Capabilities())
    assert _provider(api_version=7).api_version == 7


def test_a_provider_does_not_change():
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        _provider().api_version = 2


def test_a_provider_may_say_which_url_it_will_reach():
    silent = _provider()
    open_about_it = _provider(endpoint=lambda options: f"wss://{type(options).__name__.lower()}.example/v1")

    assert silent.endpoint is None
    assert open_about_it.endpoint(Options()) == "wss://options.example/v1"


def test_every_setup_has_an_id_of_its_own():
    settings = RealtimeSettings(input_audio_format=AudioFormat())

    assert Setup(settings=settings).command_id != Setup(settings=settings).command_id


def test_a_module_with_the_hook_is_a_plugin():
    class Plugin:
        @hookimpl
        def realtime_provider(self):
            return _provider()

    plugins = pluggy.PluginManager("realtime_core")
    plugins.add_hookspecs(HookSpecs)
    plugins.register(Plugin())

    assert isinstance(plugins.hook.realtime_provider(), Provider)


def test_without_a_plugin_the_hook_gives_nothing():
    plugins = pluggy.PluginManager("realtime_core")
    plugins.add_hookspecs(HookSpecs)

    assert plugins.hook.realtime_provider() is None


def test_the_specification_itself_is_never_called():
    with pytest.raises(AssertionError):
        HookSpecs().realtime_provider()


def test_a_connection_is_send_receive_aclose():
    methods = [name for name in vars(provider.Connection) if not name.startswith("_")]

    assert methods == ["send", "receive", "aclose"]
