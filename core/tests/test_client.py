import asyncio
import sys
from types import ModuleType

import attrs
import pytest
from realtime_core.capabilities import Capabilities
from realtime_core.client import RealtimeClient, create_client
from realtime_core.commands import Raw, UpdateSession
from realtime_core.errors import (
    ConnectionLost,
    InvalidOptions,
    InvalidSettings,
    SessionStateError,
    UnknownProvider,
    UnsupportedCommand,
    UnsupportedSetting,
)
from realtime_core.events import RealtimeEvent, RealtimeSessionEvent
from realtime_core.limits import SessionLimits
from realtime_core.options import option
from realtime_core.provider import ENTRY_POINT_GROUP, hookimpl
from realtime_core.settings import RealtimeSettings, set_fields, setting
from realtime_core.state import SessionState
from realtime_core.unset import UNSET, UnsetType


@attrs.frozen(kw_only=True)
class VendorSettings(RealtimeSettings):
    cache: bool | UnsetType = setting(bool)


@attrs.frozen
class KeyOptions:
    api_key: str = option(env="SCRIPTED_KEY", secret=True)


@pytest.fixture
def installed(service, monkeypatch, tmp_path):
    """``create_client`` finds the scripted service under the name ``scripted``."""
    plugin = ModuleType("scripted_plugin")
    plugin.realtime_provider = hookimpl(lambda: service.provider())
    monkeypatch.setitem(sys.modules, "scripted_plugin", plugin)
    info = tmp_path / "scripted-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: scripted\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{ENTRY_POINT_GROUP}]\nscripted = scripted_plugin\n")
    monkeypatch.syspath_prepend(tmp_path)
    return service


# -- making one --------------------------------------------------------------------------------------


async def test_a_client_is_made_by_name_and_opens_nothing(installed):
    client = create_client("scripted")

    assert (client.name, installed.connections) == ("scripted", [])


async def test_a_client_by_name_works(installed):
    async with create_client("scripted", region="south", settings={"voice": "a"})(speed=2) as session:
        assert set_fields(session.settings) == {"voice": "a", "speed": 2}

    assert installed.options[0].region == "south"


@pytest.mark.usefixtures("installed")
async def test_limits_are_for_all_its_sessions():
    client = create_client("scripted", limits=SessionLimits(queue_bytes=1))

    with pytest.raises(ConnectionLost, match="1 bytes of events"):
        await client.create_session()


def test_an_unknown_provider_is_refused():
    with pytest.raises(UnknownProvider, match="no provider 'no-such-provider'"):
        create_client("no-such-provider")


@pytest.mark.usefixtures("installed")
def test_a_wrong_option_is_refused_with_the_providers_name():
    with pytest.raises(InvalidOptions, match="scripted: no option 'regoin'; did you mean 'region'"):
        create_client("scripted", regoin="south")


def test_a_missing_option_names_itself_and_its_variable(service):
    with pytest.raises(InvalidOptions, match=r"scripted: option 'api_key' is missing: .* set SCRIPTED_KEY"):
        service.client(capabilities={"options": KeyOptions})


def test_an_option_comes_from_the_environment(service, monkeypatch):
    monkeypatch.setenv("SCRIPTED_KEY", "k")

    assert service.client(capabilities={"options": KeyOptions}).candidate.options.api_key == "k"


def test_a_wrong_setting_is_refused_when_the_client_is_made(service):
    with pytest.raises(InvalidSettings, match="setting 'voice' takes str, not int"):
        service.client(settings={"voice": 5})


def test_a_setting_that_the_provider_lacks_is_refused_when_the_client_is_made(service):
    with pytest.raises(UnsupportedSetting, match="RealtimeSettings has no setting 'cache'"):
        service.client(settings=VendorSettings(cache=True))


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ({"limits": {}}, "limits must be a SessionLimits value, not dict"),
        ({"budget": 5}, "budget must be a Budget value, not int"),
        ({"tool_error": "x"}, "tool_error must be callable, not str"),
        ({"audio_output_callback": 5}, "audio_output_callback must be callable or an AudioSink, not int"),
    ],
)
def test_what_is_no_such_value_is_refused_when_the_client_is_made(service, wrong, what):
    with pytest.raises(InvalidSettings, match=f"^{what}$"):
        service.client(**wrong)


def test_a_client_shows_its_name_and_no_secret(service):
    client = service.client(capabilities={"options": KeyOptions}, options={"api_key": "sk-1"})

    assert repr(client) == "<RealtimeClient scripted sessions=0>"


