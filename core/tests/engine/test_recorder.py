from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st
from realtime_core.captions import Caption
from realtime_core.contents import ImageContent, Message, ToolCall, ToolResult
from realtime_core.conversation import Conversation, ConversationEntry
from realtime_core.engine.recorder import Recorder
from realtime_core.events import (
    RealtimeErrorEvent,
    RealtimeEvent,
    RealtimeFunctionCallEvent,
    RealtimeFunctionResultEvent,
    RealtimeImageEvent,
    RealtimeInterruptionEvent,
    RealtimeItemEvent,
    RealtimeResponseEvent,
    RealtimeSpeechEvent,
    RealtimeTextEvent,
    RealtimeTranscriptEvent,
)

PNG = b"\x89PNG\r\n\x1a\n and so on"
CALL = ToolCall("c", "get_weather", "{}")
RESULT = ToolResult("c", "get_weather", "sunny")
HI = Message("user", "Hi.")


def _added(item_id, previous=None, **fields):
    return RealtimeItemEvent(phase="added", item_id=item_id, previous_item_id=previous, **fields)


def _done(item_id, previous=None, **fields):
    return RealtimeItemEvent(phase="done", item_id=item_id, previous_item_id=previous, **fields)


def _deleted(item_id):
    return RealtimeItemEvent(phase="deleted", item_id=item_id)


def _text(item_id, piece, **fields):
    return RealtimeTextEvent(item_id=item_id, text=piece, **fields)


def _said(item_id, text, **fields):
    return RealtimeTranscriptEvent(item_id=item_id, role="assistant", text=text, final=True, **fields)


def _piece(item_id, text):
    return RealtimeTranscriptEvent(item_id=item_id, role="user", text=text, final=False)


def _heard(item_id, text):
    return RealtimeTranscriptEvent(item_id=item_id, role="user", text=text, final=True)


def _committed(item_id):
    return RealtimeSpeechEvent(phase="committed", item_id=item_id)


def _response(phase, response_id="r", status=None):
    return RealtimeResponseEvent(phase=phase, response_id=response_id, status=status)


def _call(item_id, call=CALL):
    return RealtimeFunctionCallEvent(item_id=item_id, function_call=call)


def _user(words, item_id=None, **fields):
    return ConversationEntry(Message("user", words), item_id=item_id, **fields)


def _assistant(words, item_id=None, **fields):
    return ConversationEntry(Message("assistant", words), item_id=item_id, **fields)


def _record(*events):
    recorder = Recorder()
    for event in events:
        recorder.take(event)
    return recorder


def _shown(recorder):
    return recorder.conversation.transcript().splitlines()


# -- items with ids ----------------------------------------------------------------------------------


def test_nothing_said_is_an_empty_conversation():
    assert len(_record().conversation) == 0


def test_user_transcript_arrives_after_the_answer_and_stands_before_it():
    recorder = _record(
        _committed("U"),
        _added("U", role="user"),
        _done("U", role="user"),
        _added("A", "U", role="assistant"),
        _text("A", "Sunny."),
        _said("A", "Sunny."),
        _done("A", role="assistant", item=Message("assistant", "Sunny.")),
        _response("done", status="completed"),
        _piece("U", "How is"),
        _heard("U", "How is Rome?"),
    )

    assert list(recorder.conversation) == [_user("How is Rome?", "U"), _assistant("Sunny.", "A")]


def test_transcripts_of_different_turns_may_complete_in_any_order():
    recorder = _record(
        _added("U1", role="user"),
        _added("U2", "U1", role="user"),
        _heard("U2", "Two."),
        _piece("U1", "On"),
        _heard("U1", "One."),
    )

    assert _shown(recorder) == ["User: One.", "User: Two."]


def test_a_transcript_before_its_item_creates_it():
    recorder = _record(
        _added("A", role="assistant"), _text("A", "Hello."), _heard("U", "Hi."), _added("B", "U"), _added("U")
    )

    assert _shown(recorder) == ["Assistant: Hello.", "User: Hi."]


