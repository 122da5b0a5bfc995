import asyncio

import pytest
from realtime_core.clock import VirtualClock, use_clock
from realtime_core.doctor.course import Course, Stopped
from realtime_core.doctor.steps import Status, StepName, Trouble, Untold
from realtime_core.errors import ProviderError

NAME = StepName.TCP


class Told:
    def __init__(self):
        self.begun_names, self.steps = [], []

    def begun(self, name):
        self.begun_names.append(name)

    def ended(self, step):
        self.steps.append(step)


@pytest.fixture
def clock():
    clock = VirtualClock()
    with use_clock(clock):
        yield clock


@pytest.fixture
def told():
    return Told()


@pytest.fixture
def course(clock, told):
    course = Course(told, 10.0)
    assert course.clock is clock
    return course


def outcome(course):
    (step,) = [step for step in course.steps if step.status is not Status.NOT_RUN]
    return step.name, step.status, step.detail, step.remedy


async def test_a_step_that_is_well_is_told_with_its_time(course, clock, told):
    async def work():
        clock.advance(2.0)
        return "found"

    await course.take(NAME, work)

    assert told.begun_names == [NAME]
    assert told.steps[0].seconds == 2.0
    assert outcome(course) == (NAME, Status.OK, "found", None)


@pytest.mark.parametrize("error", [Trouble("bad", "mend it"), ProviderError("bad; mend it")])
async def test_a_step_that_fails_ends_the_course(course, error):
    async def work():
        raise error

    with pytest.raises(Stopped):
        await course.take(NAME, work)

    assert outcome(course) == (NAME, Status.FAILED, "bad", "mend it")
    assert course.trouble.detail == "bad"


async def test_a_step_that_cannot_tell_is_skipped(course):
    async def work():
        raise Untold("who knows")

    await course.take(NAME, work)

    assert outcome(course) == (NAME, Status.SKIPPED, "who knows", None)
    assert course.trouble is None


@pytest.mark.parametrize(("limit_s", "due_s"), [(4.0, 4.0), (60.0, 10.0)])
async def test_a_step_has_its_time_or_what_is_left_of_the_whole(course, clock, limit_s, due_s):
    late = Trouble("late", "wait")
    taking = asyncio.create_task(course.take(NAME, asyncio.Event().wait, limit_s=limit_s, late=late))
    await clock.until_waiting(clock.now_s() + due_s)

    clock.advance(due_s)

    with pytest.raises(Stopped):
        await taking
    assert outcome(course) == (NAME, Status.FAILED, "late", "wait")


async def test_there_is_always_a_little_time_left(course, clock):
    clock.advance(60.0)

    assert course.left_s(5.0) > 0
    assert course.seconds == 60.0


async def test_nothing_that_is_told_shows_a_secret(course, told):
    course.mask = lambda text: text.replace("secret", "***")

    course.skip(StepName.DNS, "secret")
    course.succeed(StepName.TCP, 0.0, "secret")
    with pytest.raises(Stopped):
        course.fail(StepName.TLS, 0.0, Trouble("secret", "secret"))

    assert "secret" not in repr(told.steps)


def test_steps_stand_in_order_whatever_was_run(course):
    course.skip(StepName.HTTP, "why")

    assert [step.name for step in course.steps] == list(StepName)
    assert course.steps[0].status is Status.NOT_RUN
