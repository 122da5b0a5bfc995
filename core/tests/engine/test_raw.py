import pytest
from realtime_core.commands import Raw
from realtime_core.engine.raw import raw_command
from realtime_core.errors import UnsupportedCommand
from realtime_core.events import RealtimeEvent, RealtimeSessionEvent


@pytest.mark.parametrize(("payload", "sent"), [({"a": 1}, {"a": 1}), (None, {})])
def test_a_plain_event_is_passed_on_in_its_own_words(payload, sent):
    command = raw_command(RealtimeEvent(service_type="acme.do", service_event=payload))

    assert isinstance(command, Raw)
    assert (command.service_type, command.payload) == ("acme.do", sent)


@pytest.mark.parametrize(
    "event", [RealtimeEvent(), RealtimeSessionEvent(service_type="session.created", phase="created")]
)
def test_any_other_event_is_refused_with_those_that_can_be_sent(event):
    with pytest.raises(UnsupportedCommand, match=f"cannot send {type(event).__name__}; send RealtimeAudio"):
        raw_command(event)


def test_a_payload_that_is_no_mapping_is_refused():
    with pytest.raises(UnsupportedCommand, match="service_event is a mapping, not list"):
        raw_command(RealtimeEvent(service_type="acme.do", service_event=[1]))
