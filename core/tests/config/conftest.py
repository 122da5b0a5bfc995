"""A provider that is installed for these tests only, and a file to configure it with."""

import sys
from textwrap import dedent
from types import ModuleType

import attrs
import pytest
from realtime_core.errors import InvalidOptions
from realtime_core.options import option
from realtime_core.provider import ENTRY_POINT_GROUP, hookimpl
from realtime_core.settings import RealtimeSettings, setting
from realtime_core.unset import UnsetType


@attrs.frozen(kw_only=True)
class AcmeSettings(RealtimeSettings):
    cache: bool | UnsetType = setting(bool)


def _port(value):
    if value != 443:
        raise InvalidOptions("a port is 443")
    return value


@attrs.frozen
class AcmeOptions:
    """Where to go.

    Args:
        region: where it is.
    """

    api_key: str = option(env=("ACME_KEY", "ACME_TOKEN"), secret=True)
    headers: dict[str, str] = option(default=attrs.Factory(dict), secret=True)
    region: str = option(env="ACME_REGION", default="north")
    port: int = option(default=443, convert=_port)


@attrs.frozen
class BetaOptions:
    zone: str = option(default="east")


@pytest.fixture
def install(service, monkeypatch, tmp_path_factory):
    """Installs a provider by name: the scripted service, or a plugin that gives something else."""
    site = tmp_path_factory.mktemp("site")
    monkeypatch.syspath_prepend(site)

    def install_one(name, options, settings=RealtimeSettings, given=None):
        provider = service.provider(options=options, settings=settings) if given is None else given
        plugin = ModuleType(f"plugin_of_{name}")
        plugin.realtime_provider = hookimpl(lambda: provider)
        monkeypatch.setitem(sys.modules, plugin.__name__, plugin)
        info = site / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[{ENTRY_POINT_GROUP}]\n{name} = {plugin.__name__}\n")

    return install_one


@pytest.fixture
def acme(install, monkeypatch):
    """The providers ``acme`` and ``beta``, with a key for the first."""
    monkeypatch.setenv("ACME_KEY", "a-key")
    for variable in ("ACME_TOKEN", "ACME_REGION"):
        monkeypatch.delenv(variable, raising=False)
    install("acme", AcmeOptions, AcmeSettings)
    install("beta", BetaOptions)


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes ``realtime.toml`` into the current folder."""
    monkeypatch.chdir(tmp_path)

    def write_one(text, name="realtime.toml"):
        (tmp_path / name).write_text(dedent(text).lstrip("\n"))
        return tmp_path / name

    return write_one
