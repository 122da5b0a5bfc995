"""The response slot on its own: requests, and what a service says, in any order."""

from collections import deque

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from realtime_core.commands import CreateResponse
from realtime_core.engine.request import ResponseRequest
from realtime_core.engine.slot import ResponseSlot
from realtime_core.errors import ProviderError, SessionStateError
from realtime_core.events import RealtimeAudioEvent, RealtimeResponseEvent, RealtimeTextEvent

REFUSED = ProviderError("no", code="no")
DROPPED = RealtimeResponseEvent(phase="done", status="cancelled", status_reason="client_cancelled")
ENDED = SessionStateError("the session has ended")


async def heard(_):
    return True


def plain(covered=None):
    return ResponseRequest(CreateResponse(), heard, covered=covered)


def special(**overrides):
    return ResponseRequest(CreateResponse(overrides=overrides or {"instructions": "x"}), heard)


def aside():
    return ResponseRequest(CreateResponse(conversation="none"), heard)


def created(name, request=None, *, out_of_band=False):
    return RealtimeResponseEvent(
        phase="created",
        response_id=name,
        command_id=request and request.command.command_id,
        out_of_band=out_of_band,
    )


def done(name, request=None, *, out_of_band=False):
    return RealtimeResponseEvent(
        phase="done",
        status="completed",
        response_id=name,
        command_id=request and request.command.command_id,
        out_of_band=out_of_band,
    )


@pytest.fixture
def slot():
    return ResponseSlot(acks=True)


def sent(slot, request):
    """A request that holds the slot."""
    slot.ask(request)
    assert slot.next() is request
    return request


def active(slot, name="other"):
    """A response that the service begins by itself, since the user has spoken."""
    slot.turn_ended()
    return slot.created(created(name))


def failure(request):
    assert request.done.settled
    return request.done._error


# -- one at a time --------------------------------------------------------------------------------------


def test_request_is_sent_at_once_where_nothing_is_active_or_asked_for(slot):
    assert slot.is_free
    assert slot.next() is None

    request = sent(slot, plain())

    assert not slot.is_free
    assert not slot.is_active
    assert not request.created.settled


def test_request_waits_while_another_is_on_its_way(slot):
    first, second = sent(slot, special()), special()
    slot.ask(second)

    assert slot.next() is None
    slot.created(created("a", first))
    assert slot.next() is None
    slot.done(done("a"))
    assert slot.next() is second


def test_request_is_answered_by_the_response_that_names_it(slot):
    request = sent(slot, plain())

    assert slot.created(created("a", request)) is request
    assert request.created.value.response_id == "a"
    assert slot.active_ids == ("a",)
    assert not request.done.settled

    slot.done(done("a"))

    assert request.done.value.status == "completed"
    assert slot.active_ids == ()
    assert slot.is_free


def test_response_of_the_service_holds_the_slot(slot):
    active(slot)
    slot.ask(plain())

    assert slot.is_active
    assert slot.next() is None


def test_end_of_an_unknown_response_frees_nothing(slot):
    active(slot)

    slot.done(done("never_announced"))

    assert slot.active_ids == ("other",)


def test_end_that_names_no_response_is_of_the_active_one(slot):
    active(slot)

    slot.done(done(None))

    assert slot.is_free


def test_response_that_ends_without_a_beginning_is_the_end_of_the_request_it_names(slot):
    request = sent(slot, plain())

    slot.done(done("a", request))

    assert request.done.value.response_id == "a"
    assert slot.is_free


# -- coalescing and queueing ----------------------------------------------------------------------------


def test_plain_requests_that_wait_become_one(slot):
    active(slot)
    first, second = plain(), plain()

    assert slot.ask(first) is first
    assert slot.ask(second) is first


def test_requests_with_overrides_follow_one_by_one_in_order(slot):
    active(slot)
    requests = [special(n=1), plain(), special(n=2)]
    for request in requests:
        assert slot.ask(request) is request
    assert slot.ask(plain()) is requests[1]

    for name, request in zip("abc", requests, strict=True):
        slot.done(done(slot.active_ids[0]))
        assert slot.next() is request
        slot.created(created(name, request))