def test_an_item_finds_its_place_when_the_one_before_it_is_told():
    recorder = _record(
        _added("A", "U", role="assistant"), _text("A", "Sunny."), _added("U", None), _heard("U", "And Rome?")
    )

    assert _shown(recorder) == ["User: And Rome?", "Assistant: Sunny."]


def test_speech_that_is_not_written_down_is_an_entry_without_words():
    recorder = _record(_committed("U"), _added("U", role="user"), _done("U", role="user"))

    assert list(recorder.conversation) == [_user("", "U", final=False)]


def test_a_later_final_transcript_takes_the_place_of_the_first():
    assert _shown(_record(_heard("U", "Ho is Rom"), _heard("U", "How is Rome?"))) == ["User: How is Rome?"]


def test_several_contents_of_one_item_are_one_message():
    recorder = _record(
        _text("A", "One."), _said("A", "One."), _text("A", "Two."), _said("A", "Two."), _done("A")
    )

    assert list(recorder.conversation) == [_assistant("One.\nTwo.", "A")]


def test_pieces_of_the_assistants_transcript_are_not_counted_twice():
    piece = RealtimeTranscriptEvent(item_id="A", role="assistant", text="It is", final=False)

    assert _shown(_record(_text("A", "It is"), piece)) == ["Assistant: It is"]


def test_the_item_fills_in_what_no_piece_brought():
    recorder = _record(_text("A", "It is"), _done("A", item=Message("assistant", "It is sunny.")))

    assert list(recorder.conversation) == [_assistant("It is sunny.", "A")]


@pytest.mark.parametrize("content", ["It is", "It  is sunny.", ""])
def test_the_item_takes_nothing_away(content):
    recorder = _record(_text("A", "It is sunny."), _done("A", item=Message("assistant", content)))

    assert list(recorder.conversation) == [_assistant("It is sunny.", "A")]


def test_one_item_told_by_many_frames_is_one_entry():
    hello = Message("user", "Hello.")
    recorder = _record(
        _added("U", role="user", item=hello),
        _added("U", role="user", item=hello),
        _done("U", role="user", item=hello),
        _heard("U", "Hello."),
    )

    assert list(recorder.conversation) == [_user("Hello.", "U")]


def test_an_assistant_message_is_final_when_its_item_is_done():
    added = _added("A", role="assistant", item=Message("assistant", "Hel"))

    assert [entry.final for entry in _record(added).conversation] == [False]
    assert [entry.final for entry in _record(added, _done("A")).conversation] == [True]


def test_a_response_that_ends_ends_its_messages():
    recorder = _record(
        _response("created"),
        _text("A", "One.", response_id="r"),
        _text("B", "Two.", response_id="r"),
        _response("done", status="completed"),
        _response("playback_stopped"),
    )

    assert list(recorder.conversation) == [_assistant("One.", "A"), _assistant("Two.", "B")]


def test_the_last_message_of_a_cancelled_response_was_cut_short():
    recorder = _record(
        _text("A", "One.", response_id="r"),
        _text("B", "Tw", response_id="r"),
        _response("done", status="cancelled"),
    )

    assert [entry.interrupted for entry in recorder.conversation] == [False, True]


def test_what_is_neither_message_nor_call_holds_its_place_unseen():
    recorder = _record(_added("U", role="user"), _added("M", "U"), _heard("U", "Hi."), _text("A", "Hello."))
    recorder.take(_added("A", "M"))

    assert _shown(recorder) == ["User: Hi.", "Assistant: Hello."]


def test_most_events_mean_nothing():
    recorder = _record(
        RealtimeEvent(),
        RealtimeErrorEvent(kind="server"),
        RealtimeSpeechEvent(phase="started", item_id="U"),
        RealtimeSpeechEvent(phase="stopped", item_id="U"),
        _response("created"),
        _response("done"),
        RealtimeItemEvent(phase="added"),
        RealtimeItemEvent(phase="truncated", item_id="A", keep_ms=10),
        _deleted("A"),
    )

    assert len(recorder.conversation) == 0


