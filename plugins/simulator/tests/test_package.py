import subprocess
import sys
import types

import pytest
import realtime_simulator

LOADED = "import sys; print(*sorted({name.split('.')[0] for name in sys.modules}))"


def loaded_by(statement):
    done = subprocess.run(  # noqa: S603  # our own statement
        [sys.executable, "-c", f"{statement}\n{LOADED}"], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_every_exported_name_is_there():
    for name in realtime_simulator.__all__:
        # a module of the same name would hide it
        assert not isinstance(getattr(realtime_simulator, name), types.ModuleType)


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Siri'"):
        _ = realtime_simulator.Siri


def test_all_names_load_neither_websockets_nor_numpy():
    assert not loaded_by("from realtime_simulator import *") & {
        "websockets",
        "numpy",
        "soxr",
        "openai",
        "click",
    }


def test_provider_loads_no_other_vendor():
    assert not loaded_by("import realtime_simulator.plugin") & {"websockets", "numpy", "openai", "aiortc"}


def test_pytest_plugin_loads_nothing_but_pytest():
    before = loaded_by("import pytest")

    assert loaded_by("import realtime_simulator.pytest_plugin") - before == {"realtime_simulator"}


def test_memory_door_needs_no_websockets():
    statement = "import asyncio\nfrom realtime_simulator import MemoryPipe\n"
    statement += "async def main(): await MemoryPipe.open().recv()\nasyncio.run(main())"

    assert "websockets" not in loaded_by(statement)
