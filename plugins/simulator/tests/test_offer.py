import pytest
from realtime_simulator.access import Refused
from realtime_simulator.offer import ANSWER_QUIRKS, Offer, quirky

AUDIO = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=sendrecv\r\n"
CHANNEL = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:1\r\n"
HEAD = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
ANSWER = (
    "v=0\r\na=group:BUNDLE 0 1\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 96\r\na=candidate:f 1 udp 2130706431 192.0.2.2 42235 typ host\r\n"
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=max-message-size:65536\r\na=mid:1\r\n"
)


def test_offer_has_audio_and_perhaps_a_channel():
    assert Offer.read(HEAD + AUDIO + CHANNEL).has_channel
    assert not Offer.read(HEAD + AUDIO).has_channel


def test_first_audio_is_the_one():
    deaf = AUDIO.replace("sendrecv", "sendonly")

    Offer.read(HEAD + AUDIO + deaf)
    with pytest.raises(Refused, match="nobody would hear"):
        Offer.read(HEAD + deaf + AUDIO)


@pytest.mark.parametrize(
    ("sdp", "why"),
    [
        ("", "it does not begin with 'v=0'"),
        ("hello", "it does not begin with 'v=0'"),
        (HEAD, "it has no audio"),
        (HEAD + CHANNEL, "it has no audio"),
        (HEAD + AUDIO.replace("sendrecv", "sendonly"), "nobody would hear the answers"),
        (HEAD + AUDIO.replace("sendrecv", "inactive"), "nobody would hear the answers"),
    ],
)
def test_offer_that_no_call_can_come_of_is_refused(sdp, why):
    with pytest.raises(Refused, match=why) as refused:
        Offer.read(sdp)

    assert (refused.value.status, refused.value.code) == (400, "invalid_offer")


def test_offer_shows_nothing_of_its_keys():
    assert "m=audio" not in repr(Offer.read(HEAD + AUDIO))


@pytest.mark.parametrize(
    ("quirk", "gone", "new"),
    [
        ("no-message-size", "a=max-message-size:65536\r\n", ""),
        ("any-message-size", "a=max-message-size:65536\r\n", "a=max-message-size:0\r\n"),
        ("huge-message-size", "a=max-message-size:65536\r\n", "a=max-message-size:1073741823\r\n"),
        ("ice-lite", "a=group:", "a=ice-lite\r\na=group:"),
        (
            "tcp-candidates",
            "42235 typ host\r\n",
            "42235 typ host\r\na=candidate:f 1 tcp 1671430143 192.0.2.2 443 typ host tcptype passive\r\n",
        ),
        ("plain-sdp", "", ""),
    ],
)
def test_quirk_changes_one_thing_of_the_answer(quirk, gone, new):
    assert quirky(ANSWER, [quirk]) == ANSWER.replace(gone, new, 1)


def test_quirks_of_frames_leave_the_answer_alone():
    assert quirky(ANSWER, ["no-event-ids"]) == ANSWER


def test_all_quirks_go_together():
    answer = quirky(ANSWER, ANSWER_QUIRKS)

    assert "ice-lite" in answer
    assert "tcptype" in answer
    assert "max-message-size" not in answer
