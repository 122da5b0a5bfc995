"""`AzureRealtimeWebsocket`: the client of ``azure-ws`` by class instead of by name."""

from realtime_core.provider_client import ProviderClient

from realtime_azure.plugin import PROVIDER_NAME, realtime_provider

__all__ = ["AzureRealtimeWebsocket"]


class AzureRealtimeWebsocket(ProviderClient):
    """``create_client("azure-ws")`` by class; options: `realtime_azure.options.AzureOptions`."""

    provider_name = PROVIDER_NAME
    provider = realtime_provider()
