import pytest
from multidict import CIMultiDict as Headers
from realtime_simulator.access import Refused
from realtime_simulator.surface import Surface, check_query, key_at, surface_of

KEY = "abcdefghijklmnopqrstuvwxyz"
BEARER = {"Authorization": f"Bearer {KEY}"}


@pytest.mark.parametrize(
    ("path", "surface", "route"),
    [
        ("/v1/realtime", Surface.OPENAI, "/realtime"),
        ("/v1/realtime/client_secrets", Surface.OPENAI, "/realtime/client_secrets"),
        ("/openai/v1/realtime", Surface.AZURE, "/realtime"),
        ("/openai/v1/realtime/client_secrets", Surface.AZURE, "/realtime/client_secrets"),
        ("/openai/v1/v1/realtime", Surface.AZURE, "/v1/realtime"),
        ("/realtime", Surface.OPENAI, ""),
        ("/v1", Surface.OPENAI, ""),
        ("/v10/realtime", Surface.OPENAI, ""),
        ("/openai", Surface.OPENAI, ""),
        ("", Surface.OPENAI, ""),
    ],
)
def test_path_tells_the_api_and_the_route(path, surface, route):
    assert surface_of(path) == (surface, route)


@pytest.mark.parametrize("path", ["/openai/realtime", "/openai/realtimeapi/sessions", "/openai/v10/realtime"])
def test_path_of_the_preview_is_a_404_that_names_the_ga_endpoint(path):
    with pytest.raises(Refused, match=r"preview.*/openai/v1/realtime\?model=<deployment>") as caught:
        surface_of(path)

    assert (caught.value.status, caught.value.code) == (404, "404")


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"api-key": KEY}, {}),
        ({"API-Key": f" {KEY} "}, {}),
        (BEARER, {}),
        ({}, {"api-key": KEY}),
        ({"Sec-WebSocket-Protocol": f"realtime, openai-insecure-api-key.{KEY}"}, {}),
        ({"api-key": KEY, "Authorization": "Bearer other"}, {"api-key": "another"}),
        ({"api-key": " ", "Authorization": "Basic abc"}, {"api-key": KEY}),
    ],
)
def test_azure_takes_a_key_in_a_header_of_its_own_as_bearer_or_as_parameter(headers, query):
    assert key_at(Surface.AZURE, Headers(headers), query) == KEY


@pytest.mark.parametrize(
    ("surface", "headers", "query"),
    [
        (Surface.OPENAI, {"api-key": KEY}, {"api-key": KEY}),
        (Surface.AZURE, {}, {}),
        (Surface.AZURE, {"api-key": " "}, {"api-key": ""}),
    ],
)
def test_without_a_key_that_the_api_takes_nobody_comes_in(surface, headers, query):
    with pytest.raises(Refused, match="didn't provide an API key") as caught:
        key_at(surface, Headers(headers), query)

    assert caught.value.status == 401


@pytest.mark.parametrize("surface", [Surface.OPENAI, Surface.AZURE])
def test_a_key_may_come_in_a_header_that_was_told(surface):
    headers = Headers({"X-Api-Key": f" {KEY} ", "Authorization": "Bearer other"})

    assert key_at(surface, headers, {}, header="X-Api-Key") == KEY
    assert key_at(surface, Headers(BEARER), {}, header="X-Api-Key") == KEY


def test_openai_takes_its_own_key():
    assert key_at(Surface.OPENAI, Headers(BEARER), {"api-key": "other"}) == KEY


@pytest.mark.parametrize("version", ["2025-04-01-preview", "v1", ""])
def test_any_api_version_is_a_401_at_azure_and_nothing_at_openai(version):
    query = {"api-version": version, "model": "m"}
    check_query(Surface.OPENAI, query)

    with pytest.raises(Refused, match="api-version is not allowed under /openai/v1") as caught:
        check_query(Surface.AZURE, query)

    assert (caught.value.status, caught.value.code) == (401, "401")


@pytest.mark.parametrize("query", [{}, {"model": "m"}, {"model": "m", "deployment": "d"}])
def test_other_parameters_pass(query):
    check_query(Surface.AZURE, query)
