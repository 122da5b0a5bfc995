import re
from pathlib import Path

import pytest
from realtime_core.config.file import ConfigFile, did_you_mean, read_config
from realtime_core.errors import CallerError, InvalidConfig


def test_without_a_path_it_is_realtime_toml_of_the_current_folder(write):
    write("[clients.support]\n")

    file = read_config()

    assert (file.path, file.data) == (Path("realtime.toml"), {"clients": {"support": {}}})


@pytest.mark.parametrize("kind", [str, Path])
def test_with_a_path_it_is_that_file(write, kind):
    path = write("[clients]\n", "other.toml")

    assert read_config(kind(path)).path == path


def test_a_byte_order_mark_is_no_part_of_the_document(write):
    path = write("\ufeff[clients]\n")

    assert read_config(path).data == {"clients": {}}


def test_where_there_is_none_the_folder_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(
        InvalidConfig, match=rf"no file realtime\.toml in {re.escape(str(tmp_path))}; give its"
    ):
        read_config()


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InvalidConfig, match=r"no file .*other\.toml there$"):
        read_config(tmp_path / "other.toml")


def test_a_file_that_cannot_be_read_is_named_with_the_reason(tmp_path):
    with pytest.raises(InvalidConfig, match="cannot be read: Is a directory"):
        read_config(tmp_path)


def test_a_file_in_another_encoding_is_refused(tmp_path):
    (tmp_path / "realtime.toml").write_bytes(b"# caf\xe9\n")

    with pytest.raises(InvalidConfig, match=r"realtime\.toml is not UTF-8"):
        read_config(tmp_path / "realtime.toml")


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("[clients]\nvoice\n", 2, "Expected '=' after a key"),
        ('[clients]\n\n\na = "open', 4, "Unterminated string"),
        ("[clients]\na = [1,\n\n\n", 2, ""),
        ("[clients]\n[clients]\n", 2, "Cannot declare"),
    ],
)
def test_what_is_no_toml_is_named_with_its_line(write, text, line, what):
    write(text)

    with pytest.raises(InvalidConfig, match=rf"^realtime\.toml:{line}: no valid TOML: {what}"):
        read_config()


def test_a_wrong_configuration_is_the_callers_error():
    assert issubclass(InvalidConfig, CallerError)
    assert issubclass(InvalidConfig, ValueError)


@pytest.fixture
def file():
    return ConfigFile(Path("x.toml"), "\n[a]\nb = 1\n", {"a": {"b": 1}})


@pytest.mark.parametrize(
    ("keys", "line"), [(("a", "b"), 3), (("a", "c"), 2), (("a", "b", "c", "d"), 3), (("z",), 1), ((), 1)]
)
def test_what_has_no_place_of_its_own_has_that_of_the_table_around_it(file, keys, line):
    assert file.place(keys) == f"x.toml:{line}"


@pytest.mark.parametrize(
    ("value", "words"),
    [(1, "not a number"), ("x", "not a string"), (True, "not true or false"), (1.5, "not that")],
)
def test_a_value_of_the_wrong_type_is_told_with_the_right_one(file, value, words):
    with pytest.raises(InvalidConfig, match=rf"^x\.toml:3: a\.b takes an array, {words}$"):
        file.typed(("a", "b"), value, list)


def test_a_value_of_the_right_type_is_given_back(file):
    assert file.typed(("a", "b"), [1], list) == [1]


@pytest.mark.parametrize(
    ("name", "choices", "words"),
    [
        ("voise", ["voice", "speed"], "did you mean 'voice'?"),
        ("x", ["voice", "speed"], "choose from voice, speed"),
        ("x", [], "choose from none"),
    ],
)
def test_a_near_name_is_proposed_else_all(name, choices, words):
    assert did_you_mean(name, choices) == words
