"""Which of the installed claims a name means, or why none.

Pure: knows nothing of imports.
"""

from collections.abc import Sequence
from typing import Final

from realtime_core.choices import nearest
from realtime_core.errors import DuplicateProvider, UnknownProvider
from realtime_core.registry.installed import Claim, Survey, canonical

__all__ = ["OURS", "choose"]

OURS: Final = {
    "azure-ws": "realtime-azure",
    "openai-webrtc": "realtime-openai-webrtc",
    "openai-ws": "realtime-openai",
    "simulator": "realtime-simulator",
}
"""Where the providers of this project come from, to tell people what to install."""


def choose(name: str, found: Survey) -> Claim:
    """The one claim to ``name``.

    Raises:
        UnknownProvider: there is none.
        DuplicateProvider: there are several, or there is one to a name that is the same to a reader.
    """
    if not isinstance(name, str):
        raise UnknownProvider(f"a provider's name is str, not {type(name).__name__}")
    alike = [claim for claim in found.claims if canonical(claim.info.name) == canonical(name)]
    if not any(claim.info.name == name for claim in alike):
        raise _unknown(name, found, alike)
    if len(alike) > 1:
        raise _duplicate(name, alike)
    return alike[0]


def _duplicate(name: str, claims: Sequence[Claim]) -> DuplicateProvider:
    owners = list(dict.fromkeys(map(str, claims)))
    if len(owners) == 1:
        lines = ", ".join(f"{claim.info.name} = {claim.entry.value}" for claim in claims)
        return DuplicateProvider(
            f"provider {name!r} is registered {len(claims)} times by {owners[0]} ({lines}): case, dash, "
            f"underscore and dot make no other name; {claims[0].remedy}"
        )
    names = {claim.info.name for claim in claims}
    distributions = dict.fromkeys(claim.info.distribution for claim in claims)
    remedy = "keep one: " + ", or ".join(f"pip uninstall {distribution}" for distribution in distributions)
    if len(names) == 1:
        return DuplicateProvider(f"provider {name!r} is claimed by {' and '.join(owners)}; {remedy}")
    told = " and ".join(f"{claim.info.name!r} of {claim}" for claim in claims)
    return DuplicateProvider(
        f"provider {name!r} is not the only one of that name: {told} differ only in case, dash, underscore "
        f"or dot; {remedy}"
    )


def _unknown(name: str, found: Survey, alike: Sequence[Claim]) -> UnknownProvider:
    installed = sorted({claim.info.name for claim in found.claims})
    shown = ", ".join(map(repr, installed)) if installed else "none"
    told = [f"no provider {name!r}", f"installed: {shown}", *found.damage, _remedy(name, installed, alike)]
    return UnknownProvider("; ".join(told))


def _remedy(name: str, installed: Sequence[str], alike: Sequence[Claim]) -> str:
    if name != name.strip() and name.strip() in installed:
        return f"did you mean {name.strip()!r}? it has no space around it"
    if alike:
        return f"did you mean {alike[0].info.name!r}, of {alike[0]}? a name is written exactly so"
    # somebody who types 'azure' means 'azure-ws', and 'realtime-azure' is where it comes from
    near = nearest(name.lower(), [*installed, *OURS], cutoff=0.5)
    if near is None:
        return "pip install the distribution that has it"
    if near in installed:
        return f"did you mean {near!r}?"
    return f"try: pip install {OURS[near]}" + ("" if near == name else f" (provider {near!r})")
