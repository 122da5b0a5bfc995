"""Makes a client of a profile. Knows nothing of the syntax of the file."""

from collections.abc import Iterable, Mapping
from os import PathLike
from typing import Any

from realtime_core.audio.sinks import AudioSink
from realtime_core.budget import Budget
from realtime_core.callbacks import AudioCallback
from realtime_core.client import RealtimeClient
from realtime_core.config.environment import environment
from realtime_core.config.file import read_config
from realtime_core.config.part import NOTHING, Part, Settings
from realtime_core.config.profile import read_profile
from realtime_core.limits import SessionLimits
from realtime_core.tools.failures import ErrorHook

__all__ = ["load_client", "profile_client", "profile_part"]


def load_client(
    profile: str,
    /,
    path: str | PathLike[str] | None = None,
    *,
    settings: Settings = None,
    audio_output_callback: AudioCallback | AudioSink | None = None,
    limits: SessionLimits | None = None,
    budget: Budget | None = None,
    observers: Iterable[object] = (),
    tool_error: ErrorHook | None = None,
    **options: Any,
) -> RealtimeClient:
    """The client that a profile of ``realtime.toml`` describes, with its fallbacks. Opens nothing.

    ``[clients.<profile>]`` has ``provider``, and may have ``options``, ``settings``, ``inherits`` and
    ``fallback``. In ``settings``, ``false`` is None for one that can be switched off, nested
    settings are tables, audio formats strings. Secrets are not for the file: they come from the environment,
    from a file ``.env`` beside it, which overrides no variable, or from ``options``.

    Args:
        profile: its name.
        path: the file, else ``realtime.toml`` in the current folder.
        settings: over those of the profile, not of its fallbacks.
        audio_output_callback: as for `realtime_core.create_client`, like those that follow.
        limits: bounds for all its sessions.
        budget: what each of its sessions may use.
        observers: told of everything in all its sessions.
        tool_error: decides what the model is told of a tool that failed.
        options: the provider's, over those of the profile, not of its fallbacks; a secret may be a function
            that gives one on every connect.

    Raises:
        InvalidConfig: the file cannot be read, has no such profile, a key in it is unknown or has the wrong
            type, or holds a secret. This and the next ones name file and line.
        UnknownProvider, DuplicateProvider, BrokenPlugin: a provider cannot be loaded.
        InvalidOptions: an option is missing or wrong.
        UnsupportedSetting, InvalidSettings: a setting is.
    """
    return profile_client(
        profile,
        path,
        settings=settings,
        options=options,
        audio_output_callback=audio_output_callback,
        limits=limits,
        budget=budget,
        observers=observers,
        tool_error=tool_error,
    )


def profile_client(
    profile: str,
    path: str | PathLike[str] | None = None,
    *,
    settings: Settings = None,
    options: Mapping[str, Any] = NOTHING,
    **parts: Any,
) -> RealtimeClient:
    """`load_client` with the options as a mapping: they may be called as any of its parameters.

    Raises:
        RealtimeError: as `load_client`.
    """
    file = read_config(path)
    environ = environment(file.path.parent)

    def part(name: str, heir: str | None = None) -> Part:
        return Part(file, read_profile(file, name), environ, heir)

    own = part(profile)
    return RealtimeClient(
        **own.client(settings, options),
        **parts,
        fallbacks=[RealtimeClient(**part(name, profile).client()) for name in own.profile.fallback],
    )


def profile_part(profile: str, path: str | PathLike[str] | None = None) -> Part:
    """A profile by itself, without its fallbacks, for those who go on to a client step by step.

    Raises:
        InvalidConfig: as `load_client`.
    """
    file = read_config(path)
    return Part(file, read_profile(file, profile), environment(file.path.parent))
