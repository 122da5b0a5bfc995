import pytest
from realtime_simulator.access import Refused
from realtime_simulator.client_secrets import ClientSecret
from realtime_simulator.opening import read_opening

TALKS = ClientSecret("ek_1", 100, {"type": "realtime", "model": "own", "id": "sess_1"})
LISTENS = ClientSecret("ek_2", 100, {"type": "transcription", "id": "sess_2"})


def opening(secret=None, *, epoch_s=0, beta=False, **query):
    return read_opening(query, secret, epoch_s=epoch_s, beta=beta)


@pytest.mark.parametrize(
    ("query", "secret", "kind", "model"),
    [
        ({"model": "m"}, None, "realtime", "m"),
        ({"model": "m", "intent": "realtime"}, None, "realtime", "m"),
        ({"intent": "transcription"}, None, "transcription", ""),
        ({"model": "m", "intent": "transcription"}, None, "realtime", "m"),
        ({}, TALKS, "realtime", "own"),
        ({"model": "m"}, TALKS, "realtime", "m"),
        ({}, LISTENS, "transcription", ""),
        ({"intent": "transcription"}, LISTENS, "transcription", ""),
        ({"intent": "transcription"}, TALKS, "transcription", ""),
        ({"model": "m", "intent": "realtime"}, LISTENS, "realtime", "m"),
    ],
)
def test_url_decides_then_the_secret(query, secret, kind, model):
    opened = opening(secret, **query)

    assert (opened.kind, opened.model) == (kind, model)


def test_session_of_the_secret_is_the_start_under_the_model_of_the_url():
    assert opening(TALKS, model="m").session == {**TALKS.session, "model": "m"}
    assert opening(LISTENS).session == LISTENS.session


def test_session_of_another_kind_is_no_start():
    assert opening(TALKS, intent="transcription").session is None
    assert opening(LISTENS, intent="realtime", model="m").session is None


@pytest.mark.parametrize("secret", [None, LISTENS])
def test_conversation_needs_a_model(secret):
    with pytest.raises(Refused) as caught:
        opening(secret, intent="realtime")

    assert (caught.value.status, caught.value.code) == (400, "missing_model")


def test_unknown_intent_is_refused():
    with pytest.raises(Refused, match=r"'translation'.*'realtime' and 'transcription'") as caught:
        opening(model="m", intent="translation")

    assert caught.value.body()["error"]["param"] == "intent"


@pytest.mark.parametrize(("epoch_s", "expired"), [(99.9, False), (100, True)])
def test_secret_is_good_until_it_expires(epoch_s, expired):
    assert opening(TALKS, epoch_s=epoch_s).expired is expired


def test_beta_is_passed_on():
    assert opening(model="m", beta=True).beta
