import ast
import tomllib
from pathlib import PurePosixPath
from typing import Any

import pytest
from realtime_core.errors import InvalidOptions
from realtime_core.options import build_options
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
        ".gitignore",
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


@pytest.mark.parametrize(("provider", "is_said"), [("test-ws", True), ("testify", True), ("acme-ws", False)])
def test_a_double_whose_name_begins_as_that_of_tests_says_that_it_is_none(provider, is_said):
    assert ("    __test__ = False" in rendered(provider)["tests/service.py"]) is is_said


@pytest.mark.parametrize(
    "url",
    ["ws://h:99999/", "ws://h:0/", "ws://h:x/", "ws://[::1/", "http://h/", "ws:///", "ws://me:pw@h/", "", 5],
)
def test_a_url_that_leads_nowhere_is_refused_by_the_options(url):
    module: dict[str, Any] = {}
    exec(rendered()["src/realtime_acme/plugin.py"], module)  # noqa: S102  # our own

    with pytest.raises(InvalidOptions, match="looks like wss://host:port/path"):
        build_options(module["AcmeOptions"], {"api_key": "x", "url": url}, {})


def test_a_url_is_taken_by_the_options():
    module: dict[str, Any] = {}
    exec(rendered()["src/realtime_acme/plugin.py"], module)  # noqa: S102  # our own

    options = build_options(module["AcmeOptions"], {"api_key": "x", "url": "wss://h:1/a?b=c"}, {})

    assert options.url == "wss://h:1/a?b=c"
