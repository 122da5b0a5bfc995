"""Every public name has its place in the docs: a heading or a row of a table that begins with it."""

import re
from collections.abc import Iterable
from typing import get_args

import attrs
import click
import inventory
import pytest
import realtime_core
from realtime_core import Capabilities, ErrorKind, RealtimeError, RealtimeEvent
from realtime_core.commands import Command
from realtime_core.errors import FailedReason, LostReason
from realtime_core.options import option_fields
from reference import has_place
from workspace import ROOT

PAGES = sorted((ROOT / "core" / "docs").glob("*.md"))
DOCS = "\n".join(page.read_text() for page in PAGES)

PUBLIC = {
    "exports": [name for package in inventory.packages() for name in package.__all__],
    "hooks": [function.__name__ for functions in inventory.hooks().values() for function in functions],
    "capabilities": [*attrs.fields_dict(Capabilities)],
    "settings": [
        field.name for cls in inventory.settings_classes() for field in attrs.fields(cls) if field.init
    ],
    "options": [name for cls in inventory.options_classes().values() for name in option_fields(cls)],
    "errors": [cls.__name__ for _, cls in inventory.tree(RealtimeError)],
    "reasons": [*LostReason.__members__, *FailedReason.__members__],
    "kinds of error": [*get_args(ErrorKind)],
    "events": [cls.__name__ for cls in inventory.classes(RealtimeEvent)],
    "commands": [cls.__name__ for cls in inventory.classes(Command)],
    "command lines": [*inventory.command_lines()],
    "their options": [
        param.opts[0]
        for command in inventory.command_lines().values()
        for param in command.params
        if isinstance(param, click.Option) and not param.hidden
    ],
    "methods of a session": [*inventory.public_functions(realtime_core.RealtimeSession)],
    "methods of a client": [*inventory.public_functions(realtime_core.RealtimeClient)],
}
"""What has to have a place, by what it is; found by walking, so that what is new is asked for."""


def lacking(names: Iterable[str], document: str = DOCS) -> list[str]:
    return [name for name in names if not has_place(name, document)]


@pytest.mark.parametrize("what", PUBLIC)
def test_everything_has_its_place(what: str):
    assert PUBLIC[what]
    assert lacking(PUBLIC[what]) == []


@pytest.mark.parametrize("what", ["hooks", "capabilities", "events", "commands", "command lines"])
def test_what_people_link_to_has_a_heading(what: str):
    headings = "\n".join(re.findall(r"^#.*$", DOCS, re.MULTILINE))

    assert lacking(PUBLIC[what], headings) == []


@pytest.mark.parametrize("what", PUBLIC)
def test_name_that_loses_its_place_is_missed(what: str):
    (name, *_) = PUBLIC[what]
    without = re.sub(rf"^.*`{re.escape(name)}\b.*$", "", DOCS, flags=re.MULTILINE)

    assert name in lacking(PUBLIC[what], without)


def test_every_page_is_linked_from_the_readme_of_core():
    readme = (ROOT / "core" / "README.md").read_text()

    assert [page.name for page in PAGES if f"](docs/{page.name}" not in readme] == []
