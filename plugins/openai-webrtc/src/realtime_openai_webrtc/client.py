"""`OpenAIRealtimeWebRTC`: the client of ``openai-webrtc`` by class instead of by name."""

from realtime_core.provider_client import ProviderClient

from realtime_openai_webrtc.plugin import PROVIDER_NAME, realtime_provider

__all__ = ["OpenAIRealtimeWebRTC"]


class OpenAIRealtimeWebRTC(ProviderClient):
    """``create_client("openai-webrtc")`` by class, as in ``OpenAIRealtimeWebRTC(audio_track=...)``.

    Options: `realtime_openai_webrtc.options.OpenAIWebRTCOptions`.
    """

    provider_name = PROVIDER_NAME
    provider = realtime_provider()
