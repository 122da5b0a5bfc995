"""The clauses of a provider that is installed: with distributions made for the test."""

import sys
import types
from pathlib import Path

import pytest
from realtime_core.testing import ProviderConformance, Subject
from small_provider import FULL, small
from small_service import playing


def install(folder: Path, name: str, package: str, code: str) -> None:
    """A distribution, as an installer leaves it."""
    (folder / f"{package}.py").write_text(code)
    info = folder / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[realtime_core.providers]\n{name} = {package}\n")


HOOK = """
from realtime_core.provider import hookimpl
from small_provider import small

@hookimpl
def realtime_provider():
    return small()
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    here = str(Path(__file__).parent)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{here}")
    return tmp_path


def small_by_name(name: str) -> Subject:
    return Subject(name, service=playing(FULL))


def test_an_installed_provider_passes(site: Path):
    install(site, "kit-alone", "kit_alone", HOOK)

    ProviderConformance().test_provider_loads_by_name(small_by_name("kit-alone"))
    ProviderConformance().test_loading_it_loads_no_other_plugin(small_by_name("kit-alone"))


def test_a_plugin_that_prints_is_not_taken_for_another(site: Path):
    prints = "import sys\nprint('hello', end='')\nif 'pytest' not in sys.modules:\n"
    prints += "    import atexit\n    atexit.register(print, 'bye')\n"
    install(site, "kit-talks", "kit_talks", f"{prints}{HOOK}")

    ProviderConformance().test_loading_it_loads_no_other_plugin(small_by_name("kit-talks"))


def test_a_plugin_that_ends_the_process_is_caught(site: Path, monkeypatch: pytest.MonkeyPatch):
    ends = "import os, sys\nif 'kit_only_here' not in sys.modules:\n    os._exit(0)\n"
    install(site, "kit-ends", "kit_ends", f"{ends}{HOOK}")
    monkeypatch.setitem(sys.modules, "kit_only_here", types.ModuleType("kit_only_here"))

    with pytest.raises(pytest.fail.Exception, match="in a process of its own: it ends the process"):
        ProviderConformance().test_loading_it_loads_no_other_plugin(small_by_name("kit-ends"))


def test_a_provider_that_is_given_as_a_value_is_skipped():
    with pytest.raises(pytest.skip.Exception, match="provider_loads_by_name: the subject is a Provider"):
        ProviderConformance().test_provider_loads_by_name(Subject(small(), service=playing(FULL)))


def test_loading_that_loads_another_plugin_is_caught(site: Path):
    install(site, "kit-other", "kit_other", HOOK)
    install(site, "kit-leaning", "kit_leaning", f"import kit_other\n{HOOK}")

    with pytest.raises(pytest.fail.Exception, match="loading 'kit-leaning' imports kit_other of kit_other"):
        ProviderConformance().test_loading_it_loads_no_other_plugin(small_by_name("kit-leaning"))


def test_loading_that_works_only_here_is_caught(site: Path, monkeypatch: pytest.MonkeyPatch):
    install(site, "kit-here", "kit_here", f"import kit_only_here\n{HOOK}")
    monkeypatch.setitem(sys.modules, "kit_only_here", types.ModuleType("kit_only_here"))

    with pytest.raises(pytest.fail.Exception, match="does not load in a process of its own"):
        ProviderConformance().test_loading_it_loads_no_other_plugin(small_by_name("kit-here"))


def test_a_name_that_nobody_has_is_told():
    with pytest.raises(pytest.fail.Exception, match=r"cannot even be loaded .*: no provider 'kit-none'"):
        ProviderConformance().test_provider_loads_by_name(small_by_name("kit-none"))


def test_a_hook_that_works_once_is_caught(site: Path):
    once = HOOK.replace("return small()", "global small\n    made, small = small(), None\n    return made")
    install(site, "kit-once", "kit_once", once)

    with pytest.raises(pytest.fail.Exception, match="loading it again: provider 'kit-once' of kit_once"):
        ProviderConformance().test_provider_loads_by_name(small_by_name("kit-once"))
