import sys
import textwrap

import pytest
from realtime_core.errors import BrokenPlugin, DuplicateProvider, UnknownProvider
from realtime_core.provider import ENTRY_POINT_GROUP, Provider
from realtime_core.registry import ProviderInfo, list_providers, load_provider

GOOD = """
    import attrs
    from realtime_core.capabilities import Capabilities
    from realtime_core.provider import Provider, hookimpl
    from realtime_core.settings import RealtimeSettings

    @attrs.frozen
    class Options:
        pass

    async def connect(options, setup):
        raise AssertionError("never called")

    def make(api_version=1):
        return Provider(
            connect=connect,
            options=Options,
            settings=RealtimeSettings,
            capabilities=Capabilities(),
            api_version=api_version,
        )
"""
HOOK = """
    @hookimpl
    def realtime_provider():
        return make()
"""


class SitePackages:
    """A directory on ``sys.path`` with real distributions in it."""

    def __init__(self, root, monkeypatch):
        self.root = root
        monkeypatch.syspath_prepend(root)

    def install(self, distribution, *names, module, source=GOOD + HOOK, version="1.2.3"):
        info = self.root / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        lines = "".join(f"{name} = {module}\n" for name in names)
        (info / "entry_points.txt").write_text(f"[{ENTRY_POINT_GROUP}]\n{lines}")
        (self.root / f"{module}.py").write_text(textwrap.dedent(source))


@pytest.fixture
def site(tmp_path, monkeypatch):
    before = set(sys.modules)
    yield SitePackages(tmp_path, monkeypatch)
    for name in set(sys.modules) - before:
        if name.startswith("acme_"):
            del sys.modules[name]


def _acme():
    return [info for info in list_providers() if info.name.startswith("acme")]


def test_an_installed_provider_is_listed_with_its_distribution(site):
    site.install("realtime-acme", "acme-ws", module="acme_plugin")

    assert _acme() == [ProviderInfo("acme-ws", "realtime-acme", "1.2.3")]


def test_the_list_is_sorted_by_name(site):
    site.install("realtime-b", "acme-2", "acme-1", module="acme_b")
    site.install("realtime-a", "acme-3", module="acme_a")

    assert [info.name for info in _acme()] == ["acme-1", "acme-2", "acme-3"]


def test_listing_imports_no_plugin(site):
    site.install("realtime-acme", "acme-ws", module="acme_plugin")

    list_providers()

    assert "acme_plugin" not in sys.modules


def test_a_provider_is_loaded_by_its_name(site):
    site.install("realtime-acme", "acme-ws", module="acme_plugin")

    assert isinstance(load_provider("acme-ws"), Provider)


def test_loading_one_imports_nothing_of_another(site):
    site.install("realtime-acme", "acme-ws", module="acme_plugin")
    site.install("realtime-other", "acme-other", module="acme_other", source="raise ImportError('not me')")

    load_provider("acme-ws")

    assert "acme_other" not in sys.modules


def test_one_distribution_may_have_two_providers(site):
    site.install("realtime-acme", "acme-ws", "acme-rtc", module="acme_plugin")

    assert isinstance(load_provider("acme-rtc"), Provider)


def test_what_is_installed_later_is_found(site):
    assert _acme() == []

    site.install("realtime-acme", "acme-ws", module="acme_plugin")

    assert [info.name for info in _acme()] == ["acme-ws"]


def test_an_unknown_name_lists_what_is_installed(site):
    site.install("realtime-acme", "acme-ws", module="acme_plugin")

    with pytest.raises(
        UnknownProvider, match=r"no provider 'qqqqqqqq'; installed: .*'acme-ws'.*; pip install the"
    ):
        load_provider("qqqqqqqq")


def test_a_misspelt_name_is_met_with_the_right_one(site):
    site.install("realtime-acme", "acme-ws", module="acme_plugin")

    with pytest.raises(UnknownProvider, match=r"no provider 'acme-sw'.*did you mean 'acme-ws'\?"):
        load_provider("acme-sw")


def _pretend_nothing_is_installed(monkeypatch):
    monkeypatch.setattr(sys, "path", [])


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("azure-ws", r"try: pip install realtime-azure$"),
        ("azure", r"try: pip install realtime-azure \(provider 'azure-ws'\)"),
        ("openai-webrtc", "try: pip install realtime-openai-webrtc$"),
        ("openai-ws", "try: pip install realtime-openai$"),
        ("simulator", "try: pip install realtime-simulator$"),
    ],
)
def test_a_known_name_says_what_to_install(monkeypatch, name, remedy):
    _pretend_nothing_is_installed(monkeypatch)

    with pytest.raises(UnknownProvider, match=f"no provider '{name}'; installed: none; {remedy}"):
        load_provider(name)