def test_too_many_that_wait_are_refused(slot):
    active(slot)
    for _ in range(64):
        slot.ask(special())

    with pytest.raises(SessionStateError, match="64 responses with overrides wait"):
        slot.ask(special())


def test_plain_request_that_waits_takes_another_in_however_many_wait(slot):
    active(slot)
    first = slot.ask(plain())
    for _ in range(63):
        slot.ask(special())

    assert slot.ask(plain()) is first


# -- what the service does by itself --------------------------------------------------------------------


def test_response_of_the_service_answers_a_waiting_request_that_it_makes_needless(slot):
    active(slot)
    special_one = slot.ask(special())
    follow_up = slot.ask(plain(covered=lambda: True))
    slot.done(done("other"))
    assert slot.next() is special_one

    assert active(slot, "own") is follow_up
    assert follow_up.created.value.response_id == "own"


def test_response_of_the_service_that_began_too_early_answers_nothing(slot):
    active(slot)
    slot.ask(special())
    follow_up = slot.ask(plain(covered=lambda: False))
    slot.done(done("other"))
    slot.next()

    assert active(slot, "own") is None
    assert not follow_up.created.settled


def test_request_of_the_application_is_made_needless_by_nothing(slot):
    active(slot)
    follow_up = slot.ask(plain(covered=lambda: True))
    slot.ask(plain(covered=lambda: True))
    assert follow_up.covered is not None

    slot.ask(plain())

    assert follow_up.covered is None


def test_request_that_was_sent_and_is_needless_has_its_answer_when_it_is_refused(slot):
    request = sent(slot, plain(covered=lambda: True))
    assert active(slot, "own") is None

    assert slot.refused(request.command.command_id, REFUSED, active=True)

    assert request.created.value.response_id == "own"
    slot.done(done("own"))
    assert request.done.value.response_id == "own"
    assert slot.next() is None


# -- refusals -------------------------------------------------------------------------------------------


def test_refused_because_one_is_active_it_waits_for_its_end_and_is_sent_again(slot):
    request = sent(slot, plain())
    active(slot)

    for _ in range(5):
        assert slot.refused(request.command.command_id, REFUSED, active=True)
        assert slot.next() is None
        slot.done(done("other"))
        assert slot.next() is request
        active(slot)
    assert not request.done.settled


def test_refused_request_is_sent_before_those_that_came_after_it(slot):
    first, second = sent(slot, special()), slot.ask(special())
    active(slot)
    slot.refused(first.command.command_id, REFUSED, active=True)
    slot.done(done("other"))

    assert slot.next() is first
    assert slot.next() is None
    assert not second.done.settled


def test_refused_while_none_is_known_to_be_active_it_is_sent_again_once(slot):
    request = sent(slot, plain())

    assert slot.refused(request.command.command_id, REFUSED, active=True)
    assert slot.next() is request
    assert not slot.refused(request.command.command_id, REFUSED, active=True)

    assert failure(request) is REFUSED
    assert slot.is_free


def test_known_reason_for_a_refusal_makes_up_for_an_unknown_one(slot):
    request = sent(slot, plain())
    slot.refused(request.command.command_id, REFUSED, active=True)
    slot.next()
    active(slot)
    slot.refused(request.command.command_id, REFUSED, active=True)
    slot.done(done("other"))
    assert slot.next() is request

    assert slot.refused(request.command.command_id, REFUSED, active=True)
    assert slot.next() is request


def test_refused_for_any_other_reason_it_fails_and_frees_the_slot(slot):
    request = sent(slot, special())

    assert not slot.refused(request.command.command_id, REFUSED, active=False)

    assert failure(request) is REFUSED
    assert slot.is_free


@pytest.mark.parametrize("command_id", ["somebody_elses", None])
def test_refusal_of_another_command_changes_nothing(slot, command_id):
    request = sent(slot, plain())

    assert not slot.refused(command_id, REFUSED, active=True)
    assert not request.done.settled
    assert slot.next() is None


def test_request_that_cannot_be_sent_fails_and_frees_the_slot(slot):
    request = sent(slot, plain())

    slot.unsent(request, REFUSED)

    assert failure(request) is REFUSED
    assert slot.is_free


