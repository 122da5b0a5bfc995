import json
import sys

import pytest


@pytest.mark.usefixtures("puppet")
def test_one_line_for_each_provider_when_piped(invoke):
    result = invoke("providers")

    rows = [line.split() for line in result.stdout.splitlines()]
    assert ["puppet", "puppet", "1.0"] in rows
    assert ["puppet-by-itself", "puppet", "1.0"] in rows


@pytest.mark.usefixtures("puppet")
def test_json_is_one_array_of_objects(invoke):
    result = invoke("providers", "--json")

    assert {"name": "puppet", "distribution": "puppet", "version": "1.0"} in json.loads(result.stdout)


@pytest.mark.usefixtures("puppet")
def test_listing_imports_no_plugin(invoke, monkeypatch):
    monkeypatch.delitem(sys.modules, "puppet", raising=False)

    invoke("providers")

    assert "puppet" not in sys.modules


def test_nothing_installed_says_what_to_install(invoke, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(tmp_path)])

    result = invoke("providers")

    assert result.exit_code == 0
    assert result.stdout == ""
    assert "pip install realtime-openai" in result.stderr


@pytest.mark.usefixtures("puppet")
def test_a_terminal_gets_a_table(on_terminal):
    screen = on_terminal(["providers"])

    assert "Distribution" in screen.text
    assert "puppet-by-itself" in screen.text
    assert screen.status == 0


@pytest.mark.usefixtures("puppet")
def test_a_narrow_terminal_gets_lines(on_terminal, monkeypatch):
    monkeypatch.setenv("COLUMNS", "69")

    screen = on_terminal(["providers"])

    assert "Distribution" not in screen.text
    assert "puppet-by-itself" in screen.text
