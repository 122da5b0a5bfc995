import traceback

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from realtime_core.errors import BrokenPlugin, InvalidOptions
from realtime_core.options import (
    OptionSource,
    build_options,
    missing_option,
    option,
    option_origins,
    variables,
)

SECRET = "sk-very-secret"


@attrs.frozen
class Options:
    api_key: str = option(env="ACME_KEY", secret=True)
    endpoint: str | None = option(env="ACME_ENDPOINT", default=None)
    timeout_s: float = option(env="ACME_TIMEOUT", default=10.0, convert=float)
    region: str = option(default="north")


@attrs.frozen
class Pin:
    pin: int = option(env="ACME_PIN", secret=True, convert=int)


@attrs.frozen
class NoOptions:
    pass


@attrs.frozen
class Pair:
    user: str | None = option(default=None)

    def __attrs_post_init__(self):
        raise missing_option("password", "ACME_PASSWORD")


@attrs.frozen
class Checked:
    size: int = attrs.field(default=1, kw_only=True, validator=attrs.validators.gt(0))


def test_an_option_is_taken_from_the_program():
    assert build_options(Options, {"api_key": "k"}, {}).api_key == "k"


def test_an_option_is_taken_from_the_environment():
    assert build_options(Options, {}, {"ACME_KEY": "k"}).api_key == "k"


def test_the_program_wins_over_the_environment():
    assert build_options(Options, {"api_key": "mine"}, {"ACME_KEY": "theirs"}).api_key == "mine"


def test_the_environment_wins_over_the_default():
    built = build_options(Options, {"api_key": "k"}, {"ACME_ENDPOINT": "https://x"})

    assert built.endpoint == "https://x"


def test_the_default_holds_when_neither_gives_it():
    built = build_options(Options, {"api_key": "k"}, {})

    assert (built.endpoint, built.timeout_s, built.region) == (None, 10.0, "north")


def test_the_processes_environment_is_read(monkeypatch):
    monkeypatch.setenv("ACME_KEY", "k")

    assert build_options(Options, {}).api_key == "k"


def test_none_counts_as_not_given():
    built = build_options(Options, {"api_key": None, "timeout_s": None}, {"ACME_KEY": "k"})

    assert (built.api_key, built.timeout_s) == ("k", 10.0)


def test_none_for_an_option_that_is_needed_is_missing():
    with pytest.raises(InvalidOptions, match="option 'api_key' is missing"):
        build_options(Options, {"api_key": None}, {})


def test_an_empty_variable_counts_as_not_set():
    with pytest.raises(InvalidOptions, match="option 'api_key' is missing"):
        build_options(Options, {}, {"ACME_KEY": ""})


def test_an_empty_variable_leaves_the_default():
    assert build_options(Options, {"api_key": "k"}, {"ACME_TIMEOUT": ""}).timeout_s == 10.0


def test_a_missing_option_names_itself_and_its_variable():
    with pytest.raises(
        InvalidOptions, match=r"option 'api_key' is missing: give api_key=\.\.\. or set ACME_KEY"
    ):
        build_options(Options, {}, {})


def test_a_missing_option_without_a_variable_names_itself():
    assert str(missing_option("url")) == "option 'url' is missing: give url=..."


def test_a_misspelt_option_is_refused_with_a_hint():
    with pytest.raises(InvalidOptions, match=r"no option 'endpiont'; did you mean 'endpoint'\?"):
        build_options(Options, {"api_key": "k", "endpiont": "x"}, {})


def test_an_unknown_option_is_refused_with_the_choices():
    with pytest.raises(
        InvalidOptions, match="no option 'zzz'; choose from api_key, endpoint, timeout_s, region"
    ):
        build_options(Options, {"zzz": 1}, {})


def test_a_provider_without_options_says_so():
    with pytest.raises(InvalidOptions, match="no option 'zzz'; choose from none"):
        build_options(NoOptions, {"zzz": 1}, {})


def test_an_option_of_the_program_is_converted():
    assert build_options(Options, {"api_key": "k", "timeout_s": "2"}, {}).timeout_s == 2.0


def test_an_option_of_the_environment_is_converted():
    assert build_options(Options, {"api_key": "k"}, {"ACME_TIMEOUT": "2"}).timeout_s == 2.0


def test_a_default_is_not_converted():
    assert attrs.fields(Options).timeout_s.default is build_options(Options, {"api_key": "k"}, {}).timeout_s


@pytest.mark.parametrize("wrong", ["soon", [1]])
def test_a_wrong_option_of_the_program_is_refused_by_name(wrong):
    with pytest.raises(InvalidOptions, match=r"^option 'timeout_s' has a wrong value; it takes float$"):
        build_options(Options, {"api_key": "k", "timeout_s": wrong}, {})


def test_a_wrong_option_of_the_environment_is_refused_by_its_variable():
    with pytest.raises(
        InvalidOptions, match=r"^option 'timeout_s' \(from ACME_TIMEOUT\) has a wrong value; it takes float$"
    ):
        build_options(Options, {"api_key": "k"}, {"ACME_TIMEOUT": "soon"})


