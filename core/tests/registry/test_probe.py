import json
import subprocess
import sys
from pathlib import Path

import attrs
import pytest
from realtime_core.capabilities import Capabilities
from realtime_core.registry.probe import outcome, probe

PLUGIN = Path(__file__).with_name("acme.py").read_text()
SPOILT = PLUGIN.replace(
    "Capabilities()", "Capabilities(live_settings=frozenset({'voice', 'tools', 'speed'}))"
)


def test_what_a_provider_can_do_is_told_as_json_has_it(site):
    site.install("realtime-acme", "acme-ws", module="acme_plugin", source=SPOILT)

    told = outcome("acme-ws", 10)

    assert told["api_version"] == 1
    assert told["capabilities"].keys() == attrs.fields_dict(Capabilities).keys()
    assert told["capabilities"]["live_settings"] == ["speed", "tools", "voice"]
    assert json.loads(json.dumps(told["capabilities"]["input_formats"])) == [
        {"encoding": "pcm16", "rate_hz": 24_000, "channels": 1}
    ]


def test_why_one_is_broken_is_told_as_json_has_it(site):
    site.install("realtime-acme", "acme-ws", module="acme_plugin", source="1 / 0")

    assert outcome("acme-ws", 10)["broken"].startswith(
        "provider 'acme-ws' of realtime-acme 1.2.3 cannot be loaded"
    )


def test_a_provider_is_loaded_elsewhere(site):
    site.install("realtime-acme", "acme-ws", module="acme_plugin", source=SPOILT)

    told = probe("acme-ws")

    assert told.broken is None
    assert told.api_version == 1
    assert told.capabilities["live_settings"] == ["speed", "tools", "voice"]
    assert "acme_plugin" not in sys.modules


def test_what_a_plugin_prints_or_starts_does_not_matter(site):
    noise = "import os, subprocess, sys, threading\nprint('hello')\nos.write(1, b'hello')\n"
    noise += "print('hello', file=sys.stderr)\n"
    noise += "threading.Thread(target=threading.Event().wait).start()\n"
    noise += "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(30)'])\n"
    site.install("realtime-acme", "acme-ws", module="acme_plugin", source=noise + PLUGIN)

    assert probe("acme-ws").api_version == 1


def test_one_that_raises_says_so(site):
    site.install("realtime-acme", "acme-ws", module="acme_plugin", source="1 / 0")

    assert (
        "cannot be loaded (ZeroDivisionError: division by zero, at line 1 of acme_plugin)"
        in probe("acme-ws").broken
    )


def test_what_has_no_place_in_json_is_told_as_python_has_it(site):
    made = "made = make()\nobject.__setattr__(made.capabilities, 'images', b'odd')\n"
    source = PLUGIN.replace("@hookimpl", f"{made}@hookimpl").replace("return make()", "return made")
    site.install("realtime-acme", "acme-ws", module="acme_plugin", source=source)

    assert probe("acme-ws").capabilities["images"] == "b'odd'"


def test_what_cannot_be_told_is_said_and_ends_nothing(site):
    odd = "class Odd:\n    def __repr__(self):\n        raise OSError\n"
    made = f"{odd}made = make()\nobject.__setattr__(made.capabilities, 'images', Odd())\n"
    source = PLUGIN.replace("@hookimpl", f"{made}@hookimpl").replace("return make()", "return made")
    site.install("realtime-acme", "acme-ws", module="acme_plugin", source=source)

    assert probe("acme-ws").broken == "provider 'acme-ws' gives what cannot be told (OSError)"


def test_an_entry_point_that_names_no_module_ends_nothing(site):
    site.install("realtime-acme", "acme-ws = not a module!\n", module="acme_plugin")

    assert probe("acme-ws").broken.endswith(
        "its entry point 'not a module!' names no module; try: pip install --upgrade realtime-acme"
    )


def test_one_that_hangs_says_where(site):
    source = "import threading\nthreading.Event().wait()\n"
    site.install("realtime-acme", "acme-ws", module="acme_plugin", source=source)

    assert "has not come back, at line 2 of acme_plugin" in probe("acme-ws", timeout_s=0.3, grace_s=60).broken


@pytest.mark.skipif(sys.platform == "win32", reason="the C library of Windows has no sleep() to hang in")
def test_one_that_stops_all_of_python_is_killed(site):
    source = "import ctypes\nctypes.PyDLL(None).sleep(600)\n"  # PyDLL keeps the global lock
    site.install("realtime-acme", "acme-ws", module="acme_plugin", source=source)

    broken = probe("acme-ws", timeout_s=0.5, grace_s=1).broken

    assert broken.startswith(
        "provider 'acme-ws' of realtime-acme 1.2.3 did not load within 0.5 s, nor could Python"
    )
    assert "the process was killed" in broken
    assert broken.endswith("try: pip install --upgrade realtime-acme")


@pytest.mark.parametrize(
    ("source", "status"), [("os._exit(3)", "exit status 3"), ("os.kill(os.getpid(), 9)", "signal 9")]
)
def test_one_that_ends_the_process_says_how(site, source, status):
    site.install("realtime-acme", "acme-ws", module="acme_plugin", source=f"import os\n{source}\n")

    assert probe("acme-ws").broken == (
        f"provider 'acme-ws' of realtime-acme 1.2.3 ended the process that loaded it ({status}), as it would "
        "end a program of yours; try: pip install --upgrade realtime-acme"
    )


def test_a_name_that_two_claim_starts_no_process(site, monkeypatch):
    site.install("realtime-acme", "acme-ws", module="acme_plugin")
    site.install("realtime-rival", "acme-ws", module="acme_rival")
    monkeypatch.setattr(subprocess, "run", None)

    assert "is claimed by realtime-acme 1.2.3 and realtime-rival 1.2.3" in probe("acme-ws").broken
