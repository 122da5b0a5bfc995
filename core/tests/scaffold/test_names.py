import pytest
from realtime_core import CallerError
from realtime_core.registry import ProviderInfo
from realtime_core.scaffold.names import Names, check_free, names_of


@pytest.mark.parametrize(
    ("provider", "distribution", "package", "class_name", "variable", "title"),
    [
        ("acme-ws", "realtime-acme", "realtime_acme", "Acme", "ACME", "Acme"),
        ("acme", "realtime-acme", "realtime_acme", "Acme", "ACME", "Acme"),
        ("acme-tcp", "realtime-acme-tcp", "realtime_acme_tcp", "AcmeTcp", "ACME_TCP", "Acme Tcp"),
        ("my-acme-2-ws", "realtime-my-acme-2", "realtime_my_acme_2", "MyAcme2", "MY_ACME_2", "My Acme 2"),
        ("ws", "realtime-ws", "realtime_ws", "Ws", "WS", "Ws"),
    ],
)
def test_every_name_follows_from_the_provider(provider, distribution, package, class_name, variable, title):
    names = names_of(provider)

    assert names == Names(provider)
    assert names.distribution == distribution
    assert names.package == package
    assert names.class_name == class_name
    assert names.variable == variable
    assert names.title == title


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("Acme-WS", "acme-ws"),
        ("acme_ws", "acme-ws"),
        ("acme--ws", "acme-ws"),
        ("-acme.ws ", "acme-ws"),
        ("realtime-acme", "acme"),
    ],
)
def test_what_is_no_name_is_refused_with_the_one_that_is_meant(wrong, meant):
    with pytest.raises(CallerError) as refused:
        names_of(wrong)

    assert str(refused.value).startswith(f"{wrong!r} is no name for a provider: ")
    assert str(refused.value).endswith(f"; try: {meant}")


@pytest.mark.parametrize("wrong", ["", "-", "3com", "a" * 31, "realtime", "../3/acme", "acmé\n" * 9])
def test_what_can_mean_no_name_is_refused_with_an_example(wrong):
    with pytest.raises(CallerError) as refused:
        names_of(wrong)

    assert str(refused.value).endswith("as acme-ws does")


def test_longest_name_is_taken():
    assert names_of("a" * 30).distribution == "realtime-" + "a" * 30


@pytest.mark.parametrize("taken", ["core", "openai-ws", "openai-wire", "azure", "simulator", "openai-webrtc"])
def test_names_of_this_project_are_not_free(taken):
    with pytest.raises(CallerError, match="of this project; choose another name"):
        check_free(names_of(taken), [])


@pytest.mark.parametrize(
    "installed",
    [
        ProviderInfo("acme-ws", "acme-voices", "1.2"),
        ProviderInfo("Acme_WS", "acme-voices", "1.2"),
        ProviderInfo("acme-tcp", "realtime-acme", "1.2"),
        ProviderInfo("acme-tcp", "Realtime.Acme", "1.2"),
    ],
    ids=["name", "spelling", "distribution", "its_spelling"],
)
def test_a_name_that_is_installed_is_not_free(installed):
    others = [ProviderInfo("other", "realtime-other", "1")]

    with pytest.raises(CallerError) as refused:
        check_free(names_of("acme-ws"), [*others, installed])

    assert str(refused.value) == (
        f"provider 'acme-ws', from realtime-acme, is taken by {installed.name!r} of "
        f"{installed.distribution} 1.2; choose another name, or: pip uninstall {installed.distribution}"
    )


def test_a_name_that_nobody_has_is_free():
    check_free(names_of("acme-ws"), [ProviderInfo("acme-wss", "realtime-acme-wss", "1")])
