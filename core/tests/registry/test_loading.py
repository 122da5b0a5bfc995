import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from realtime_core.errors import BrokenPlugin
from realtime_core.provider import Provider
from realtime_core.registry import load_provider

PLUGIN = Path(__file__).with_name("acme.py").read_text()
GOOD, MARK, HOOK = PLUGIN.partition("@hookimpl\n")
HOOK = MARK + HOOK
WAITS = "import acme_gate\nacme_gate.opened.wait()\n"


def test_a_provider_is_loaded_by_its_name(site):
    site.install("realtime-acme", "acme-ws", module="acme_plugin")

    assert isinstance(load_provider("acme-ws"), Provider)


def test_loading_one_imports_nothing_of_another(site):
    site.install("realtime-acme", "acme-ws", module="acme_plugin")
    site.install("realtime-other", "acme-other", module="acme_other", source="raise ImportError('not me')")

    load_provider("acme-ws")

    assert "acme_other" not in sys.modules


def test_one_distribution_may_have_two_providers(site):
    site.install("realtime-acme", "acme-ws", "acme-rtc", module="acme_plugin")

    assert isinstance(load_provider("acme-rtc"), Provider)


def test_an_entry_point_may_be_an_object_in_a_module(site):
    method = HOOK.replace("()", "(self)", 1).replace("\n", "\n    ")
    source = f"{GOOD}class Plugin:\n    {method}\nplugin = Plugin()\n"
    site.install("realtime-acme", "acme-ws = acme_plugin:plugin\n", module="acme_plugin", source=source)

    assert isinstance(load_provider("acme-ws"), Provider)


UPGRADE = "try: pip install --upgrade realtime-acme"


def _made(arguments):
    return GOOD + HOOK.replace("make()", f"make({arguments})")


