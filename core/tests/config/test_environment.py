import pytest
from realtime_core.config.environment import environment
from realtime_core.errors import InvalidConfig


def test_without_a_file_it_is_that_of_the_process(tmp_path, monkeypatch):
    monkeypatch.setenv("SOME_VARIABLE", "set")

    assert environment(tmp_path)["SOME_VARIABLE"] == "set"


def test_a_variable_of_the_file_is_there_and_the_process_does_not_get_it(tmp_path, monkeypatch):
    monkeypatch.delenv("SOME_VARIABLE", raising=False)
    (tmp_path / ".env").write_text("# keys\nexport SOME_VARIABLE='a b'\nNO_VALUE\n")

    found = environment(tmp_path)

    assert found["SOME_VARIABLE"] == "a b"
    assert "NO_VALUE" not in found
    import os

    assert "SOME_VARIABLE" not in os.environ


def test_the_file_overrides_no_variable(tmp_path):
    (tmp_path / ".env").write_text("SOME_VARIABLE=file\n")

    assert environment(tmp_path, {"SOME_VARIABLE": "process"})["SOME_VARIABLE"] == "process"


def test_a_variable_that_is_empty_counts_as_not_set(tmp_path):
    (tmp_path / ".env").write_text("SOME_VARIABLE=file\n")

    found = environment(tmp_path, {"SOME_VARIABLE": "", "ANOTHER": ""})

    assert found == {"SOME_VARIABLE": "file", "ANOTHER": ""}


def test_a_folder_of_that_name_is_told(tmp_path):
    (tmp_path / ".env").mkdir()

    with pytest.raises(InvalidConfig, match=r"\.env cannot be read \(IsADirectoryError\)"):
        environment(tmp_path, {})


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / ".env").write_bytes(b"KEY=\xff\xfe\n")

    with pytest.raises(InvalidConfig, match=r"\.env cannot be read \(UnicodeDecodeError\)"):
        environment(tmp_path, {})


@pytest.mark.parametrize("line", ["SOME_KEY s3cret", "SOME_KEY='s3cret", "= s3cret"])
def test_a_line_that_says_nothing_is_told_with_its_place_and_not_shown(tmp_path, line):
    (tmp_path / ".env").write_text(f"# keys\nA=1\n{line}\n")

    with pytest.raises(InvalidConfig, match=r"\.env:3: this is not NAME=VALUE; check its quotes$") as caught:
        environment(tmp_path, {})

    assert "s3cret" not in str(caught.value)
