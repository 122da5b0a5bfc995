import asyncio
import threading

import pytest
from realtime_core.errors import AuthenticationFailed, InvalidOptions
from realtime_openai_wire.credentials import as_api_key, checked_key, key_from

UNFIT = ["", " ", "two words", "line\nbreak", "schlüssel", 7, b"sk"]


def numbered_keys(*, wait):
    """A function, or a coroutine function, that gives another key each time."""
    keys = iter(["sk-first", "sk-second"])

    def give():
        return next(keys)

    async def give_later():
        await asyncio.sleep(0)
        return next(keys)

    return give_later if wait else give


class Vault:
    """Not a coroutine function, but what it gives is to be awaited."""

    async def __call__(self):
        return "sk-vault"


@pytest.mark.parametrize("check", [checked_key, as_api_key])
def test_a_key_that_can_stand_in_a_header_is_taken_as_it_is(check, key):
    assert check(key) == key


@pytest.mark.parametrize("check", [checked_key, as_api_key])
@pytest.mark.parametrize("value", UNFIT)
def test_a_key_that_cannot_is_refused_without_showing_it(check, value):
    with pytest.raises(InvalidOptions, match="a key is") as caught:
        check(value)

    assert not str(value).strip() or str(value) not in str(caught.value)


@pytest.mark.parametrize("value", ["hidden77\n", " hidden77", "hidden77 ", "hidden77\r\n", "\thidden77"])
def test_a_key_with_whitespace_around_it_is_told_so_without_showing_it(value):
    with pytest.raises(InvalidOptions, match="has whitespace at its beginning or end; strip it") as caught:
        checked_key(value)

    assert "hidden77" not in str(caught.value)


def test_a_key_may_be_what_gives_one():
    give = numbered_keys(wait=False)

    assert as_api_key(give) is give


async def test_a_key_that_is_given_is_the_key(key):
    assert await key_from(key, "api_key") == key


@pytest.mark.parametrize("wait", [False, True])
async def test_what_gives_a_key_is_asked_each_time(wait):
    give = numbered_keys(wait=wait)

    assert [await key_from(give, "it") for _ in range(2)] == ["sk-first", "sk-second"]


async def test_an_awaitable_is_awaited_whoever_gives_it():
    assert await key_from(Vault(), "it") == "sk-vault"


async def test_a_function_may_block_without_holding_the_loop():
    may_end = threading.Event()

    def give():
        assert may_end.wait(5)
        return "sk-slow"

    asked = asyncio.create_task(key_from(give, "it"))
    await asyncio.sleep(0)
    # nothing here would run if the function held the loop
    may_end.set()

    assert await asked == "sk-slow"


class VaultError(Exception):
    pass


@pytest.mark.parametrize("unfit", UNFIT)
async def test_what_gives_no_key_is_a_failed_authentication_that_shows_none(unfit):
    with pytest.raises(AuthenticationFailed, match="the vault gave no usable key: a key is") as caught:
        await key_from(lambda: unfit, "the vault")

    assert not str(unfit).strip() or str(unfit) not in str(caught.value)


async def test_an_error_of_what_gives_a_key_is_a_failed_authentication_by_its_name_only(key):
    async def give():
        raise VaultError(key)

    with pytest.raises(AuthenticationFailed, match=r"the vault gave no usable key \(VaultError\)") as caught:
        await key_from(give, "the vault")

    assert key not in str(caught.value)
    assert isinstance(caught.value.__cause__, VaultError)


async def test_an_error_of_ours_passes_as_it_is():
    async def give():
        raise AuthenticationFailed("the vault is closed", status=423)

    with pytest.raises(AuthenticationFailed, match="the vault is closed"):
        await key_from(give, "it")
