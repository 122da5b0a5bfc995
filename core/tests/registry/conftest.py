"""A folder on ``sys.path`` into which distributions are installed, as pip leaves them."""

import json
import sys
import threading
import types
from pathlib import Path

import pytest
from realtime_core.provider import ENTRY_POINT_GROUP
from realtime_core.registry import list_providers

PLUGIN = Path(__file__).with_name("acme.py").read_text()


class SitePackages:
    """A directory on ``sys.path`` with real distributions in it."""

    PLUGIN = PLUGIN

    def __init__(self, root):
        self.root = root

    def install(self, distribution, *names, module, source=PLUGIN, version="1.2.3", editable=None):
        """Several ``names`` register the same module; one may be a whole line of ``entry_points.txt``."""
        lines = "".join(name if "=" in name else f"{name} = {module}\n" for name in names)
        info = self.describe(distribution, f"[{ENTRY_POINT_GROUP}]\n{lines}", version=version)
        if editable is not None:
            url = {"url": editable.as_uri(), "dir_info": {"editable": True}}
            (info / "direct_url.json").write_text(json.dumps(url))
        self.write(module, source)

    def describe(self, distribution, entry_points, *, version="1.2.3"):
        """Only the metadata."""
        info = self.root / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(entry_points)
        return info

    def write(self, module, source):
        """The code of a dotted ``module``, and empty packages around it."""
        *packages, name = module.split(".")
        folder = self.root
        for package in packages:
            folder /= package
            folder.mkdir(exist_ok=True)
            (folder / "__init__.py").touch()
        (folder / f"{name}.py").write_text(source)

    def listed(self):
        return [info for info in list_providers() if info.name.lower().startswith("acme")]


@pytest.fixture
def site(tmp_path, monkeypatch):
    before = set(sys.modules)
    root = tmp_path / "site"
    root.mkdir()
    monkeypatch.syspath_prepend(root)
    yield SitePackages(root)
    for name in set(sys.modules) - before:
        if name.startswith("acme_"):
            del sys.modules[name]


@pytest.fixture
def gate(site, monkeypatch):  # noqa: ARG001  # it has to end after this
    """What a plugin waits for that says ``acme_gate.opened.wait()``; opened at the latest when the test ends.

    Needs ``site``, so that what is let go then is removed with it.
    """
    module = types.ModuleType("acme_gate")
    module.opened = threading.Event()
    monkeypatch.setitem(sys.modules, "acme_gate", module)
    yield module.opened
    module.opened.set()
    for thread in threading.enumerate():
        if thread.name.startswith("loading "):
            thread.join(timeout=10)
