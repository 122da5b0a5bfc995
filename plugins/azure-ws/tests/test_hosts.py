import pytest
from realtime_azure.hosts import check_host, is_azure, is_loopback
from realtime_core.errors import InvalidOptions


@pytest.mark.parametrize(
    "host",
    [
        "res.openai.azure.com",
        "res.openai.azure.com.",
        "res.services.ai.azure.com",
        "models.inference.ai.azure.com",
        "ai-portal.azure-api.net",
        "portal.example.com",
        "bücher.example.com",
        "my_host",
        "127.0.0.1",
        "::1",
        "::1%lo",
    ],
)
def test_a_host_may_have_the_api(host):
    check_host(host)


@pytest.mark.parametrize(
    "host",
    ["<res>.openai.azure.com", "my res.example.com", "res..example.com", "-\\a", ".a", "a%20b", "'a'", ""],
)
def test_what_is_no_host_is_refused_and_never_shown(host):
    with pytest.raises(InvalidOptions) as caught:
        check_host(host)

    assert str(caught.value) == (
        "its host has characters that no host has; an endpoint looks like https://<resource>.openai.azure.com"
    )


@pytest.mark.parametrize(
    ("host", "remedy"),
    [
        ("ai.azure.com", "page of the portal"),
        ("ai.azure.us", "page of the portal"),
        ("oai.azure.com", "page of the portal"),
        ("portal.azure.com", "page of the portal"),
        ("portal.azure.us", "page of the portal"),
        ("portal.azure.cn", "page of the portal"),
        ("ms.portal.azure.com", "page of the portal"),
        ("ml.azure.com", "page of the portal"),
        ("studio.ml.azure.us", "page of the portal"),
        ("swedencentral.realtimeapi-preview.ai.azure.com", "of a preview, which is not spoken here"),
        ("api.openai.com", "the provider openai-ws is for"),
    ],
)
def test_a_host_without_the_api_is_refused_with_the_shape_of_those_that_have_it(host, remedy):
    with pytest.raises(InvalidOptions, match=remedy) as caught:
        check_host(host)

    assert "looks like https://<resource>.openai.azure.com" in str(caught.value)


@pytest.mark.parametrize(
    ("host", "is_one"),
    [
        ("res.openai.azure.com", True),
        ("res.privatelink.openai.azure.com", True),
        ("res.openai.azure.us", True),
        ("res.services.ai.azure.com", True),
        ("res.cognitiveservices.azure.cn", True),
        ("eastus2.api.cognitive.microsoft.com", True),
        ("gw.azure-api.net", False),
        ("openai.azure.com.example.com", False),
        ("openai.example.com", False),
    ],
)
def test_the_hosts_of_azure_are_known(host, is_one):
    assert is_azure(host) is is_one


@pytest.mark.parametrize(
    ("host", "is_one"),
    [("localhost", True), ("127.0.0.9", True), ("::1", True), ("192.168.0.1", False), ("example.com", False)],
)
def test_this_machine_is_known(host, is_one):
    assert is_loopback(host) is is_one