def test_request_that_fails_later_frees_nothing_of_another(slot):
    first, second, third = sent(slot, plain()), slot.ask(special()), slot.ask(special())
    slot.unsent(first, REFUSED)
    assert slot.next() is second

    slot.unsent(first, REFUSED)

    assert slot.next() is None
    assert not second.done.settled
    assert not third.done.settled


# -- services that name no command ----------------------------------------------------------------------


def test_nameless_beginning_is_the_answer_where_the_service_never_names_any(slot):
    request = sent(slot, plain())

    assert slot.created(created("a")) is request


def test_nameless_beginning_is_of_the_service_where_it_has_named_one_before(slot):
    first = sent(slot, plain())
    slot.created(created("a", first))
    slot.done(done("a"))
    second = sent(slot, plain())

    assert slot.created(created("b")) is None
    assert slot.refused(second.command.command_id, REFUSED, active=True)


def test_nameless_beginning_after_a_turn_of_the_user_is_of_the_service(slot):
    request = sent(slot, plain())

    assert active(slot, "own") is None
    slot.refused(request.command.command_id, REFUSED, active=True)
    slot.done(done("own"))
    assert slot.next() is request
    assert slot.created(created("a")) is request


def test_named_beginning_explains_no_turn_of_the_user(slot):
    slot.turn_ended()

    slot.created(created("a", plain()))

    assert slot._turn_ended


def test_without_acknowledgements_any_beginning_after_a_request_is_its_answer():
    slot = ResponseSlot(acks=False)
    slot.turn_ended()
    request = sent(slot, plain())

    assert slot.created(created(None)) is request
    assert slot.active_ids == (None,)


def test_beginning_that_names_another_command_is_not_the_answer(slot):
    request = sent(slot, plain())

    assert slot.created(created("a", plain())) is None
    assert not request.created.settled


# -- ids that are missing or come twice -----------------------------------------------------------------


def test_response_that_never_ended_gives_way_to_the_next_of_its_name(slot):
    first = sent(slot, plain())
    slot.created(created(None, first))
    slot._active = None
    second = sent(slot, plain())
    slot.created(created(None, second))

    assert "never told its end" in str(failure(first))
    slot.done(done(None))
    assert second.done.value is not None


def test_oldest_of_very_many_responses_that_never_end_is_given_up(slot):
    requests = []
    for number in range(257):
        requests.append(aside())
        slot.beside(requests[-1])
        slot.created(created(f"r{number}", requests[-1], out_of_band=True))

    assert "never told its end" in str(failure(requests[0]))
    assert not requests[1].done.settled
    assert not slot.is_out_of_band("r0")
    assert slot.is_out_of_band("r1")


# -- out of band ----------------------------------------------------------------------------------------


def test_response_out_of_band_runs_beside_an_active_one(slot):
    active(slot)
    request = aside()
    assert not slot.has_out_of_band
    slot.beside(request)

    assert slot.created(created("b", request, out_of_band=True)) is request
    assert slot.has_out_of_band
    assert slot.active_ids == ("other",)
    assert slot.take(RealtimeTextEvent(response_id="b", text="hello"))
    slot.done(done("b", out_of_band=True))

    assert request.text == ["hello"]
    assert request.done.value.response_id == "b"
    assert slot.active_ids == ("other",)
    assert slot.is_out_of_band("b")


def test_what_is_not_out_of_band_belongs_to_the_conversation(slot):
    request = sent(slot, plain())
    slot.created(created("a", request))

    assert not slot.take(RealtimeTextEvent(response_id="a", text="hello"))
    assert not slot.take(RealtimeTextEvent(response_id="unknown", text="hello"))
    assert request.text == ["hello"]


def test_response_out_of_band_of_somebody_else_answers_nobody(slot):
    request = aside()
    slot.beside(request)
    slot.created(created("b", aside(), out_of_band=True))

    assert slot.created(created("raw", out_of_band=True)) is None
    assert slot.is_out_of_band("raw")
    assert not request.created.settled


def test_nameless_beginning_out_of_band_is_of_the_oldest_that_waits(slot):
    first, second = aside(), aside()
    slot.beside(first)
    slot.beside(second)

    assert slot.created(created("b", out_of_band=True)) is first
    assert slot.created(created("c", out_of_band=True)) is second
    assert slot.created(created("d", out_of_band=True)) is None


