"""Clauses of a provider as a plugin: its name, its hook, what its loading loads."""

import asyncio
import json
import subprocess
import sys
from importlib import metadata
from typing import Final

from realtime_core.errors import RegistryError
from realtime_core.provider import API_VERSION, ENTRY_POINT_GROUP
from realtime_core.registry import load_provider
from realtime_core.testing.clauses import NotApplicable, broken
from realtime_core.testing.stage import Stage
from realtime_core.testing.suite import clause

__all__ = ["InstallingClauses"]

_PROGRAM: Final = """
import json, os, sys
from realtime_core.registry import load_provider
load_provider(sys.argv[1])
loaded = json.dumps(sorted({name.partition(".")[0] for name in sys.modules}))
os.write(1, f"\\n{sys.argv[2]}{loaded}\\n".encode())
"""
_MARK: Final = "loaded by realtime_core.testing: "
"""What the program's own line begins with: what is loaded may print, too."""
_LOAD_S: Final = 60


def _named(stage: Stage) -> str:
    provider = stage.subject.provider
    if not isinstance(provider, str):
        raise NotApplicable("the subject is a Provider, not the name of one that is installed")
    return provider


class InstallingClauses:
    """What the registry and other plugins see of it."""

    @clause(do="write the number of the contract you wrote it for into Provider(api_version=...)")
    async def test_api_version_is_the_contracts(self, stage: Stage) -> None:
        """The provider was written for the contract that this core has."""
        if stage.provider.api_version != API_VERSION:
            broken(f"api_version is {stage.provider.api_version!r}; this realtime-core has {API_VERSION}")

    @clause(do="name the entry point as the provider is called, in the group realtime_core.providers")
    async def test_provider_loads_by_name(self, stage: Stage) -> None:
        """The registry lists it, and loads it by its name."""
        name = _named(stage)
        try:
            load_provider(name)  # that it loads for the first time, the stage has seen
        except RegistryError as exc:
            broken(f"loading it again: {exc}")

    @clause(do="import no other plugin; what two plugins share is a library of its own")
    async def test_loading_it_loads_no_other_plugin(self, stage: Stage) -> None:
        """Loading it imports no package of another distribution's provider."""
        name = _named(stage)
        program = [sys.executable, "-c", _PROGRAM, name, _MARK]
        done = await asyncio.to_thread(
            subprocess.run, program, capture_output=True, text=True, check=False, timeout=_LOAD_S
        )
        told = [line.removeprefix(_MARK) for line in done.stdout.splitlines() if line.startswith(_MARK)]
        if not told:
            *_, why = ["it ends the process", *done.stderr.strip().splitlines()]
            broken(f"it does not load in a process of its own: {why}")
        entries = [(e, e.dist.name if e.dist else "") for e in metadata.entry_points(group=ENTRY_POINT_GROUP)]
        own = {distribution for entry, distribution in entries if entry.name == name}
        packages = {e.module.partition(".")[0]: dist for e, dist in entries if dist not in own}
        if strangers := packages.keys() & set(json.loads(told[0])):
            broken(f"loading {name!r} imports {', '.join(f'{one} of {packages[one]}' for one in strangers)}")
