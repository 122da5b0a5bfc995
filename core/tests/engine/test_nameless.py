import pytest
from realtime_core.engine.nameless import NamelessTurns
from realtime_core.engine.turn import Turn


class Talk:
    """Nameless turns, and what becomes of them."""

    def __init__(self):
        self.turns = []
        self.ended = []
        self.nameless = NamelessTurns(self._new_turn, self.ended.append)

    def _new_turn(self, role, *, before=None):
        turn = Turn(role, role=role)
        self.turns.insert(len(self.turns) if before is None else self.turns.index(before), turn)
        return turn

    def say(self, piece, response_id=None):
        self.nameless.saying(response_id).add_piece(piece)

    def said(self, whole, response_id=None):
        self.nameless.said(response_id).end_part(whole)

    def hear(self, piece):
        self.nameless.hearing().add_piece(piece)

    def heard(self, whole):
        self.nameless.heard().replace(whole)

    def respond(self, response_id=None):
        self.nameless.response_created(response_id)

    def done(self, response_id=None):
        self.nameless.response_done(response_id)

    @property
    def shown(self):
        return [(turn.role[0], turn.text) for turn in self.turns]


@pytest.fixture
def talk():
    return Talk()


def test_the_pieces_of_one_response_are_one_turn(talk):
    talk.respond()
    talk.say("It is")
    talk.say(" sunny.")
    talk.done()
    talk.respond()
    talk.say("Bye.")

    assert talk.shown == [("a", "It is sunny."), ("a", "Bye.")]


def test_responses_with_ids_may_interleave(talk):
    talk.respond("r1")
    talk.respond("r2")
    for piece, response_id in (("One", "r1"), ("Two", "r2"), (".", "r1"), ("!", "r2")):
        talk.say(piece, response_id)

    assert talk.shown == [("a", "One."), ("a", "Two!")]


def test_a_finished_text_is_that_of_its_pieces(talk):
    talk.respond()
    talk.say("It is")
    talk.said("It is sunny.")

    assert talk.shown == [("a", "It is sunny.")]


def test_a_finished_text_that_comes_late_is_that_of_the_last_turn(talk):
    talk.say("It is")
    talk.nameless.user_began()
    talk.said("It is sunny.")

    assert talk.shown == [("a", "It is sunny.")]


def test_a_finished_text_alone_is_a_turn(talk):
    talk.said("It is sunny.")
    talk.nameless.user_began()
    talk.said("Bye.")

    assert talk.shown == [("a", "It is sunny."), ("a", "Bye.")]


def test_a_call_ends_what_was_said_before_it(talk):
    talk.respond()
    talk.say("Let me see.")
    talk.nameless.called(talk.nameless.last_said)
    talk.say("Sunny.")

    assert talk.shown == [("a", "Let me see."), ("a", "Sunny.")]
    assert talk.ended == talk.turns[:1]


def test_without_responses_a_turn_lasts_until_the_other_side_speaks(talk):
    talk.hear("How is")
    talk.hear(" Rome?")
    talk.say("It is")
    talk.say(" sunny.")
    talk.hear("And Oslo?")
    talk.say("Rain.")

    assert talk.shown == [("u", "How is Rome?"), ("a", "It is sunny."), ("u", "And Oslo?"), ("a", "Rain.")]
    assert talk.ended == talk.turns[:3]


def test_without_responses_the_beginning_of_speech_ends_what_is_said(talk):
    talk.say("It is")
    talk.nameless.user_began()
    talk.say("Yes?")

    assert talk.shown == [("a", "It is"), ("a", "Yes?")]


def test_speech_does_not_end_what_a_response_says(talk):
    talk.respond()
    talk.say("It is")
    talk.nameless.user_began()
    talk.hear("Stop")
    talk.say(" sunny.")
    talk.done()

    assert talk.shown == [("a", "It is sunny."), ("u", "Stop")]
    assert talk.ended == []


def test_speech_that_interrupts_goes_on_after_the_end_of_the_response(talk):
    talk.respond()
    talk.say("It is")
    talk.nameless.user_began()
    talk.hear("Stop")
    talk.done()
    talk.hear(" it.")

    assert talk.shown == [("a", "It is"), ("u", "Stop it.")]


def test_user_transcript_that_arrives_after_the_answer_stands_before_it(talk):
    """Its end was told: it has its place."""
    talk.nameless.committed()
    talk.respond()
    talk.say("Sunny.")
    talk.done()
    talk.heard("How is Rome?")

    assert talk.shown == [("u", "How is Rome?"), ("a", "Sunny.")]


def test_user_transcript_that_arrives_during_the_answer_stands_before_it(talk):
    """Nothing was told of it before."""
    talk.respond()
    talk.say("Sun")
    talk.say("ny.")
    talk.hear("How is")
    talk.heard("How is Rome?")

    assert talk.shown == [("u", "How is Rome?"), ("a", "Sunny.")]


def test_a_transcript_before_the_first_word_of_the_answer_is_before_it(talk):
    talk.respond()
    talk.hear("How is")
    talk.say("Sunny.")
    talk.hear(" Rome?")
    talk.done()
    talk.hear("Thanks.")

    assert talk.shown == [("u", "How is Rome?"), ("a", "Sunny."), ("u", "Thanks.")]


def test_what_was_said_before_a_response_ends_with_it(talk):
    talk.hear("How is Rome?")
    talk.respond()
    talk.say("Sunny.")
    talk.done()
    talk.hear("And Oslo?")

    assert talk.shown == [("u", "How is Rome?"), ("a", "Sunny."), ("u", "And Oslo?")]
    assert talk.ended == talk.turns[:1]


def test_a_finished_transcript_that_comes_late_is_that_of_the_last_turn(talk):
    talk.hear("How is rome")
    talk.respond()
    talk.done()
    talk.heard("How is Rome?")
    talk.heard("And Oslo?")

    assert talk.shown == [("u", "How is Rome?"), ("u", "And Oslo?")]


def test_words_that_are_known_before_the_end_of_a_turn_are_its_words(talk):
    talk.hear("How is")
    talk.nameless.committed()
    talk.heard("How is Rome?")

    assert talk.shown == [("u", "How is Rome?")]


def test_transcripts_go_to_the_turns_in_their_order(talk):
    talk.nameless.committed()
    talk.nameless.committed()
    talk.heard("One.")
    talk.heard("Two.")

    assert talk.shown == [("u", "One."), ("u", "Two.")]


def test_a_turn_that_never_gets_its_words_does_not_hold_up_all_others(talk):
    talk.nameless.committed()
    talk.nameless.committed()
    talk.nameless.committed()
    talk.heard("Two.")
    talk.heard("Three.")

    assert talk.shown == [("u", ""), ("u", "Two."), ("u", "Three.")]
