"""Puts the files of a new distribution on the disk. Overwrites nothing, and leaves all of them or none."""

import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from realtime_core.errors import CallerError

__all__ = ["write_new"]


def write_new(folder: Path, made: Mapping[PurePosixPath, str]) -> None:
    """Write ``made`` into ``folder``, which must not exist; folders above it are made.

    Raises:
        CallerError: something of that name exists.
        OSError: it cannot be written; nothing is left of it.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir()
    except FileExistsError as exc:
        raise CallerError(
            f"{folder} exists, and nothing is overwritten; give another folder with --out, or move it away"
        ) from exc
    try:
        for path, text in made.items():
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, "utf-8")
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
