"""Programs as processes of their own, and the simulator as one: what a user starts from a shell."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from parity.providers import environment, without_vendors
from parity.talk import KEY

__all__ = ["BIN", "run", "served"]

BIN: Final = Path(sys.executable).parent


@contextmanager
def served(*flags: object) -> Iterator[str]:
    """``realtime-simulator`` on a free port; gives its origin."""
    command = [BIN / "realtime-simulator", "--port", "0", "--quiet", *map(str, flags)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield re.findall(r"base_url (\S+?)/v1\)", server.stdout.readline())[0]
        finally:
            server.terminate()


def run(provider: str, origin: str, *command: object, key: str = KEY) -> subprocess.CompletedProcess[str]:
    """A command in which provider ``provider`` finds the simulator at ``origin``."""
    return subprocess.run(
        [str(part) for part in command],
        env={**without_vendors(), **environment(provider, origin, key)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
