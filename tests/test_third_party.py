"""Providers of other people, installed as users do: wheels, and of ours what they need."""

import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from installing import Environment, NoIndex, build_wheels, make_environment
from workspace import ROOT, distributions, samples

pytestmark = pytest.mark.timeout(900)  # the first of them builds and installs

LIBRARIES = ("realtime-core", "realtime-openai-wire", "realtime-simulator")
FOLDERS = {dist.name: dist.folder for dist in [*distributions(), *samples()]}
SAMPLES = [dist.name for dist in samples()]
OURS = "from importlib.metadata import distributions as d; print(*sorted(x.name for x in d()))"

Install = Callable[..., Environment]


@pytest.fixture(scope="module")
def install(tmp_path_factory: pytest.TempPathFactory) -> Install:
    """Makes an environment with a sample, what its tests need, and the libraries of ours that are named."""
    try:
        wheels = build_wheels(
            [FOLDERS[name] for name in [*LIBRARIES, *SAMPLES]], tmp_path_factory.mktemp("wheels")
        )
    except NoIndex as exc:
        pytest.skip(str(exc))

    def make(sample: str, *libraries: str) -> Environment:
        named = [str(wheels[name]) for name in libraries]
        return make_environment(tmp_path_factory.mktemp(sample) / "venv", f"{wheels[sample]}[test]", *named)

    return make


@pytest.fixture(scope="module")
def echo(install: Install) -> Environment:
    return install("realtime-echo", "realtime-core")


@pytest.fixture(scope="module")
def acme(install: Install) -> Environment:
    return install("realtime-acme", *LIBRARIES)


def installed(environment: Environment, cwd: Path) -> list[str]:
    """What is installed there whose name is like ours."""
    names = environment.run("python", "-c", OURS, cwd=cwd).split()
    return [name for name in names if name.startswith("realtime-")]


def providers(environment: Environment, cwd: Path) -> dict[str, str]:
    """The distribution of each provider that is listed there."""
    lines = environment.run("realtime", "providers", cwd=cwd).splitlines()
    return dict(line.split()[:2] for line in lines if not line.startswith(" "))


def commands(sample: str) -> list[list[str]]:
    """The arguments of each ``realtime`` in the README of a sample."""
    readme = (FOLDERS[sample] / "README.md").read_text()
    return [shlex.split(line) for line in re.findall(r"^realtime (.+)$", readme, re.MULTILINE)]


def run_tests(environment: Environment, sample: str, folder: Path) -> int:
    """Run the tests of a sample, far from this repository; how many there were."""
    tests = shutil.copytree(FOLDERS[sample] / "tests", folder / "tests")
    quietly = ["-q", "-rs", "-p", "no:cacheprovider", "-W", "error"]
    said = environment.run("python", "-m", "pytest", *quietly, tests, cwd=folder)
    passed = re.search(r"(\d+) passed", said)
    return int(passed[1]) if passed else 0


def test_provider_with_a_protocol_of_its_own_needs_nothing_of_ours_but_core(echo, tmp_path):
    assert installed(echo, tmp_path) == ["realtime-core", "realtime-echo"]
    assert providers(echo, tmp_path) == {"echo-ws": "realtime-echo"}


def test_provider_with_a_protocol_of_its_own_does_what_its_readme_says(echo, tmp_path):
    shutil.copy(ROOT / "samples" / "audio" / "amiable.wav", tmp_path / "question.wav")
    with echo.running("realtime-echo", "--port", 0, tells=r"(ws://\S+)") as url:
        well, said, heard = (
            echo.run("realtime", *command, cwd=tmp_path, ECHO_URL=url)
            for command in commands("realtime-echo")
        )

    assert well.endswith("echo-ws works\n"), well
    assert "assistant: Good evening" in said
    assert re.search(r"audio [23]\d{3} ms", heard), heard
    assert (tmp_path / "answer.wav").stat().st_size > 100_000


def test_provider_with_a_protocol_of_its_own_passes_its_tests_where_it_is_installed(echo, tmp_path):
    assert run_tests(echo, "realtime-echo", tmp_path) >= 60


def test_vendor_of_openais_dialect_needs_no_other_provider(acme, tmp_path):
    assert installed(acme, tmp_path) == [
        "realtime-acme",
        "realtime-core",
        "realtime-openai-wire",
        "realtime-simulator",  # for its tests
    ]
    assert providers(acme, tmp_path) == {"acme-ws": "realtime-acme", "simulator": "realtime-simulator"}


def test_vendor_of_openais_dialect_does_what_its_readme_says(acme, tmp_path):
    with acme.running("realtime-simulator", "--port", 0, tells=r"base_url (http://[^)\s]+)") as base_url:
        variables = {"ACME_BASE_URL": base_url, "ACME_API_KEY": "any"}
        well, said = (
            acme.run("realtime", *line, cwd=tmp_path, **variables) for line in commands("realtime-acme")
        )

    assert well.endswith("acme-ws works\n"), well
    assert "assistant: You said: Good evening" in said


def test_vendor_of_openais_dialect_passes_its_tests_where_it_is_installed(acme, tmp_path):
    assert run_tests(acme, "realtime-acme", tmp_path) >= 60
