"""One provider that a client may open sessions with: its options and settings, checked at the door.

Knows nothing of sessions.
"""

from collections.abc import Mapping
from typing import Any

import attrs

from realtime_core.errors import InvalidOptions
from realtime_core.options import build_options
from realtime_core.provider import Provider
from realtime_core.settings import RealtimeSettings, merge_settings

__all__ = ["Candidate", "candidate"]


@attrs.frozen(kw_only=True)
class Candidate:
    """A provider with capabilities as its options make them, and settings for all sessions with it."""

    provider: Provider
    name: str
    profile: str | None
    options: attrs.AttrsInstance = attrs.field(repr=False)
    settings: RealtimeSettings

    def merged(self, *layers: RealtimeSettings | Mapping[str, Any] | None) -> RealtimeSettings:
        """Its settings with ``layers`` over them.

        Raises:
            UnsupportedSetting, InvalidSettings: as `merge_settings`.
        """
        return merge_settings(self.provider.settings, self.settings, *layers)


def candidate(
    provider: Provider,
    *,
    name: str,
    options: Mapping[str, Any] | attrs.AttrsInstance | None = None,
    settings: RealtimeSettings | Mapping[str, Any] | None = None,
    profile: str | None = None,
) -> Candidate:
    """The candidate that these make; what ``options`` do not say comes from the environment, unless they are
    of the provider's own class.

    Raises:
        InvalidOptions: an option is missing or wrong.
        UnsupportedSetting, InvalidSettings: a setting is.
    """
    built = _built(provider, name, options)
    if provider.capabilities_for is not None:
        provider = attrs.evolve(provider, capabilities=provider.capabilities_for(built))
    return Candidate(
        provider=provider,
        name=name,
        profile=profile,
        options=built,
        settings=merge_settings(provider.settings, settings),
    )


def _built(provider: Provider, name: str, options: Any) -> attrs.AttrsInstance:
    if isinstance(options, provider.options):
        return options
    try:
        return build_options(provider.options, options or {})
    except InvalidOptions as exc:
        raise InvalidOptions(f"{name}: {exc}") from exc