def test_what_the_converter_said_is_the_cause():
    with pytest.raises(InvalidOptions) as caught:
        build_options(Options, {"api_key": "k", "timeout_s": "soon"}, {})

    assert isinstance(caught.value.__cause__, ValueError)


def test_a_converter_may_name_the_choices():
    def choose(_):
        raise InvalidOptions("choose 'a' or 'b'")

    @attrs.frozen
    class Choosy:
        kind = option(convert=choose)

    with pytest.raises(InvalidOptions, match=r"^option 'kind': choose 'a' or 'b'$"):
        build_options(Choosy, {"kind": "c"}, {})


def test_a_wrong_secret_shows_nowhere_in_the_traceback():
    with pytest.raises(InvalidOptions) as caught:
        build_options(Pin, {}, {"ACME_PIN": SECRET})

    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_a_value_that_the_class_refuses_is_an_invalid_option():
    with pytest.raises(InvalidOptions, match="Checked"):
        build_options(Checked, {"size": 0}, {})


def test_what_the_class_says_of_its_options_is_said():
    with pytest.raises(InvalidOptions, match=r"option 'password' is missing: .* set ACME_PASSWORD"):
        build_options(Pair, {"user": "me"}, {})


@given(st.text("ЖЩФЯ", min_size=1))
def test_a_secret_never_shows_in_a_repr(secret):
    assert secret not in repr(build_options(Options, {"api_key": secret}, {}))


@given(st.text("ЖЩФЯ", min_size=1))
def test_a_wrong_value_never_shows_in_the_message(wrong):
    with pytest.raises(InvalidOptions) as caught:
        build_options(Options, {"api_key": "k", "timeout_s": wrong}, {})

    assert wrong not in str(caught.value)


@attrs.frozen
class Plain:
    size: int = option(env="ACME_SIZE", default=1)
    share: float = option(default=0.5)
    loud: bool = option(default=False)
    name: str = option(default="a")


def test_a_string_becomes_the_plain_type_of_its_option():
    given = {"share": "0.25", "loud": "yes", "name": "5"}

    assert build_options(Plain, given, {"ACME_SIZE": "3"}) == Plain(size=3, share=0.25, loud=True, name="5")


@pytest.mark.parametrize(("word", "flag"), [("1", True), ("On", True), ("0", False), ("no", False)])
def test_a_flag_has_customary_words(word, flag):
    assert build_options(Plain, {"loud": word}, {}).loud is flag


@pytest.mark.parametrize(("name", "kind"), [("size", "int"), ("share", "float"), ("loud", "bool")])
def test_a_string_that_is_none_of_its_type_is_refused_by_that(name, kind):
    with pytest.raises(InvalidOptions, match=f"^option '{name}' has a wrong value; it takes {kind}$"):
        build_options(Plain, {name: "perhaps"}, {})


# --- the environment


@attrs.frozen
class Door:
    key: str | None = option(env="ACME_KEY", unless=("badge", "pin"), default=None)
    badge: str | None = option(env="ACME_BADGE", unless=("key",), default=None)
    pin: str | None = option(default=None)
    name: str = option(env=("ACME_DOOR", "ACME_GATE"))
    age: int = option(env="ACME_AGE", default=0, convert=lambda age: age + 1, convert_env=len)


@pytest.mark.parametrize(
    ("environ", "name"),
    [({"ACME_DOOR": "a", "ACME_GATE": "b"}, "a"), ({"ACME_DOOR": "", "ACME_GATE": "b"}, "b")],
)
def test_the_first_variable_that_is_set_gives_an_option(environ, name):
    assert build_options(Door, {}, environ).name == name


def test_a_missing_option_names_all_its_variables():
    with pytest.raises(InvalidOptions, match=r"give name=\.\.\. or set ACME_DOOR or ACME_GATE"):
        build_options(Door, {}, {})


def test_a_wrong_value_names_the_variable_that_gave_it():
    @attrs.frozen
    class Aged:
        age: int = option(env=("ACME_AGE", "ACME_YEARS"))

    with pytest.raises(InvalidOptions, match=r"'age' \(from ACME_YEARS\)"):
        build_options(Aged, {}, {"ACME_YEARS": "many"})


@pytest.mark.parametrize(
    ("given", "key", "badge"),
    [
        ({}, "k", None),
        ({"key": None}, "k", None),
        ({"badge": "mine"}, None, "mine"),
        ({"pin": "mine"}, None, "b"),
        ({"key": "mine"}, "mine", None),
        ({"key": "mine", "badge": "mine"}, "mine", "mine"),
    ],
)
def test_the_environment_is_silent_about_what_another_option_says(given, key, badge):
    built = build_options(Door, {"name": "n", **given}, {"ACME_KEY": "k", "ACME_BADGE": "b"})

    assert (built.key, built.badge) == (key, badge)


def test_what_the_environment_gives_may_be_converted_otherwise():
    assert build_options(Door, {"name": "n", "age": 2}, {}).age == 3
    assert build_options(Door, {"name": "n"}, {"ACME_AGE": "four"}).age == 4


