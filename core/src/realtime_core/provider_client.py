"""The client of one provider by class instead of by name, for a vendor's package to subclass.

Knows nothing of any vendor.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Never

from realtime_core.audio.sinks import AudioSink
from realtime_core.budget import Budget
from realtime_core.callbacks import AudioCallback
from realtime_core.client import RealtimeClient
from realtime_core.errors import InvalidOptions
from realtime_core.limits import SessionLimits
from realtime_core.options import option_fields
from realtime_core.provider import Provider
from realtime_core.settings import RealtimeSettings
from realtime_core.tools.failures import ErrorHook

__all__ = ["ProviderClient"]


class ProviderClient(RealtimeClient):
    """A client that takes what `realtime_core.create_client` takes, but for the name.

    A subclass sets ``provider_name``, that of the entry point, and ``provider``, what its hook gives.

    Raises:
        InvalidOptions: an option is missing or wrong, or given without its name.
        UnsupportedSetting, InvalidSettings: a setting is.
    """

    provider_name: ClassVar[str]
    provider: ClassVar[Provider]

    def __init__(
        self,
        *nameless: Never,
        settings: RealtimeSettings | Mapping[str, Any] | None = None,
        audio_output_callback: AudioCallback | AudioSink | None = None,
        limits: SessionLimits | None = None,
        budget: Budget | None = None,
        observers: Iterable[object] = (),
        tool_error: ErrorHook | None = None,
        fallbacks: Sequence[RealtimeClient] = (),
        **options: Any,
    ) -> None:
        if nameless:
            names = [*option_fields(self.provider.options)]
            given = ", ".join(f"{name}=..." for name in (["model"] if "model" in names else names))
            raise InvalidOptions(f"{type(self).__name__} takes its options by name: {given}")
        super().__init__(
            self.provider,
            name=self.provider_name,
            settings=settings,
            audio_output_callback=audio_output_callback,
            limits=limits,
            budget=budget,
            observers=observers,
            tool_error=tool_error,
            fallbacks=fallbacks,
            options=options,
        )
