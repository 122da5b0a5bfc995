import sys
import types
from importlib import metadata

import pytest
from realtime_core.registry import ProviderInfo, list_providers, refresh
from realtime_core.registry.installed import survey


def _claim(name):
    (claim,) = (claim for claim in survey().claims if claim.info.name == name)
    return claim


def test_an_installed_provider_is_listed_with_its_distribution(site):
    site.install("realtime-acme", "acme-ws", module="acme_plugin")

    assert site.listed() == [ProviderInfo("acme-ws", "realtime-acme", "1.2.3")]


def test_the_list_is_sorted_by_name(site):
    site.install("realtime-b", "acme-2", "acme-1", module="acme_b")
    site.install("realtime-a", "acme-3", module="acme_a")

    assert [info.name for info in site.listed()] == ["acme-1", "acme-2", "acme-3"]


def test_listing_imports_no_plugin(site):
    site.install("realtime-acme", "acme-ws", module="acme_plugin")

    list_providers()

    assert "acme_plugin" not in sys.modules


def test_what_is_installed_later_is_found(site):
    assert site.listed() == []

    site.install("realtime-acme", "acme-ws", module="acme_plugin")

    assert [info.name for info in site.listed()] == ["acme-ws"]


def test_a_copy_further_down_the_path_is_hidden_as_it_is_for_python(site, tmp_path, monkeypatch):
    site.install("realtime-acme", "acme-ws", module="acme_plugin")
    newer = tmp_path / "newer"
    newer.mkdir()
    monkeypatch.syspath_prepend(newer)
    type(site)(newer).install("realtime-acme", "acme-ws", module="acme_plugin", version="2")

    assert site.listed() == [ProviderInfo("acme-ws", "realtime-acme", "2")]


@pytest.mark.parametrize(
    ("first", "second"), [("realtime-acme", "realtime_Acme"), ("Realtime.acme", "realtime-acme")]
)
def test_a_copy_whose_name_is_spelt_otherwise_is_a_copy(site, tmp_path, monkeypatch, first, second):
    site.install(second, "acme-ws", module="acme_plugin")
    newer = tmp_path / "newer"
    newer.mkdir()
    monkeypatch.syspath_prepend(newer)
    type(site)(newer).install(first, "acme-ws", module="acme_plugin", version="2")

    assert site.listed() == [ProviderInfo("acme-ws", first, "2")]


def test_a_distribution_without_a_name_is_listed_as_unknown(site):
    site.install("realtime-acme", "acme-ws", module="acme_plugin")
    (site.root / "realtime_acme-1.2.3.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\n")
    site.install("realtime-other", "acme-other", module="acme_other")
    (site.root / "realtime_other-1.2.3.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\n")

    assert site.listed() == [
        ProviderInfo(name, "an unknown distribution", "?") for name in ("acme-other", "acme-ws")
    ]


def test_a_distribution_without_metadata_is_listed_as_unknown(site):
    site.install("realtime-acme", "acme-ws", module="acme_plugin")
    (site.root / "realtime_acme-1.2.3.dist-info" / "METADATA").unlink()

    assert site.listed() == [ProviderInfo("acme-ws", "an unknown distribution", "?")]


class Unlabelled(metadata.Distribution):
    """As other finders than Python's own may give one: it cannot tell its name, nor where it is."""

    def read_text(self, filename):
        if filename != "entry_points.txt":
            raise FileNotFoundError(filename)
        return "[realtime_core.providers]\nacme-zip = acme_zip\n"

    def locate_file(self, path):
        # abstract in Distribution: it has to be there, and whoever asks for a place fails
        raise NotImplementedError(path)


def test_a_distribution_that_cannot_tell_its_name_is_listed_as_unknown(site, monkeypatch):
    finder = types.SimpleNamespace(find_distributions=lambda _: [Unlabelled()], find_spec=lambda *_: None)
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, finder])

    assert site.listed() == [ProviderInfo("acme-zip", "an unknown distribution", "?")]
    assert _claim("acme-zip").remedy == ("its metadata are damaged: install again what has 'acme_zip'")


def test_entry_points_that_cannot_be_read_hide_no_others(site):
    site.install("realtime-acme", "acme-ws", module="acme_plugin")
    site.describe("realtime-damaged", "[realtime_core.providers]\nacme-damaged\n", version="3")
    mangled = site.describe("realtime-mangled", "", version="4")
    (mangled / "entry_points.txt").write_bytes(b"\xff\xfe\x00")

    assert [info.name for info in site.listed()] == ["acme-ws"]
    assert [dist for dist in survey().unreadable if "damaged" in dist] == ["realtime-damaged"]
    assert [dist for dist in survey().unreadable if "mangled" in dist] == ["realtime-mangled"]


def test_an_editable_install_is_mended_where_its_source_is(site, tmp_path):
    site.install("realtime-acme", "acme-ws", module="acme_plugin", editable=tmp_path / "my acme")

    assert _claim("acme-ws").remedy == f"it is an editable install: mend it in {tmp_path / 'my acme'}"


def test_any_other_is_upgraded(site):
    site.install("realtime-acme", "acme-ws", module="acme_plugin")
    folder = site.root / "realtime_acme-1.2.3.dist-info"

    for told in ("", "{}", "[", '{"url": "https://acme.example/a.whl", "archive_info": {}}'):
        (folder / "direct_url.json").write_text(told)
        assert _claim("acme-ws").remedy == "try: pip install --upgrade realtime-acme"


def test_one_that_needs_extras_is_installed_with_them(site):
    site.install("realtime-acme", "acme-ws = acme_plugin [ws,fast]\n", module="acme_plugin")

    assert _claim("acme-ws").remedy == "try: pip install --upgrade 'realtime-acme[ws,fast]'"


def test_refresh_gives_the_list(site):
    site.install("realtime-acme", "acme-ws", module="acme_plugin")

    assert ProviderInfo("acme-ws", "realtime-acme", "1.2.3") in refresh()


def _install_editable(site, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    type(site)(source).write("acme_far", site.PLUGIN)
    info = site.describe("realtime-far", "[realtime_core.providers]\nacme-far = acme_far\n")
    (site.root / "far.pth").write_text(f"{source}\n")
    (info / "RECORD").write_text("far.pth,,\nrealtime_far-1.2.3.dist-info/RECORD,,\n")
    return info, source


def test_refresh_makes_an_editable_install_importable(site, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    _, source = _install_editable(site, tmp_path)
    assert str(source) not in sys.path

    refresh()

    assert str(source) in sys.path


def test_refresh_reads_no_path_files_where_nothing_is_missing(site, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    info, source = _install_editable(site, tmp_path)
    (info / "RECORD").unlink()  # it says no more which files are its own

    refresh()

    assert str(source) not in sys.path


def test_refresh_leaves_what_is_loaded_alone(site, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setitem(sys.modules, "acme_far", sys)
    _, source = _install_editable(site, tmp_path)

    refresh()

    assert str(source) not in sys.path