def test_the_conversation_is_made_once_until_something_changes():
    recorder = _record(_heard("U", "Hi."), _text("A", "Hel"))
    first = recorder.conversation
    same = recorder.conversation
    recorder.take(_text("A", "lo."))

    assert same is first
    assert recorder.conversation[0] is first[0]
    assert recorder.conversation[1].text == "Hello."
    assert first[1].text == "Hel"


# -- deleted, cut ------------------------------------------------------------------------------------


def test_a_deleted_item_leaves_and_what_is_late_does_not_bring_it_back():
    recorder = _record(_text("A", "Hello."), _deleted("A"), _text("A", " You"), _said("A", "Hello. You"))

    assert len(recorder.conversation) == 0


def test_an_item_that_is_added_anew_is_there_again():
    recorder = _record(_text("A", "Hello."), _deleted("A"), _added("A", item=Message("assistant", "Bye.")))

    assert _shown(recorder) == ["Assistant: Bye."]


def test_an_interrupted_message_is_marked_with_what_was_heard():
    recorder = _record(_text("A", "It is sunny in Rome today."))
    recorder.interrupted("A", 500, 1_000)

    assert list(recorder.conversation) == [
        _assistant(
            "It is sunny in Rome today.", "A", final=False, interrupted=True, heard_ms=500, audio_ms=1_000
        )
    ]
    assert _shown(recorder) == ["Assistant: It is sunny [interrupted]"]


def test_of_what_comes_as_it_is_played_the_words_tell_how_long_it_would_have_been():
    recorder = _record(_text("A", "It is sunny in Rome today, as it is nearly always in May."))
    recorder.interrupted("A", 1_000, None)

    assert _shown(recorder) == ["Assistant: It is sunny in [interrupted]"]


def test_what_comes_as_it_is_played_was_heard_if_its_words_are_fewer():
    recorder = _record(_text("A", "It is."))
    recorder.interrupted("A", 1_000, None)

    assert _shown(recorder) == ["Assistant: It is. [interrupted]"]


@pytest.mark.parametrize(("heard_ms", "kept_ms"), [(-1, 0), (1_500, 1_000)])
def test_what_was_heard_is_part_of_what_was_received(heard_ms, kept_ms):
    recorder = _record(_text("A", "It is sunny."))
    recorder.interrupted("A", heard_ms, 1_000)

    assert recorder.conversation[0].heard_ms == kept_ms


def test_of_what_has_no_audio_all_words_count():
    recorder = _record(_text("A", "It is sunny."))
    recorder.interrupted("A", 0, 0)

    assert _shown(recorder) == ["Assistant: It is sunny. [interrupted]"]


def test_an_interruption_of_what_is_not_known_means_nothing():
    recorder = _record()
    recorder.interrupted("A", 0, 0)
    recorder.interrupted(None, 0, 0)

    assert len(recorder.conversation) == 0


def test_a_truncated_item_is_marked():
    recorder = _record(_text("A", "It is sunny in Rome today."))
    recorder.interrupted("A", 900, 1_000)
    recorder.take(RealtimeItemEvent(phase="truncated", item_id="A", keep_ms=500))

    assert _shown(recorder) == ["Assistant: It is sunny [interrupted]"]


def test_what_nobody_heard_is_marked_left_out_of_the_history_and_stays_in_its_place():
    recorder = _record(_heard("U", "How is Rome?"), _added("A", "U"), _text("A", "It is"))
    recorder.interrupted("A", 0, 1_000)
    for event in (_deleted("A"), _text("A", " sunny."), _added("V", "U"), _heard("V", "Stop.")):
        recorder.take(event)

    assert _shown(recorder) == ["User: How is Rome?", "Assistant: [interrupted]", "User: Stop."]
    assert recorder.conversation.history() == (Message("user", "How is Rome?"), Message("user", "Stop."))


# -- calls, results, images --------------------------------------------------------------------------


