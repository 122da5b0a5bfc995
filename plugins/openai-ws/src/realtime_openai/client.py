"""`OpenAIRealtimeWebsocket`: the client of ``openai-ws`` by class instead of by name."""

from realtime_core.provider_client import ProviderClient

from realtime_openai.plugin import PROVIDER_NAME, realtime_provider

__all__ = ["OpenAIRealtimeWebsocket"]


class OpenAIRealtimeWebsocket(ProviderClient):
    """``create_client("openai-ws")`` by class; options: `realtime_openai.options.OpenAIOptions`."""

    provider_name = PROVIDER_NAME
    provider = realtime_provider()
