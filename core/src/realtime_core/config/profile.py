"""What a profile is, with all that it inherits. Knows nothing of what its options and settings mean.

A profile is a table ``[clients.NAME]``. It may inherit from another: settings and options one by one, what it
says itself wins, nested values are replaced whole. Options belong to a provider, so a profile with
another one inherits none.
"""

from collections.abc import Mapping
from typing import Any, Final

import attrs

from realtime_core.choices import did_you_mean
from realtime_core.config.file import ConfigFile
from realtime_core.config.places import KeyPath
from realtime_core.errors import InvalidConfig

__all__ = ["CLIENTS", "KEYS", "Profile", "profile_names", "read_profile"]

CLIENTS: Final = "clients"
KEYS: Final[Mapping[str, type]] = {
    "provider": str,
    "inherits": str,
    "fallback": list,
    "options": dict,
    "settings": dict,
}
"""What a profile may say, and the type of it."""


@attrs.frozen(kw_only=True)
class Profile:
    """One profile, complete.

    ``provider`` is None where neither it nor what it inherits from names one. ``owners`` tells which
    profile said an option or a setting, by ``("options", name)`` or ``("settings", name)``.
    """

    name: str
    provider: str | None
    options: Mapping[str, Any] = attrs.field(repr=False)
    settings: Mapping[str, Any] = attrs.field(repr=False)
    fallback: tuple[str, ...]
    owners: Mapping[KeyPath, str] = attrs.field(repr=False)

    def path(self, *keys: str) -> KeyPath:
        """Where the file says something of this profile: ``provider``; or an option or a setting."""
        return (CLIENTS, self.owners.get(keys[:2], self.name), *keys)


def profile_names(file: ConfigFile) -> list[str]:
    """The names of all profiles, in the order of the file.

    Raises:
        InvalidConfig: the file says something that is no profile.
    """
    return list(_clients(file))


def read_profile(file: ConfigFile, name: str) -> Profile:
    """The profile called ``name``.

    Raises:
        InvalidConfig: there is none; or a key of it, or of one that it inherits from, is wrong.
    """
    clients = _clients(file)
    if not isinstance(name, str):
        raise InvalidConfig(f"a profile's name is str, not {type(name).__name__}")
    if name not in clients:
        raise InvalidConfig(f"{file.path} has no profile {name!r}; {did_you_mean(name, clients)}")
    provider: str | None = None
    fallback: tuple[str, ...] = ()
    values: dict[str, dict[str, Any]] = {"options": {}, "settings": {}}
    owners: dict[KeyPath, str] = {}
    for owner, table in reversed(_lineage(file, clients, name)):
        if "provider" in table:
            if provider not in (None, table["provider"]):
                values["options"].clear()
            provider = table["provider"]
            owners["provider",] = owner
        if "fallback" in table:
            fallback = _fallback(file, clients, owner)
        for part, said in values.items():
            said.update(table.get(part, {}))
            owners.update({(part, key): owner for key in table.get(part, {})})
    return Profile(
        name=name,
        provider=provider,
        fallback=tuple(other for other in fallback if other != name),  # one that was inherited from
        owners=owners,
        **values,
    )


def _clients(file: ConfigFile) -> Mapping[str, Any]:
    file.check_keys((), file.data, [CLIENTS])
    clients: Mapping[str, Any] = file.typed((CLIENTS,), file.data.get(CLIENTS, {}), dict)
    return clients


def _lineage(file: ConfigFile, clients: Mapping[str, Any], name: str) -> list[tuple[str, Mapping[str, Any]]]:
    """The profile, the one that it inherits from, and so on."""
    found: dict[str, Mapping[str, Any]] = {}
    while True:
        table = found[name] = _checked(file, (CLIENTS, name), clients[name])
        if "inherits" not in table:
            return list(found.items())
        where, heir, name = (CLIENTS, name, "inherits"), name, table["inherits"]
        if name not in clients:
            raise file.error(where, f": there is no profile {name!r}; {did_you_mean(name, clients)}")
        if name in found:
            circle = " -> ".join([heir, *list(found)[list(found).index(name) :]])
            raise file.error(where, f": {heir!r} inherits from itself: {circle}")


def _checked(file: ConfigFile, keys: KeyPath, table: Any) -> Mapping[str, Any]:
    file.typed(keys, table, dict)
    file.check_keys(keys, table, KEYS)
    for key, value in table.items():
        file.typed((*keys, key), value, KEYS[key])
    checked: Mapping[str, Any] = table
    return checked


def _fallback(file: ConfigFile, clients: Mapping[str, Any], owner: str) -> tuple[str, ...]:
    keys = (CLIENTS, owner, "fallback")
    names = clients[owner]["fallback"]
    for count, name in enumerate(names):
        file.typed(keys, name, str)
        if name in names[:count]:
            raise file.error(keys, f" names {name!r} twice; each is tried once")
        if name == owner:
            raise file.error(keys, f" names {name!r} itself; name others")
        if name not in clients:
            raise file.error(keys, f": there is no profile {name!r}; {did_you_mean(name, clients)}")
    return tuple(names)
