import asyncio

import pytest
from realtime_core.errors import InvalidOptions
from realtime_simulator.options import configure
from realtime_simulator.watch import Watch

CREATE = {"type": "response.create"}


class Steered:
    def end(self, end):
        """Nothing is there to be ended."""


def begin(watch):
    return watch.begin("m", Steered())


async def test_session_that_begins_later_is_waited_for():
    watch = Watch()
    waiting = asyncio.ensure_future(watch.expect("response.create"))
    await asyncio.sleep(0)

    begin(watch).frame_received(CREATE)

    assert await waiting == CREATE


async def test_newest_session_is_meant():
    watch = Watch()
    begin(watch).frame_received(CREATE)
    newest = begin(watch)
    newest.frame_received({**CREATE, "event_id": "2"})

    assert (await watch.expect("response.create"))["event_id"] == "2"
    assert await watch.session() is newest


async def test_session_that_the_server_ended_is_over():
    watch = Watch()
    first = begin(watch)
    first.frame_received(CREATE)
    first.drop()
    waiting = [asyncio.ensure_future(it) for it in (watch.expect("response.create"), watch.session())]
    await asyncio.sleep(0)

    second = begin(watch)
    second.frame_received({**CREATE, "event_id": "2"})

    assert [await it for it in waiting] == [{**CREATE, "event_id": "2"}, second]


async def test_session_that_the_client_ended_is_over():
    watch = Watch()
    session = begin(watch)
    session.frame_received(CREATE)
    session.ended("client")

    for waiting in (watch.session(within_s=0), watch.expect("response.create", within_s=0)):
        with pytest.raises(AssertionError, match=r"the client ended session 1: .*sessions\[0\]"):
            await waiting
    assert await session.expect("response.create", within_s=0) == CREATE


async def test_last_words_of_a_client_count():
    watch = Watch()
    session = begin(watch)
    waiting = asyncio.ensure_future(watch.expect("response.create"))
    await asyncio.sleep(0)

    session.frame_received(CREATE)
    session.ended("client")

    assert await waiting == CREATE


async def test_expectation_follows_a_client_that_connects_again():
    watch = Watch()
    first = begin(watch)
    waiting = asyncio.ensure_future(watch.expect("response.create"))
    await asyncio.sleep(0)

    first.drop()
    await asyncio.sleep(0)
    begin(watch)
    await asyncio.sleep(0)
    watch.sessions[1].frame_received(CREATE)

    assert await waiting == CREATE


async def test_failure_tells_what_came_instead():
    watch = Watch()
    begin(watch).frame_received({"type": "session.update"})

    with pytest.raises(
        AssertionError, match=r"did not send response\.create within 0 s(.|\n)*session\.update"
    ):
        await watch.expect("response.create", within_s=0)


async def test_no_session_at_all_is_told():
    for waiting in (Watch().session(within_s=0), Watch().expect("response.create", within_s=0)):
        with pytest.raises(AssertionError, match="no session began within 0 s: is the client given this"):
            await waiting


async def test_client_that_does_not_connect_again_is_told():
    watch = Watch()
    begin(watch).drop()

    with pytest.raises(AssertionError, match="does the client connect again"):
        await watch.expect("response.create", within_s=0)


def test_option_takes_a_watch_only():
    watch = Watch()

    assert configure(watch=watch).watch is watch
    with pytest.raises(InvalidOptions, match=r"'watch': it is a Watch\(\)"):
        configure(watch=[])


async def failing(error):
    raise error


async def for_ever():
    await asyncio.Event().wait()


async def test_application_runs_for_the_length_of_the_block():
    async with Watch().running(for_ever()) as task:
        await asyncio.sleep(0)
        assert not task.done()

    assert task.cancelled()


async def test_application_that_fails_fails_the_block():
    error = KeyError("city")

    with pytest.raises(KeyError) as caught:
        async with Watch().running(failing(error)):
            await asyncio.sleep(0)

    assert caught.value is error


@pytest.mark.parametrize("wait", ["session", "expect", "expect of a session"])
async def test_nobody_waits_for_an_application_that_has_failed(wait):
    watch, error = Watch(), KeyError("city")
    session = begin(watch) if "of a" in wait else None
    waits = {
        "session": lambda: watch.session(within_s=3600),
        "expect": lambda: watch.expect("response.create", within_s=3600),
        "expect of a session": lambda: session.expect("response.create", within_s=3600),
    }

    with pytest.raises(KeyError) as caught:
        async with watch.running(failing(error)):
            await waits[wait]()

    assert caught.value is error
    assert isinstance(error.__cause__, AssertionError)
    assert "before the application failed (KeyError)" in str(error.__cause__)
    with pytest.raises(AssertionError, match=r"within 0\.01 s"):  # the failure is over with its block
        await watch.expect("response.create", within_s=0.01)


async def test_application_that_hangs_up_before_it_fails_is_heard():
    watch, error = Watch(), KeyError("city")
    session = begin(watch)

    async def application():
        session.ended("client")
        for _ in range(5):
            await asyncio.sleep(0)
        raise error

    with pytest.raises(KeyError) as caught:
        async with watch.running(application()):
            await session.expect("response.create", within_s=3600)

    assert "before the client ended the session" in str(caught.value.__cause__)


async def test_block_that_fails_alone_ends_the_application():
    with pytest.raises(AssertionError, match="no session began"):
        async with (watch := Watch()).running(for_ever()) as task:
            await watch.session(within_s=0)

    assert task.cancelled()


async def test_test_that_is_cancelled_takes_its_application_along():
    tasks = []

    async def test():
        async with Watch().running(for_ever()) as task:
            tasks.append(task)
            await for_ever()

    running = asyncio.ensure_future(test())
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.wait([running])

    assert running.cancelled()
    assert tasks[0].cancelled()


async def test_application_that_fails_while_it_is_cancelled_is_heard():
    async def application():
        try:
            await for_ever()
        finally:
            raise KeyError("city")

    with pytest.raises(KeyError):
        async with Watch().running(application()):
            await asyncio.sleep(0)
