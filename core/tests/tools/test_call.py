import pytest
from realtime_core.contents import ToolCall
from realtime_core.tools.call import ActiveCall


@pytest.fixture
def said():
    return []


@pytest.fixture
def call(said):
    return ActiveCall(ToolCall("call_1", "find", '{"name": "Ada"}'), said.append)


def test_a_call_says_what_the_model_wrote(call):
    assert (call.call_id, call.name, call.arguments) == ("call_1", "find", '{"name": "Ada"}')


def test_progress_is_handed_on_at_once(call, said):
    call.progress("still looking")

    assert said == ["still looking"]


def test_progress_that_is_no_text_is_refused(call, said):
    with pytest.raises(TypeError, match="progress takes a text, not int"):
        call.progress(50)

    assert said == []


def test_a_call_is_not_cancelled_until_somebody_cancels_it(call):
    assert not call.cancelled

    call._cancel()

    assert call.cancelled


def test_a_cancelled_call_makes_no_more_progress(call, said):
    call._cancel()

    call.progress("still looking")

    assert said == []


def test_repr_shows_no_arguments(call):
    assert repr(call) == "ActiveCall(call_id='call_1', name='find')"
