"""A configuration file that was read: what it says, and where. Knows nothing of profiles."""

import re
from collections.abc import Collection, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, Final

import attrs

from realtime_core.choices import did_you_mean
from realtime_core.config.places import KeyPath, places
from realtime_core.errors import InvalidConfig

__all__ = ["DEFAULT_NAME", "ConfigFile", "read_config"]

DEFAULT_NAME: Final = "realtime.toml"

_PLACE_IN_MESSAGE: Final = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_NAMES: Final = {str: "a string", list: "an array", dict: "a table", bool: "true or false", int: "a number"}


@attrs.frozen
class ConfigFile:
    """What a file says, with the means to tell where it says so."""

    path: Path
    text: str = attrs.field(repr=False)
    data: Mapping[str, Any] = attrs.field(repr=False)

    def place(self, keys: KeyPath) -> str:
        """``file:line`` of a key, or of the nearest table around it that the file names."""
        lines = places(self.text)
        while keys and keys not in lines:
            keys = keys[:-1]
        return f"{self.path}:{lines.get(keys, 1)}"

    def error(self, keys: KeyPath, what: str) -> InvalidConfig:
        """The error that says ``what`` of a key."""
        return InvalidConfig(f"{self.place(keys)}: {'.'.join(keys)}{what}")

    def check_keys(self, keys: KeyPath, table: Mapping[str, Any], allowed: Collection[str]) -> None:
        """All keys of ``table``, which stands at ``keys``, are ``allowed``.

        Raises:
            InvalidConfig: one is not.
        """
        for key in table:
            if key not in allowed:
                raise self.error((*keys, key), f" is not known here; {did_you_mean(key, allowed)}")

    def typed(self, keys: KeyPath, value: object, kind: type) -> Any:
        """``value``, which stands at ``keys`` and is of that ``kind``.

        Raises:
            InvalidConfig: it is of another.
        """
        if not isinstance(value, kind):
            raise self.error(keys, f" takes {_NAMES[kind]}, not {_NAMES.get(type(value), 'that')}")
        return value


def read_config(path: str | PathLike[str] | None = None) -> ConfigFile:
    """The file at ``path``, else ``realtime.toml`` in the current folder.

    Raises:
        InvalidConfig: there is none, it cannot be read, or it is no TOML.
    """
    # not needed by programs without a file
    import tomllib

    file = Path(DEFAULT_NAME if path is None else path)
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError as exc:
        where = f"in {file.absolute().parent}; give its path" if path is None else "there"
        raise InvalidConfig(f"no file {file} {where}") from exc
    except OSError as exc:
        raise InvalidConfig(f"{file} cannot be read: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise InvalidConfig(f"{file} is not UTF-8, as TOML has to be") from exc
    try:
        return ConfigFile(file, text, tomllib.loads(text))
    except tomllib.TOMLDecodeError as exc:
        place = _PLACE_IN_MESSAGE.search(str(exc))
        line = (place and place[1]) or text.rstrip().count("\n") + 1
        what = _PLACE_IN_MESSAGE.sub("", str(exc))
        # the cause quotes nothing; what stands there could be a secret
        raise InvalidConfig(f"{file}:{line}: no valid TOML: {what}") from exc
