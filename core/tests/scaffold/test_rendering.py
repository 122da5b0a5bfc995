import ast
import tomllib
from pathlib import PurePosixPath

import pytest
from realtime_core.scaffold import DIALECTS, LICENSES, Mark, find_marks, names_of, render

dialects = pytest.mark.parametrize("dialect", sorted(DIALECTS))


def rendered(provider="acme-ws", dialect="own", license_id="MIT"):
    made = render(names_of(provider), dialect=dialect, license_id=license_id)
    return {str(path): text for path, text in made.items()}


@dialects
def test_a_distribution_has_its_metadata_its_typed_package_and_tests(dialect):
    made = rendered(dialect=dialect)

    assert list(made) == sorted(made)
    assert made.keys() >= {
        "LICENSE",
        "README.md",
        "pyproject.toml",
        "src/realtime_acme/__init__.py",
        "src/realtime_acme/plugin.py",
        "src/realtime_acme/py.typed",
        "tests/test_conformance.py",
    }


@dialects
def test_entry_point_leads_to_the_module_with_the_hook(dialect):
    made = rendered("acme-voice-ws", dialect)

    project = tomllib.loads(made["pyproject.toml"])["project"]

    assert project["name"] == "realtime-acme-voice"
    assert project["entry-points"] == {
        "realtime_core.providers": {"acme-voice-ws": "realtime_acme_voice.plugin"}
    }
    tree = ast.parse(made["src/realtime_acme_voice/plugin.py"])
    assert "realtime_provider" in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_own_dialect_needs_no_other_distribution_of_ours():
    project = tomllib.loads(rendered(dialect="own")["pyproject.toml"])["project"]

    needed = project["dependencies"] + project["optional-dependencies"]["dev"]

    assert [each for each in needed if each.startswith("realtime-")] == ["realtime-core>=0.1,<0.2"]


@pytest.mark.parametrize("license_id", [each for each in LICENSES if each != "none"])
def test_licence_is_told_and_given(license_id):
    made = rendered(license_id=license_id)

    assert tomllib.loads(made["pyproject.toml"])["project"]["license"] == license_id
    assert license_id.split("-")[0].lower() in made["LICENSE"].lower()


def test_without_a_licence_the_author_is_to_bring_one():
    made = rendered(license_id="none")

    assert "LICENSE" not in made
    assert "license" not in tomllib.loads(made["pyproject.toml"])["project"]
    assert "# FILL IN: license = " in made["pyproject.toml"]


@dialects
def test_nothing_of_a_template_is_left(dialect):
    for path, text in rendered(dialect=dialect).items():
        assert "PACKAGE" not in path
        assert not path.endswith(".tmpl")
        assert "$" not in text.replace("$ ", ""), path  # a prompt in the README


@dialects
def test_what_only_the_author_knows_is_marked_where_it_stands(dialect):
    made = render(names_of("acme-ws"), dialect=dialect, license_id="MIT")

    marks = find_marks(made)

    assert {"LICENSE", "README.md", "pyproject.toml"} <= {str(mark.path) for mark in marks}
    assert "plugin.py" in {mark.path.name for mark in marks}
    for mark in marks:
        line = made[mark.path].splitlines()[mark.line - 1]
        assert f"FILL IN: {mark.what}" in line
        assert "--" not in mark.what


def test_marks_are_told_in_order():
    made = {PurePosixPath("a"): "x\n# FILL IN: one\n", PurePosixPath("b"): "<!-- FILL IN: two -->"}

    assert find_marks(made) == [Mark(PurePosixPath("a"), 2, "one"), Mark(PurePosixPath("b"), 1, "two")]
