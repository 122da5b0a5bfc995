from realtime_core import PCM16_24KHZ, AudioFormat
from realtime_openai_wire.responses import OpenResponses

ULAW = AudioFormat("g711_ulaw")
PART = ("item", 0, "response.output_text")
OTHER_PART = ("item", 1, "response.output_text")


def test_a_response_keeps_the_format_it_began_with():
    responses = OpenResponses()
    responses.begin("r1", ULAW)

    assert responses.format_of("r1", PCM16_24KHZ) is ULAW


def test_a_response_that_told_no_format_speaks_the_sessions():
    responses = OpenResponses()
    responses.begin("r1", None)

    assert responses.format_of("r1", ULAW) is ULAW
    assert responses.format_of("never seen", ULAW) is ULAW


def test_a_response_stays_in_the_band_it_began_in():
    responses = OpenResponses()
    responses.begin("r1", None, out_of_band=True)
    responses.begin("r2", None)
    responses.add_text("r3", PART, "Hi")

    assert [responses.is_out_of_band(name) for name in ("r1", "r2", "r3", "r4")] == [True, False, None, None]


def test_pieces_make_the_whole_and_leave_no_rest():
    responses = OpenResponses()
    responses.add_text("r1", PART, "Hel")
    responses.add_text("r1", PART, "lo")

    assert responses.finish_text("r1", PART, "Hello") == ("Hello", "")


def test_what_no_piece_brought_is_the_rest():
    responses = OpenResponses()
    responses.add_text("r1", PART, "Hel")

    assert responses.finish_text("r1", PART, "Hello") == ("Hello", "lo")
    assert responses.finish_text("r1", OTHER_PART, "Bye") == ("Bye", "Bye")


def test_a_whole_that_is_reported_twice_has_no_second_rest():
    responses = OpenResponses()
    responses.finish_text("r1", PART, "Hello")

    assert responses.finish_text("r1", PART, "Hello") == ("Hello", "")


def test_a_whole_that_contradicts_the_pieces_has_no_rest():
    responses = OpenResponses()
    responses.add_text("r1", PART, "Helau")

    assert responses.finish_text("r1", PART, "Hello") == ("Hello", "")


def test_without_a_reported_whole_the_pieces_are_it():
    responses = OpenResponses()
    responses.add_text("r1", PART, "Hel")

    assert responses.finish_text("r1", PART, None) == ("Hel", "")


def test_responses_do_not_mix():
    responses = OpenResponses()
    responses.add_text("r1", PART, "Hel")

    assert responses.finish_text("r2", PART, "Hello") == ("Hello", "Hello")


def test_a_response_that_ended_keeps_its_format_for_audio_that_comes_late():
    responses = OpenResponses()
    responses.begin("r1", ULAW)
    responses.end("r1")

    assert responses.format_of("r1", PCM16_24KHZ) is ULAW


def test_a_text_that_is_told_after_its_response_has_no_rest():
    responses = OpenResponses()
    responses.add_text("r1", PART, "Hello")
    responses.end("r1")

    for response_id, part in (("r1", PART), (None, PART), (None, (None, None, PART[2]))):
        assert responses.finish_text(response_id, part, "Hello") == ("Hello", "")
        assert responses.show_text(response_id, part, "Hello") == ""


def test_what_names_no_response_is_about_the_latest_that_is_not_done():
    responses = OpenResponses()
    responses.begin("r1", None)
    responses.begin("r2", ULAW)
    responses.begin("r3", None)
    responses.end("r3")
    responses.add_text(None, PART, "Hel")

    assert responses.name_of(None) == "r2"
    assert responses.format_of(None, PCM16_24KHZ) is ULAW
    assert responses.finish_text("r2", PART, "Hello") == ("Hello", "lo")
    assert responses.name_of("r1") == "r1"


def test_what_names_no_response_and_finds_none_is_about_the_next_that_is_named():
    responses = OpenResponses()
    responses.add_text(None, PART, "Hel")
    responses.add_text(None, PART, "lo")

    assert responses.show_text("r1", PART, "Hello") == ""
    assert len(responses) == 1


def test_but_not_about_one_that_begins_later():
    responses = OpenResponses()
    responses.add_text(None, (None, None, "text"), "late")
    responses.begin("r1", None)

    assert responses.cost == 0
    assert responses.finish_text("r1", (None, None, "text"), "Hello") == ("Hello", "Hello")


def test_after_a_response_without_an_id_another_one_begins():
    responses = OpenResponses()
    for _ in range(3):
        responses.add_text(None, PART, "Hel")
        assert responses.finish_text(None, PART, "Hello") == ("Hello", "lo")
        responses.end(None)

    responses.begin(None, ULAW)
    assert responses.format_of(None, PCM16_24KHZ) is ULAW
    assert len(responses) == 1


def test_responses_that_never_end_are_bounded():
    responses = OpenResponses()
    for number in range(1000):
        responses.begin(f"r{number}", ULAW)

    assert len(responses) == 64
    assert responses.format_of("r0", PCM16_24KHZ) is PCM16_24KHZ
    assert responses.format_of("r999", PCM16_24KHZ) is ULAW


def test_of_too_many_responses_those_that_are_done_go_first():
    responses = OpenResponses()
    responses.begin("running", ULAW)
    for number in range(1000):
        responses.begin(f"r{number}", None)
        responses.end(f"r{number}")

    assert len(responses) == 64
    assert responses.format_of("running", PCM16_24KHZ) is ULAW


def test_text_that_never_ends_is_bounded_and_said_once():
    responses = OpenResponses()
    for _ in range(100):
        responses.add_text("r1", PART, "x" * 100_000)
        assert responses.cost <= 4 * 1024 * 1024

    assert responses.finish_text("r1", PART, "x" * 10_000_000) == ("x" * 10_000_000, "")
    assert responses.finish_text("r1", PART, None) == ("", "")
    assert responses.show_text("r1", PART, "x" * 10_000_000) == ""
    assert responses.cost == 0


def test_empty_pieces_count_too():
    responses = OpenResponses()
    for number in range(100_000):
        responses.add_text("r1", (f"i{number}", 0, "text"), "")

    assert responses.cost <= 4 * 1024 * 1024


def test_of_too_much_text_the_oldest_responses_is_forgotten():
    responses = OpenResponses()
    responses.begin("silent", None)
    for name in ("old", "new"):
        responses.add_text(name, PART, "x" * 3_000_000)

    assert responses.finish_text("old", PART, "x" * 3_000_001)[1] == ""
    assert responses.finish_text("new", PART, "x" * 3_000_001)[1] == "x"


def test_what_ended_costs_nothing():
    responses = OpenResponses()
    for number in range(1000):
        responses.add_text(f"r{number}", PART, "Hello")
    for number in range(1000):
        responses.end(f"r{number}")

    responses.end("never seen")

    assert (responses.cost, len(responses)) == (0, 64)