# -- settings ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("of_client", "of_session", "keywords", "expected"),
    [
        ({"voice": "a"}, None, {}, {"voice": "a"}),
        ({"voice": "a"}, {"voice": "b"}, {}, {"voice": "b"}),
        ({"voice": "a"}, {"voice": "b"}, {"voice": "c"}, {"voice": "c"}),
        ({"voice": "a"}, RealtimeSettings(speed=1), {"model": "m"}, {"voice": "a", "speed": 1, "model": "m"}),
        ({"turn_detection": {}}, {"turn_detection": None}, {}, {"turn_detection": None}),
        ({"voice": "a"}, {"voice": UNSET}, {"voice": UNSET}, {"voice": "a"}),
        (VendorSettings(voice="a"), None, {}, {"voice": "a"}),
    ],
)
def test_keywords_win_over_the_sessions_settings_and_these_over_the_clients(
    service, of_client, of_session, keywords, expected
):
    session = service.client(settings=of_client)(of_session, **keywords)

    assert set_fields(session.settings) == expected


def test_a_neutral_value_becomes_the_providers_class(service):
    client = service.client(capabilities={"settings": VendorSettings})

    assert client(RealtimeSettings(voice="a"), cache=True).settings == VendorSettings(voice="a", cache=True)


def test_a_misspelt_setting_is_refused_before_any_connection(service):
    with pytest.raises(UnsupportedSetting, match=r"no setting 'voise'; did you mean 'voice'\?"):
        service.client()(voise="a")

    assert service.connections == []


# -- many sessions -----------------------------------------------------------------------------------


async def test_each_call_makes_a_new_session(service):
    client = service.client()

    async with client() as first, client() as second:
        assert first is not second
        assert (first.state, second.state) == (SessionState.OPEN, SessionState.OPEN)
    assert [connection.closed for connection in service.connections] == [1, 1]


async def test_two_sessions_do_not_mix(service):
    client = service.client()
    async with client(voice="a") as first, client(voice="b") as second:
        await first.send(RealtimeEvent(service_type="x.first"))
        await second.send(RealtimeEvent(service_type="x.second"))

    sent = [[command.service_type for command in connection.of(Raw)] for connection in service.connections]
    assert sent == [["x.first"], ["x.second"]]
    assert [setup.settings.voice for setup in service.setups] == ["a", "b"]


async def test_entering_the_client_is_entering_a_session_of_it(service):
    client = service.client(settings={"voice": "a"})

    async with client as session:
        assert (session.state, session.settings.voice) == (SessionState.OPEN, "a")

    assert (session.state, service.connection.closed) == (SessionState.CLOSED, 1)


async def test_a_client_can_be_entered_again(service):
    client = service.client()
    async with client:
        pass
    async with client:
        pass

    assert len(service.connections) == 2


async def test_a_client_can_be_entered_inside_itself(service):
    client = service.client()

    async with client as outer:
        async with client as inner:
            pass

        assert (outer.state, inner.state) == (SessionState.OPEN, SessionState.CLOSED)


async def test_each_task_leaves_the_session_that_it_entered(service, idle):
    client = service.client()
    leave = {"first": asyncio.Event(), "second": asyncio.Event()}
    sessions = {}

    async def talk(name):
        async with client as session:
            sessions[name] = session
            await leave[name].wait()

    first = asyncio.create_task(talk("first"))
    await idle()
    second = asyncio.create_task(talk("second"))
    await idle()

    leave["first"].set()
    await first

    assert (sessions["first"].state, sessions["second"].state) == (SessionState.CLOSED, SessionState.OPEN)
    leave["second"].set()
    await second


async def test_a_session_entered_in_one_task_may_be_left_in_another(service):
    client = service.client()
    session = await asyncio.create_task(client.__aenter__())

    await client.__aexit__(None, None, None)

    assert session.state is SessionState.CLOSED


async def test_leaving_the_client_raises_a_loss_that_nobody_saw(service, idle):
    with pytest.raises(ConnectionLost):  # noqa: PT012  # it is the exit that raises
        async with service.client():
            service.connection.lose()
            await idle()


async def test_a_client_that_cannot_open_is_not_entered(service):
    client = service.client()
    service.connect_error = ConnectionLost("no", reason="dropped")
    with pytest.raises(ConnectionLost):
        await client.__aenter__()
    service.connect_error = None

    async with client as session:
        assert session.state is SessionState.OPEN


async def test_closing_the_client_deletes_all_its_sessions(service):
    client = service.client()
    sessions = [await client.create_session() for _ in range(3)]

    await client.aclose()

    assert {session.state for session in sessions} == {SessionState.CLOSED}
    assert repr(client) == "<RealtimeClient scripted sessions=0>"


