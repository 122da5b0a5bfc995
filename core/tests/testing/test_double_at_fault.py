"""What is wrong with a double, or with a subject, is told as such: the provider is not accused of it."""

import logging
from contextlib import asynccontextmanager
from typing import Any

import attrs
import pytest
from realtime_core import AuthenticationFailed, InvalidSettings, UnsupportedSetting
from realtime_core.testing import Meeting, ProviderConformance, ServiceDouble, Subject
from small_provider import FULL, SmallCodec, SmallConnection, connect, small
from small_service import SmallDouble, playing
from terse import CAN, TERSE, TerseDouble

suite = ProviderConformance()


def told(clause: str, subject: Subject) -> str:
    with pytest.raises(pytest.fail.Exception) as caught:
        getattr(suite, f"test_{clause}")(subject)
    return str(caught.value)


def without(lever: str) -> Any:
    """A service whose double leaves a lever out."""
    forgetful = type("Forgetful", (SmallDouble,), {lever: getattr(ServiceDouble, lever)})

    @asynccontextmanager
    async def service() -> Any:
        double = forgetful(FULL)
        try:
            yield double
        finally:
            await double.aclose()

    return service


@pytest.mark.parametrize(
    ("lever", "clause"),
    [
        ("options", "first_event_is_session_created"),
        ("heard", "first_event_is_session_created"),
        ("meet", "refusal_leaves_nothing_behind"),
        ("meet", "closing_does_not_wait_for_a_silent_service"),
        ("begin", "text_is_told_exactly_once"),
        ("end", "text_is_told_exactly_once"),
        ("unknown", "words_do_not_show"),
        ("garble", "unreadable_frame_is_an_error_event"),
        ("hang_up", "service_that_hangs_up_is_lost"),
        ("drop", "dropped_connection_is_lost"),
        ("vanish", "peer_that_vanishes_in_a_frame_is_lost"),
    ],
)
def test_a_lever_that_is_forgotten_is_named(lever: str, clause: str):
    seen = told(clause, Subject(small(), service=without(lever)))

    assert f"the ServiceDouble lacks a lever: every ServiceDouble plays {lever!r}" in seen
    assert "remedy:  write it in your ServiceDouble" in seen


def test_malformed_frames_that_a_double_has_not_are_not_played():
    with pytest.raises(pytest.skip.Exception, match=r"the double has no malform\(\)"):
        suite.test_malformed_frame_is_no_exception(Subject(small(), service=without("malform")))


@pytest.mark.parametrize("clause", ["interruption_by_the_user_is_told", "session_tells_of_an_interruption"])
def test_interruptions_of_which_a_service_does_not_tell_are_not_played(clause: str):
    with pytest.raises(pytest.skip.Exception, match=r"the double has no interrupt\(\)"):
        getattr(suite, f"test_{clause}")(Subject(small(), service=without("interrupt")))


def test_answers_are_told_apart_also_where_nothing_tells_of_interruptions():
    suite.test_answers_find_their_commands(Subject(small(), service=without("interrupt")))


def test_a_goodbye_that_a_double_cannot_keep_back_is_not_played():
    class Double(TerseDouble):
        fall_silent = ServiceDouble.fall_silent

    with pytest.raises(pytest.skip.Exception, match=r"the double has no fall_silent\(\)"):
        suite.test_closing_does_not_wait_for_a_silent_service(
            Subject(TERSE, service=playing(CAN, double=Double))
        )


def test_what_a_provider_has_not_written_is_no_lever():
    async def later(options: Any, setup: Any) -> Any:
        # what an author leaves there while the provider is not complete
        raise NotImplementedError

    seen = told(
        "first_event_is_session_created", Subject(attrs.evolve(small(), connect=later), service=playing(FULL))
    )

    assert "NotImplementedError was raised" in seen
    assert "lever" not in seen


class Polite(SmallDouble):
    """Refuses nobody."""

    async def meet(self, how: Meeting) -> None:
        pass


