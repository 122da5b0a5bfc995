"""The reference is what the docstrings say; nothing public is without one."""

import types

import attrs
import pytest
from docstrings import field_docs, module_docs, sentence, signature
from realtime_core import LostReason
from reference import Undocumented, errors_table, has_place


class Root(Exception):
    """It is old."""


class Heir(Root):
    """It is new. And more."""

    __module__ = "realtime_core.unheard"


class Heard(Exception):
    """It is old."""


class Unheard(Heard):
    __module__ = "realtime_core.unheard"


def test_error_that_is_new_is_found_below_its_base():
    assert errors_table(Root).splitlines()[2:] == ["| `Root` | It is old. |", "| &emsp;`Heir` | It is new. |"]


def test_error_of_a_plugin_is_found_behind_those_of_core():
    class Base(Exception):
        """It is old."""

    class Theirs(Base):
        """It is none of ours."""

        __module__ = "realtime_openai_wires.unheard"

    class Ours(Base):
        """It is a vendor's."""

        __module__ = "realtime_openai_wire.unheard"

    class Core(Base):
        """It is everybody's."""

        __module__ = "realtime_core.unheard"

    rows = errors_table(Base).splitlines()[2:]

    assert [row.split("`")[1] for row in rows] == ["Base", "Core", "Ours"]
    assert Theirs in Base.__subclasses__()


def test_what_has_no_docstring_is_refused_by_name():
    with pytest.raises(
        Undocumented, match="Unheard has nothing to say in the reference: give it a docstring"
    ):
        errors_table(Heard)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("One. Two.", "One."),
        ("One\n    goes on. `Two` follows.", "One goes on."),
        ("A ``code`` of 1.5 s, e.g. this.\n\nMore.", "A `code` of 1.5 s, e.g. this."),
        ("No full stop", "No full stop"),
        ("", ""),
        (None, ""),
    ],
)
def test_sentence_is_the_first_on_one_line(text, first):
    assert sentence(text) == first


class Settings:
    """Something.

    Attributes:
        near: by the base.
        far: of the base. And more.
    """


@attrs.frozen
class Wider(Settings):
    near: int = 1
    """By the string behind it."""
    silent: int = 2


def test_fields_are_told_of_in_a_section_or_behind_them_and_inherited():
    assert field_docs(Wider) == {"near": "By the string behind it.", "far": "of the base."}


def test_members_of_an_enum_are_told_of_behind_them():
    assert {*field_docs(LostReason)} >= {*LostReason.__members__}


def test_class_without_a_source_has_no_fields():
    assert field_docs(types.new_class("Made")) == {}


def test_constants_are_told_of_behind_them():
    from realtime_core import provider

    assert module_docs(provider)["API_VERSION"].startswith("The version")


def test_signature_shows_names_alone():
    def function(self, first, *, second=1, **rest): ...

    assert signature(function) == "first, second, **rest"


@pytest.mark.parametrize(
    "document", ["## `a`", "### `a(b)`", "| `a` | x |", "| &emsp;&emsp;`a` |", "x\n### `a --b`\n"]
)
def test_place_is_a_heading_or_a_row(document):
    assert has_place("a", document)


@pytest.mark.parametrize("document", ["`a`", "### `ab`", "text | `a` |", "### a", ""])
def test_mention_is_no_place(document):
    assert not has_place("a", document)
