"""What the tests of the whole repository share: where its distributions are."""

import tomllib
from pathlib import Path
from typing import Any, Final

import attrs

ROOT: Final = Path(__file__).resolve().parent.parent


@attrs.frozen
class Distribution:
    """One folder with a pyproject of its own."""

    folder: Path
    pyproject: dict[str, Any]

    @property
    def name(self) -> str:
        """As on the package index."""
        name: str = self.pyproject["project"]["name"]
        return name

    @property
    def package(self) -> Path:
        """The folder of its one import package."""
        (package,) = (path.parent for path in (self.folder / "src").glob("*/__init__.py"))
        return package

    @property
    def providers(self) -> list[str]:
        """The names of the providers that it registers."""
        return [*self.pyproject["project"].get("entry-points", {}).get("realtime_core.providers", {})]

    @property
    def requires(self) -> list[str]:
        """Its dependencies, extras included."""
        project = self.pyproject["project"]
        extras = project.get("optional-dependencies", {})
        return [*project["dependencies"], *(line for lines in extras.values() for line in lines)]


def distributions() -> list[Distribution]:
    """Every distribution of the repository."""
    return [_read(ROOT / "core"), *_read_all(ROOT / "plugins")]


def samples() -> list[Distribution]:
    """Distributions that are there to be copied; they are none of ours."""
    return _read_all(ROOT / "samples" / "third-party")


def _read_all(folder: Path) -> list[Distribution]:
    return [_read(file.parent) for file in sorted(folder.glob("*/pyproject.toml"))]


def _read(folder: Path) -> Distribution:
    return Distribution(folder, tomllib.loads((folder / "pyproject.toml").read_text()))
