import pytest
from realtime_core.errors import InvalidOptions
from realtime_openai_webrtc.ice import IceServer, as_ice_servers

TURN = {"urls": ["turn:one.example", "turns:two.example:443"], "username": "me", "credential": "s3cret"}


@pytest.mark.parametrize(
    ("given", "servers"),
    [
        ([], ()),
        ("stun:one.example", (IceServer(("stun:one.example",)),)),
        (
            "stun:one.example, stun:two.example:3478",
            (IceServer(("stun:one.example",)), IceServer(("stun:two.example:3478",))),
        ),
        (("stun:one.example",), (IceServer(("stun:one.example",)),)),
        ([{"urls": "stun:one.example"}], (IceServer(("stun:one.example",)),)),
        ([TURN], (IceServer(("turn:one.example", "turns:two.example:443"), "me", "s3cret"),)),
        ([IceServer(("stun:one.example",))], (IceServer(("stun:one.example",)),)),
    ],
)
def test_servers_are_given_as_in_a_browser(given, servers):
    assert as_ice_servers(given) == servers


@pytest.mark.parametrize(
    "given",
    [
        7,
        TURN,
        "",
        "http://one.example",
        [None],
        [{"url": "stun:one.example"}],
        [{}],
        [{"urls": []}],
        [{"urls": [7]}],
        [{"urls": {"stun:one.example": 1}}],
        [{"urls": "stun:one.example", "username": 7}],
        [{"urls": "stun:one.example", "credential": b"s3cret"}],
        [{"urls": "s3cret:one.example"}],
        "stuns:s3cret.example",
        "stun:",
        "stun:s3cret.example:123456",
        "stun:s3cret.example?transport=udp",
        [{**TURN, "urls": "turns:s3cret.example?transport=udp"}],
    ],
)
def test_what_is_no_server_is_refused_and_not_shown(given):
    with pytest.raises(InvalidOptions, match=r"ICE server") as caught:
        as_ice_servers(given)

    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("missing", ["username", "credential"])
def test_a_turn_server_needs_the_right_to_use_it(missing):
    server = {name: value for name, value in TURN.items() if name != missing}

    with pytest.raises(InvalidOptions, match="needs username and credential"):
        as_ice_servers([server])


def test_a_credential_is_not_shown():
    assert "s3cret" not in repr(as_ice_servers([TURN]))