def test_refused_request_out_of_band_fails(slot):
    request = aside()
    slot.beside(request)

    assert not slot.refused(request.command.command_id, REFUSED, active=True)

    assert failure(request) is REFUSED


def test_unsent_request_out_of_band_is_forgotten(slot):
    request = aside()
    slot.beside(request)

    slot.unsent(request, REFUSED)

    assert failure(request) is REFUSED
    assert slot.created(created("b", request, out_of_band=True)) is None


def test_without_ids_only_what_comes_before_the_end_is_out_of_band(slot):
    active(slot)
    slot.created(created(None, out_of_band=True))
    assert slot.take(RealtimeAudioEvent(audio=None))

    slot.done(done(None, out_of_band=True))

    assert not slot.is_out_of_band(None)
    assert slot.active_ids == ("other",)


# -- while the user speaks -------------------------------------------------------------------------------


def test_what_only_follows_from_tools_waits_while_the_user_speaks(slot):
    slot.user_speaks = True
    follow_up = slot.ask(plain(covered=lambda: False))
    assert not slot.is_free
    assert slot.next() is None

    own = slot.ask(special())
    assert slot.next() is own
    slot.unsent(own, REFUSED)
    slot.user_speaks = False

    assert slot.next() is follow_up


def test_slot_is_kept_for_the_answer_to_what_the_user_says(slot):
    slot.reserved = True
    request = slot.ask(plain())
    assert not slot.is_free
    assert slot.next() is None

    slot.reserved = False

    assert slot.next() is request


# -- ends that are never told ----------------------------------------------------------------------------


def test_response_that_the_service_cannot_cancel_any_more_has_ended(slot):
    request = sent(slot, plain())
    slot.created(created("a", request))
    slot.cancelling("cancel", "a")

    slot.nothing_to_cancel("cancel")

    assert "never told its end" in str(failure(request))
    assert slot.is_free


def test_response_of_the_service_that_it_cannot_cancel_any_more_has_ended(slot):
    active(slot)
    slot.cancelling("cancel", "other")

    slot.nothing_to_cancel("cancel")

    assert slot.is_free


@pytest.mark.parametrize("cancelled", [("another", "other"), ("cancel", "earlier")])
def test_refused_cancel_of_another_response_ends_nothing(slot, cancelled):
    slot.nothing_to_cancel("cancel")
    active(slot)
    slot.cancelling(*cancelled)

    slot.nothing_to_cancel("cancel")

    assert slot.is_active


def test_end_of_a_later_response_is_the_end_of_an_earlier_one(slot):
    request, beside = sent(slot, plain()), aside()
    slot.created(created("a", request))
    slot.beside(beside)
    slot.created(created("b", beside, out_of_band=True))
    active(slot, "later")

    slot.done(done("later"))

    assert "never told its end" in str(failure(request))
    assert not beside.done.settled


# -- the end --------------------------------------------------------------------------------------------


def test_what_waits_is_dropped_and_what_was_sent_is_unwanted(slot):
    first, second = sent(slot, special()), slot.ask(special())

    assert slot.drop(DROPPED)

    assert second.done.value is DROPPED
    assert first.unwanted is DROPPED
    assert not first.done.settled
    assert slot.created(created("a", first)) is first


def test_what_waits_is_refused_where_no_more_is_allowed(slot):
    first, second = sent(slot, special()), slot.ask(special())

    slot.refuse_waiting(REFUSED)

    assert failure(second) is REFUSED
    assert not first.done.settled


def test_where_nothing_is_asked_for_there_is_nothing_to_drop(slot):
    active(slot)

    assert not slot.drop(DROPPED)


@pytest.mark.parametrize("is_active", [False, True])
def test_unwanted_request_that_is_refused_is_not_sent_again(slot, is_active):
    request = sent(slot, plain())
    if is_active:
        active(slot)
    slot.drop(DROPPED)

    assert slot.refused(request.command.command_id, REFUSED, active=True)

    assert request.done.value is DROPPED
    assert slot.next() is None
    assert slot.ask(plain()) is not request