async def test_closing_the_client_deletes_a_session_that_is_opening(service, idle):
    service.connect_gate = asyncio.Event()
    client = service.client()
    opening = asyncio.create_task(client.create_session())
    await idle()

    await client.aclose()

    with pytest.raises(SessionStateError, match="deleted while it was opening"):
        await opening


async def test_closing_a_client_without_sessions_is_harmless(service):
    await service.client().aclose()


def by_region(options):
    return Capabilities(turns=options.region == "north", live_settings=frozenset({"voice"}))


def test_options_may_decide_what_the_provider_can_do(service):
    provider = attrs.evolve(service.provider(), capabilities_for=by_region)
    north = RealtimeClient(provider, name="scripted")
    south = RealtimeClient(provider, name="scripted", options={"region": "south"})

    assert (north.capabilities.turns, south.capabilities.turns) == (True, False)
    assert south().capabilities is south.capabilities
    with pytest.raises(UnsupportedCommand, match="scripted"):
        south(create_response=True)
    assert service.connections == []


async def test_what_the_options_decide_holds_in_the_session(service):
    provider = attrs.evolve(service.provider(), capabilities_for=by_region)

    async with RealtimeClient(provider, name="scripted")() as session:
        await session.update_session(voice="a")
        with pytest.raises(UnsupportedSetting, match="'speed'"):
            await session.update_session(speed=2)


# -- its own verbs -----------------------------------------------------------------------------------


async def test_the_verbs_act_on_the_only_session(service):
    client = service.client(capabilities={"live_settings": frozenset({"voice"})})
    session = await client.create_session()

    await client.send(RealtimeEvent(service_type="x.y"))
    await client.update_session({"voice": "a"})
    await client.update_session(voice="b")
    first = await anext(client.receive())
    await client.delete_session()

    assert [type(command) for command in service.connection.sent] == [Raw, UpdateSession, UpdateSession]
    assert (session.settings.voice, first.phase, session.state) == ("b", "created", SessionState.CLOSED)


async def test_the_clients_receive_attaches_a_callback(service):
    heard = []
    client = service.client()
    async with client() as session:
        stream = client.receive(heard.append)

        assert session._engine.speech.output.has_callback
        assert isinstance(await anext(stream), RealtimeSessionEvent)


VERBS = {
    "receive": lambda client: _wrapped(client.receive),
    "send": lambda client: client.send(RealtimeEvent(service_type="x.y")),
    "update_session": lambda client: client.update_session(voice="a"),
}


async def _wrapped(receive):
    return receive()


@pytest.mark.parametrize("verb", VERBS)
async def test_a_verb_without_a_session_is_refused(service, verb):
    with pytest.raises(SessionStateError, match=r"the client has no session; use 'async with client\(...\)'"):
        await VERBS[verb](service.client())


@pytest.mark.parametrize("verb", [*VERBS, "delete_session"])
async def test_a_verb_with_two_sessions_is_refused(service, verb):
    client = service.client()
    async with client(), client():
        with pytest.raises(
            SessionStateError, match="the client has 2 sessions; call this on the session you mean"
        ):
            await {**VERBS, "delete_session": lambda client: client.delete_session()}[verb](client)


async def test_deleting_without_a_session_is_harmless(service):
    await service.client().delete_session()


async def test_a_session_that_was_made_and_not_opened_does_not_count(service):
    client = service.client()
    client()

    async with client():
        await client.send(RealtimeEvent(service_type="x.y"))


async def test_an_ended_session_counts_until_it_is_deleted(service):
    client = service.client()
    session = await client.create_session()
    service.connection.lose()
    await session.wait_closed()

    with pytest.raises(SessionStateError, match=r"the session has ended \(dropped\)"):
        await client.send(RealtimeEvent(service_type="x.y"))
    await client.delete_session()

    with pytest.raises(SessionStateError, match="the client has no session"):
        await client.send(RealtimeEvent(service_type="x.y"))


async def test_a_refused_second_opening_does_not_count_twice(service):
    client = service.client()
    async with client() as session:
        with pytest.raises(SessionStateError):
            await session.create_session()

        await client.send(RealtimeEvent(service_type="x.y"))


async def test_the_loss_of_the_only_session_is_raised_by_the_clients_receive(service):
    client = service.client()
    async with client():
        service.connection.lose()

        with pytest.raises(ConnectionLost):
            _ = [event async for event in client.receive()]


def test_options_that_were_built_already_are_taken_as_they_are(service):
    options = service.provider().options(region="south")

    client = service.client(options=options)

    assert client.candidate.options is options


def test_a_client_tells_its_settings_and_the_profile_that_it_was_made_of(service):
    client = service.client(settings={"voice": "a"}, profile="support")

    assert (client.profile, client.settings.voice) == ("support", "a")
    assert service.client().profile is None
