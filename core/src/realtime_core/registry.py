"""Finds providers by name among the installed distributions, and loads the one that is asked for.

Knows nothing of sessions. Names come from installed metadata; no plugin is imported to list them,
and loading one imports nothing of another.
"""

import difflib
from importlib import metadata
from typing import Any, Final

import attrs
import pluggy

from realtime_core.errors import BrokenPlugin, DuplicateProvider, UnknownProvider
from realtime_core.provider import API_VERSION, ENTRY_POINT_GROUP, HookSpecs, Provider

__all__ = ["ProviderInfo", "list_providers", "load_provider"]

# Where the providers of this project come from, to tell people what to install.
_KNOWN: Final = {
    "azure-ws": "realtime-azure",
    "openai-webrtc": "realtime-openai-webrtc",
    "openai-ws": "realtime-openai",
    "simulator": "realtime-simulator",
}


@attrs.frozen
class ProviderInfo:
    """A provider that is installed, as its distribution's metadata tell."""

    name: str
    distribution: str
    version: str


def list_providers() -> list[ProviderInfo]:
    """Every installed provider, sorted by name. Imports no plugin."""
    found = {
        ProviderInfo(entry.name, *_distribution(entry))
        for entry in metadata.entry_points(group=ENTRY_POINT_GROUP)
    }
    return sorted(found, key=lambda info: (info.name, info.distribution))


def load_provider(name: str) -> Provider:
    """The provider called ``name``, from the one distribution that registers it.

    Raises:
        UnknownProvider: nothing installed registers that name; lists what is, and what to install.
        DuplicateProvider: more than one distribution registers it.
        BrokenPlugin: it does not import, has no hook, or was written for another API version.
    """
    # The file system may have changed since the last call, so nothing is cached here.
    if not isinstance(name, str):
        raise UnknownProvider(f"a provider's name is str, not {type(name).__name__}")
    infos = [info for info in list_providers() if info.name == name]
    if not infos:
        raise _unknown(name)
    if len(infos) > 1:
        claims = " and ".join(f"{info.distribution} {info.version}" for info in infos)
        raise DuplicateProvider(
            f"provider {name!r} is claimed by {claims}; keep one: pip uninstall {infos[-1].distribution}"
        )
    return _load(infos[0])


def _load(info: ProviderInfo) -> Provider:
    plugins = pluggy.PluginManager("realtime_core")
    plugins.add_hookspecs(HookSpecs)
    try:
        plugins.load_setuptools_entrypoints(ENTRY_POINT_GROUP, name=info.name)
        plugins.check_pending()
        provider = plugins.hook.realtime_provider()
    except Exception as exc:  # other people's code runs here, and may raise anything
        raise _broken(info, f"cannot be loaded ({type(exc).__name__}: {exc})") from exc
    hooks = len(plugins.hook.realtime_provider.get_hookimpls())
    if hooks > 1:
        raise _broken(info, f"has {hooks} hooks realtime_provider(), not one")
    if not isinstance(provider, Provider):
        given = "no hook realtime_provider()" if provider is None else type(provider).__name__
        raise _broken(info, f"gives {given}, not a Provider")
    if provider.api_version != API_VERSION:
        raise _broken(
            info, f"was written for provider API {provider.api_version}, this realtime-core has {API_VERSION}"
        )
    return provider


def _distribution(entry: metadata.EntryPoint) -> tuple[str, str]:
    dist: Any = entry.dist
    return (dist.name, dist.version) if dist is not None else ("an unknown distribution", "?")


def _broken(info: ProviderInfo, what: str) -> BrokenPlugin:
    return BrokenPlugin(
        f"provider {info.name!r} of {info.distribution} {info.version} {what}; "
        f"try: pip install --upgrade {info.distribution}"
    )


def _unknown(name: str) -> UnknownProvider:
    installed = sorted({info.name for info in list_providers()})
    shown = ", ".join(map(repr, installed)) if installed else "none"
    # somebody who types 'azure' means 'azure-ws', and 'realtime-azure' is where it comes from
    close = difflib.get_close_matches(name.lower(), [*installed, *_KNOWN], n=1, cutoff=0.5)
    if not close:
        remedy = "pip install the distribution that has it"
    elif close[0] in installed:
        remedy = f"did you mean {close[0]!r}?"
    else:
        remedy = f"try: pip install {_KNOWN[close[0]]}"
        if close[0] != name:
            remedy += f" (provider {close[0]!r})"
    return UnknownProvider(f"no provider {name!r}; installed: {shown}; {remedy}")
