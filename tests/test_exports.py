"""The exported surface of every package: complete, sorted, and what it says."""

import importlib

import pytest
from workspace import Distribution, distributions

every_distribution = pytest.mark.parametrize("dist", distributions(), ids=lambda dist: dist.name)


@every_distribution
def test_all_is_sorted_and_resolves(dist: Distribution):
    package = importlib.import_module(dist.package.name)

    names = package.__all__

    assert names == sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    assert [name for name in names if not hasattr(package, name)] == []


@every_distribution
def test_every_module_says_what_it_exports(dist: Distribution):
    files = [file for file in dist.package.rglob("*.py") if not file.name.startswith("__")]

    assert [file.name for file in files if "__all__ = [" not in file.read_text()] == []


@every_distribution
def test_every_module_opens_with_what_it_owns(dist: Distribution):
    files = list(dist.package.rglob("*.py"))

    assert [str(file) for file in files if not file.read_text().startswith('"""')] == []
