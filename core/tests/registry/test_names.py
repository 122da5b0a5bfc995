import sys

import pytest
from realtime_core.errors import DuplicateProvider, UnknownProvider
from realtime_core.provider import Provider
from realtime_core.registry import load_provider
from realtime_core.registry.installed import Survey
from realtime_core.registry.names import choose


def test_a_name_is_a_string():
    with pytest.raises(UnknownProvider, match=r"^a provider's name is str, not int$"):
        load_provider(5)


def test_an_unknown_name_lists_what_is_installed(site):
    site.install("realtime-acme", "acme-ws", module="acme_plugin")

    with pytest.raises(
        UnknownProvider, match=r"no provider 'qqqqqqqq'; installed: .*'acme-ws'.*; pip install the"
    ):
        load_provider("qqqqqqqq")


def test_an_unknown_name_tells_of_what_cannot_be_read():
    with pytest.raises(
        UnknownProvider,
        match=r"^no provider 'acme'; installed: none; the entry points of realtime-acme cannot be read, "
        "try: pip install --force-reinstall realtime-acme; ",
    ):
        choose("acme", Survey((), ("realtime-acme",)))


def test_a_misspelt_name_is_met_with_the_right_one(site):
    site.install("realtime-acme", "acme-ws", module="acme_plugin")

    with pytest.raises(UnknownProvider, match=r"no provider 'acme-sw'.*did you mean 'acme-ws'\?"):
        load_provider("acme-sw")


@pytest.mark.parametrize("name", ["ACME-WS", "acme_ws", "Acme_Ws", "acme.ws", "acme--ws"])
def test_a_name_that_differs_in_case_or_dash_is_met_with_the_right_one_and_whose_it_is(site, name):
    site.install("realtime-acme", "acme-ws", module="acme_plugin")

    with pytest.raises(
        UnknownProvider,
        match=rf"no provider '{name}'; .*; did you mean 'acme-ws', of realtime-acme 1\.2\.3\? a name is",
    ):
        load_provider(name)


@pytest.mark.parametrize("name", ["acme-ws ", " acme-ws", "acme-ws\n"])
def test_a_name_with_a_space_around_it_is_told_of_the_space(site, name):
    site.install("realtime-acme", "acme-ws", module="acme_plugin")

    with pytest.raises(UnknownProvider, match=r"; did you mean 'acme-ws'\? it has no space around it$"):
        load_provider(name)


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
    monkeypatch.setattr(sys, "path", [])

    with pytest.raises(UnknownProvider, match=f"no provider '{name}'; installed: none; {remedy}"):
        load_provider(name)


def test_two_claims_to_one_name_are_refused_by_both(site):
    site.install("realtime-acme", "acme-ws", module="acme_plugin")
    site.install("realtime-rival", "acme-ws", module="acme_rival", version="9")

    with pytest.raises(
        DuplicateProvider,
        match=(
            r"^provider 'acme-ws' is claimed by realtime-acme 1\.2\.3 and realtime-rival 9; "
            "keep one: pip uninstall realtime-acme, or pip uninstall realtime-rival$"
        ),
    ):
        load_provider("acme-ws")


@pytest.mark.parametrize("rival", ["Acme-WS", "acme_ws", "ACME.ws"])
def test_two_names_that_differ_in_case_or_dash_are_one_name(site, rival):
    site.install("realtime-acme", "acme-ws", module="acme_plugin")
    site.install("realtime-rival", rival, module="acme_rival", version="9")

    for name in ("acme-ws", rival):
        with pytest.raises(DuplicateProvider) as caught:
            load_provider(name)
        assert str(caught.value).startswith(f"provider {name!r} is not the only one of that name: ")
        assert "'acme-ws' of realtime-acme 1.2.3" in str(caught.value)
        assert f"'{rival}' of realtime-rival 9" in str(caught.value)
        assert "differ only in case, dash, underscore or dot; keep one: pip uninstall " in str(caught.value)


@pytest.mark.parametrize("second", ["acme-ws", "acme_ws"])
def test_one_distribution_that_claims_a_name_twice_is_refused(site, second):
    site.install("realtime-acme", "acme-ws", f"{second} = acme_other\n", module="acme_plugin")

    with pytest.raises(
        DuplicateProvider,
        match=r"'acme-ws' is registered 2 times by realtime-acme 1\.2\.3 \(.*acme_plugin.*\).*; "
        "try: pip install --upgrade realtime-acme$",
    ):
        load_provider("acme-ws")


def test_a_duplicate_does_not_disturb_the_others(site):
    site.install("realtime-acme", "acme-ws", module="acme_plugin")
    site.install("realtime-rival", "acme-ws", module="acme_rival")
    site.install("realtime-fine", "acme-fine", module="acme_fine")

    assert isinstance(load_provider("acme-fine"), Provider)
