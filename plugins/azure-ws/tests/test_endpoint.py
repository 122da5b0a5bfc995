import pytest
from hypothesis import given
from hypothesis import strategies as st
from realtime_azure.endpoint import Endpoint, read_endpoint
from realtime_core.errors import InvalidOptions

R = "https://res.openai.azure.com/openai/v1"
GW = "https://gw.azure-api.net/talk"
LEGACY = "https://res.openai.azure.com/openai/realtime?api-version=2024-10-01-preview&deployment=talk"


@pytest.mark.parametrize(
    ("pasted", "base_url", "deployment"),
    [
        # the endpoint alone
        ("https://res.openai.azure.com", R, None),
        ("https://res.openai.azure.com/", R, None),
        ("https://res.openai.azure.com//", R, None),
        ("  https://res.openai.azure.com/\n", R, None),
        ("HTTPS://Res.OpenAI.Azure.com/", R, None),
        ("res.openai.azure.com", R, None),
        ("res.openai.azure.com/openai", R, None),
        ("wss://res.openai.azure.com", R, None),
        ("https://res.openai.azure.com:443/", "https://res.openai.azure.com:443/openai/v1", None),
        # a base URL
        ("https://res.openai.azure.com/openai", R, None),
        ("https://res.openai.azure.com/openai/", R, None),
        ("https://res.openai.azure.com/openai/v1", R, None),
        ("https://res.openai.azure.com/openai/v1/", R, None),
        ("https://res.openai.azure.com/OpenAI/V1/", R, None),
        ("https://res.openai.azure.com/v1", R, None),
        # a target URI
        ("https://res.openai.azure.com/openai/v1/realtime", R, None),
        ("https://res.openai.azure.com/openai/v1/realtime?model=talk", R, "talk"),
        ("wss://res.openai.azure.com/openai/v1/realtime?model=my%20talk%2B1", R, "my talk+1"),
        ("https://res.openai.azure.com/openai/v1/realtime/client_secrets", R, None),
        (LEGACY, R, "talk"),
        ("https://res.openai.azure.com/openai/realtime?API-Version=2025-08-28&Deployment=talk", R, "talk"),
        ("https://res.openai.azure.com/openai/realtime?deployment=talk&model=gpt-realtime", R, "talk"),
        (
            "https://res.openai.azure.com/openai/deployments/my%20talk/chat/completions?api-version=2025-01-01",
            R,
            "my talk",
        ),
        ("https://res.openai.azure.com/openai/deployments/openai/realtime?model=other", R, "openai"),
        ("https://res.openai.azure.com/openai/deployments/", R, None),
        ("https://res.openai.azure.com/openai/realtime?deployment=", R, None),
        # other hosts of Azure, and what the portal puts behind them
        ("https://res.services.ai.azure.com", "https://res.services.ai.azure.com/openai/v1", None),
        (
            "https://res.services.ai.azure.com/api/projects/my-project",
            "https://res.services.ai.azure.com/openai/v1",
            None,
        ),
        (
            "https://res.services.ai.azure.com/api/projects/p/openai/v1",
            "https://res.services.ai.azure.com/openai/v1",
            None,
        ),
        ("https://res.services.ai.azure.com/models", "https://res.services.ai.azure.com/openai/v1", None),
        (
            "https://res.cognitiveservices.azure.com/",
            "https://res.cognitiveservices.azure.com/openai/v1",
            None,
        ),
        (
            "https://res.cognitiveservices.azure.com/openai/realtime?api-version=2024-10-01-preview&deployment=t",
            "https://res.cognitiveservices.azure.com/openai/v1",
            "t",
        ),
        (
            "https://eastus2.api.cognitive.microsoft.com/",
            "https://eastus2.api.cognitive.microsoft.com/openai/v1",
            None,
        ),
        (
            "https://usgovvirginia.api.cognitive.microsoft.us/any",
            "https://usgovvirginia.api.cognitive.microsoft.us/openai/v1",
            None,
        ),
        # sovereign clouds
        ("https://res.openai.azure.us/", "https://res.openai.azure.us/openai/v1", None),
        ("https://res.openai.azure.cn/openai/", "https://res.openai.azure.cn/openai/v1", None),
        (
            "https://res.cognitiveservices.azure.us/any",
            "https://res.cognitiveservices.azure.us/openai/v1",
            None,
        ),
        # custom domains and gateways
        ("https://openai.example.com", "https://openai.example.com/openai/v1", None),
        ("https://openai-eu.example.com/openai/", "https://openai-eu.example.com/openai/v1", None),
        ("https://openai.openai.azure.com/", "https://openai.openai.azure.com/openai/v1", None),
        ("https://gw.azure-api.net/talk", "https://gw.azure-api.net/talk/openai/v1", None),
        ("https://gw.azure-api.net/talk/openai/v1/", "https://gw.azure-api.net/talk/openai/v1", None),
        ("https://gw.azure-api.net/openai-eu", "https://gw.azure-api.net/openai-eu/openai/v1", None),
        ("https://gw.azure-api.net/openai/openai/v1", "https://gw.azure-api.net/openai/openai/v1", None),
        ("https://gw.example.com:8443/a/b?model=t", "https://gw.example.com:8443/a/b/openai/v1", "t"),
        (
            "https://gw.azure-api.net/talk/deployments/t/chat/completions?api-version=1",
            f"{GW}/openai/v1",
            "t",
        ),
        ("https://gw.azure-api.net/talk/deployments", f"{GW}/openai/v1", None),
        (
            "https://gw.azure-api.net/deployments/openai/v1",
            "https://gw.azure-api.net/deployments/openai/v1",
            None,
        ),
        # those that have no /openai
        ("https://gw.example.com/v1", "https://gw.example.com/v1", None),
        ("https://gw.example.com/V1/", "https://gw.example.com/V1", None),
        ("https://gw.example.com/v1/realtime", "https://gw.example.com/v1", None),
        ("https://gw.example.com/v1/realtime?model=t", "https://gw.example.com/v1", "t"),
        ("wss://gw.example.com/a/v1/Realtime/?model=t", "https://gw.example.com/a/v1", "t"),
        ("https://gw.example.com/v1/realtime/calls", "https://gw.example.com/v1", None),
        ("https://gw.example.com/v1/realtime/client_secrets", "https://gw.example.com/v1", None),
        ("https://gw.example.com/v1/any", "https://gw.example.com/v1/any/openai/v1", None),
        # a project's endpoint
        ("https://gw.example.com/api/projects/p", "https://gw.example.com/openai/v1", None),
        ("https://gw.example.com/a/API/Projects/p/openai/v1", "https://gw.example.com/a/openai/v1", None),
        ("https://gw.example.com/api/projects", "https://gw.example.com/openai/v1", None),
        ("https://gw.example.com/api/v1", "https://gw.example.com/api/v1", None),
        ("http://localhost:8765/api/projects/p", "http://localhost:8765/openai/v1", None),
        # this machine
        ("http://localhost:8080", "http://localhost:8080/openai/v1", None),
        ("ws://127.0.0.1:8765/openai/v1/realtime?model=t", "http://127.0.0.1:8765/openai/v1", "t"),
        ("http://[::1]:8765/", "http://[::1]:8765/openai/v1", None),
        ("https://localhost", "https://localhost/openai/v1", None),
    ],
)
def test_an_endpoint_is_taken_as_people_paste_it(pasted, base_url, deployment):
    endpoint = read_endpoint(pasted)

    assert (endpoint.base_url, endpoint.deployment) == (base_url, deployment)
    assert read_endpoint(base_url) == Endpoint(base_url)


