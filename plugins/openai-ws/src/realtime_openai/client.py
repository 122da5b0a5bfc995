"""`OpenAIRealtimeWebsocket`: the client of ``openai-ws`` by class instead of by name."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from realtime_core.client import RealtimeClient
from realtime_core.limits import SessionLimits
from realtime_core.settings import RealtimeSettings

from realtime_openai.plugin import PROVIDER_NAME, realtime_provider

if TYPE_CHECKING:
    from realtime_core.callbacks import AudioCallback

__all__ = ["OpenAIRealtimeWebsocket"]


class OpenAIRealtimeWebsocket(RealtimeClient):
    """``create_client("openai-ws")`` by class; options are those of `realtime_openai.options.OpenAIOptions`.

    ``settings``, ``audio_output_callback`` and ``limits`` are for all its sessions, as in
    `realtime_core.create_client`.

    Raises:
        InvalidOptions: an option is missing or wrong.
        UnsupportedSetting, InvalidSettings: a setting is.
    """

    def __init__(
        self,
        *,
        settings: RealtimeSettings | Mapping[str, Any] | None = None,
        audio_output_callback: "AudioCallback | None" = None,
        limits: SessionLimits | None = None,
        **options: Any,
    ) -> None:
        super().__init__(
            realtime_provider(),
            name=PROVIDER_NAME,
            settings=settings,
            audio_output_callback=audio_output_callback,
            limits=limits,
            options=options,
        )
