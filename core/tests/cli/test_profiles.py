"""``realtime converse --profile`` and ``realtime config check``."""

import json

import pytest
from realtime_core.clock import use_clock


@pytest.fixture
def write(puppet, monkeypatch):
    """Writes ``realtime.toml`` into the current folder, with the profile ``support`` at its beginning."""
    monkeypatch.chdir(puppet.folder)

    def write_one(text="", name="realtime.toml"):
        head = f'[clients.support]\nprovider = "puppet"\noptions = {{ log = "{puppet.log}", limits = "x" }}\n'
        (puppet.folder / name).write_text(head + text)

    return write_one


@pytest.fixture
def converse(puppet, invoke):
    def run(*args):
        with use_clock(puppet.clock):
            return invoke("converse", *map(str, args))

    return run


def settings_of(puppet):
    return puppet.got("settings")[-1]


def test_a_conversation_is_as_the_profile_says(write, converse, puppet):
    write('settings = { voice = "marin" }\n')

    result = converse("--profile", "support", "--say", "hi")

    assert (result.exit_code, puppet.got("text")) == (0, ["hi"])
    assert settings_of(puppet)["voice"] == "'marin'"


def test_the_file_may_be_another(write, converse, puppet):
    write('settings = { voice = "marin" }\n', "other.toml")

    converse("--profile", "support", "--config", "other.toml")

    assert settings_of(puppet)["voice"] == "'marin'"


def test_what_the_command_line_says_goes_before_the_profile(write, converse, puppet, tmp_path):
    write('settings = { voice = "marin", speed = 2 }\n')

    other = tmp_path / "other.jsonl"
    converse("--profile", "support", "--setting", "voice=cedar", "--option", f"log={other}")

    assert "'cedar'" in other.read_text()
    assert not puppet.log.exists()


def test_what_the_profile_says_of_transcription_is_kept(write, converse, puppet):
    write('settings = { input_audio_transcription = { language = "fr" } }\n')

    converse("--profile", "support")

    assert "'language': 'fr'" in settings_of(puppet)["input_audio_transcription"]


def test_without_vad_turns_end_with_their_input_whatever_the_profile_says(write, converse, puppet):
    write('settings = { turn_detection = { type = "semantic_vad" } }\n')

    converse("--profile", "support")

    assert settings_of(puppet)["turn_detection"] == "None"


@pytest.mark.parametrize(
    ("settings", "kind"),
    [('turn_detection = { type = "semantic_vad" }', "semantic_vad"), ("", "server_vad")],
)
def test_with_vad_the_turn_detection_of_the_profile_is_kept(write, converse, puppet, tone, settings, kind):
    write(f"settings = {{ {settings} }}\n")

    converse("--profile", "support", "--vad", "--wav", tone)

    assert f"'type': '{kind}'" in settings_of(puppet)["turn_detection"]


def test_a_fallback_that_was_needed_is_told_once(write, converse, puppet, caplog):
    write(
        'settings = { voice = "crash" }\nfallback = ["backup"]\n'
        '[clients.backup]\ninherits = "support"\nsettings = { voice = "marin" }\n'
    )

    result = converse("--profile", "support", "--say", "hi")

    assert result.exit_code == 0
    assert "realtime: puppet (profile 'support'): provider 'puppet' broke its contract: " in result.stderr
    assert "; now with puppet\n" in result.stderr
    assert "; trying" not in result.stderr + caplog.text
    assert settings_of(puppet)["voice"] == "'marin'"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ([], "give a provider, or --profile NAME; see main converse --help"),
        (["puppet", "--profile", "support"], "give a provider, or --profile NAME; see"),
        (["puppet", "--config", "realtime.toml"], "--config takes --profile NAME beside it; see"),
        (["--profile", "suport"], "realtime.toml has no profile 'suport'; did you mean 'support'?"),
        (["--profile", "support", "--config", "no.toml"], "no file no.toml there"),
    ],
)
def test_a_wrong_command_line_is_refused(write, converse, puppet, args, words):
    write()

    result = converse(*args)

    assert result.exit_code == 2
    assert words in result.stderr
    assert not puppet.log.exists()


def test_an_option_of_the_command_line_is_not_blamed_on_the_file(write, converse):
    write()

    result = converse("--profile", "support", "--option", "logg=x")

    assert result.stderr == "realtime: profile 'support': no option 'logg'; did you mean 'log'?\n"


def test_a_profile_where_a_provider_is_wanted_is_pointed_at(write, invoke):
    write()

    result = invoke("doctor", "support")

    assert result.exit_code == 2
    assert result.stderr == (
        "realtime: 'support' is a profile of realtime.toml; did you mean --profile support?\n"
    )


