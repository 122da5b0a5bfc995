import logging
import sys
import textwrap
import types

import pytest
from realtime_core.errors import InvalidSettings
from realtime_core.events import RealtimeEvent
from realtime_core.observers import ENTRY_POINT_GROUP, SessionInfo, hookimpl
from realtime_core.observers.loading import Observer, given_observers, installed_observers
from realtime_core.provider import hookimpl as provider_hookimpl

SESSION = SessionInfo("acme-ws", 1)
GOOD = """
    from realtime_core.observers import hookimpl

    seen = []

    @hookimpl
    def realtime_event(event):
        seen.append(event)
"""


class Good:
    def __init__(self):
        self.seen = []

    @hookimpl
    def realtime_event(self, event):
        self.seen.append(event)


def only(plugin):
    (observer,) = given_observers([plugin])
    return observer


# -- given ---------------------------------------------------------------------------------------


def test_a_hook_gets_those_arguments_that_it_names():
    good = Good()
    event = RealtimeEvent()

    only(good).call("realtime_event", {"session": SESSION, "event": event})

    assert good.seen == [event]


def test_an_observer_says_which_hooks_it_has():
    assert only(Good()).hooks == {"realtime_event"}


def test_a_module_can_be_an_observer():
    module = types.ModuleType("acme_module")
    exec(textwrap.dedent(GOOD), vars(module))  # noqa: S102  # our own words

    observer = only(module)
    observer.call("realtime_event", {"session": SESSION, "event": RealtimeEvent()})

    assert observer.name == "'acme_module'"
    assert len(module.seen) == 1


def test_a_hook_may_have_another_name():
    class Renamed:
        @hookimpl(specname="realtime_event")
        def count(self):
            pass

    assert only(Renamed()).hooks == {"realtime_event"}


def test_observers_of_one_client_are_called_each():
    first, second = Good(), Good()

    for observer in given_observers((first, second)):
        observer.call("realtime_event", {"session": SESSION, "event": RealtimeEvent()})

    assert (len(first.seen), len(second.seen)) == (1, 1)


class Misspelt:
    api_key = "sk-secret"

    def __repr__(self):
        return "Misspelt('sk-secret')"

    @hookimpl
    def realtime_evnt(self, event):
        pass


class WrongArgument(Misspelt):
    realtime_evnt = None

    @hookimpl
    def realtime_event(self, evnt):
        pass


class Unmarked:
    @hookimpl
    def realtime_event(self, event):
        pass

    def realtime_command(self, command):
        pass


class Asynchronous:
    @hookimpl
    async def realtime_event(self, event):
        pass


class OfAProvider:
    @provider_hookimpl
    def realtime_provider(self):
        pass


class Unfriendly:
    def __dir__(self):
        raise ZeroDivisionError("sk-secret")


@pytest.mark.parametrize(
    ("plugin", "message"),
    [
        (
            Misspelt(),
            r"observer 'Misspelt' has an unknown hook 'realtime_evnt'; there are realtime_command, ",
        ),
        (
            WrongArgument(),
            r"observer 'WrongArgument' cannot be used: .*Argument\(s\) {'evnt'} are declared",
        ),
        (Unmarked(), r"'realtime_command' of observer 'Unmarked' is not marked as a hook; decorate it with "),
        (
            Asynchronous(),
            r"hook 'realtime_event' of observer 'Asynchronous' is a coroutine function; .* plain",
        ),
        (Good, r"observer 'Good' is a class; give an instance of it"),
        (OfAProvider(), r"observer 'OfAProvider' has no hook; there are realtime_command, realtime_event, "),
        (Unfriendly(), r"observer 'Unfriendly' cannot be used: ZeroDivisionError$"),
        (None, r"observer 'NoneType' has no hook; there are "),
    ],
)
def test_an_observer_that_cannot_be_meant_is_refused_and_not_quoted(plugin, message):
    with pytest.raises(InvalidSettings, match=f"^{message}") as caught:
        given_observers([plugin])

    assert "sk-secret" not in str(caught.value)


@pytest.mark.parametrize("observers", [Good(), "acme", 5])
def test_observers_come_as_a_sequence(observers):
    with pytest.raises(InvalidSettings, match=r"^observers takes a sequence of observers, not "):
        given_observers(observers)


# -- guarded -------------------------------------------------------------------------------------


class Raising:
    def __init__(self, error):
        self.error = error

    @hookimpl
    def realtime_event(self):
        raise self.error


