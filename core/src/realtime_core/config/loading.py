"""Makes a client of a profile. Knows nothing of the syntax of the file."""

from collections.abc import Callable, Collection, Iterable, Mapping
from os import PathLike
from typing import Any, Final, TypeVar

import attrs

from realtime_core import errors
from realtime_core.audio.sinks import AudioSink
from realtime_core.budget import Budget
from realtime_core.callbacks import AudioCallback
from realtime_core.client import RealtimeClient
from realtime_core.config.environment import environment
from realtime_core.config.file import ConfigFile, read_config
from realtime_core.config.places import KeyPath
from realtime_core.config.profile import Profile, read_profile
from realtime_core.config.values import culprit, settings_from_toml
from realtime_core.errors import InvalidOptions, RealtimeError
from realtime_core.limits import SessionLimits
from realtime_core.options import build_options, option_fields, variables_of
from realtime_core.provider import Provider
from realtime_core.registry import load_provider
from realtime_core.settings import RealtimeSettings, merge_settings
from realtime_core.tools.failures import ErrorHook

__all__ = ["load_client", "profile_client"]

T = TypeVar("T")

Settings = RealtimeSettings | Mapping[str, Any] | None
NOTHING: Final[Mapping[str, Any]] = {}


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

    def part(name: str, heir: str | None = None) -> _Part:
        return _Part(file, read_profile(file, name), environ, heir)

    own = part(profile)
    return RealtimeClient(
        **own.client(settings, options),
        **parts,
        fallbacks=[RealtimeClient(**part(name, profile).client()) for name in own.profile.fallback],
    )


@attrs.frozen
class _Part:
    """A profile on its way to a client; errors are told with their place."""

    file: ConfigFile
    profile: Profile
    environ: Mapping[str, str] = attrs.field(repr=False)
    fallback_of: str | None = None

    def client(self, settings: Settings = None, options: Mapping[str, Any] = NOTHING) -> dict[str, Any]:
        """What the client of this profile is made of, with what the program gives over it."""
        name = self.profile.provider
        if name is None:
            raise self.file.error(self.profile.path(), " names no provider, nor does what it inherits from")
        provider = self._placed("provider", {}, lambda _: load_provider(name))
        return {
            "provider": provider,
            "name": name,
            "profile": self.profile.name,
            "options": self._options(provider, options),
            "settings": merge_settings(provider.settings, self._settings(provider), settings),
        }

    def _options(self, provider: Provider, given: Mapping[str, Any]) -> attrs.AttrsInstance:
        said = self.profile.options
        self._refuse_secrets(provider, said)

        def build(values: Mapping[str, Any]) -> attrs.AttrsInstance:
            try:
                return build_options(provider.options, values, self.environ)
            except InvalidOptions as exc:
                raise _missing_secret(exc, provider) or exc from exc.__cause__

        return self._placed("options", {**said, **given}, build, from_program=given.keys())

    def _settings(self, provider: Provider) -> RealtimeSettings:
        cls = provider.settings
        return self._placed(
            "settings",
            self.profile.settings,
            lambda values: merge_settings(cls, settings_from_toml(cls, values)),
        )

    def _refuse_secrets(self, provider: Provider, said: Mapping[str, Any]) -> None:
        fields = option_fields(provider.options)
        for name in said:
            if name in fields and not fields[name].repr:
                variables = " or ".join(variables_of(fields[name]))
                remedy = f"set {variables}, here or in .env, or " if variables else ""
                raise self.file.error(
                    self.profile.path("options", name),
                    f" is a secret, which no file like this may hold; {remedy}give {name}= to load_client",
                )

    def _placed(
        self,
        part: str,
        values: Mapping[str, Any],
        make: Callable[[Mapping[str, Any]], T],
        *,
        from_program: Collection[str] = (),
    ) -> T:
        """What ``make`` gives of ``values``, or its error with the place of the value that is at fault.

        Those ``from_program`` have none.
        """
        try:
            return make(values)
        except RealtimeError as exc:
            guilty = culprit(values, make) if values else ()  # a plugin that is slow is asked once
            # the nearest class of ours: a plugin may have its own, made in its own way
            cls = next(cls for cls in type(exc).__mro__ if cls.__module__ == errors.__name__)
            raise cls(f"{self._place(part, guilty, from_program)}: {_in_toml(guilty, str(exc))}") from exc

    def _place(self, part: str, guilty: KeyPath, from_program: Collection[str]) -> str:
        whose = f"profile {self.profile.name!r}"
        if self.fallback_of is not None:
            whose = f"{whose}, a fallback of {self.fallback_of!r}"
        if guilty and guilty[0] in from_program:
            return whose
        keys = (part, *guilty) if guilty or part == "provider" else ()
        return f"{self.file.place(self.profile.path(*keys))}: {whose}"


def _missing_secret(error: InvalidOptions, provider: Provider) -> InvalidOptions | None:
    """The error for an option that is missing and that no file may hold; None if it is about others."""
    fields = option_fields(provider.options)
    secrets = [name for name in error.missing if not fields[name].repr and variables_of(fields[name])]
    if not secrets or len(secrets) < len(error.missing):
        return None
    told = (
        f"option {name!r} is missing: set {' or '.join(variables_of(fields[name]))}, in the environment or "
        "in .env beside the file, which holds no secrets itself"
        for name in secrets
    )
    return InvalidOptions("; ".join(told), missing=error.missing)


def _in_toml(guilty: KeyPath, message: str) -> str:
    """``message``, which speaks of Python's values, of the key that is ``guilty``."""
    named = message if not guilty or repr(guilty[-1]) in message else f"{'.'.join(guilty)}: {message}"
    return f"{named}; in TOML None is false" if guilty and "None" in message else named
