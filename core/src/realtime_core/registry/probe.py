"""Loads a provider in a process of its own, and says what came of it.

What a thread cannot do, a process can: one that hangs is killed, whatever it hangs in; one that ends the
program ends only itself; and what a plugin prints, starts or changes is seen by nobody.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, Final

import attrs

from realtime_core.errors import RegistryError
from realtime_core.registry import load_provider
from realtime_core.registry.installed import survey
from realtime_core.registry.loading import LOAD_TIMEOUT_S
from realtime_core.registry.names import choose

__all__ = ["Probe", "outcome", "probe"]

GRACE_S: Final = 10.0
"""How much longer than the plugin its process may take: for Python to start, and to say what it found."""


@attrs.frozen(kw_only=True)
class Probe:
    """What came of loading a provider: it is ``broken``, and why, or the rest is known.

    ``capabilities`` are the fields of `Capabilities`, as JSON has them: those without any options.
    """

    api_version: int | None = None
    capabilities: Mapping[str, Any] | None = None
    broken: str | None = None


def probe(name: str, *, timeout_s: float = LOAD_TIMEOUT_S, grace_s: float = GRACE_S) -> Probe:
    """Load the provider called ``name`` elsewhere. Raises nothing for what is wrong with it.

    Args:
        name: as it is registered.
        timeout_s: how long its import and its hook may take.
        grace_s: how much longer its process is waited for, if it cannot even say that it hangs.
    """
    try:
        claim = choose(name, survey())
    except RegistryError as exc:
        return Probe(broken=str(exc))
    told = f"provider {name!r} of {claim}"
    try:
        done = subprocess.run(  # noqa: S603  # this Python, and a module of ours
            [sys.executable, "-P", "-m", __package__, name, str(timeout_s)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            timeout=timeout_s + grace_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Probe(
            broken=f"{told} did not load within {timeout_s:g} s, nor could Python say where it is, as when "
            "compiled code keeps its global lock: the process was killed. In a program of yours nothing "
            f"could stop it, and nothing else would run; {claim.remedy}"
        )
    if not done.stdout:
        return Probe(
            broken=f"{told} ended the process that loaded it ({_status(done.returncode)}), as it would end a "
            f"program of yours; {claim.remedy}"
        )
    return Probe(**json.loads(done.stdout))


def outcome(name: str, timeout_s: float) -> dict[str, Any]:
    """Load the provider called ``name`` here: the fields of a `Probe`, as JSON has them."""
    try:
        provider = load_provider(name, timeout_s=timeout_s)
    except RegistryError as exc:
        return {"broken": str(exc)}
    return {
        "api_version": provider.api_version,
        "capabilities": attrs.asdict(provider.capabilities, filter=_is_said, value_serializer=_plain),
    }


def _is_said(attribute: "attrs.Attribute[Any]", _: object) -> bool:
    return attribute.init  # the rest follows from it


def _plain(_: object, __: object, value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset) else value


def _status(code: int) -> str:
    return f"exit status {code}" if code >= 0 else f"signal {-code}"
