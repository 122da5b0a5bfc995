import pytest
from multidict import CIMultiDict as Headers
from realtime_simulator.access import Refused, check_key, is_beta, key_of, select_subprotocol

KEY = "sk-proj-abcdefghijklmnopqrstuvwxyz"


def protocols(*names):
    return Headers({"Sec-WebSocket-Protocol": ", ".join(names)})


@pytest.mark.parametrize(
    "headers",
    [
        Headers({"Authorization": f"Bearer {KEY}"}),
        Headers({"authorization": f"bearer  {KEY}"}),
        protocols("realtime", f"openai-insecure-api-key.{KEY}"),
    ],
)
def test_key_comes_in_a_header_or_a_subprotocol(headers):
    assert key_of(headers) == KEY


@pytest.mark.parametrize("api_key", [KEY, None])
def test_right_key_passes_and_any_where_none_is_set(api_key):
    check_key(KEY, api_key)


@pytest.mark.parametrize(
    "headers",
    [
        Headers(),
        Headers({"Authorization": "Basic abc"}),
        Headers({"Authorization": "Bearer "}),
        protocols("realtime"),
    ],
)
def test_without_a_key_nobody_comes_in(headers):
    with pytest.raises(Refused, match="didn't provide an API key") as caught:
        key_of(headers)

    assert caught.value.status == 401


def test_wrong_key_is_refused_in_the_shape_of_the_service():
    with pytest.raises(Refused) as caught:
        check_key(KEY, "other")

    assert caught.value.status == 401
    assert caught.value.body() == {
        "error": {
            "message": "Incorrect API key provided: sk-p***wxyz.",
            "type": "invalid_request_error",
            "param": None,
            "code": "invalid_api_key",
        }
    }


def test_what_looks_like_a_client_secret_and_is_none_is_refused_as_such():
    with pytest.raises(Refused) as caught:
        check_key("ek_0123456789abcdef", None)

    assert (caught.value.status, caught.value.code) == (401, "invalid_api_key")
    assert str(caught.value).startswith("Incorrect client secret provided: ek_0***cdef. Make one with POST")


def test_the_key_that_is_set_may_look_like_a_client_secret():
    check_key("ek_mine", "ek_mine")


@pytest.mark.parametrize("key", ["a", "short", "sk-12345678", "sk-1234567890abc"])
def test_refusal_shows_nothing_of_a_short_key(key):
    with pytest.raises(Refused) as caught:
        check_key(key, "other")

    assert str(caught.value) == "Incorrect API key provided: ***."


@pytest.mark.parametrize(
    ("headers", "beta"),
    [
        (Headers({"OpenAI-Beta": "realtime=v1"}), True),
        (protocols("realtime", "openai-beta.realtime-v1"), True),
        (Headers({"OpenAI-Beta": "assistants=v2"}), False),
        (Headers(), False),
    ],
)
def test_beta_is_asked_for_by_header_or_subprotocol(headers, beta):
    assert is_beta(headers) is beta


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [(["realtime", "openai-insecure-api-key.x"], "realtime"), (["x"], None), ([], None)],
)
def test_realtime_is_the_subprotocol_if_it_is_offered(offered, chosen):
    assert select_subprotocol(protocols(*offered)) == chosen
