"""Where a distribution that ``realtime new-provider`` wrote is installed and run: an environment of its own.

It sees what is installed in the environment of the tests, so that only the build backend is downloaded;
what is installed into it is seen nowhere else.
"""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import attrs

__all__ = ["Environment", "needs_index", "new_environment"]

_OURS = Path(sys.executable).parent
_COMMANDS = ("mypy", "pip", "pytest", "realtime")


@attrs.frozen
class Environment:
    """Commands run in it as in a terminal where it was activated."""

    folder: Path

    def run(self, command: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
        """One line of a document, as it stands."""
        path = f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        # what the tests of the repository are told is not for those of others
        environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        return subprocess.run(
            ["bash", "-c", command],
            cwd=cwd,
            env={**environ, "PATH": path, "PIP_DISABLE_PIP_VERSION_CHECK": "1", **env},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )


def new_environment(folder: Path) -> Environment:
    """Make one in ``folder``."""
    venv.create(folder, with_pip=False)
    packages = Path(
        sysconfig.get_path("purelib", "venv", vars={"base": str(folder), "platbase": str(folder)})
    )
    ours = sysconfig.get_path("purelib")
    # where pip builds, which it marks by that variable, it wants the backend that it downloaded
    unless_building = "os.environ.get('PYTHONNOUSERSITE')"
    (packages / "ours.pth").write_text(f"import os, site; {unless_building} or site.addsitedir({ours!r})\n")
    for name in _COMMANDS:
        _, _, script = (_OURS / name).read_text().partition("\n")
        command = folder / "bin" / name
        command.write_text(f"#!{folder / 'bin' / 'python'}\n{script}")
        command.chmod(0o755)
    (folder / "bin" / "ruff").symlink_to(_OURS / "ruff")
    return Environment(folder)


def needs_index(said: str) -> str | None:
    """Why pip, that ``said`` so, could not build here, if that is because there is no package index."""
    backend = "No matching distribution found for setuptools"
    return f"no package index can be reached: {backend}" if backend in said else None