def test_calls_and_results_are_entries_in_the_services_order():
    recorder = _record(
        _added("F", role=None),
        _done("F", item=CALL),
        _call("F"),
        _added("U", "F", role="user"),
        _heard("U", "Well?"),
        RealtimeFunctionResultEvent(function_result=ToolResult("c", "get_weather", "sunny", 12.5)),
        _added("R", "U", item=ToolResult("c", "c", "sunny")),
        _done("R", "U", item=ToolResult("c", "c", "sunny")),
    )

    assert list(recorder.conversation) == [
        ConversationEntry(CALL, item_id="F"),
        _user("Well?", "U"),
        ConversationEntry(ToolResult("c", "get_weather", "sunny", 12.5), item_id="R"),
    ]


def test_a_result_that_the_service_tells_of_first_is_the_same_one():
    recorder = _record(
        _call("F"),
        _added("R", "F", item=ToolResult("c", "c", "sunny")),
        RealtimeFunctionResultEvent(function_result=RESULT),
    )

    assert [entry.item for entry in recorder.conversation] == [CALL, RESULT]


def test_a_result_that_was_not_sent_stays_behind_its_call():
    recorder = _record(
        _added("F", item=CALL),
        RealtimeFunctionResultEvent(function_result=RESULT, sent=False),
        _added("U", "F", item=Message("user", "Well?")),
    )

    assert [type(entry.item) for entry in recorder.conversation] == [ToolCall, ToolResult, Message]


def test_calls_without_item_ids_are_entries_in_order_of_arrival():
    recorder = _record(
        _call(None), _call(None), RealtimeFunctionResultEvent(function_result=RESULT), _text(None, "Sunny.")
    )

    assert [entry.item for entry in recorder.conversation] == [CALL, RESULT, Message("assistant", "Sunny.")]


def test_a_call_that_is_told_of_without_its_item_is_the_same_one():
    """Both were known, each by its own name, before anything said that they are one."""
    recorder = _record(
        _added("F"), _call(None), _text("A", "One moment."), _done("F", item=CALL), _call(None)
    )

    assert [entry.item_id for entry in recorder.conversation] == ["F", "A"]
    assert recorder.conversation[0].item == CALL


def test_a_call_id_that_serves_twice_is_two_calls():
    recorder = _record(_added("F", item=CALL), _added("G", "F", item=CALL))

    assert [entry.item_id for entry in recorder.conversation] == ["F", "G"]


@pytest.mark.parametrize("item_id", ["I", None])
def test_an_image_is_an_entry(item_id):
    recorder = _record(RealtimeImageEvent(item_id=item_id, image=ImageContent(PNG)))

    assert list(recorder.conversation) == [ConversationEntry(ImageContent(PNG), item_id=item_id)]


# -- what this side adds -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "item",
    [Message("user", "Hi."), Message("assistant", "Hello."), CALL, RESULT, ImageContent(PNG)],
    ids=lambda item: type(item).__name__,
)
def test_what_is_sent_is_in_the_conversation_at_once_and_once(item):
    recorder = Recorder()
    recorder.sent(item, "cmd_1")
    before = [entry.item for entry in recorder.conversation]
    role = "user" if isinstance(item, ImageContent) else None
    recorder.take(_added("I", command_id="cmd_1", item=item, role=role))
    recorder.take(_done("I", item=item, role=role))

    assert before == [item]
    assert list(recorder.conversation) == [ConversationEntry(item, item_id="I")]


def test_a_user_message_is_in_the_conversation_of_a_service_that_echoes_nothing():
    recorder = Recorder()
    recorder.sent(Message("user", "How is Rome?"), "cmd_1")
    for event in (_response("created", None), _text(None, "Sunny."), _response("done", None)):
        recorder.take(event)
    recorder.sent(Message("user", "Thanks."), "cmd_2")

    assert _shown(recorder) == ["User: How is Rome?", "Assistant: Sunny.", "User: Thanks."]


