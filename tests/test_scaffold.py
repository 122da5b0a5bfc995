"""What ``realtime new-provider`` writes works as it is: installed, by name, by the kit and its own rules."""

import ast
import json
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import attrs
import pytest
from installing import NoIndex, build_wheels, make_environment
from packaging.requirements import Requirement
from realtime_core.scaffold import DIALECTS, names_of, render, write_new
from scaffolded import Environment, needs_index, new_environment
from workspace import ROOT

pytestmark = pytest.mark.timeout(400)  # the first of each dialect builds and installs

NAMES = {"own": "acme-ws", "openai": "vendor-ws"}
LONGEST = "acme-" + "voices" * 4 + "x"  # 30 characters


@attrs.frozen
class Written:
    folder: Path
    environment: Environment
    name: str

    def run(self, command: str, **env: str) -> subprocess.CompletedProcess[str]:
        return self.environment.run(command, self.folder, **env)


@pytest.fixture(scope="module", params=sorted(DIALECTS))
def written(request, tmp_path_factory) -> Written:
    """A distribution as the command wrote it, installed."""
    place = tmp_path_factory.mktemp(request.param)
    environment = new_environment(place / "environment")
    name = NAMES[request.param]
    made = environment.run(f"realtime new-provider {name} --dialect {request.param}", place)
    assert made.returncode == 0, made.stderr
    folder = place / names_of(name).distribution
    installed = environment.run("pip install -q -e '.[dev]'", folder)
    if (why := needs_index(installed.stderr)) is not None:
        pytest.skip(why)
    assert installed.returncode == 0, installed.stderr
    return Written(folder, environment, name)


def test_it_loads_by_name(written: Written):
    listed = written.run("realtime providers --json")

    (found,) = [each for each in json.loads(listed.stdout) if each["name"] == written.name]
    assert (found["distribution"], found["version"]) == (written.folder.name, "0.1.0")
    loads = f"from realtime_core.registry import load_provider; load_provider({written.name!r})"
    assert written.run(f'python -W error -c "{loads}"').returncode == 0


def test_loading_it_loads_nothing_to_connect_with(written: Written):
    program = f"""
import sys
from realtime_core.registry import load_provider
load_provider({written.name!r})
print({{'openai', 'websockets'}} & sys.modules.keys())
"""

    done = written.run(f'python -c "{program}"')

    assert done.stdout == "set()\n", done.stderr


def test_it_passes_the_kit(written: Written):
    done = written.run("pytest -q")

    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout
    assert "failed" not in done.stdout


@pytest.mark.parametrize("check", ["ruff check", "ruff format --check", "mypy"])
def test_it_keeps_its_own_rules(written: Written, check: str):
    done = written.run(check)

    assert done.returncode == 0, done.stdout


def test_its_types_are_checked_strictly(written: Written):
    settings = tomllib.loads((written.folder / "pyproject.toml").read_text())["tool"]

    assert settings["mypy"] == {"strict": True, "files": ["src", "tests"], "mypy_path": ["src", "tests"]}


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
@pytest.mark.parametrize("name", ["a", "z9-ws", "test-ws", "a-b-c-d-e-f-ws", LONGEST])
def test_any_name_keeps_the_rules(name: str, dialect: str, tmp_path: Path):
    folder = tmp_path / "made"
    write_new(folder, render(names_of(name), dialect=dialect, license_id="MIT"))
    ruff = [str(Path(sys.executable).parent / "ruff")]

    checked, formatted = (
        subprocess.run([*ruff, *command], cwd=folder, capture_output=True, text=True, check=False)
        for command in (["check", "--output-format", "concise"], ["format", "--diff"])
    )

    assert (checked.returncode, formatted.returncode) == (0, 0), checked.stdout + formatted.stdout


def names_of_imports(tree: ast.Module) -> set[str]:
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom))
    return {each.asname or each.name for node in imports for each in node.names}


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
@pytest.mark.parametrize(
    "name", ["service", "service-ws", "provider", "connection", "client", "server", "codec"]
)
def test_no_name_makes_a_class_of_what_is_imported(name: str, dialect: str):
    made = render(names_of(name), dialect=dialect, license_id="MIT")

    for path, text in made.items():
        if path.suffix == ".py":
            tree = ast.parse(text)
            classes = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
            assert not classes & names_of_imports(tree), path


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_requirements_take_the_versions_that_wrote_them(dialect: str):
    made = render(names_of("acme-ws"), dialect=dialect, license_id="MIT")
    (pyproject,) = (text for path, text in made.items() if path.name == "pyproject.toml")
    project = tomllib.loads(pyproject)["project"]

    needed = map(Requirement, project["dependencies"] + project["optional-dependencies"]["dev"])

    ours = {each.name: each for each in needed if each.name.startswith("realtime-")}
    assert "realtime-core" in ours
    for name, requirement in ours.items():
        assert requirement.specifier.contains(metadata.version(name)), name


@pytest.mark.timeout(900)  # it builds and installs
def test_own_dialect_needs_nothing_of_ours_but_the_wheel_of_core(tmp_path: Path):
    try:
        core = build_wheels([ROOT / "core"], tmp_path / "core")["realtime-core"]
        place = make_environment(tmp_path / "venv", str(core), "pytest>=8.2")
        place.run("realtime", "new-provider", "acme-ws", cwd=tmp_path)
        acme = build_wheels([tmp_path / "realtime-acme"], tmp_path / "acme")["realtime-acme"]
    except NoIndex as exc:
        pytest.skip(str(exc))
    make_environment(place.folder, str(acme))

    names = "from importlib.metadata import distributions as d; print(*sorted(x.name for x in d()))"
    installed = place.run("python", "-c", names, cwd=tmp_path).split()
    said = place.run("python", "-m", "pytest", "-q", cwd=tmp_path / "realtime-acme")

    assert [name for name in installed if name.startswith("realtime-")] == ["realtime-acme", "realtime-core"]
    assert " passed" in said
