"""Which providers the installed distributions register, as their metadata tell.

Imports no plugin, and has no opinion on what it finds.
"""

import importlib
import importlib.util
import re
import site
import sys
from typing import TYPE_CHECKING, Any, Final

import attrs

from realtime_core.provider import ENTRY_POINT_GROUP

if TYPE_CHECKING:
    from importlib import metadata

__all__ = ["Claim", "ProviderInfo", "Survey", "canonical", "list_providers", "refresh", "survey"]

_NAMELESS: Final = "an unknown distribution"


@attrs.frozen
class ProviderInfo:
    """A provider that is installed, as its distribution's metadata tell."""

    name: str
    distribution: str
    version: str


@attrs.frozen
class Claim:
    """One entry point, with the distribution that has it."""

    info: ProviderInfo
    entry: "metadata.EntryPoint"
    _dist: "metadata.Distribution" = attrs.field(repr=False, eq=False)

    def __str__(self) -> str:
        return f"{self.info.distribution} {self.info.version}"

    @property
    def module(self) -> str:
        """The module that it names; empty: what its distribution says is no reference to one."""
        # ``EntryPoint.module`` raises AttributeError then
        name = self.entry.module if self.entry.pattern.match(self.entry.value) else ""
        return name if all(name.split(".")) else ""  # one that begins with a dot is in no package

    @property
    def package(self) -> str:
        """The top-level package, or module, that it is in."""
        return self.module.partition(".")[0]

    @property
    def editable(self) -> str | None:
        """The folder that it is installed from, if it is an editable install (PEP 610, PEP 660)."""
        # only for a message: urllib.request brings much
        import json
        from urllib.parse import urlsplit
        from urllib.request import url2pathname

        try:
            told = json.loads(self._dist.read_text("direct_url.json") or "{}")
            return url2pathname(urlsplit(told["url"]).path) if told["dir_info"]["editable"] else None
        except Exception:  # noqa: BLE001  # no such file, or one that is damaged: then it is not known to be
            return None

    @property
    def remedy(self) -> str:
        """What to try when it is broken."""
        folder = self.editable
        if folder is not None:
            return f"it is an editable install: mend it in {folder}"
        if self.info.distribution == _NAMELESS:
            return f"its metadata are damaged: install again what has {self.package!r}"
        extras = ",".join(self.entry.extras) if self.module else ""
        what = f"'{self.info.distribution}[{extras}]'" if extras else self.info.distribution
        return f"try: pip install --upgrade {what}"

    def make_importable(self) -> None:
        """Do for an editable install what Python does when it starts: read the ``.pth`` files beside it."""
        if (
            not self.package
            or self.package in sys.modules
            or importlib.util.find_spec(self.package) is not None
        ):
            return
        if any(str(file).endswith(".pth") for file in self._dist.files or ()):
            site.addsitedir(str(self._dist.locate_file("")))


@attrs.frozen
class Survey:
    """All claims, by name; and the names of distributions whose entry points cannot be read."""

    claims: tuple[Claim, ...]
    unreadable: tuple[str, ...] = ()

    @property
    def damage(self) -> list[str]:
        """What cannot be read, and what to try, in words."""
        return [
            f"the entry points of {name} cannot be read, try: pip install --force-reinstall {name}"
            for name in self.unreadable
        ]


def canonical(name: str) -> str:
    """``name`` as a reader hears it, and as package indexes compare names (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def survey() -> Survey:
    """Look through all installed distributions.

    Of several copies of a distribution the first on ``sys.path`` counts, as it does for Python.
    """
    # brings much, for which `import realtime_core` need not wait
    from importlib import metadata

    claims: list[Claim] = []
    unreadable: list[str] = []
    seen: set[str] = set()
    for dist in metadata.distributions():
        try:
            entries = dist.entry_points.select(group=ENTRY_POINT_GROUP)
        except Exception:  # noqa: BLE001  # one damaged file must not hide the others
            unreadable.append(_identity(dist)[0])
            continue
        if not entries:
            continue
        name, version = _identity(dist)
        if canonical(name) in seen:
            continue
        if name != _NAMELESS:
            seen.add(canonical(name))
        claims += [Claim(ProviderInfo(entry.name, name, version), entry, dist) for entry in entries]
    claims.sort(key=lambda claim: (claim.info.name, claim.info.distribution, claim.entry.value))
    return Survey(tuple(claims), tuple(sorted(unreadable)))


def list_providers() -> list[ProviderInfo]:
    """Every installed provider, sorted by name. Imports no plugin."""
    return list(dict.fromkeys(claim.info for claim in survey().claims))


def refresh() -> list[ProviderInfo]:
    """Look again, after something was installed or removed while the program runs; gives the new list.

    Makes Python forget what it remembers of folders, and makes editable installs importable, which else
    takes a new process: the ``.pth`` files beside one are read (`site.addsitedir`). What was imported stays
    as it is: another version of a plugin that was loaded takes a new process.
    """
    importlib.invalidate_caches()
    for claim in survey().claims:
        claim.make_importable()
    return list_providers()


def _identity(dist: "metadata.Distribution") -> tuple[str, str]:
    """Name and version, as far as they are told."""
    try:
        told: Any = dist.metadata
        return told.get("Name") or _NAMELESS, told.get("Version") or "?"
    except Exception:  # noqa: BLE001  # no metadata at all raises, and not the same in every version of Python
        return _NAMELESS, "?"
