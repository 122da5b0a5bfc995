import asyncio
import re

import pytest
from realtime_simulator.frames import End
from realtime_simulator.watched import Bell, WatchedSession

CREATE = {"type": "response.create"}


class Steered:
    def __init__(self):
        self.done = []

    def end(self, end):
        self.done.append(end)

    def send(self, kind, fields):
        self.done.append((kind, fields))

    def send_text(self, text):
        self.done.append(text)

    def respond(self):
        self.done.append("responds")

    def hold(self):
        self.done.append("holds")

    def release(self, *until):
        self.done.append(("releases", *until))

    is_responding = True

    def user_starts_speaking(self):
        self.done.append("starts")

    def user_stops_speaking(self, text):
        self.done.append(("stops", text))


@pytest.fixture
def steered():
    return Steered()


@pytest.fixture
def session(steered):
    return WatchedSession("m", steered, Bell())


async def test_frame_that_has_come_is_there_at_once(session):
    session.frame_received(CREATE)

    assert await session.expect("response.create", within_s=0) is session.received[0]


async def test_frame_that_comes_later_is_waited_for(session):
    waiting = asyncio.ensure_future(session.expect("response.create", response={"voice": "marin"}))
    await asyncio.sleep(0)

    session.frame_received(CREATE)
    await asyncio.sleep(0)
    assert not waiting.done()
    session.frame_received({**CREATE, "response": {"voice": "marin"}})

    assert (await waiting)["response"] == {"voice": "marin"}


async def test_frames_are_expected_in_their_order(session):
    for kind in ("session.update", "response.create"):
        session.frame_received({"type": kind})
    await session.expect("response.create")

    with pytest.raises(AssertionError, match="came before the frame that was expected last"):
        await session.expect("session.update", within_s=0)


async def test_failure_tells_what_came_instead(session):
    session.frame_received({"type": "session.update"})
    session.frame_received({**CREATE, "response": {"voice": "cedar"}})

    with pytest.raises(AssertionError) as caught:
        await session.expect("response.create", within_s=0, response={"voice": "marin"})

    assert str(caught.value) == (
        "the client did not send response.create with response.voice = 'marin' within 0 s; "
        "since the last expected frame it sent:\n"
        "  session.update\n"
        "  response.create: response.voice is 'cedar', not 'marin'\n"
        "whole frames are in session.received; one that only comes later needs a longer within_s="
    )


async def test_failure_tells_what_the_server_complained_of(session):
    session.frame_sent({"type": "error", "error": {"message": "Unknown parameter: 'x'."}})

    with pytest.raises(
        AssertionError, match=r"the last error that the server sent: Unknown parameter: 'x'\."
    ):
        await session.expect("response.create", within_s=0)


async def test_nothing_is_waited_for_after_the_end(session):
    waiting = asyncio.ensure_future(session.expect("response.create", within_s=3600))
    await asyncio.sleep(0)

    session.ended("client")

    with pytest.raises(AssertionError, match="before the client ended the session"):
        await waiting


async def test_frame_of_an_ended_session_is_found(session):
    session.frame_received(CREATE)
    session.ended("client")

    assert await session.expect("response.create") == CREATE


async def test_frames_of_the_server_are_expected_on_their_own(session):
    session.frame_received(CREATE)
    session.frame_sent({"type": "response.created"})
    session.frame_sent({"type": "response.done"})

    await session.expect_sent("response.done", within_s=0)
    await session.expect("response.create", within_s=0)

    with pytest.raises(AssertionError, match=re.escape("the server did not send response.created")):
        await session.expect_sent("response.created", within_s=0)


def test_end_is_told_once(session, steered):
    session.drop()
    session.close(1011, "later")

    assert (steered.done, session.ended_by) == ([End(None)], "server")


def test_close_has_a_code_and_a_reason(session, steered):
    session.close(1013, "later")

    assert steered.done == [End(1013, "later")]


def test_first_cause_of_the_end_counts(session, steered):
    session.ended("client")
    session.ended("server")
    session.drop()

    assert (steered.done, session.ended_by) == ([], "client")