@attrs.frozen
class Pass:
    ticket: str | None = option(env="ACME_TICKET", unless=("face",))
    face: str | None = option(env="ACME_FACE", unless=("ticket",))


@pytest.mark.parametrize(
    ("given", "environ", "ticket", "face"),
    [
        ({"ticket": "mine"}, {}, "mine", None),
        ({"face": "mine"}, {}, None, "mine"),
        ({"face": "mine"}, {"ACME_TICKET": "t"}, None, "mine"),
        ({}, {"ACME_FACE": "f"}, None, "f"),
        ({}, {"ACME_TICKET": "t", "ACME_FACE": "f"}, "t", None),
    ],
)
def test_a_required_option_is_not_missing_where_a_rival_has_a_value(given, environ, ticket, face):
    built = build_options(Pass, given, environ)

    assert (built.ticket, built.face) == (ticket, face)


def test_required_rivals_of_which_none_has_a_value_are_missing():
    told = "^options 'ticket' and 'face' are missing: give ticket=.* or face=.*, or set .*_TICKET or .*_FACE$"
    with pytest.raises(InvalidOptions, match=told):
        build_options(Pass, {}, {})


def test_all_that_is_missing_is_told_at_once():
    @attrs.frozen
    class Door:
        place: str = option(env="ACME_PLACE")
        key: str | None = option(unless=("code",))
        code: str | None = option(unless=("key",))
        floor: int = option()

    with pytest.raises(InvalidOptions) as caught:
        build_options(Door, {}, {})

    assert str(caught.value) == (
        "option 'place' is missing: give place=... or set ACME_PLACE; "
        "options 'key' and 'code' are missing: give key=... or code=...; "
        "option 'floor' is missing: give floor=..."
    )


@pytest.mark.parametrize("given", [{}, {"a": "x"}])
def test_a_rival_that_is_no_option_is_a_fault_of_the_plugin(given):
    @attrs.frozen
    class Misspelt:
        a: str | None = option(unless=("c",), default=None)
        b: str | None = option(default=None)
        read = variables()

    with pytest.raises(BrokenPlugin, match=r"Misspelt: option 'a' has the rival 'c'.*choose from a, b$"):
        build_options(Misspelt, given, {})


# --- where a value came from


@attrs.frozen
class Traced(Options):
    read = variables()


def test_the_variables_that_gave_options_are_known():
    built = build_options(Traced, {"endpoint": "x"}, {"ACME_KEY": "k", "ACME_ENDPOINT": "y"})

    assert built.read == {"api_key": "ACME_KEY"}


def test_an_option_made_without_an_environment_came_from_none():
    assert Traced(api_key="k").read == {}


def test_what_is_known_of_variables_is_no_option_and_changes_no_value():
    with pytest.raises(InvalidOptions, match=r"choose from api_key, endpoint, timeout_s, region$"):
        build_options(Traced, {"read": {}}, {})
    assert build_options(Traced, {}, {"ACME_KEY": "k"}) == Traced(api_key="k")


@attrs.frozen
class Named:
    """Two variables, a rival, and one that is needed unless a rival has a value."""

    token: str | None = option(env=("ACME_TOKEN", "OLD_TOKEN"), unless=("key",), secret=True)
    key: str | None = option(env="ACME_API_KEY", unless=("token",), secret=True)
    region: str = option(env="ACME_REGION", default="north")
    read: dict[str, str] = variables()


def origin(name, given, environ):
    return {one.name: one for one in option_origins(Named, given, environ)}[name]


def test_an_origin_tells_what_the_program_gave_and_which_variables_lost():
    told = origin("token", {"token": "t"}, {"OLD_TOKEN": "u"})

    assert (told.source, told.variable, told.lost, told.value) == ("program", None, ("OLD_TOKEN",), "t")
    assert told.secret


def test_an_origin_tells_which_variable_won_and_which_came_after_it():
    told = origin("token", {}, {"ACME_TOKEN": "t", "OLD_TOKEN": "u"})

    assert (told.source, told.variable, told.lost) == ("variable", "ACME_TOKEN", ("OLD_TOKEN",))


def test_an_origin_tells_that_a_rival_silenced_a_variable():
    told = origin("key", {"token": "t"}, {"ACME_API_KEY": "k"})

    assert (told.source, told.lost, told.value) == ("default", ("ACME_API_KEY",), None)


def test_an_option_of_which_a_rival_has_a_value_is_not_missing():
    assert origin("key", {"token": "t"}, {}).source is OptionSource.DEFAULT


@pytest.mark.parametrize("name", ["token", "key"])
def test_an_option_that_has_to_be_given_is_missing(name):
    assert origin(name, {}, {}).source is OptionSource.MISSING


def test_what_nobody_gave_is_a_default():
    told = origin("region", {}, {})

    assert (told.source, told.secret, told.value) == ("default", False, None)


def test_an_origin_does_not_show_its_value():
    assert SECRET not in repr(origin("key", {"key": SECRET}, {}))


def test_origins_come_from_the_environment_of_the_process_unless_told_otherwise(monkeypatch):
    monkeypatch.setenv("ACME_REGION", "south")

    assert {one.name: one.value for one in option_origins(Named, {})}["region"] == "south"
