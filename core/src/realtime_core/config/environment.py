"""The environment as a configuration sees it: with a ``.env`` beside the file, which overrides nothing."""

import os
from collections.abc import Mapping
from pathlib import Path

from realtime_core.errors import InvalidConfig

__all__ = ["environment"]


def environment(folder: Path, environ: Mapping[str, str] | None = None) -> Mapping[str, str]:
    """The variables of the process, and those of ``folder/.env`` that the process does not have.

    The environment of the process stays as it is.

    Raises:
        InvalidConfig: the file cannot be read.
    """
    environ = os.environ if environ is None else environ
    file = folder / ".env"
    if not file.is_file():
        return environ
    # not needed where there is none
    from dotenv import dotenv_values

    try:
        said = dotenv_values(file, encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise InvalidConfig(f"{file} cannot be read ({type(exc).__name__})") from None
    return {**{name: value for name, value in said.items() if value is not None}, **environ}
