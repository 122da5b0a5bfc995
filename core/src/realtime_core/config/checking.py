"""Checks every profile of a file. Opens nothing."""

from os import PathLike

import attrs

from realtime_core.config.file import read_config
from realtime_core.config.loading import profile_client
from realtime_core.config.profile import CLIENTS, profile_names, read_profile
from realtime_core.errors import RealtimeError

__all__ = ["Checked", "check_profiles"]


@attrs.frozen(kw_only=True)
class Checked:
    """What came of one profile: a client could be made, or ``error`` says why not.

    ``provider`` is None for one without, from which others inherit.
    """

    name: str
    provider: str | None = None
    fallback: tuple[str, ...] = ()
    error: RealtimeError | None = None


def check_profiles(path: str | PathLike[str] | None = None) -> list[Checked]:
    """What comes of each profile, in the order of the file.

    Raises:
        InvalidConfig: the file cannot be read, or says something that is no profile.
    """
    file = read_config(path)
    names = profile_names(file)
    tables = file.data.get(CLIENTS, {}).values()
    inherits = [table.get("inherits") for table in tables if isinstance(table, dict)]
    inherited = {name for name in inherits if isinstance(name, str)}  # another is told by its profile
    return [_check(path, name, may_lack_provider=name in inherited) for name in names]


def _check(path: str | PathLike[str] | None, name: str, *, may_lack_provider: bool) -> Checked:
    try:
        profile = read_profile(read_config(path), name)
        if profile.provider is not None or not may_lack_provider:
            profile_client(name, path)
    except RealtimeError as exc:
        return Checked(name=name, error=exc)
    return Checked(name=name, provider=profile.provider, fallback=profile.fallback)