def test_steering_reaches_the_session(session, steered):
    session.send("error", error={"code": "x"})
    session.send_text("{")
    session.hold()
    session.respond()
    session.release("response.done")
    session.user_starts_speaking()
    session.user_stops_speaking()
    session.user_says("Stop.")
    session.drop(is_torn=True)

    assert steered.done == [
        ("error", {"error": {"code": "x"}}),
        "{",
        "holds",
        "responds",
        ("releases", "response.done"),
        "starts",
        ("stops", None),
        "starts",
        ("stops", "Stop."),
        End(None, is_torn=True),
    ]


@pytest.mark.parametrize("act", ["user_starts_speaking", "user_stops_speaking", "respond", "hold", "release"])
def test_ended_session_cannot_be_steered(session, act):
    session.ended("client")

    with pytest.raises(RuntimeError, match="the client has ended this session: take a later one"):
        getattr(session, act)()
    with pytest.raises(RuntimeError, match="ended"):
        session.send("error")


def test_session_that_has_ended_answers_nothing(session):
    assert session.is_responding
    session.ended("client")
    assert not session.is_responding


def test_repr_counts_and_quotes_nothing(session):
    session.frame_received({"type": "secret"})

    assert repr(session) == "<WatchedSession 1 'm': 1 frames received, 0 sent>"


def test_repr_says_which_session_it_is_and_that_it_has_ended(steered):
    session = WatchedSession("m", steered, Bell(), number=2)
    session.ended("client")

    assert repr(session) == "<WatchedSession 2 'm': 0 frames received, 0 sent, ended by the client>"


async def test_end_is_waited_for(session):
    waiting = asyncio.ensure_future(session.wait_ended())
    await asyncio.sleep(0)

    session.ended("client")

    assert await waiting == "client"


async def test_session_that_goes_on_is_told(session):
    with pytest.raises(AssertionError, match="nobody ended session 1 within 0 s"):
        await session.wait_ended(within_s=0)


def test_session_that_is_told_that_it_is_too_old_goes_on_no_more(session):
    assert session.is_going

    session.frame_sent({"type": "error", "error": {"code": "session_expired"}})

    assert not session.is_going


async def test_event_that_never_comes_is_refused_at_once(session):
    with pytest.raises(ValueError, match="use expect_sent"):
        await session.expect("response.done", within_s=3600)
    with pytest.raises(ValueError, match=r"did you mean 'response\.done'"):
        await session.expect_sent("response.doen", within_s=3600)


async def test_event_that_a_test_sends_may_be_expected(session):
    session.send("my.own")
    session.frame_sent({"type": "my.own"})

    assert await session.expect_sent("my.own") == {"type": "my.own"}


async def test_failure_of_a_response_is_told_once(session):
    failed = {"status": "failed", "status_details": {"error": {"message": "no reply left"}}}
    session.frame_sent({"type": "response.done", "response": failed})

    with pytest.raises(AssertionError) as caught:
        await session.expect_sent("response.done", within_s=0, response={"status": "completed"})

    assert str(caught.value).count("no reply left") == 1


@pytest.mark.parametrize(("code", "reason"), [(1005, ""), (2000, ""), (1000, "x" * 124)])
def test_close_that_cannot_be_sent_is_refused(session, steered, code, reason):
    with pytest.raises(ValueError, match="close"):
        session.close(code, reason)

    assert (steered.done, session.ended_by) == ([], None)


PCM = b"\1\0" * 480


async def test_audio_of_a_call_is_there_as_samples(session):
    assert session.heard.tolist() == []

    session.audio_received(PCM)

    assert session.heard.tolist() == [1] * 480
    assert session.heard.dtype == "int16"


async def test_audio_is_waited_for_until_it_is_enough(session):
    waiting = asyncio.ensure_future(session.expect_heard(lambda samples: len(samples) > 480))
    session.audio_received(PCM)
    await asyncio.sleep(0)
    assert not waiting.done()
    session.audio_received(PCM)

    assert len(await waiting) == 960


async def test_audio_that_is_not_enough_is_told(session):
    session.audio_received(PCM)
    with pytest.raises(AssertionError, match="20 ms of audio within 0 s, and that is not enough"):
        await session.expect_heard(lambda _: False, within_s=0)

    session.ended("client")

    with pytest.raises(AssertionError, match="20 ms of audio before the session ended"):
        await session.expect_heard(lambda _: False)