def test_a_provider_is_no_profile_and_a_file_nobody_asked_for_may_be_wrong(write, converse, puppet):
    write('[clients.puppet]\nprovider = "puppet"\n')
    assert converse("puppet", "--option", f"log={puppet.log}").stderr == ""

    write("[clients")
    assert converse("puppet", "--option", f"log={puppet.log}").stderr == ""


# -- config check ------------------------------------------------------------------------------------


def test_every_profile_is_checked_and_nothing_opened(write, invoke, puppet):
    write('fallback = ["backup"]\n[clients.base]\n[clients.backup]\ninherits = "base"\nprovider = "puppet"\n')

    result = invoke("config", "check")

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        "support: puppet, then backup\nbase: for others to inherit from\nbackup: puppet\n"
    )
    assert not puppet.log.exists()


def test_what_is_wrong_is_told_with_its_line_and_the_others_are_checked_all_the_same(write, invoke):
    write(
        '[clients.a]\n[clients.b]\nprovider = "puppet"\n\nsettings = { voise = "marin" }\n[clients.c]\nx=1\n'
    )

    result = invoke("config", "check", "realtime.toml")

    assert (result.exit_code, result.stdout) == (2, "support: puppet\n")
    lines = result.stderr.splitlines()
    assert lines[0].startswith("realtime: realtime.toml:4: clients.a names no provider")
    assert lines[1].startswith("realtime: realtime.toml:8: profile 'b': RealtimeSettings has no setting 'vo")
    assert lines[2].startswith("realtime: realtime.toml:10: clients.c.x is not known here; choose from prov")


@pytest.mark.parametrize("parent", ['["a"]', "{ a = 1 }"])
def test_a_parent_that_is_no_name_is_told_and_the_others_are_checked_all_the_same(write, invoke, parent):
    write(f"[clients.b]\ninherits = {parent}\n")

    result = invoke("config", "check")

    assert (result.exit_code, result.stdout) == (2, "support: puppet\n")
    assert result.stderr.startswith("realtime: realtime.toml:5: clients.b.inherits takes a string, not a")


@pytest.mark.usefixtures("chatty")
def test_what_a_plugin_prints_is_not_in_what_the_check_says(write, invoke):
    write('[clients.b]\nprovider = "chatty"\n')

    result = invoke("config", "check")

    assert (result.stdout, result.stderr) == ("support: puppet\nb: chatty\n", "hello from plugin\n")


def test_a_profile_that_is_no_table_is_told(invoke, puppet, monkeypatch):
    monkeypatch.chdir(puppet.folder)
    (puppet.folder / "realtime.toml").write_text("clients.a = 3\n")

    result = invoke("config", "check")

    assert (result.exit_code, result.stderr) == (
        2,
        "realtime: realtime.toml:1: clients.a takes a table, not a number\n",
    )


def test_a_file_without_profiles_is_told(invoke, puppet, monkeypatch):
    monkeypatch.chdir(puppet.folder)
    (puppet.folder / "realtime.toml").write_text("")

    result = invoke("config", "check")

    assert result.exit_code == 0
    assert "there are no profiles; a profile is a table [clients.NAME]" in result.stderr


def test_a_file_that_there_is_not_is_told(invoke, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    result = invoke("config", "check")

    assert result.exit_code == 2
    assert "no file realtime.toml in " in result.stderr


# -- config schema -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("puppet")
def test_the_schema_is_printed_and_has_the_installed_providers(invoke):
    result = invoke("config", "schema")

    schema = json.loads(result.stdout)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "puppet" in schema["definitions"]["profile"]["properties"]["provider"]["enum"]


@pytest.mark.usefixtures("chatty")
def test_what_a_plugin_prints_is_not_in_the_schema(invoke):
    result = invoke("config", "schema")

    assert "chatty" in json.loads(result.stdout)["definitions"]["profile"]["properties"]["provider"]["enum"]
    assert result.stderr == "hello from plugin\n"


def test_the_schema_is_written_to_a_file(puppet, invoke):
    path = puppet.folder / "realtime.schema.json"

    result = invoke("config", "schema", "--out", str(path))

    assert (result.exit_code, result.stdout) == (0, "")
    assert path.read_text() == invoke("config", "schema").stdout


def test_a_schema_that_cannot_be_written_is_the_callers(puppet, invoke):
    result = invoke("config", "schema", "--out", str(puppet.folder))

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"realtime: {puppet.folder} cannot be written: Is a directory\n"


def test_a_provider_that_cannot_be_loaded_is_left_out_of_the_schema_and_told(
    invoke, tmp_path_factory, monkeypatch
):
    site = tmp_path_factory.mktemp("broken")
    info = site / "broken-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[realtime_core.providers]\nbroken = no_such_module\n")
    monkeypatch.syspath_prepend(site)

    result = invoke("config", "schema")

    assert result.exit_code == 0
    assert "realtime: left out 'broken': provider 'broken' of broken 1.0" in result.stderr
    assert '"broken"' not in result.stdout