def test_end_of_the_session_fails_all_that_is_open(slot):
    running = sent(slot, plain())
    slot.created(created("a", running))
    waiting, beside, beside_running = slot.ask(plain()), aside(), aside()
    slot.beside(beside)
    slot.beside(beside_running)
    slot.created(created("b", beside_running, out_of_band=True))

    slot.close(ENDED)

    assert [failure(request) for request in (running, waiting, beside, beside_running)] == [ENDED] * 4
    assert slot.is_free


def test_end_of_the_session_fails_what_was_sent(slot):
    request = sent(slot, plain())

    slot.close(ENDED)

    assert failure(request) is ENDED


# -- any order ------------------------------------------------------------------------------------------


class Conversation(RuleBasedStateMachine):
    """A session and a service with a wire between them on which frames take their time.

    The service answers each request in turn: it begins a response, or refuses because one is active, or (by a
    whim) says so although none is, or refuses for another reason. It begins responses by itself, too.
    """

    @initialize(names=st.booleans())
    def open(self, names):
        self.slot = ResponseSlot(acks=True)
        self.names = names
        self.up, self.down = deque(), deque()
        self.on_its_way = None
        self.requests = []
        self.in_a_row = {}
        self.told = 0
        self.service_active = None
        self.running_beside = []
        self.numbers = iter(range(1_000_000))

    # the application

    @rule(overrides=st.booleans(), needless=st.sampled_from([None, True, False]))
    def ask(self, overrides, needless):
        request = special() if overrides else plain(None if needless is None else lambda: needless)
        try:
            self.requests.append(self.slot.ask(request))
        except SessionStateError:
            return
        self.go_on()

    @rule()
    def ask_beside(self):
        request = aside()
        self.slot.beside(request)
        self.requests.append(request)
        self.up.append(request)

    @rule()
    def interrupt(self):
        self.slot.drop(DROPPED)

    @precondition(lambda self: self.on_its_way is not None)
    @rule()
    def lose_patience(self):
        request, self.on_its_way = self.on_its_way, None
        self.slot.unsent(request, REFUSED)
        self.go_on()

    @rule(speaks=st.booleans(), will_be_answered=st.booleans())
    def user_speaks(self, speaks, will_be_answered):
        self.slot.user_speaks = speaks
        self.slot.reserved = speaks and will_be_answered
        self.go_on()

    def go_on(self):
        request = self.slot.next()
        if request is None:
            return
        assert self.on_its_way is None, "two in flight"
        self.on_its_way = request
        self.in_a_row[request] = self.in_a_row.get(request, 0) + 1
        assert self.in_a_row[request] <= 2
        self.up.append(request)

    # the service

    def new_name(self):
        return f"r{next(self.numbers)}"

    @precondition(lambda self: self.up)
    @rule(whim=st.sampled_from(["none", "none", "none", "active", "other"]))
    def serve(self, whim="none"):
        request = self.up.popleft()
        if request.out_of_band:
            self.running_beside.append(self.new_name())
            beginning = created(self.running_beside[-1], request if self.names else None, out_of_band=True)
            self.down.append(("event", beginning))
        elif self.service_active is not None or whim == "active":
            self.down.append(("active", request))
        elif whim == "other":
            self.down.append(("other", request))
        else:
            self.service_active = self.new_name()
            self.down.append(("event", created(self.service_active, request if self.names else None)))

    @precondition(lambda self: self.service_active is None)
    @rule()
    def answer_the_user(self):
        self.service_active = self.new_name()
        self.down += [("turn", None), ("event", created(self.service_active))]

    @precondition(lambda self: self.service_active is not None)
    @rule()
    def end(self):
        self.down.append(("event", done(self.service_active)))
        self.service_active = None

    @precondition(lambda self: self.running_beside)
    @rule()
    def end_beside(self):
        self.down.append(("event", done(self.running_beside.pop(0), out_of_band=True)))

    # the wire

    @precondition(lambda self: self.down)
    @rule()
    def hear(self):
        kind, what = self.down.popleft()
        match kind:
            case "turn":
                self.slot.turn_ended()
            case "event" if what.phase == "created":
                answered = self.slot.created(what)
                if answered is self.on_its_way:
                    self.on_its_way = None
            case "event":
                self.slot.done(what)
            case _:
                self.hear_refusal(what, active=kind == "active")
        self.go_on()

    def hear_refusal(self, request, *, active):
        known = self.slot.is_active
        ours = request is self.on_its_way
        hidden = self.slot.refused(request.command.command_id, REFUSED, active=active)
        if not ours:
            assert not hidden
            return
        self.on_its_way = None
        if known:
            self.in_a_row[request] = 0
        assert hidden == (active and (known or not request.done.settled or request.done.value is DROPPED))
        assert hidden or self.in_a_row[request] == 2 or not active

    # what holds

    @invariant()
    def no_request_is_lost(self):
        if not hasattr(self, "slot"):
            return
        known = {*self.slot._running.values(), *self.slot._waiting, *self.slot._beside.values()}
        known.add(self.slot._sent)
        assert all(request.done.settled or request in known for request in self.requests)

    def teardown(self):
        if not hasattr(self, "slot"):
            return
        self.user_speaks(speaks=False, will_be_answered=False)
        steps = 0
        while self.up or self.down or self.service_active or self.running_beside or self.on_its_way:
            steps += 1
            assert steps < 10_000, "it never comes to rest"
            if self.down:
                self.hear()
            elif self.up:
                self.serve()
            elif self.service_active:
                self.end()
            elif self.running_beside:
                self.end_beside()
            else:
                # a service that names nothing may have answered it unrecognised
                assert not self.names
                self.lose_patience()
        unfinished = [request for request in self.requests if not request.done.settled]
        # what only a name would have told apart
        assert not (self.names and unfinished)
        self.slot.close(ENDED)
        assert all(request.done.settled for request in self.requests)