BROKEN = {
    "a missing dependency": (
        "import acme_is_not_there",
        r"cannot be loaded \(ModuleNotFoundError: .* 'acme_is_not_there', at line 1 of acme_plugin\)",
        UPGRADE,
    ),
    "a syntax error": (
        "def",
        r"cannot be loaded \(SyntaxError: invalid syntax \(acme_plugin.py, line 1\)\)",
        UPGRADE,
    ),
    "an error at import": (
        "\n\n1 / 0",
        r"cannot be loaded \(ZeroDivisionError: division by zero, at line 3 of acme_plugin\)",
        UPGRADE,
    ),
    "an error in another module": (
        "import json\njson.loads('{')",
        r"cannot be loaded \(JSONDecodeError: .*, at line 2 of acme_plugin\)",
        UPGRADE,
    ),
    "many words": (
        "raise ValueError('a word\\n' * 100)",
        r"cannot be loaded \(ValueError: a word a word [a-z ]{1,290}\.\.\., at line 1 of acme_plugin\)",
        UPGRADE,
    ),
    "no words": (
        "class Odd(Exception):\n    def __str__(self):\n        raise ValueError\nraise Odd",
        r"cannot be loaded \(Odd: it cannot say what, at line 4 of acme_plugin\)",
        UPGRADE,
    ),
    "an end of the program": (
        "raise SystemExit(3)",
        r"cannot be loaded \(SystemExit: 3, at line 1 of",
        UPGRADE,
    ),
    "an interruption": (
        "raise KeyboardInterrupt",
        r"cannot be loaded \(KeyboardInterrupt: , at line 1",
        UPGRADE,
    ),
    "a name that core does not have": (
        "from realtime_core.events import RealtimeSmellEvent",
        r"cannot be loaded \(ImportError: .*\): it was written for another version of realtime-core",
        "try: pip install --upgrade realtime-core realtime-acme",
    ),
    "a module that core does not have": (
        "import realtime_core.smells",
        r"cannot be loaded \(ModuleNotFoundError: .*\): it was written for another version of realtime-core",
        "try: pip install --upgrade realtime-core realtime-acme",
    ),
    "a field that core does not have": (
        _made("smell=True"),
        r"cannot be loaded \(TypeError: .*'smell'.*, at line .*\): it was written for another version of",
        "try: pip install --upgrade realtime-core realtime-acme",
    ),
    "another type error": (
        "len(5)",
        r"cannot be loaded \(TypeError: .*, at line 1 of acme_plugin\)",
        UPGRADE,
    ),
    "a misspelt hook": (
        PLUGIN.replace("realtime_provider", "realtime_provder"),
        "has an unknown hook 'realtime_provder'; there is one, 'realtime_provider'",
        UPGRADE,
    ),
    "a misspelt hook that is not marked": (
        PLUGIN.replace("realtime_provider", "realtime_povider").replace("@hookimpl", ""),
        r"has no hook realtime_provider\(\); it has 'realtime_povider': misspelt\?",
        UPGRADE,
    ),
    "a hook with an argument": (
        PLUGIN.replace("realtime_provider()", "realtime_provider(options)"),
        r"has a hook that cannot be used \(.*realtime_provider.*'options'.*\)",
        UPGRADE,
    ),
    "a hook that raises": (
        GOOD + HOOK.replace("make()", "1 / 0"),
        r"cannot be loaded \(ZeroDivisionError: .*, at line \d+ of acme_plugin\)",
        UPGRADE,
    ),
    "a coroutine function": (
        GOOD + HOOK.replace("def ", "async def "),
        r"has a coroutine function as its hook realtime_provider\(\), not a plain one",
        UPGRADE,
    ),
    "no hook": (GOOD, r"has no hook realtime_provider\(\)", UPGRADE),
    "an unmarked hook": (
        GOOD + HOOK.replace("@hookimpl", ""),
        r"has realtime_provider\(\), but not as a hook: decorate it with realtime_core\.provider\.hookimpl",
        UPGRADE,
    ),
    "two hooks": (
        GOOD
        + HOOK
        + HOOK.replace("@hookimpl", "@hookimpl(specname='realtime_provider')").replace(
            "def realtime_provider", "def another"
        ),
        r"has 2 hooks realtime_provider\(\), not one",
        UPGRADE,
    ),
    "something else": (GOOD + HOOK.replace("make()", "{}"), "gives dict, not a Provider", UPGRADE),
    "nothing": (GOOD + HOOK.replace("make()", "None"), "gives NoneType, not a Provider", UPGRADE),
    "an older contract": (
        _made("api_version=0"),
        "was written for provider API 0, this realtime-core has 1",
        UPGRADE,
    ),
    "a newer contract": (
        _made("api_version=2"),
        "was written for provider API 2, this realtime-core has 1",
        "try: pip install --upgrade realtime-core",
    ),
    "an odd contract": (
        _made("api_version='1.0'"),
        r"was written for provider API '1\.0', this realtime-core has 1",
        UPGRADE,
    ),
    "a contract that equals ours": (
        _made("api_version=True"),
        "was written for provider API True, this realtime-core has 1; it is a whole number, an int",
        UPGRADE,
    ),
    "a contract with a point": (
        _made("api_version=1.0"),
        r"was written for provider API 1\.0, this realtime-core has 1; it is a whole number, an int",
        UPGRADE,
    ),
    "a wrapper": (
        GOOD + HOOK.replace("@hookimpl", "@hookimpl(wrapper=True)").replace("return make()", "yield"),
        r"has a wrapper as its hook realtime_provider\(\), not a plain function",
        UPGRADE,
    ),
    "a wrapper of the old kind": (
        GOOD + HOOK.replace("@hookimpl", "@hookimpl(hookwrapper=True)").replace("return make()", "yield"),
        r"has a wrapper as its hook realtime_provider\(\), not a plain function",
        UPGRADE,
    ),
    "what a terminal obeys": (
        "raise RuntimeError('\\x1b[2Jred\\x07')",
        r"cannot be loaded \(RuntimeError: \[2Jred, at line 1 of acme_plugin\)",
        UPGRADE,
    ),
    "one that asks for itself": (
        "from realtime_core.registry import load_provider\nload_provider('acme-ws', timeout_s=60)",
        (
            r"cannot be loaded \(BrokenPlugin: .* loads itself while it is loaded, at line 2 of acme_plugin; "
            r".*\)"
        ),
        UPGRADE,
    ),
    "a connect that is none": (
        _made("connect='acme'"),
        "gives a Provider whose 'connect' is str, not a coroutine function",
        UPGRADE,
    ),
    "options of another kind": (
        _made("options=dict"),
        "gives a Provider whose 'options' is the class dict, not an attrs class",
        UPGRADE,
    ),
    "settings of another kind": (
        _made("settings=Options"),
        "gives a Provider whose 'settings' is the class Options, not RealtimeSettings or a class that",
        UPGRADE,
    ),
    "capabilities of another kind": (
        _made("capabilities=Capabilities"),
        "gives a Provider whose 'capabilities' is the class Capabilities, not a Capabilities value",
        UPGRADE,
    ),
    "capabilities by options of another kind": (
        _made("capabilities_for=Capabilities()"),
        "gives a Provider whose 'capabilities_for' is Capabilities, not a function or None",
        UPGRADE,
    ),
    "an endpoint of another kind": (
        _made("endpoint='wss://acme.example'"),
        "gives a Provider whose 'endpoint' is str, not a function or None",
        UPGRADE,
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_plugin_says_what_is_wrong_and_names_its_distribution_and_the_remedy(site, what):
    source, message, remedy = BROKEN[what]
    site.install("realtime-acme", "acme-ws", module="acme_plugin", source=source)

    with pytest.raises(
        BrokenPlugin, match=rf"^provider 'acme-ws' of realtime-acme 1\.2\.3 {message}.*; {remedy}$"
    ):
        load_provider("acme-ws")


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_plugin_does_not_disturb_the_others(site, what):
    site.install("realtime-acme", "acme-ws", module="acme_plugin", source=BROKEN[what][0])
    site.install("realtime-fine", "acme-fine", module="acme_fine")
    with pytest.raises(BrokenPlugin):
        load_provider("acme-ws")

    assert isinstance(load_provider("acme-fine"), Provider)


@pytest.mark.parametrize("value", ["not a module!", "", ".acme_plugin", "acme_plugin."])
def test_an_entry_point_that_names_no_module_is_quoted(site, value):
    site.install("realtime-acme", f"acme-ws = {value}\n", module="acme_plugin")

    with pytest.raises(
        BrokenPlugin,
        match=rf"^provider 'acme-ws' of realtime-acme 1\.2\.3 cannot be loaded: its entry point "
        rf"'{re.escape(value)}' names no module; {UPGRADE}$",
    ):
        load_provider("acme-ws")


@pytest.mark.parametrize("key", ["zz-any-secret-98765", "sk-another-98765"])
def test_a_key_in_what_a_plugin_raises_is_not_quoted(site, monkeypatch, key):
    monkeypatch.setenv("ACME_API_KEY", key)
    source = "import os\nraise RuntimeError('bad key ' + os.environ['ACME_API_KEY'])"
    site.install("realtime-acme", "acme-ws", module="acme_plugin", source=source)

    with pytest.raises(BrokenPlugin, match=r"RuntimeError: bad key .*…, at line 2") as caught:
        load_provider("acme-ws")

    assert key not in str(caught.value)


def test_a_distribution_without_its_code_is_reinstalled(site):
    site.install("realtime-acme", "acme-ws = acme_gone.plugin\n", module="acme_plugin")

    with pytest.raises(
        BrokenPlugin,
        match=r"\(ModuleNotFoundError: .*\): its own code is not there; if it was installed while this "
        r"program runs, call realtime_core\.registry\.refresh\(\); "
        "else try: pip install --force-reinstall realtime-acme$",
    ):
        load_provider("acme-ws")


def test_what_the_plugin_raised_is_the_cause(site):
    site.install("realtime-acme", "acme-ws", module="acme_plugin", source="1 / 0")

    with pytest.raises(BrokenPlugin) as caught:
        load_provider("acme-ws")

    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_plugin_that_was_mended_is_loaded(site):
    site.install("realtime-acme", "acme-ws", module="acme_plugin", source="1 / 0")
    with pytest.raises(BrokenPlugin):
        load_provider("acme-ws")

    site.write("acme_plugin", PLUGIN + "# of another length\n")

    assert isinstance(load_provider("acme-ws"), Provider)


# -- one that does not come back ---------------------------------------------------------------------------

HANGS = {
    "import": (WAITS + PLUGIN, 2),
    "hook": (
        PLUGIN.replace("return make()", "import acme_gate; acme_gate.opened.wait(); return make()"),
        31,
    ),
}


@pytest.mark.parametrize("place", HANGS)
@pytest.mark.usefixtures("gate")
def test_a_plugin_that_hangs_is_given_up_and_the_error_says_where_it_is(site, place):
    source, line = HANGS[place]
    site.install("realtime-acme", "acme-ws", module="acme_plugin", source=source)

    with pytest.raises(
        BrokenPlugin,
        match=r"^provider 'acme-ws' of realtime-acme 1\.2\.3 did not load within 0\.3 s: "
        rf"its import or its hook has not come back, at line {line} of acme_plugin\. "
        r"Python cannot stop it, .* If it is merely slow, load it with "
        rf"realtime_core\.registry\.load_provider\('acme-ws', timeout_s=\.\.\.\) first; {UPGRADE}$",
    ):
        load_provider("acme-ws", timeout_s=0.3)


@pytest.mark.usefixtures("gate")
def test_one_that_hangs_does_not_disturb_the_others(site):
    site.install("realtime-acme", "acme-ws", module="acme_plugin", source=WAITS)
    site.install("realtime-fine", "acme-fine", module="acme_fine")
    with pytest.raises(BrokenPlugin):
        load_provider("acme-ws", timeout_s=0.1)

    assert isinstance(load_provider("acme-fine"), Provider)


@pytest.mark.usefixtures("gate")
def test_one_that_was_given_up_is_not_begun_again(site):
    site.install("realtime-acme", "acme-ws", module="acme_plugin", source=WAITS)

    for _ in range(3):
        with pytest.raises(BrokenPlugin, match="did not load within"):
            load_provider("acme-ws", timeout_s=0.1)

    assert [thread.name for thread in threading.enumerate()].count("loading acme-ws") == 1


@pytest.mark.usefixtures("gate")
def test_another_provider_of_a_module_that_hangs_is_given_up_too(site):
    site.install(
        "realtime-acme", "acme-ws", "acme-rtc = acme_plugin:rtc\n", module="acme_plugin", source=WAITS
    )

    for name in ("acme-ws", "acme-rtc"):
        with pytest.raises(BrokenPlugin, match=f"'{name}' .* did not load within"):
            load_provider(name, timeout_s=0.1)


@pytest.mark.usefixtures("gate")
def test_one_that_hangs_in_code_of_others_is_given_up_too(site):
    site.install("realtime-acme", "acme-ws", module="acme_plugin", source="import acme_plugin_too")
    site.write("acme_plugin_too", WAITS)

    with pytest.raises(BrokenPlugin, match=r"has not come back, at line 1 of acme_plugin\. Python"):
        load_provider("acme-ws", timeout_s=0.3)


def test_one_that_comes_back_late_can_be_loaded_then(site, gate):
    site.install("realtime-acme", "acme-ws", module="acme_plugin", source=WAITS + PLUGIN)
    with pytest.raises(BrokenPlugin):
        load_provider("acme-ws", timeout_s=0.1)

    gate.set()

    assert isinstance(load_provider("acme-ws", timeout_s=60), Provider)


def test_two_who_ask_at_once_wait_for_one_import(site, gate):
    site.install("realtime-acme", "acme-ws", module="acme_plugin", source=WAITS + PLUGIN)
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(load_provider, "acme-ws", timeout_s=60) for _ in range(2)]
        gate.set()

        providers = [one.result(timeout=60) for one in asked]

    assert all(isinstance(provider, Provider) for provider in providers)


def test_a_program_that_gave_one_up_can_end(site):
    site.install("realtime-acme", "acme-ws", module="acme_plugin", source="import time\ntime.sleep(600)\n")
    program = (
        f"import sys; sys.path.insert(0, {str(site.root)!r})\n"
        "from realtime_core.registry import load_provider\n"
        "try:\n    load_provider('acme-ws', timeout_s=0.1)\n"
        "except Exception as exc:\n    print(type(exc).__name__, 'at line 2 of acme_plugin' in str(exc))\n"
    )

    done = subprocess.run(  # noqa: S603  # our own words
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )

    assert (done.stdout, done.stderr) == ("BrokenPlugin True\n", "")


def test_one_for_which_no_thread_can_be_started_says_so(site, monkeypatch):
    site.install("realtime-acme", "acme-ws", module="acme_plugin")

    def refuse(_):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(BrokenPlugin, match=r"cannot be loaded \(RuntimeError: can't start new thread\)"):
            load_provider("acme-ws")

    assert isinstance(load_provider("acme-ws"), Provider)


def test_a_plugin_is_imported_in_a_thread_of_its_own(site):
    note = "import threading\nTHREAD = threading.current_thread().name\n"
    site.install("realtime-acme", "acme-ws", module="acme_plugin", source=PLUGIN + note)

    load_provider("acme-ws")

    assert sys.modules["acme_plugin"].THREAD == "loading acme-ws"


def _import_package_that_loads_its_own(site, plugin):
    site.write("acme_app.plugin", plugin)
    site.describe("acme-app", "[realtime_core.providers]\nacme-own = acme_app.plugin\n")
    (site.root / "acme_app" / "__init__.py").write_text(
        "from realtime_core.registry import load_provider\n"
        "provider = load_provider('acme-own', timeout_s=1)\n"
    )
    import acme_app

    return acme_app.provider


def test_a_package_may_load_its_own_plugin_while_it_is_imported(site):
    assert isinstance(_import_package_that_loads_its_own(site, PLUGIN), Provider)


def test_a_package_that_loads_its_own_broken_plugin_is_told(site):
    with pytest.raises(BrokenPlugin, match=r"'acme-own' of acme-app 1\.2\.3 cannot be loaded \(SystemExit"):
        _import_package_that_loads_its_own(site, "raise SystemExit")


def test_an_interruption_of_the_callers_own_thread_is_one(site):
    with pytest.raises(KeyboardInterrupt):
        _import_package_that_loads_its_own(site, "raise KeyboardInterrupt")
