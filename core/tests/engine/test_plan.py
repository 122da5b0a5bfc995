"""What is decided about a session before it is opened."""

import pytest
from realtime_core.contents import ImageContent, Message
from realtime_core.engine.plan import SessionPlan, definitions
from realtime_core.errors import UnsupportedCommand
from realtime_core.settings import RealtimeSettings
from realtime_core.tools.tool import Tool


def plan(service, capabilities, **decided):
    provider = service.provider(**capabilities)
    return SessionPlan(
        provider=provider, name="scripted", options="secret", settings=RealtimeSettings(), **decided
    )


def test_options_and_history_stay_out_of_its_repr(service):
    assert "secret" not in repr(plan(service, {}, history=(Message("user", "secret"),)))


@pytest.mark.parametrize("capabilities", [{"turns": False}, {"client_responses": False}])
def test_response_is_not_asked_for_where_that_cannot_be_done(service, capabilities):
    with pytest.raises(UnsupportedCommand, match="scripted answers by itself"):
        plan(service, capabilities, create_response=True)
    with pytest.raises(UnsupportedCommand):
        plan(service, capabilities).check_responses()


def test_response_is_asked_for_where_it_can_be(service):
    assert plan(service, {}, create_response=True).create_response


@pytest.mark.parametrize("when", ["any_time", "at_start"])
def test_history_is_taken_where_it_can_be(service, when):
    assert plan(service, {"history": when}, history=(Message("user", "hi"),)).history


def test_history_is_refused_where_it_cannot_be_told(service):
    with pytest.raises(UnsupportedCommand, match="takes no history"):
        plan(service, {"history": "none"}, history=(Message("user", "hi"),))
    assert plan(service, {"history": "none"}).history == ()


def test_tools_of_the_service_are_declared_and_not_called_here():
    def add(a: int, b: int) -> int:
        """Add."""
        return a + b

    tool, remote = Tool(add), {"type": "mcp", "server_label": "docs"}

    assert definitions((tool, remote)) == (tool.definition, remote)


def test_history_with_images_is_given_to_those_that_take_images(service):
    picture = ImageContent(b"\xff\xd8\xff and so on")

    with pytest.raises(UnsupportedCommand, match="scripted takes no images; leave them out of the history"):
        plan(service, {}, history=(picture,))
    assert plan(service, {"images": True}, history=(picture,)).history == (picture,)


def test_audio_is_sent_where_it_is_heard(service):
    plan(service, {}).check_audio()
    with pytest.raises(UnsupportedCommand, match="scripted takes no audio; write it with send_text"):
        plan(service, {"input_formats": ()}).check_audio()


def test_text_is_sent_where_it_is_read(service):
    plan(service, {}).check_text("user")
    with pytest.raises(UnsupportedCommand, match="scripted takes no text; say it with send_audio"):
        plan(service, {"text": False}).check_text("user")


def test_words_of_others_are_sent_where_they_are_taken_at_any_time(service):
    plan(service, {"history": "any_time"}).check_text("assistant")
    plan(service, {"history": "none"}).check_text("user")
    with pytest.raises(UnsupportedCommand, match="takes no words of the assistant in an open session"):
        plan(service, {"history": "at_start"}).check_text("assistant")


def test_images_are_sent_where_they_are_seen(service):
    plan(service, {"images": True}).check_images("describe it")
    with pytest.raises(UnsupportedCommand, match="scripted takes no images; describe it"):
        plan(service, {"images": False}).check_images("describe it")
