"""Tokens, by the classes of ``azure-identity`` itself: a command line tool of ours stands in for ``az``."""

import shlex
import sys
import threading

import pytest
from azure.core.credentials import AccessToken
from azure.identity import AzureCliCredential, EnvironmentCredential, get_bearer_token_provider
from azure.identity.aio import AzureCliCredential as AsyncAzureCliCredential
from azure.identity.aio import EnvironmentCredential as AsyncEnvironmentCredential
from azure.identity.aio import get_bearer_token_provider as get_async_bearer_token_provider
from realtime_azure.identity import as_credential, token_source
from realtime_core.errors import AuthenticationFailed, InvalidOptions
from realtime_openai_wire.credentials import key_from

SCOPE = "https://ai.azure.com/.default"

AZ = """
import json, pathlib, sys
count = pathlib.Path(__file__).with_name("count")
number = int(count.read_text()) + 1 if count.exists() else 1
count.write_text(str(number))
resource = sys.argv[sys.argv.index("--resource") + 1]
print(json.dumps({"accessToken": f"{resource}#{number}", "expiresOn": "2999-01-01 00:00:00.000000",
                   "expires_on": 32472144000, "subscription": "s", "tenant": "t", "tokenType": "Bearer"}))
"""


@pytest.fixture
def az(tmp_path, monkeypatch):
    """An ``az`` that gives a token that names its resource and how often it was asked."""
    program, tool = tmp_path / "az.py", tmp_path / "az"
    program.write_text(AZ)
    # by a shell: what stands behind #! ends at a blank, and Python's path may have one
    tool.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, str(program)])} "$@"\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")


async def token_of(credential):
    return await key_from(token_source(as_credential(credential), SCOPE), "the credential")


@pytest.mark.usefixtures("az")
@pytest.mark.parametrize("credential", [AzureCliCredential(), AsyncAzureCliCredential()])
async def test_a_credential_is_asked_each_time_for_the_scope(credential):
    tokens = [await token_of(credential) for _ in range(2)]

    assert tokens == ["https://ai.azure.com#1", "https://ai.azure.com#2"]


@pytest.mark.usefixtures("az")
@pytest.mark.parametrize(
    "provider",
    [
        get_bearer_token_provider(AzureCliCredential(), "https://cognitiveservices.azure.com/.default"),
        get_async_bearer_token_provider(
            AsyncAzureCliCredential(), "https://cognitiveservices.azure.com/.default"
        ),
    ],
)
async def test_a_provider_of_tokens_has_a_scope_of_its_own(provider):
    assert await token_of(provider) == "https://cognitiveservices.azure.com#1"


@pytest.mark.parametrize("credential", [EnvironmentCredential(), AsyncEnvironmentCredential()])
async def test_a_credential_that_gives_no_token_is_a_failed_authentication(credential):
    with pytest.raises(AuthenticationFailed, match=r"the credential gave .*CredentialUnavailableError"):
        await token_of(credential)


async def test_a_synchronous_credential_is_asked_in_a_thread():
    class Credential:
        def get_token(self, *_scopes):
            return AccessToken(threading.current_thread().name, 0)

    assert await token_of(Credential()) != threading.current_thread().name


async def test_a_token_is_taken_as_it_is():
    assert await token_of("token") == "token"


@pytest.mark.parametrize("value", [AzureCliCredential, 5, None, {}, "two words", ""])
def test_what_gives_no_token_is_refused(value):
    with pytest.raises(InvalidOptions, match=r"a credential is one of azure-identity|a key is one word"):
        as_credential(value)
