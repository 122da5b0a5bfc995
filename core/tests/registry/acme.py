"""A plugin that keeps the contract as far as the registry looks. Tests install it, as it is or spoilt."""

import attrs
from realtime_core.capabilities import Capabilities
from realtime_core.provider import Provider, hookimpl
from realtime_core.settings import RealtimeSettings


@attrs.frozen
class Options:
    pass


async def connect(options, setup):
    raise AssertionError(f"never called with {options} and {setup}")


def make(**more):
    right = {
        "connect": connect,
        "options": Options,
        "settings": RealtimeSettings,
        "capabilities": Capabilities(),
        "api_version": 1,
    }
    return Provider(**{**right, **more})


@hookimpl
def realtime_provider():
    return make()
