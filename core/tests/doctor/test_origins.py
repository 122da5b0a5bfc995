import attrs
from realtime_core.doctor.origins import masker, place_of, said_by, summary, table, whence, with_missing
from realtime_core.options import build_options, option, option_origins

SECRET = "hidden77-and-more"


@attrs.frozen
class Options:
    api_key: str | None = option(env=("ACME_KEY", "OLD_KEY"), unless=("token",), default=None, secret=True)
    token: str | None = option(env="ACME_TOKEN", unless=("api_key",), default=None, secret=True)
    base_url: str = option(env="ACME_URL", default="https://api.example.com")
    retries: int = option(default=3)
    on_end: object = option(default=None)


@attrs.frozen
class NoOptions:
    pass


def origins_of(given, environ=None):
    return option_origins(Options, given, environ or {})


def rows(given, environ=None, mask=str):
    options = build_options(Options, given, environ or {})
    return {row["name"]: row for row in table(origins_of(given, environ), options, mask)}


def test_summary_tells_who_gave_what_and_hides_secrets():
    told = summary(origins_of({"api_key": SECRET}, {"ACME_URL": "https://x.example.com"}))

    assert told == (
        "api_key=*** (--option); base_url=https://x.example.com (ACME_URL); the other 3 by default"
    )


def test_summary_tells_which_variables_lost():
    told = summary(origins_of({"api_key": SECRET}, {"OLD_KEY": "o", "ACME_TOKEN": "t"}))

    assert "api_key=*** (--option, which goes before OLD_KEY)" in told
    assert "token: ACME_TOKEN gives way to another option" in told


def test_summary_of_a_variable_tells_which_came_after_it():
    assert "(ACME_KEY, which goes before OLD_KEY)" in summary(
        origins_of({}, {"ACME_KEY": "k", "OLD_KEY": "o"})
    )


def test_summary_of_defaults_alone_counts_them():
    assert summary(origins_of({})) == "5 by default"
    assert summary(option_origins(NoOptions, {}, {})) == "there are none"


def test_summary_shortens_long_values_and_names_the_class_of_odd_ones():
    told = summary(origins_of({"base_url": "a b " * 50, "on_end": object()}))

    assert "base_url=a b a b" in told
    assert " … (--option)" in told
    assert "on_end=(object) (--option)" in told


def test_table_has_every_option_and_no_secret():
    table = rows({"api_key": SECRET, "retries": 5, "on_end": object()}, {"OLD_KEY": "o"})

    assert table["api_key"] == {
        "name": "api_key",
        "source": "program",
        "variable": None,
        "lost": ["OLD_KEY"],
        "giver": None,
        "value": "***",
    }
    assert table["token"]["value"] is None
    assert table["base_url"]["value"] == "https://api.example.com"
    assert table["retries"]["value"] == 5
    assert table["on_end"]["value"] is None


def test_table_without_options_tells_no_values():
    told = table(origins_of({"base_url": "x"}), None, str)

    assert {row["value"] for row in told} == {None}


def test_table_masks_what_hides_in_other_values():
    table = rows({"base_url": "http://me:pw@x"}, mask=masker(()))

    assert table["base_url"]["value"] == "http://***@x"


def test_place_is_the_option_that_the_host_is_in():
    given = {"base_url": "https://x.example.com/v1"}
    options = build_options(Options, given, {})

    assert place_of("x.example.com", origins_of(given), options) == "base_url (--option)"
    assert place_of("y.example.com", origins_of(given), options).startswith(
        "the address, which is the provider's"
    )


def test_a_secret_is_never_the_place():
    given = {"api_key": "x.example.com"}

    assert "api_key" not in place_of("x.example.com", origins_of(given), build_options(Options, given, {}))


def test_mask_takes_secrets_out_longest_first_and_leaves_tiny_ones():
    mask = masker(origins_of({"api_key": SECRET, "token": SECRET[:8]}))

    assert mask(f"a {SECRET} b {SECRET[:8]} c") == "a *** b *** c"
    assert masker(origins_of({"api_key": "a"}))("a cat") == "a cat"


def test_mask_takes_out_what_looks_like_a_key():
    assert "sk-abc" not in masker(())("the key sk-abcdefgh is wrong")


def test_secrets_that_are_no_text_cannot_be_looked_for():
    assert masker(origins_of({"api_key": len}))("len") == "len"


def test_what_its_class_wants_in_the_end_is_marked_as_missing():
    told = {one.name: one.source for one in with_missing(origins_of({"token": SECRET}), ["api_key"])}

    assert told["api_key"] == "missing"
    assert told["token"] == "program"  # the word


def test_an_option_of_a_profile_is_told_as_its():
    (key, *_) = said_by("profile 'a'", origins_of({"api_key": SECRET}), ["api_key"])

    assert whence(key) == "profile 'a'"
