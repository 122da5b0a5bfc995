"""The files of a new distribution, made of templates. Writes nothing.

A template is a file ``*.tmpl`` under ``templates``, with ``$name`` for what differs (`string.Template`); a
folder ``PACKAGE`` in its path stands for the package. ``FILL IN:`` marks what only the author knows.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath
from string import Template
from typing import Final

import attrs

from realtime_core.scaffold.names import Names

__all__ = ["DIALECTS", "LICENSES", "Mark", "find_marks", "render"]

LICENSES: Final = ("MIT", "Apache-2.0", "none")
"""Texts to choose from; with none the author brings one."""

_MARK: Final = re.compile(r"FILL IN: (?P<what>.*?)(?: -->)?$")
_SUFFIX: Final = ".tmpl"
_NAMED: Final = {"gitignore": ".gitignore"}  # a name with a dot would be left out of some archives


@attrs.frozen(kw_only=True)
class _Dialect:
    """What two dialects need, beside the files of their own."""

    needs: tuple[str, ...]
    """Requirements of the distribution, sorted."""
    tests_need: tuple[str, ...] = ()
    """More of its tests."""


_CORE: Final = "realtime-core>=0.1,<0.2"

DIALECTS: Final[Mapping[str, _Dialect]] = {
    "openai": _Dialect(
        needs=("attrs>=23.2", "openai>=2.32,<4", _CORE, "realtime-openai-wire>=0.1,<0.2", "websockets>=15"),
        tests_need=("realtime-simulator>=0.1,<0.2",),
    ),
    "own": _Dialect(needs=("attrs>=23.2", _CORE, "websockets>=15")),
}
"""What a service may speak, and what a provider for it needs."""


@attrs.frozen
class Mark:
    """Something that the author is to fill in, and where."""

    path: PurePosixPath
    line: int
    what: str


def render(names: Names, *, dialect: str, license_id: str) -> dict[PurePosixPath, str]:
    """The text of every file by its path in the distribution's folder, sorted."""
    values = {
        "provider": names.provider,
        "distribution": names.distribution,
        "package": names.package,
        "class_name": names.class_name,
        "variable": names.variable,
        "title": names.title,
        "stem": names.stem,
        "no_test": _no_test(names.class_name),
        "year": str(datetime.now(UTC).year),
        "license": _license_fields(license_id),
        "needs": _lines(DIALECTS[dialect].needs),
        "tests_need": _lines(DIALECTS[dialect].tests_need),
    }
    templates = files("realtime_core.scaffold") / "templates"
    sources = [templates / "common", templates / dialect]
    made = {
        _place(path, names): Template(template.read_text("utf-8")).substitute(values)
        for source in sources
        for path, template in _walk(source, PurePosixPath())
    }
    if license_id != "none":
        text = (templates / "licenses" / f"{license_id}{_SUFFIX}").read_text("utf-8")
        made[PurePosixPath("LICENSE")] = Template(text).substitute(values)
    return dict(sorted(made.items()))


def find_marks(made: Mapping[PurePosixPath, str]) -> list[Mark]:
    """What is to be filled in, in the order of the files."""
    return [
        Mark(path, number, found["what"])
        for path, text in made.items()
        for number, line in enumerate(text.splitlines(), 1)
        if (found := _MARK.search(line))
    ]


def _walk(folder: Traversable, path: PurePosixPath) -> Iterator[tuple[PurePosixPath, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, path / entry.name)
        else:
            yield path / entry.name.removesuffix(_SUFFIX), entry


def _place(path: PurePosixPath, names: Names) -> PurePosixPath:
    return PurePosixPath(*(_NAMED.get(part, part).replace("PACKAGE", names.package) for part in path.parts))


def _no_test(class_name: str) -> str:
    """What a class says whose name pytest would take for that of tests."""
    return (
        "\n    __test__ = False  # its name begins as that of tests does\n"
        if class_name.startswith("Test")
        else ""
    )


def _license_fields(license_id: str) -> str:
    if license_id == "none":
        return "# FILL IN: license = an SPDX expression, and license-files = its text"
    return f'license = "{license_id}"\nlicense-files = ["LICENSE"]'


def _lines(requirements: tuple[str, ...]) -> str:
    """Entries of an array in TOML, each on a line of its own."""
    return "".join(f'    "{each}",\n' for each in requirements)
