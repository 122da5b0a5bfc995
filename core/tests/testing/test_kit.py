"""What the kit does beside asking: skipping, waiving, giving up, and telling what a double lacks."""

import asyncio
import re
import threading
from contextvars import ContextVar
from typing import Any

import attrs
import pytest
from realtime_core import (
    ConnectionFailed,
    FailedReason,
    InvalidOptions,
    InvalidSettings,
    RealtimeSettings,
    UnsupportedCommand,
)
from realtime_core.commands import ClearAudio, CommitAudio, UpdateSession
from realtime_core.options import option
from realtime_core.settings import setting
from realtime_core.testing import (
    CodecConformance,
    Heard,
    ProviderConformance,
    ServiceDouble,
    Subject,
    held,
    until_let_go,
)
from realtime_core.testing.clauses import Clause, ClauseBroken
from realtime_core.testing.running import run_bounded
from realtime_core.unset import UnsetType
from small_provider import FULL, KINDS, SmallCodec, SmallConnection, connect, small
from small_service import SmallDouble, playing
from terse import CAN, TerseDouble

suite = ProviderConformance()


class Bare(SmallDouble):
    """A double that lacks what its capabilities need."""

    text = ServiceDouble.text
    audio = ServiceDouble.audio
    call = ServiceDouble.call


@pytest.mark.parametrize(
    ("clause", "lever", "why"),
    [
        ("text_is_told_exactly_once", "text", "text=True"),
        ("audio_arrives_whole", "audio", "output_formats"),
        ("call_is_told_exactly_once", "call", "tools"),
    ],
)
def test_a_lever_that_is_missing_is_named_with_its_capability(clause: str, lever: str, why: str):
    subject = Subject(small(), service=playing(FULL, double=Bare))

    with pytest.raises(pytest.fail.Exception, match=rf"capabilities .* say {why}.* must play {lever!r}"):
        getattr(suite, f"test_{clause}")(subject)


def test_what_is_waived_is_skipped_with_its_reason():
    subject = Subject(small(), service=playing(FULL), waived={"text_is_told_exactly_once": "no tongue"})

    with pytest.raises(pytest.skip.Exception, match="text_is_told_exactly_once: waived: no tongue"):
        suite.test_text_is_told_exactly_once(subject)


def test_what_the_capabilities_rule_out_is_skipped_with_the_capability():
    can = attrs.evolve(FULL, text=False)

    with pytest.raises(pytest.skip.Exception, match="text_is_told_exactly_once: text=False"):
        suite.test_text_is_told_exactly_once(Subject(small(can), service=playing(can)))


def test_commits_that_a_service_does_not_need_may_be_refused():
    class EndsTurnsItself(SmallCodec):
        def frame(self, command: Any) -> Any:
            if isinstance(command, CommitAudio | ClearAudio):
                raise UnsupportedCommand("the service ends turns by itself")
            return super().frame(command)

    connection = type("Connection", (SmallConnection,), {"codec_class": EndsTurnsItself})
    subject = Subject(small(FULL, connection), service=playing(FULL))

    suite.test_order_of_sends_is_order_at_the_service(subject)
    for clause in (suite.test_commit_is_answered_by_its_id, suite.test_clear_is_answered_by_its_id):
        with pytest.raises(pytest.skip.Exception, match="Audio raises UnsupportedCommand"):
            clause(subject)


def test_closing_takes_less_than_five_seconds_however_long_all_else_may_take():
    class Slow(SmallConnection):
        is_slow = False

        async def receive(self) -> Any:
            self.is_slow = True
            return await super().receive()

        async def aclose(self) -> None:
            if not self.is_slow:
                await asyncio.sleep(7)
            await super().aclose()

    subject = Subject(small(FULL, Slow), service=playing(FULL))

    with pytest.raises(pytest.fail.Exception, match="while the service was silent within 5 s"):
        suite.test_closing_does_not_wait_for_a_silent_service(subject)