def test_two_claims_to_one_name_are_refused_by_both(site):
    site.install("realtime-acme", "acme-ws", module="acme_plugin")
    site.install("realtime-rival", "acme-ws", module="acme_rival", version="9")

    with pytest.raises(
        DuplicateProvider,
        match=(
            r"provider 'acme-ws' is claimed by realtime-acme 1\.2\.3 and realtime-rival 9; "
            "keep one: pip uninstall realtime-rival"
        ),
    ):
        load_provider("acme-ws")


def test_a_duplicate_does_not_disturb_the_others(site):
    site.install("realtime-acme", "acme-ws", module="acme_plugin")
    site.install("realtime-rival", "acme-ws", module="acme_rival")
    site.install("realtime-fine", "acme-fine", module="acme_fine")

    assert isinstance(load_provider("acme-fine"), Provider)


BROKEN = {
    "a missing dependency": ("import acme_is_not_there", r"cannot be loaded \(ModuleNotFoundError:"),
    "a syntax error": ("def", r"cannot be loaded \(SyntaxError:"),
    "an error at import": ("1 / 0", r"cannot be loaded \(ZeroDivisionError:"),
    "a misspelt hook": (
        GOOD + HOOK.replace("realtime_provider", "realtime_provder"),
        r"cannot be loaded \(PluginValidationError: unknown hook 'realtime_provder'",
    ),
    "a hook with an argument": (
        GOOD + HOOK.replace("realtime_provider()", "realtime_provider(options)"),
        r"cannot be loaded \(PluginValidationError:",
    ),
    "a hook that raises": (GOOD + HOOK.replace("make()", "1 / 0"), r"cannot be loaded \(ZeroDivisionError:"),
    "no hook": (GOOD, r"gives no hook realtime_provider\(\), not a Provider"),
    "an unmarked hook": (
        GOOD + HOOK.replace("@hookimpl", ""),
        r"gives no hook realtime_provider\(\), not a Provider",
    ),
    "something else": (GOOD + HOOK.replace("make()", "{}"), "gives dict, not a Provider"),
    "an older contract": (
        GOOD + HOOK.replace("make()", "make(api_version=0)"),
        "was written for provider API 0, this realtime-core has 1",
    ),
    "a newer contract": (
        GOOD + HOOK.replace("make()", "make(api_version=2)"),
        "was written for provider API 2, this realtime-core has 1",
    ),
    "two hooks": (
        GOOD
        + HOOK
        + HOOK.replace("@hookimpl", "@hookimpl(specname='realtime_provider')").replace(
            "def realtime_provider", "def another"
        ),
        r"has 2 hooks realtime_provider\(\), not one",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_plugin_names_its_distribution_and_the_remedy(site, what):
    source, message = BROKEN[what]
    site.install("realtime-acme", "acme-ws", module="acme_plugin", source=source)

    with pytest.raises(
        BrokenPlugin,
        match=rf"(?s)provider 'acme-ws' of realtime-acme 1\.2\.3 {message}.*; "
        r"try: pip install --upgrade realtime-acme$",
    ):
        load_provider("acme-ws")


def test_what_the_plugin_raised_is_the_cause(site):
    site.install("realtime-acme", "acme-ws", module="acme_plugin", source="1 / 0")

    with pytest.raises(BrokenPlugin) as caught:
        load_provider("acme-ws")

    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_broken_plugin_does_not_disturb_the_others(site):
    site.install("realtime-acme", "acme-ws", module="acme_plugin", source="1 / 0")
    site.install("realtime-fine", "acme-fine", module="acme_fine")

    assert isinstance(load_provider("acme-fine"), Provider)


def test_an_entry_point_of_no_distribution_is_listed_as_unknown(site):
    site.install("realtime-acme", "acme-ws", module="acme_plugin")
    (site.root / "realtime_acme-1.2.3.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\n")

    assert [info.name for info in _acme()] == ["acme-ws"]


def test_a_name_is_a_string():
    with pytest.raises(UnknownProvider, match=r"^a provider's name is str, not int$"):
        load_provider(5)
