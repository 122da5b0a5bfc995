"""A profile on its way to a client: provider, options and settings, step by step. Errors have their place."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, TypeVar

import attrs

from realtime_core import errors
from realtime_core.config.file import ConfigFile
from realtime_core.config.places import KeyPath
from realtime_core.config.profile import Profile
from realtime_core.config.values import culprit, settings_from_toml
from realtime_core.errors import InvalidOptions, RealtimeError
from realtime_core.options import build_options, option_fields, variables_of
from realtime_core.provider import Provider
from realtime_core.registry import load_provider
from realtime_core.settings import RealtimeSettings, merge_settings

__all__ = ["NOTHING", "Part", "Settings"]

T = TypeVar("T")

Settings = RealtimeSettings | Mapping[str, Any] | None
NOTHING: Final[Mapping[str, Any]] = {}

_UNQUOTED: Final = {"integer": "a whole number", "number": "a number", "boolean": "true or false"}
"""Of the types of a JSON Schema, those that no string is."""


@attrs.frozen
class Part:
    """A profile on its way to a client; errors are told with their place."""

    file: ConfigFile
    profile: Profile
    environ: Mapping[str, str] = attrs.field(repr=False)
    fallback_of: str | None = None

    @property
    def provider_name(self) -> str:
        """The name of its provider.

        Raises:
            InvalidConfig: it names none.
        """
        if self.profile.provider is None:
            raise self.file.error(self.profile.path(), " names no provider, nor does what it inherits from")
        return self.profile.provider

    def client(self, settings: Settings = None, options: Mapping[str, Any] = NOTHING) -> dict[str, Any]:
        """What the client of this profile is made of, with what the program gives over it."""
        name = self.provider_name
        provider = self._placed("provider", {}, lambda _: load_provider(name))
        return {
            "provider": provider,
            "name": name,
            "profile": self.profile.name,
            "options": self.options(provider, options),
            "settings": merge_settings(provider.settings, self.settings(provider), settings),
        }

    def options(self, provider: Provider, given: Mapping[str, Any]) -> attrs.AttrsInstance:
        """Its options, with those that the program gives over them.

        Raises:
            InvalidOptions, InvalidConfig: one is missing, wrong, or a secret that stands in the file.
        """
        said = self.profile.options
        self._refuse_secrets(provider, said)
        self._refuse_quotes(provider, said)

        def build(values: Mapping[str, Any]) -> attrs.AttrsInstance:
            try:
                return build_options(provider.options, values, self.environ)
            except InvalidOptions as exc:
                raise _missing_secret(exc, provider) or exc from exc.__cause__

        return self._placed("options", {**said, **given}, build, from_program=given.keys())

    def settings(self, provider: Provider) -> RealtimeSettings:
        """Its settings.

        Raises:
            UnsupportedSetting, InvalidSettings: one of them is wrong.
        """
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

    def _refuse_quotes(self, provider: Provider, said: Mapping[str, Any]) -> None:
        """The environment has strings only, and so has the command line; a file says numbers as such."""
        if not any(isinstance(value, str) for value in said.values()):
            return
        from realtime_core.config.schema import option_schemas

        schemas = option_schemas(provider.options)
        for name, value in said.items():
            takes = _UNQUOTED.get(schemas.get(name, {}).get("type", ""))
            if takes is not None and isinstance(value, str):
                keys = self.profile.path("options", name)
                raise self.file.error(keys, f" takes {takes}, not a string; write it without quotes")

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
            what = _in_toml(guilty, str(exc)) if part == "settings" else str(exc)
            error = cls(f"{self._place(part, guilty, from_program)}: {what}")
            if isinstance(error, InvalidOptions) and isinstance(exc, InvalidOptions):
                error.missing = exc.missing
            raise error from exc

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
        f"option {name!r} is missing; set {' or '.join(variables_of(fields[name]))}, in the environment or "
        "in .env beside the file, which holds no secrets itself"
        for name in secrets
    )
    return InvalidOptions("; ".join(told), missing=error.missing)


def _in_toml(guilty: KeyPath, message: str) -> str:
    """``message``, which speaks of Python's values, of the setting that is ``guilty``."""
    named = message if not guilty or repr(guilty[-1]) in message else f"{'.'.join(guilty)}: {message}"
    return f"{named}; in TOML None is false" if guilty and "None" in message else named