def test_every_history_message_keeps_its_role():
    recorder = Recorder()
    said = [Message("system", "Be brief."), Message("user", "Hi."), Message("assistant", "Hello.")]
    for number, message in enumerate(said):
        recorder.sent(message, f"cmd_{number}")

    assert recorder.conversation.history() == tuple(said)


def test_what_is_sent_takes_the_place_that_the_service_gives_it():
    recorder = _record(_added("A", role="assistant"), _text("A", "Hello."))
    recorder.sent(Message("user", "Wait."), "cmd_1")
    recorder.take(_added("U", "A", role="user"))
    recorder.take(_heard("U", "Hi."))
    recorder.take(_added("V", "U", command_id="cmd_1", item=Message("user", "Wait.")))

    assert _shown(recorder) == ["Assistant: Hello.", "User: Hi.", "User: Wait."]


@pytest.mark.parametrize("told", [_added("V", role="user"), _heard("V", "Wait.")])
def test_an_item_may_be_told_of_before_its_answer(told):
    recorder = Recorder()
    recorder.sent(Message("user", "Wait."), "cmd_1")
    recorder.take(told)
    recorder.take(_done("V", command_id="cmd_1", role="user"))

    assert list(recorder.conversation) == [_user("Wait.", "V")]


def test_what_the_service_refuses_is_not_in_the_conversation():
    recorder = Recorder()
    recorder.sent(RESULT, "cmd_1")
    recorder.take(RealtimeErrorEvent(kind="invalid_request", command_id="cmd_1"))
    refused = len(recorder.conversation)
    recorder.sent(RESULT, "cmd_2")

    assert refused == 0
    assert [entry.item for entry in recorder.conversation] == [RESULT]


def test_what_was_added_cannot_be_refused_any_more():
    recorder = Recorder()
    recorder.sent(CALL, "cmd_1")
    recorder.take(_call("F"))
    recorder.refused("cmd_1")
    recorder.refused("cmd_2")

    assert [entry.item for entry in recorder.conversation] == [CALL]


def test_a_result_that_is_sent_is_the_one_that_was_told():
    recorder = _record(_call(None), RealtimeFunctionResultEvent(function_result=RESULT))
    recorder.sent(RESULT, "cmd_1")

    assert [entry.item for entry in recorder.conversation] == [CALL, RESULT]


# -- without ids -------------------------------------------------------------------------------------


def test_without_ids_a_response_is_one_entry_and_a_late_transcript_stands_before_it():
    recorder = _record(
        RealtimeSpeechEvent(phase="started"),
        _committed(None),
        _response("created", None),
        _text(None, "It is"),
        _heard(None, "How is Rome?"),
        _text(None, " sunny."),
        _said(None, "It is sunny."),
        _response("done", None),
    )

    assert list(recorder.conversation) == [_user("How is Rome?"), _assistant("It is sunny.")]


def test_without_turns_an_entry_lasts_until_the_other_side_speaks():
    recorder = _record(
        _piece(None, "How is "),
        _piece(None, "Rome?"),
        _text(None, "It is"),
        _text(None, " sunny."),
        _piece(None, "Thanks."),
    )

    assert list(recorder.conversation) == [
        _user("How is Rome?"),
        _assistant("It is sunny."),
        _user("Thanks.", final=False),
    ]


def test_without_ids_the_latest_message_is_what_was_interrupted():
    recorder = _record(_text(None, "It is sunny in Rome today."))
    recorder.interrupted(None, 500, 1_000)

    assert _shown(recorder) == ["Assistant: It is sunny [interrupted]"]


@pytest.mark.parametrize(
    ("cause", "shown"),
    [
        ("service", ["Assistant: It is", "User: Stop."]),
        ("speech", ["Assistant: It is", "User: Stop."]),
        ("client", ["User: Stop.", "Assistant: It is"]),  # nobody spoke: it is what is being answered
    ],
)
def test_without_ids_what_interrupts_stands_behind_what_was_interrupted(cause, shown):
    recorder = _record(
        _response("created", None),
        _text(None, "It is"),
        RealtimeInterruptionEvent(cause=cause),
        _heard(None, "Stop."),
    )

    assert _shown(recorder) == shown


