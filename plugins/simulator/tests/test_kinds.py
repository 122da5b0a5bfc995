import re

import pytest
from realtime_simulator.client_events import CLIENT_EVENTS
from realtime_simulator.kinds import check_kind
from realtime_simulator.server_events import SERVER_EVENTS


def test_events_of_either_side_are_taken():
    for kind in CLIENT_EVENTS:
        check_kind(kind, sent=False)
    for kind in [*SERVER_EVENTS, "response.audio.delta", "response.text.done", "simulator.unknown"]:
        check_kind(kind, sent=True)


def test_event_that_was_seen_is_taken():
    check_kind("my.own", sent=True, seen=["my.own"])


@pytest.mark.parametrize(
    ("kind", "sent", "words"),
    [
        ("response.done", False, "the server sends 'response.done': use expect_sent() of a session"),
        ("response.create", True, "the client sends 'response.create': use expect()"),
        (
            "response.creat",
            False,
            "the client has no event 'response.creat'; did you mean 'response.create'?",
        ),
        ("response.don", True, "the server has no event 'response.don'; did you mean 'response.done'?"),
        ("zzz", False, "the client has no event 'zzz'; choose from conversation.item.create, "),
    ],
)
def test_event_that_never_comes_is_refused_with_what_is_right(kind, sent, words):
    with pytest.raises(ValueError, match=f"^{re.escape(words)}"):
        check_kind(kind, sent=sent)
