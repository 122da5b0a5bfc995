"""The environment as a configuration sees it: with a ``.env`` beside the file, which overrides nothing."""

import os
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

from realtime_core.errors import InvalidConfig

__all__ = ["environment"]


def environment(folder: Path, environ: Mapping[str, str] | None = None) -> Mapping[str, str]:
    """The variables of the process, and those of ``folder/.env`` that are not set in the process.

    One that is empty there counts as not set, as it does for an option.
    The environment of the process stays as it is.

    Raises:
        InvalidConfig: the file cannot be read, or a line of it.
    """
    environ = os.environ if environ is None else environ
    file = folder / ".env"
    if not file.exists():
        return environ
    # not needed where there is none
    from dotenv import dotenv_values
    from dotenv.parser import parse_stream

    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise InvalidConfig(f"{file} cannot be read ({type(exc).__name__})") from None
    for binding in parse_stream(StringIO(text)):
        if binding.error:  # dotenv itself would go on without it
            raise InvalidConfig(f"{file}:{binding.original.line}: this is not NAME=VALUE; check its quotes")
    said = dotenv_values(stream=StringIO(text))
    of_file = {name: value for name, value in said.items() if value is not None}
    return {**of_file, **{name: value for name, value in environ.items() if value or name not in of_file}}