@pytest.mark.parametrize(
    ("pasted", "base_url", "deployment"),
    [
        ("https://gw.azure-api.net/talk/realtime?api-version=2025-04-01-preview&deployment=t", GW, "t"),
        ("wss://gw.azure-api.net/talk/realtime?model=t", GW, "t"),
        ("https://gw.example.com/realtime", "https://gw.example.com", None),
    ],
)
def test_the_websocket_of_a_gateway_is_where_its_url_says(pasted, base_url, deployment):
    endpoint = read_endpoint(pasted)

    # the openai package puts /realtime behind it
    assert (endpoint.base_url, endpoint.deployment) == (base_url, deployment)


@pytest.mark.parametrize(
    ("pasted", "api_version"), [(LEGACY, "2024-10-01-preview"), ("https://res.openai.azure.com", None)]
)
def test_the_api_version_of_a_target_uri_is_known_and_no_part_of_the_base_url(pasted, api_version):
    assert read_endpoint(pasted).api_version == api_version


HIDDEN = "hidden77"


@pytest.mark.parametrize(
    ("pasted", "remedy"),
    [
        (HIDDEN, "looks like https://<resource>.openai.azure.com"),
        ("", "looks like"),
        (f"localhost:{HIDDEN}", "looks like"),
        (f"ftp://{HIDDEN}.openai.azure.com", "looks like"),
        (f"https://res.openai.azure.com:{HIDDEN}", "looks like"),
        (7, "looks like"),
        (f"https://u:{HIDDEN}@res.openai.azure.com", "give the key as api_key=..."),
        (f"https://{HIDDEN}@res.openai.azure.com", "give the key as api_key=..."),
        (
            f"https://res.openai.azure.com/?api-key={HIDDEN}",
            "no parameters but api-version, deployment, model;",
        ),
        (f"https://gw.azure-api.net/?subscription-key={HIDDEN}", "give the key as api_key=..."),
        (f"https://res.openai.azure.com/openai/v1/realtime?intent={HIDDEN}", "no parameters but"),
        (f"https://res.openai.azure.com/#{HIDDEN}", "no parameters but"),
        (f"http://{HIDDEN}.openai.azure.com", "begins with https"),
        (f"ws://{HIDDEN}.openai.azure.com", "begins with https"),
        (f"http://192.168.0.1/{HIDDEN}", "begins with https"),
        (f"https://ai.azure.com/resource/{HIDDEN}", "page of the portal"),
        (f"https://portal.azure.com/#@{HIDDEN}/resource", "page of the portal"),
        ("https://api.openai.com/v1", "openai-ws"),
        (
            "https://<resource>.openai.azure.com",
            "it has a placeholder in it, such as <resource>; put the name",
        ),
        ("<resource>.openai.azure.com", "placeholder"),
        ("https://{resource}.openai.azure.com/", "placeholder"),
        ("https://%3Cresource%3E.openai.azure.com/", "placeholder"),
        ("https://res.openai.azure.com/openai/v1/realtime?model=<deployment>", "placeholder"),
        ("https://gw.example.com/openai/deployments/{deployment-id}/realtime", "placeholder"),
        (f"https://{HIDDEN} resource.openai.azure.com", "characters that no host has"),
        (f"https://{HIDDEN}.openai.azure.us\\openai", "characters that no host has"),
        (f"wss://{HIDDEN}.services.ai.azure.com/voice-live/realtime?api-version=2026-07-15", "VoiceLive"),
    ],
)
def test_what_is_no_endpoint_is_refused_with_the_remedy_and_never_shown(pasted, remedy):
    with pytest.raises(InvalidOptions) as caught:
        read_endpoint(pasted)

    assert remedy in str(caught.value)
    assert HIDDEN not in str(caught.value)


@given(st.text() | st.from_regex(r"https://[a-z.]{1,20}(/[a-zA-Z%?&=#@]{0,20}){0,3}", fullmatch=True))
def test_whatever_is_pasted_is_an_api_of_one_host_or_refused(pasted):
    try:
        endpoint = read_endpoint(pasted)
    except InvalidOptions:
        return

    assert endpoint.base_url.startswith(("https://", "http://"))
    assert not endpoint.base_url.endswith("/")
    assert "?" not in endpoint.base_url
    assert "@" not in endpoint.base_url.split("/")[2]
