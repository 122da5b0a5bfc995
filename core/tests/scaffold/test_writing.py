from pathlib import Path, PurePosixPath

import pytest
from realtime_core import CallerError
from realtime_core.scaffold import write_new

MADE = {PurePosixPath("README.md"): "é\n", PurePosixPath("src/pkg/__init__.py"): ""}


def test_files_are_written_with_the_folders_above_them(tmp_path: Path):
    write_new(tmp_path / "a" / "b", MADE)

    assert (tmp_path / "a/b/README.md").read_bytes() == b"\xc3\xa9\n"
    assert (tmp_path / "a/b/src/pkg/__init__.py").read_text() == ""


@pytest.mark.parametrize("exists", ["folder", "file"])
def test_nothing_is_overwritten(tmp_path: Path, exists: str):
    place = tmp_path / "made"
    place.mkdir() if exists == "folder" else place.write_text("mine")

    with pytest.raises(CallerError, match=r"made exists, and nothing is overwritten; .* --out"):
        write_new(place, MADE)

    assert [*place.iterdir()] == [] if exists == "folder" else place.read_text() == "mine"


def test_what_cannot_be_written_to_its_end_is_taken_away(tmp_path: Path):
    made = {PurePosixPath("src"): "a file", PurePosixPath("src/module.py"): "cannot be in it"}

    with pytest.raises(OSError, match="src"):
        write_new(tmp_path / "made", made)

    assert [*tmp_path.iterdir()] == []
