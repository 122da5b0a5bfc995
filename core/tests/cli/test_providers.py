import json
import re
import sys

import pytest
from realtime_core.cli.providers import _capabilities
from realtime_core.registry import ProviderInfo
from realtime_core.registry.probe import Probe

CAN_DO = (
    "input_formats=pcm16/24000, output_formats=pcm16/24000, text, ids, turns, client_responses, cancel, "
    "truncate=client, history=any_time, acks"
)


@pytest.fixture
def odd(plugin):
    """A distribution whose provider is broken."""
    plugin("odd", "1 / 0", "odd")


@pytest.mark.usefixtures("puppet", "odd")
def test_one_line_for_each_provider_when_piped(invoke):
    result = invoke("providers")

    rows = {line.split()[0]: line.split(maxsplit=5) for line in result.stdout.splitlines()}
    assert rows["puppet"] == ["puppet", "puppet", "1.0", "API", "1", CAN_DO]
    assert rows["puppet-by-itself"][:5] == ["puppet-by-itself", "puppet", "1.0", "API", "1"]
    assert " ".join(rows["odd"]).startswith(
        "odd odd 2.0 broken: cannot be loaded (ZeroDivisionError: division by zero"
    )
    assert result.exit_code == 0


@pytest.mark.usefixtures("puppet")
def test_a_check_is_passed_where_none_is_broken(invoke):
    result = invoke("providers", "--check")

    assert (result.exit_code, result.stdout) == (0, invoke("providers").stdout)


@pytest.mark.usefixtures("puppet", "odd")
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_check_fails_if_one_is_broken_and_all_are_listed_all_the_same(invoke, form):
    result = invoke("providers", *form)
    checked = invoke("providers", "--check", *form)

    assert (result.exit_code, checked.exit_code) == (0, 1)
    assert checked.stdout == result.stdout
    assert "odd" in result.stdout


def test_a_format_has_its_rate_and_channels_and_names_are_counted():
    stereo = {"encoding": "pcm16", "rate_hz": 48_000, "channels": 2}
    mono = {"encoding": "g711_ulaw", "rate_hz": 8_000, "channels": 1}
    can_do = {"output_formats": [stereo, mono], "images": False, "live_settings": ["tools", "voice"]}

    info = ProviderInfo("acme", "realtime-acme", "1.0")
    assert _capabilities(info, Probe(api_version=1, capabilities=can_do)) == (
        "output_formats=pcm16/48000/2+g711_ulaw/8000, live_settings=2"
    )


@pytest.mark.usefixtures("puppet", "odd")
def test_json_is_one_array_of_objects_and_no_plugin_is_imported_here(invoke, monkeypatch):
    monkeypatch.delitem(sys.modules, "puppet", raising=False)

    told = {row["name"]: row for row in json.loads(invoke("providers", "--json").stdout)}

    broken, puppet = told["odd"], told["puppet"]
    assert broken.pop("broken").startswith("provider 'odd' of odd 2.0 cannot be loaded")
    assert broken == {
        "name": "odd",
        "distribution": "odd",
        "version": "2.0",
        "api_version": None,
        "capabilities": None,
    }
    assert puppet.pop("capabilities")["truncate"] == "client"
    assert puppet == {
        "name": "puppet",
        "distribution": "puppet",
        "version": "1.0",
        "api_version": 1,
        "broken": None,
    }
    assert "puppet" not in sys.modules


@pytest.mark.usefixtures("puppet")
def test_how_long_each_may_take_is_told_on_the_command_line(invoke):
    result = invoke("providers", "--timeout", "1e-9")

    assert " broken: did not load within 1e-09 s" in result.stdout


def test_nothing_installed_says_what_to_install(invoke, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(tmp_path)])

    result = invoke("providers")

    assert result.exit_code == 0
    assert result.stdout == ""
    assert "pip install realtime-openai" in result.stderr


def test_entry_points_that_cannot_be_read_are_told(invoke, tmp_path, monkeypatch):
    info = tmp_path / "realtime_torn-2.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: realtime-torn\nVersion: 2.0\n")
    (info / "entry_points.txt").write_text("[realtime_core.providers]\ntorn\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])

    result = invoke("providers", "--json")

    assert result.exit_code == 0
    assert invoke("providers", "--check").exit_code == 1
    assert json.loads(result.stdout) == []
    assert result.stderr == (
        "realtime: the entry points of realtime-torn cannot be read, "
        "try: pip install --force-reinstall realtime-torn\n"
    )


@pytest.mark.usefixtures("puppet", "odd")
def test_a_terminal_gets_a_table(on_terminal):
    screen = on_terminal(["providers"])

    assert "Distribution" in screen.text
    assert "puppet-by-itself" in screen.text
    assert "broken: cannot be loaded" in screen.text
    assert screen.status == 0


@pytest.mark.usefixtures("puppet")
def test_a_narrow_terminal_gets_a_paragraph_each(on_terminal, monkeypatch):
    monkeypatch.setenv("COLUMNS", "69")

    screen = on_terminal(["providers"])

    assert "Distribution" not in screen.text
    lines = [line.rstrip() for line in re.sub(r"\x1b\[\d*m", "", screen.text).splitlines()]
    at = lines.index("puppet  puppet 1.0  API 1")
    assert lines[at + 1].startswith("    input_formats=pcm16/24000, ")
    assert lines[at + 2].startswith("    ")
    assert max(map(len, lines)) <= 69