@pytest.mark.parametrize("error", [ValueError("what somebody said"), SystemExit("what somebody said")])
def test_what_an_observer_raises_is_logged_once_by_its_type(caplog, error):
    observer = only(Raising(error))

    observer.call("realtime_event", {"session": SESSION, "event": RealtimeEvent()})
    assert len(caplog.messages) == 1
    for _ in range(2):
        observer.call("realtime_event", {"session": SESSION, "event": RealtimeEvent()})

    assert caplog.messages == [
        (
            f"observer 'Raising' raised {type(error).__name__} in realtime_event; "
            "it is called again, and this is not logged again"
        )
    ]
    assert observer.failures == 3


# -- installed -----------------------------------------------------------------------------------


class SitePackages:
    """A directory on ``sys.path`` with real distributions in it."""

    def __init__(self, root, monkeypatch):
        self.root = root
        monkeypatch.syspath_prepend(root)

    def install(self, distribution, value, source=GOOD, *, name="acme"):
        info = self.root / f"{distribution.replace('-', '_')}-1.2.3.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2.3\n")
        (info / "entry_points.txt").write_text(f"[{ENTRY_POINT_GROUP}]\n{name} = {value}\n")
        (self.root / f"{value.partition(':')[0]}.py").write_text(textwrap.dedent(source))
        return info


@pytest.fixture
def site(tmp_path, monkeypatch):
    before = set(sys.modules)
    installed_observers.cache_clear()
    yield SitePackages(tmp_path, monkeypatch)
    installed_observers.cache_clear()
    for name in set(sys.modules) - before:
        if name.startswith("acme_"):
            del sys.modules[name]


@pytest.mark.usefixtures("site")
def test_with_none_installed_there_are_none():
    assert installed_observers() == ()


def test_an_installed_observer_is_found(site):
    site.install("realtime-acme", "acme_observer")

    (observer,) = installed_observers()

    assert observer.name == "'acme' of realtime-acme 1.2.3"
    assert observer.hooks == {"realtime_event"}


def test_an_entry_point_may_name_an_object(site):
    source = "class Observer:\n" + textwrap.indent(
        textwrap.dedent(GOOD).replace("(event)", "(self, event)"), "    "
    )
    site.install("realtime-acme", "acme_observer:observer", f"{source}\nobserver = Observer()\n")

    assert len(installed_observers()) == 1


def test_observers_are_looked_for_once_in_a_process(site):
    assert installed_observers() == ()

    site.install("realtime-acme", "acme_observer")

    assert installed_observers() == ()


def test_two_distributions_may_use_the_same_name(site):
    site.install("realtime-acme", "acme_observer")
    site.install("realtime-other", "acme_other")

    assert [observer.name for observer in installed_observers()] == [
        "'acme' of realtime-acme 1.2.3",
        "'acme' of realtime-other 1.2.3",
    ]


BROKEN = {
    "does not import": (
        "import nothing_like_that",
        r"cannot be loaded (ModuleNotFoundError: No module named",
    ),
    "raises": ("1 / 0", "cannot be loaded (ZeroDivisionError: division by zero)"),
    "no hook": ("", "has no hook; there are realtime_command, "),
    "a misspelt hook": (
        GOOD.replace("realtime_event", "realtime_evnt"),
        "has an unknown hook 'realtime_evnt'",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_observer_is_reported_with_its_remedy_and_left_out(site, caplog, what):
    source, message = BROKEN[what]
    site.install("realtime-acme", "acme_observer", source)
    site.install("realtime-fine", "acme_fine", name="fine")

    assert [observer.name for observer in installed_observers()] == ["'fine' of realtime-fine 1.2.3"]
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith(f"observer 'acme' of realtime-acme 1.2.3 {message}")
    assert record.getMessage().endswith(
        "; sessions go on without it; try: pip install --upgrade realtime-acme, or pip uninstall it"
    )


def test_an_observer_of_no_distribution_is_told_as_unknown(site, monkeypatch):
    from importlib import metadata

    site.install("realtime-acme", "acme_observer")
    entry = metadata.EntryPoint("acme", "acme_observer", ENTRY_POINT_GROUP)
    monkeypatch.setattr(metadata, "entry_points", lambda **_: [entry])

    assert [observer.name for observer in installed_observers()] == ["'acme' of an unknown distribution ?"]


def test_a_module_with_hooks_of_both_kinds_is_an_observer_too(site):
    source = textwrap.dedent(GOOD) + textwrap.dedent(
        """
        from realtime_core.provider import hookimpl as provider_hookimpl

        @provider_hookimpl
        def realtime_provider():
            pass
        """
    )
    site.install("realtime-acme", "acme_observer", source)

    assert [observer.hooks for observer in installed_observers()] == [{"realtime_event"}]


def test_an_observer_can_be_made_by_hand():
    assert Observer(Good(), "'mine'").name == "'mine'"