def test_a_double_that_does_not_refuse_is_told_as_such():
    seen = told(
        "refusal_leaves_nothing_behind",
        Subject(small(), service=playing(FULL, double=Polite), bound_s=0.2),
    )

    assert "the double was told to meet a connection so: refuse; " in seen
    assert "remedy:  let meet() of your ServiceDouble do what" in seen


class Strict(SmallDouble):
    """Knows another key than it gives."""

    @property
    def options(self) -> dict[str, Any]:
        return {**super().options, "key": "another key"}


@pytest.mark.parametrize(
    ("clause", "how"),
    [
        ("first_event_is_session_created", "the first event was an error event of kind 'auth'"),
        ("text_is_told_exactly_once", "opening gave an error event of kind 'auth'"),
        ("session_prints_a_reply", "AuthenticationFailed was raised"),
    ],
)
def test_a_double_that_refuses_what_it_was_to_accept_is_told_as_such(clause: str, how: str):
    seen = told(clause, Subject(small(), service=playing(FULL, double=Strict)))

    assert f"the double refused a connection that it was told to accept: {how}" in seen
    assert "remedy:  make provider and double agree on how credentials are sent" in seen


def test_a_refusal_that_connect_raises_is_told_as_such_too():
    seen = told("text_is_told_exactly_once", Subject(TERSE, service=playing(CAN, double=Strict)))

    assert f"to accept: {AuthenticationFailed.__name__} was raised: terse: the key was refused" in seen


def test_a_log_line_is_told_with_its_logger():
    class Chatty(SmallDouble):
        async def text(self, piece: str) -> None:
            logging.getLogger("small.server").info("> %s", piece)
            await super().text(piece)

    seen = told("words_do_not_show", Subject(small(), service=playing(FULL, double=Chatty)))

    assert "logger 'small.server' at INFO: > " in seen


def test_a_setting_may_be_refused_as_invalid():
    async def invalid(options: Any, setup: Any) -> Any:
        try:
            return await connect(options, setup, can=FULL, connection=SmallConnection)
        except UnsupportedSetting as exc:
            raise InvalidSettings(str(exc)) from exc

    suite.test_setting_is_honoured_or_refused(
        Subject(attrs.evolve(small(), connect=invalid), service=playing(FULL))
    )


def test_a_waived_clause_that_is_none_is_named_with_the_nearest():
    subject = Subject(small(), service=playing(FULL), waived={"text_is_told_once": "no tongue"})

    with pytest.raises(ValueError, match=r"'text_is_told_once'.* did you mean 'text_is_told_exactly_once'\?"):
        suite.test_first_event_is_session_created(subject)


def test_a_waived_clause_that_is_like_none_is_named():
    with pytest.raises(ValueError, match=r"names 'xyz', and there is no such clause$"):
        suite.test_first_event_is_session_created(
            Subject(small(), service=playing(FULL), waived={"xyz": "no tongue"})
        )


def test_waiving_needs_a_reason():
    with pytest.raises(ValueError, match=r"'text_is_told_exactly_once'.* has no reason"):
        Subject(small(), service=playing(FULL), waived={"text_is_told_exactly_once": " "})


@pytest.mark.parametrize("service", [playing(FULL)(), SmallDouble(FULL)])
def test_a_far_end_itself_is_no_service(service: Any):
    with pytest.raises(TypeError, match=r"Subject\.service makes a far end .* leave out its \(\)"):
        Subject(small(), service=service)


def test_an_exception_is_told_without_the_frames_of_the_kit():
    class Fails(SmallCodec):
        def unknown(self, wire: dict[str, Any]) -> Any:
            raise ZeroDivisionError(len(wire))

    broken = type("Broken", (SmallConnection,), {"codec_class": Fails})
    seen = told("unknown_frame_is_a_plain_event", Subject(small(FULL, broken), service=playing(FULL)))

    assert "ZeroDivisionError was raised" in seen
    assert "in unknown" in seen
    assert "realtime_core/testing" not in seen