Conversation.TestCase.settings = settings(max_examples=200, stateful_step_count=60, deadline=None)
TestAnyInterleaving = Conversation.TestCase


async def test_what_was_cut_is_not_heard_although_it_has_no_id_and_is_done(slot):
    request = sent(slot, plain())
    slot.created(created(None, request))
    slot.done(done(None))

    slot.cut()

    assert not await request.heard()


async def test_cut_of_what_the_service_began_by_itself_is_no_cut_of_what_was_asked_for_before(slot):
    request = sent(slot, plain())
    slot.created(created("r", request))
    slot.done(done("r"))
    slot.created(created("own"))

    slot.cut()

    assert await request.heard()


# -- what will never be answered ---------------------------------------------------------------------


async def test_when_no_more_may_be_asked_for_what_waits_fails_and_what_runs_goes_on(slot):
    running, waiting = special(), special()
    sent(slot, running)
    slot.created(created("resp_1", running))
    slot.ask(waiting)

    slot.refuse_waiting(ENDED)

    with pytest.raises(SessionStateError):
        await waiting.created.wait()
    assert slot.active_ids == ("resp_1",)
    slot.done(done("resp_1"))
    assert (slot.next(), slot.is_free) == (None, True)


async def test_an_active_response_that_there_is_nothing_to_cancel_of_has_ended(slot):
    request = special()
    sent(slot, request)
    slot.created(created("resp_1", request))
    slot.cancelling("cmd_1", "resp_1")

    slot.nothing_to_cancel("cmd_1")

    with pytest.raises(ProviderError):
        await request.done.wait()
    assert slot.is_free


def test_one_that_the_service_began_by_itself_has_ended_too(slot):
    slot.created(created("resp_1"))
    slot.cancelling("cmd_1", "resp_1")

    slot.nothing_to_cancel("cmd_1")

    assert slot.is_free


@pytest.mark.parametrize(("command_id", "response_id"), [("cmd_2", "resp_1"), ("cmd_1", "resp_0")])
def test_nothing_to_cancel_of_another_response_says_nothing_of_the_active_one(slot, command_id, response_id):
    slot.created(created("resp_1"))
    slot.cancelling("cmd_1", response_id)

    slot.nothing_to_cancel(command_id)

    assert slot.active_ids == ("resp_1",)


def test_nothing_to_cancel_where_nothing_is_active_changes_nothing(slot):
    slot.cancelling("cmd_1", "resp_1")

    slot.nothing_to_cancel("cmd_1")

    assert slot.is_free
