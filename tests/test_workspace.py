"""The repository itself: every distribution is whole, and wired in everywhere it has to be."""

import re
import subprocess
import sys
import tomllib

import pytest
from workspace import ROOT, Distribution, distributions, samples

every_distribution = pytest.mark.parametrize(
    "dist", [*distributions(), *samples()], ids=lambda dist: dist.name
)


def test_requirements_list_every_distribution_and_nothing_else():
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    listed = {line.removeprefix("-e ") for line in lines if line.startswith("-e ")}

    assert listed == {f"./{dist.folder.relative_to(ROOT).as_posix()}" for dist in distributions()}


def test_every_plugin_folder_is_a_distribution():
    folders = {path.name for path in (ROOT / "plugins").iterdir() if path.is_dir()}

    assert folders == {dist.folder.name for dist in distributions() if dist.folder.parent.name == "plugins"}


def test_uv_takes_every_distribution_from_the_workspace():
    uv = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["uv"]

    assert uv["workspace"]["members"] == ["core", "plugins/*"]
    assert set(uv["sources"]) == {dist.name for dist in distributions()}


def test_coverage_watches_every_package():
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]

    assert set(tool["coverage"]["run"]["source_pkgs"]) == {dist.package.name for dist in distributions()}


def test_root_is_never_published():
    assert "project" not in tomllib.loads((ROOT / "pyproject.toml").read_text())


@every_distribution
def test_distribution_could_leave_the_repository_whole(dist: Distribution):
    assert (dist.folder / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()
    assert (dist.folder / "README.md").read_text().startswith(f"# {dist.name}\n")
    assert (dist.package / "py.typed").exists()
    assert any((dist.folder / "tests").glob("**/test_*.py"))


@every_distribution
def test_version_stands_in_one_place(dist: Distribution):
    version = dist.pyproject["project"]["version"]

    assert [path for path in dist.package.rglob("*.py") if version in path.read_text()] == []


@every_distribution
def test_sibling_requirements_admit_the_version_in_the_repository(dist: Distribution):
    versions = {other.name: other.pyproject["project"]["version"] for other in distributions()}
    siblings = [line for line in dist.requires if re.split(r"[<>=~! ]", line)[0] in versions]

    for line in siblings:
        name = re.split(r"[<>=~! ]", line)[0]
        major, minor, _ = map(int, versions[name].split("."))
        assert line == f"{name}>={major}.{minor},<{major}.{minor + 1}"


@every_distribution
def test_third_party_requirements_have_a_lower_bound(dist: Distribution):
    assert [line for line in dist.requires if ">=" not in line] == []


def test_lower_bounds_are_the_same_in_every_distribution_so_that_they_can_be_tested():
    script = ROOT / ".ci" / "lower_bounds.py"

    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert "openai==" in done.stdout


def test_no_tracked_file_names_a_package_index():
    pattern = re.compile(r"(?:index-url|extra-index|registry\s*=)")
    files = [ROOT / "pyproject.toml", ROOT / "requirements.txt", ROOT / "requirements-dev.txt"]
    files += [dist.folder / "pyproject.toml" for dist in distributions()]

    assert [file.name for file in files if pattern.search(file.read_text())] == []
