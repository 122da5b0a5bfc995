import datetime as dt
import functools
import inspect
import typing
from typing import Annotated, Any, Optional

import pytest
from realtime_core import RealtimeSession, Tool
from realtime_core.errors import InvalidTool
from realtime_core.tools.call import ActiveCall
from realtime_core.tools.signature import Injected, Parameter, read_signature


def parameters(function):
    return read_signature(function, "f").parameters


def injected(function):
    return dict(read_signature(function, "f").injected)


def test_a_parameter_has_its_annotation_and_its_default():
    def f(a: int, b: list[str] = []): ...  # noqa: B006  # is never called

    assert parameters(f) == (Parameter("a", int), Parameter("b", list[str], []))
    assert [each.required for each in parameters(f)] == [True, False]


def test_keyword_only_parameters_are_like_others():
    def f(*, a: int): ...

    assert parameters(f) == (Parameter("a", int),)


def test_without_annotation_a_parameter_takes_anything():
    def f(a, b=None): ...

    assert parameters(f) == (Parameter("a", Any), Parameter("b", Any, None))


def test_a_default_of_none_admits_none():
    def f(a: int = None): ...  # noqa: RUF013  # what people write

    assert parameters(f) == (Parameter("a", Optional[int], None),)  # noqa: UP045  # compared by ==


def test_annotations_that_are_strings_are_evaluated():
    def f(a: "Annotated[int, 'how many']"): ...

    assert parameters(f) == (Parameter("a", Annotated[int, "how many"]),)


def test_the_annotation_of_the_result_is_not_looked_at():
    def f(a: int) -> "Nowhere": ...  # noqa: F821  # what is imported under TYPE_CHECKING looks like that

    assert parameters(f) == (Parameter("a", int),)


def test_an_annotation_that_cannot_be_evaluated_is_named():
    def f(a: "Nowhere"): ...  # noqa: F821

    with pytest.raises(
        InvalidTool, match=r"tool 'f': the annotation of parameter 'a' .*Nowhere.*TYPE_CHECKING"
    ):
        read_signature(f, "f")


def test_a_decorated_function_is_read_where_it_was_written():
    def f(a: "Parameter"): ...

    def decorated(*args, **kwargs):
        return f(*args, **kwargs)

    decorated = functools.wraps(f)(decorated)

    assert parameters(decorated) == (Parameter("a", Parameter),)


def test_a_method_does_not_show_its_object():
    class Shop:
        def buy(self, what: "str"): ...

        def __call__(self, what: "str"): ...

    assert parameters(Shop().buy) == (Parameter("what", str),)
    assert parameters(Shop()) == (Parameter("what", str),)


def test_a_method_of_a_class_is_refused():
    class Shop:
        def buy(self, what: str): ...

    with pytest.raises(InvalidTool, match="parameter 'self' is left open: give the method of an instance"):
        read_signature(Shop.buy, "buy")


def test_what_a_partial_binds_is_not_for_the_model():
    def f(key: str, city: str, unit: "str" = "C"): ...

    bound = functools.partial(f, "secret", unit="F")

    assert parameters(bound) == (Parameter("city", str),)


def test_a_parameter_that_goes_by_position_alone_keeps_its_default():
    def f(a: int = 1, /, b: int = 2): ...

    assert parameters(f) == (Parameter("b", int, 2),)


def _by_position(a, /): ...


def _rest(*rest): ...


def _others(**others): ...


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        (_by_position, "parameter 'a' can only be given by position; move it behind the '/'"),
        (_rest, r"parameter 'rest' is a \*rest; .* use a list"),
        (_others, r"parameter 'others' is a \*\*others; name every parameter"),
    ],
)
def test_what_cannot_be_given_by_name_is_refused(function, problem):
    with pytest.raises(InvalidTool, match=f"tool 'f': {problem}"):
        read_signature(function, "f")


def test_a_function_that_python_knows_no_parameters_of_is_refused():
    with pytest.raises(ValueError, match="no signature"):
        inspect.signature(iter)

    with pytest.raises(InvalidTool, match="tool 'iter': Python cannot tell its parameters"):
        read_signature(iter, "iter")


def test_a_function_of_an_extension_has_no_module_to_look_names_up_in():
    assert parameters(dt.datetime.now) == (Parameter("tz", Any, None),)


class Subclass(ActiveCall): ...


@pytest.mark.parametrize(
    "annotation",
    [
        ActiveCall,
        Subclass,
        ActiveCall | None,
        Optional[ActiveCall],  # noqa: UP045  # the old spelling, too
        Annotated[ActiveCall, "ours"],
        "ActiveCall",
        "Optional[ActiveCall]",
    ],
)
def test_a_parameter_for_the_call_is_filled_by_the_engine(annotation):
    def f(a: int, call=None): ...

    f.__annotations__["call"] = annotation

    assert parameters(f) == (Parameter("a", int),)
    assert injected(f) == {"call": Injected.CALL}


@pytest.mark.parametrize(
    "annotation",
    [RealtimeSession, RealtimeSession | None, "RealtimeSession", "typing.Optional[RealtimeSession]"],
)
def test_a_parameter_for_the_session_is_filled_by_the_engine(annotation):
    async def f(session): ...

    f.__annotations__["session"] = annotation

    assert (parameters(f), injected(f)) == ((), {"session": Injected.SESSION})
    assert typing  # what the string names


def test_our_names_are_known_without_an_import():
    scope = {}
    exec("async def f(call: 'ActiveCall', session: 'RealtimeSession | None'): ...", scope)  # noqa: S102  # a module of its own

    assert injected(scope["f"]) == {"call": Injected.CALL, "session": Injected.SESSION}


def test_a_class_of_the_same_name_is_not_ours():
    scope = {}
    exec("class ActiveCall: ...\ndef f(call: 'ActiveCall'): ...", scope)  # noqa: S102  # a module of its own

    assert injected(scope["f"]) == {}
    assert parameters(scope["f"]) == (Parameter("call", scope["ActiveCall"]),)


def test_a_choice_between_the_call_and_something_else_is_the_models():
    def f(call: ActiveCall | int): ...

    assert injected(f) == {}


def test_a_function_in_a_thread_cannot_have_the_session():
    def f(session: RealtimeSession): ...

    with pytest.raises(
        InvalidTool, match=r"tool 'f' is no async function, .* make it async, or ask for an ActiveCall"
    ):
        read_signature(f, "f")


@pytest.mark.parametrize(
    "annotation",
    [
        Annotated[str | None, "what it is"],
        Annotated[Annotated[str, "a"] | Annotated[int | None, "b"], "c"],
        Optional[str],  # noqa: UP045  # the old spelling, too
        None,
        Any,
    ],
)
def test_none_is_not_added_where_it_is_already(annotation):
    def f(a=None): ...

    f.__annotations__ = {"a": annotation}

    (parameter,) = parameters(f)
    assert parameter.annotation == (type(None) if annotation is None else annotation)


def test_none_is_among_the_types_once_for_the_model():
    def f(a: Annotated[str | None, "what it is"] = None): ...

    schema = Tool(f).definition.parameters["properties"]["a"]

    assert schema == {
        "anyOf": [{"type": "string"}, {"type": "null"}],
        "description": "what it is",
        "default": None,
    }