# -- captions ----------------------------------------------------------------------------------------


def _read(recorder, captions):
    recorder.captions.end()
    shown = []
    while True:
        try:
            anext(captions).send(None)
        except StopIteration as caption:
            shown.append(caption.value)
        except StopAsyncIteration:
            return shown


def test_captions_show_whole_texts_revised_in_place():
    recorder = _record(_heard("U", "How is Rome?"))
    captions = recorder.captions.subscribe()
    for event in (_added("A", role="assistant"), _text("A", "It is"), _text("A", " sunny."), _call("F")):
        recorder.take(event)

    assert _read(recorder, captions) == [
        Caption(key="U", item_id="U", role="user", text="How is Rome?", final=True),
        Caption(key="A", item_id="A", role="assistant", text="It is sunny."),
    ]


def test_the_captions_of_a_turn_come_before_those_of_the_answer_to_it():
    recorder = Recorder()
    captions = recorder.captions.subscribe()
    for event in (_committed("U"), _text("A", "Sunny."), _heard("U", "How is Rome?")):
        recorder.take(event)

    assert [caption.text for caption in _read(recorder, captions)] == ["How is Rome?", "Sunny."]


def test_a_caption_shows_what_was_heard_and_goes_when_its_item_does():
    recorder = _record(_text("A", "It is sunny in Rome today."), _heard("U", "Hi."))
    captions = recorder.captions.subscribe()
    recorder.interrupted("A", 500, 1_000)
    recorder.take(_deleted("U"))

    assert [(c.text, c.final, c.interrupted) for c in _read(recorder, captions)] == [
        ("It is sunny", False, True),
        ("", True, False),
    ]


def test_a_caption_that_says_nothing_new_is_not_told():
    recorder = _record(_text("A", "It is sunny.", response_id="r"), _said("A", "It is sunny."))
    captions = recorder.captions.subscribe()
    first = list(_waiting(captions))
    recorder.take(_done("A"))
    recorder.take(_response("done", status="completed"))

    assert first == ["A"]
    assert _read(recorder, captions) == []


def test_the_caption_of_what_is_gone_does_not_come_back():
    recorder = _record(_text("A", "It is", response_id="r"), _deleted("A"))
    captions = recorder.captions.subscribe()
    recorder.take(_response("done", status="cancelled"))

    assert _read(recorder, captions) == []


def test_the_caption_of_what_is_sent_keeps_its_key():
    recorder = Recorder()
    captions = recorder.captions.subscribe()
    recorder.sent(Message("user", "Hi."), "cmd_1")
    recorder.take(_added("U", command_id="cmd_1", item=Message("user", "Hi.")))

    assert _read(recorder, captions) == [
        Caption(key="local_1", item_id="U", role="user", text="Hi.", final=True)
    ]


# -- any interleaving --------------------------------------------------------------------------------

SPEECH = [_committed("U1"), _added("U1", role="user"), _done("U1", role="user")]
SPEECH_WORDS = [_piece("U1", "How is"), _piece("U1", " rome"), _heard("U1", "How is Rome?")]
ANSWER = [
    _added("A1", "U1", role="assistant"),
    _text("A1", "Let me"),
    _text("A1", " see."),
    _said("A1", "Let me see."),
    _done("A1", item=Message("assistant", "Let me see.")),
]
FUNCTION = [_added("F1", "A1"), _done("F1", item=CALL), _call("F1")]
OUTPUT = [
    RealtimeFunctionResultEvent(function_result=RESULT),
    _added("R1", "F1", item=RESULT),
    _done("R1", item=RESULT),
]
NEXT = [_committed("U2"), _added("U2", "R1", role="user"), _heard("U2", "Thanks.")]
STREAMS = [SPEECH, SPEECH_WORDS, ANSWER, FUNCTION, OUTPUT, NEXT]
WHOLE = [
    _user("How is Rome?", "U1"),
    _assistant("Let me see.", "A1"),
    ConversationEntry(CALL, item_id="F1"),
    ConversationEntry(RESULT, item_id="R1"),
    _user("Thanks.", "U2"),
]


