"""Finds providers by name among the installed distributions, and loads the one that is asked for.

Knows nothing of sessions. Names come from installed metadata; no plugin is imported to list them,
and loading one imports nothing of another. What is wrong with one is told when that one is asked for, and
with its distribution and the remedy; the others go on working.

`installed` reads the metadata, `names` tells which claim a name means, `loading` imports a plugin and checks
what it gives, `probe` does so in a process of its own.
"""

from realtime_core.provider import Provider
from realtime_core.registry.installed import ProviderInfo, list_providers, refresh, survey
from realtime_core.registry.loading import LOAD_TIMEOUT_S, load
from realtime_core.registry.names import choose

__all__ = ["LOAD_TIMEOUT_S", "ProviderInfo", "list_providers", "load_provider", "refresh"]


def load_provider(name: str, *, timeout_s: float = LOAD_TIMEOUT_S) -> Provider:
    """The provider called ``name``, from the one distribution that registers it.

    Waits for the import, up to ``timeout_s`` seconds: an event loop that must go on meanwhile calls it by
    ``asyncio.to_thread``.

    Args:
        name: exactly as it is registered.
        timeout_s: how long its import and its hook may take; `realtime_core.registry.loading` tells what
            becomes of one that takes longer.

    Raises:
        UnknownProvider: nothing installed registers that name; lists what is, and what to install.
        DuplicateProvider: more than one distribution registers it, or a name that differs from it only in
            case, dash, underscore or dot; or one distribution does so twice.
        BrokenPlugin: it raises on import, does not come back from it in time, has no hook or a wrong one,
            gives something else than a `Provider`, or was written for another API version.
    """
    # The file system may have changed since the last call, so nothing is cached here.
    return load(choose(name, survey()), timeout_s)