def test_a_provider_without_credentials_is_not_asked_about_them():
    @attrs.frozen
    class Open:
        dial: Any = option()

    class Double(SmallDouble):
        @property
        def options(self) -> dict[str, Any]:
            return {"dial": self._dial}

    async def keyless(options: Any, setup: Any) -> Any:
        keyed = attrs.make_class("Keyed", ["dial", "key"])(options.dial, "small-key-1234")
        return await connect(keyed, setup, can=FULL, connection=SmallConnection)

    subject = Subject(
        attrs.evolve(small(), options=Open, connect=keyless), service=playing(FULL, double=Double)
    )

    with pytest.raises(pytest.skip.Exception, match="no option is a secret"):
        suite.test_refused_credentials_are_authentication_failed(subject)
    suite.test_secrets_do_not_show(subject)
    suite.test_refusal_leaves_nothing_behind(subject)


def test_a_provider_that_fails_where_it_is_hung_up_on_keeps_the_contract():
    async def checks(options: Any, setup: Any) -> Any:
        made = await connect(options, setup, can=FULL, connection=SmallConnection)
        try:
            made.buffer = await made.end.recv()
        except BaseException:
            await made.aclose()
            raise
        if not made.buffer:
            await made.aclose()
            raise ConnectionFailed("small: it hung up", reason=FailedReason.UNREACHABLE)
        return made

    subject = Subject(attrs.evolve(small(), connect=checks), service=playing(FULL))

    suite.test_service_that_hangs_up_at_once_is_told(subject)
    suite.test_refusal_leaves_nothing_behind(subject)
    suite.test_secrets_do_not_show(subject)


def test_a_clause_that_does_not_end_is_given_up():
    with pytest.raises(ClauseBroken, match=r"the whole clause took longer than 0\.01 s"):
        run_bounded(asyncio.Event().wait, bound_s=0.01)  # type: ignore[arg-type]


def test_a_clause_that_holds_its_loop_is_given_up_and_told_where_it_stands():
    let_go = threading.Event()

    async def holds_it() -> None:
        let_go.wait()

    with pytest.raises(ClauseBroken, match=r"(?s)did not turn for 0\.1 s; .* in holds_it.*let_go\.wait"):
        run_bounded(holds_it, bound_s=60, still_s=0.1)
    let_go.set()


def test_a_provider_that_holds_the_loop_is_told_by_the_clause_with_its_place():
    let_go = threading.Event()

    class Stuck(SmallConnection):
        async def receive(self) -> Any:
            let_go.wait()

    subject = Subject(small(FULL, Stuck), service=playing(FULL), bound_s=0.1)

    with pytest.raises(pytest.fail.Exception) as caught:
        suite.test_first_event_is_session_created(subject)
    let_go.set()
    told = str(caught.value)
    assert told.startswith("clause 'first_event_is_session_created' is broken")
    assert re.search(r"(?s)seen: +the event loop did not turn for 0\.3 s; it waits\n.* in receive", told)


def test_what_a_clause_raises_is_raised_where_the_test_is():
    async def fails() -> None:
        raise SystemExit("no")

    with pytest.raises(SystemExit, match="no"):
        run_bounded(fails, bound_s=5)


def test_a_clause_sees_the_context_of_its_test():
    word: ContextVar[str] = ContextVar("word")
    word.set("here")
    seen: list[str] = []

    async def looks() -> None:
        seen.append(word.get())

    run_bounded(looks, bound_s=5)

    assert seen == ["here"]


def test_what_a_clause_leaves_running_is_ended():
    ended: list[bool] = []

    async def stays() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    kept: list[Any] = []

    async def leaves() -> None:
        kept.append(asyncio.ensure_future(stays()))
        await asyncio.sleep(0)

    run_bounded(leaves, bound_s=5)

    assert ended == [True]


@pytest.mark.parametrize(
    ("kit", "fixture"), [(ProviderConformance, "subject"), (CodecConformance, "codec_subject")]
)
def test_the_fixture_to_override_is_named(kit: type, fixture: str):
    with pytest.raises(NotImplementedError, match=f"override the fixture `{fixture}` in your class"):
        vars(kit)[fixture].__wrapped__(kit())