@given(st.permutations([number for number, stream in enumerate(STREAMS) for _ in stream]))
def test_any_interleaving_of_the_items_gives_the_same_conversation(turns):
    streams = [iter(stream) for stream in STREAMS]

    recorder = _record(*(next(streams[number]) for number in turns))

    assert list(recorder.conversation) == WHOLE


STRANGE = [
    *(event for stream in STREAMS for event in stream),
    *(_deleted(item_id) for item_id in ("U1", "A1", "F1")),
    RealtimeItemEvent(phase="truncated", item_id="A1", keep_ms=10),
    _added("A1", "U2", item=Message("assistant", "Hello.")),
    _added("X", "nobody", command_id="cmd_1"),
    RealtimeErrorEvent(kind="invalid_request", command_id="cmd_1"),
    *(
        _response(phase, response_id, "cancelled")
        for phase in ("created", "done")
        for response_id in ("r", None)
    ),
    _text("A1", "Well,", response_id="r"),
    *(_text(None, "So", response_id=response_id) for response_id in ("r", None)),
    *(event(None, "Hm.") for event in (_said, _piece, _heard)),
    *(RealtimeSpeechEvent(phase=phase) for phase in ("started", "committed")),
    RealtimeInterruptionEvent(cause="service"),
    _call(None),
    RealtimeImageEvent(image=ImageContent(PNG)),
]
actions = st.lists(
    st.one_of(
        st.sampled_from(STRANGE).map(lambda event: lambda recorder: recorder.take(event)),
        st.sampled_from([HI, CALL, RESULT]),
        st.sampled_from(["A1", "U1", None]).map(
            lambda item_id: lambda recorder: recorder.interrupted(item_id, 500, 1_000)
        ),
    ),
    max_size=30,
)


def _carry_out(recorder, acts):
    """Each act; an item is one that this side sends, by a command of its own."""
    numbers = count(1)
    for act in acts:
        if callable(act):
            act(recorder)
        else:
            recorder.sent(act, f"cmd_{next(numbers)}")
        yield


@given(actions)
def test_no_sequence_of_events_is_too_strange(acts):
    recorder = Recorder()
    for _ in _carry_out(recorder, acts):
        pass
    conversation = recorder.conversation
    ids = [entry.item_id for entry in conversation if entry.item_id]

    assert len(ids) == len(set(ids))
    assert Conversation.from_json(conversation.to_json()) == conversation
    assert len(conversation.history()) <= len(conversation)


@given(actions, st.data())
def test_the_last_caption_of_each_turn_is_what_the_conversation_says(acts, data):
    recorder = Recorder()
    captions = recorder.captions.subscribe()
    shown = {}
    for _ in _carry_out(recorder, acts):
        if data.draw(st.booleans()):
            shown.update(_waiting(captions))
    recorder.captions.end()
    shown.update(_waiting(captions))

    spoken = [
        (entry.item_id, entry.text, entry.final, entry.interrupted)
        for entry in recorder.conversation
        if isinstance(entry.item, Message) and entry.text
    ]
    assert sorted(map(repr, spoken)) == sorted(
        repr((caption.item_id, caption.text, caption.final, caption.interrupted))
        for caption in shown.values()
        if caption.text
    )


def _waiting(captions):
    """What waits to be read, by key."""
    read = {}
    while captions._waiting:
        try:
            anext(captions).send(None)
        except StopIteration as caption:
            read[caption.value.key] = caption.value
    return read


def test_a_wide_character_takes_longer_to_say_than_a_letter():
    recorder = _record(_text("A", "\u4eca\u5929\u5929\u6c14\u5f88\u597d\u6211\u4eec\u53bb"))
    recorder.interrupted("A", 1_000, None)

    assert recorder.conversation[0].text == "\u4eca\u5929\u5929\u6c14"
