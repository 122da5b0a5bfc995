"""What ``import realtime_core`` costs and gives. Asked of a fresh interpreter."""

import json
import os
import subprocess
import sys

import pytest
import realtime_core

HEAVY = [
    "openai",
    "websockets",
    "aiortc",
    "av",
    "numpy",
    "soxr",
    "soundfile",
    "click",
    "rich",
    "tomllib",
    "dotenv",
]


def _modules_after(statement):
    program = f"import json, sys; {statement}; print(json.dumps(sorted(sys.modules)))"
    # coverage of processes would load modules of its own
    env = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    done = subprocess.run(  # noqa: S603  # our own words
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=env
    )
    return set(json.loads(done.stdout))


@pytest.mark.parametrize(
    "statement", ["import realtime_core", "import realtime_core as r; r.list_providers()"]
)
def test_nothing_heavy_and_no_plugin_is_loaded(statement):
    loaded = _modules_after(statement)

    assert loaded.isdisjoint(HEAVY)
    assert {name for name in loaded if name.startswith("realtime_")} == {
        name for name in loaded if name.partition(".")[0] == "realtime_core"
    }


@pytest.mark.parametrize(
    ("name", "module"),
    [("RealtimeSession", "realtime_core.session"), ("load_client", "realtime_core.config.loading")],
)
def test_what_is_seldom_needed_is_loaded_when_it_is_asked_for(name, module):
    assert module not in _modules_after("import realtime_core")
    assert module in _modules_after(f"import realtime_core as r; r.{name}")


@pytest.mark.parametrize("name", realtime_core.__all__)
def test_every_exported_name_resolves(name):
    assert getattr(realtime_core, name) is not None


def test_the_exported_names_are_sorted_and_unique():
    names = realtime_core.__all__

    assert names == sorted(set(names), key=lambda name: (not name.isupper(), name[0].islower(), name))


def test_everything_public_in_the_package_is_exported():
    import types

    public = {
        name
        for name, value in vars(realtime_core).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }

    assert public - set(realtime_core.__all__) == {"Any", "Final", "TYPE_CHECKING"}


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'realtime_core' has no attribute 'nonsense'"):
        _ = realtime_core.nonsense