def test_a_provider_that_waits_very_often_is_tried_often_enough():
    async def slow(options: Any, setup: Any) -> Any:
        for _ in range(70):
            await asyncio.sleep(0)
        return await connect(options, setup, can=FULL, connection=SmallConnection)

    subject = Subject(attrs.evolve(small(), connect=slow), service=playing(FULL))

    suite.test_connect_can_be_cancelled_at_every_wait(subject)
    suite.test_opening_can_be_cancelled_at_every_wait(subject)


async def test_levers_that_a_service_has_nothing_for_do_nothing():
    double = TerseDouble(CAN)
    await double.hear("anything")
    await double.fail()
    await double.malform()
    await ServiceDouble.fall_silent(double)

    assert double.heard.notes == []


def test_a_breach_names_the_clause_what_was_seen_and_what_to_do():
    told = Clause("tea_is_hot", "Tea is hot.", "boil the water").breach("it was cold", "one cup")

    assert told.splitlines() == [
        "clause 'tea_is_hot' is broken",
        "  it says: Tea is hot.",
        "  seen:    it was cold",
        "  remedy:  boil the water",
        "  so far:  one cup",
    ]


async def test_heard_merges_settings_and_counts_connections():
    heard = Heard()
    waiting = asyncio.ensure_future(heard.until(lambda heard: heard.settings.get("voice") == "alto"))
    heard.came()
    for kind, value in (("setup", {"voice": "bass", "tools": ["f"]}), ("audio", b"ab"), ("audio", b"cd")):
        heard.note(kind, value)  # type: ignore[arg-type]
    heard.note("update", {"voice": "alto"})
    await waiting
    heard.left()

    assert (heard.connections, heard.open, heard.tools, heard.pcm) == (1, 0, ["f"], b"abcd")
    assert heard.kinds == ["setup", "audio", "update"]
    assert "bass" not in repr(heard.notes)


async def test_what_is_still_held_is_told():
    before = held()
    task = asyncio.create_task(asyncio.Event().wait(), name="heart")

    assert "the task 'heart'" in await until_let_go(before, bound_s=0.02)
    task.cancel()
    assert await until_let_go(before, bound_s=5) == ""


@attrs.frozen(kw_only=True)
class Moody(RealtimeSettings):
    """Adds a setting, and takes fewer values of another."""

    voice: str | UnsetType = setting(str, choices=("marin",))
    mood: str | UnsetType = setting(str)


def test_an_own_setting_without_a_value_in_the_subject_is_not_tried():
    provider = attrs.evolve(small(), settings=Moody)
    subject = Subject(provider, service=playing(FULL), settings={"speed": 1.2})

    with pytest.raises(pytest.skip.Exception, match=r"Subject\(settings=...\) has no value for mood"):
        suite.test_own_setting_is_honoured_or_refused(subject)


def test_a_value_that_the_settings_class_refuses_is_refused_enough():
    subject = Subject(attrs.evolve(small(), settings=Moody), service=playing(FULL))

    suite.test_setting_is_honoured_or_refused(subject)
    suite.test_setting_that_is_not_live_is_refused(subject)


def test_an_endpoint_may_say_that_options_are_wrong():
    def endpoint(_: Any) -> str:
        raise InvalidOptions("no option 'here'")

    provider = attrs.evolve(small(), endpoint=endpoint)

    suite.test_provider_is_well_formed(Subject(provider, service=playing(FULL)))


@pytest.mark.parametrize("clause", ["loop_is_not_held", "connections_are_independent"])
def test_who_takes_audio_at_its_own_pace_alone_hears_nothing_as_it_was_sent(clause: str):
    can = attrs.evolve(KINDS["audio-only"], paced=True)

    with pytest.raises(pytest.skip.Exception, match="text=False and paced=True: nothing reaches"):
        getattr(suite, f"test_{clause}")(Subject(small(can), service=playing(can)))


def test_a_value_that_an_open_session_refuses_is_not_that_value():
    class NoPirates(SmallCodec):
        def frame(self, command: Any) -> Any:
            if isinstance(command, UpdateSession) and "pirate" in str(command.settings.instructions):
                raise InvalidSettings("nobody speaks like a pirate here")
            return super().frame(command)

    connection = type("Connection", (SmallConnection,), {"codec_class": NoPirates})

    suite.test_live_setting_reaches_the_service(Subject(small(FULL, connection), service=playing(FULL)))
