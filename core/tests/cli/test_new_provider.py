import re
from pathlib import Path

import pytest


@pytest.fixture
def here(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("dialect", ["own", "openai"])
def test_distribution_is_written_here(invoke, here: Path, dialect: str):
    result = invoke("new-provider", "acme-ws", "--dialect", dialect)

    assert result.exit_code == 0
    assert result.stdout.startswith("Wrote realtime-acme: ")
    assert (here / "realtime-acme/src/realtime_acme/plugin.py").is_file()


def test_own_dialect_is_the_default(invoke, here: Path):
    invoke("new-provider", "acme-ws")

    assert (here / "realtime-acme/src/realtime_acme/codec.py").is_file()


def test_out_says_where(invoke, tmp_path: Path):
    result = invoke("new-provider", "acme-ws", "--out", str(tmp_path / "new"))

    assert f"Wrote {tmp_path / 'new/realtime-acme'}" in result.stdout
    assert (tmp_path / "new/realtime-acme/README.md").is_file()


def test_what_is_to_be_filled_in_is_listed_where_it_stands(invoke, here: Path):
    result = invoke("new-provider", "acme-ws")

    listed = re.findall(r"^  (\S+):(\d+): (.+)$", result.stdout, re.MULTILINE)
    marked = [
        (str(file.relative_to(here)), str(number))
        for file in (here / "realtime-acme").rglob("*")
        if file.is_file()
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if "FILL IN:" in line
    ]
    assert sorted((path, line) for path, line, _ in listed) == sorted(marked)


def test_licence_can_be_chosen(invoke, here: Path):
    invoke("new-provider", "acme-ws", "--license", "apache-2.0")

    assert "Apache License" in (here / "realtime-acme/LICENSE").read_text()


def test_a_folder_that_exists_stays_as_it_is(invoke, here: Path):
    (here / "realtime-acme").mkdir()

    result = invoke("new-provider", "acme-ws")

    assert result.exit_code == 2
    assert result.stderr.startswith("realtime: realtime-acme exists, and nothing is overwritten")
    assert [*(here / "realtime-acme").iterdir()] == []


@pytest.mark.usefixtures("puppet")
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Acme_WS", "try: acme-ws"),
        ("openai-ws", "is for realtime-openai, of this project"),
        ("puppet", "is taken by 'puppet' of puppet 1.0"),
    ],
)
def test_a_name_that_cannot_be_is_refused_before_anything_is_written(
    invoke, here: Path, name: str, said: str
):
    result = invoke("new-provider", name)

    assert result.exit_code == 2
    assert said in result.stderr
    assert [*here.iterdir()] == []


@pytest.mark.parametrize("wrong", [("--dialect", "x"), ("--license", "x"), ("--out", __file__)])
def test_a_wrong_option_is_refused(invoke, here: Path, wrong):
    result = invoke("new-provider", "acme-ws", *wrong)

    assert result.exit_code == 2
    assert wrong[0] in result.stderr
    assert [*here.iterdir()] == []
