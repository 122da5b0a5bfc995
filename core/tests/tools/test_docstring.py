import docstring_parser
import pytest
from hypothesis import given
from hypothesis import strategies as st
from realtime_core.tools.docstring import Documentation, read_docstring

GOOGLE = """Weather of a place.

    For today
    and tomorrow.

    Args:
        city: its name,
            in English
        unit (str, optional): C or F: the scale. Defaults to "C".

    Returns:
        What the sky looks like.
    """
NUMPY = """Weather of a place.

    For today
    and tomorrow.

    Parameters
    ----------
    city : str
        its name,
        in English
    unit : {'C', 'F'}, optional
        C or F: the scale. Defaults to "C".

    Returns
    -------
    str
        What the sky looks like.
    """
REST = """Weather of a place.

    For today
    and tomorrow.

    :param city: its name,
        in English
    :param str unit: C or F: the scale. Defaults to "C".
    :returns: What the sky looks like.
    """


@pytest.mark.parametrize("docstring", [GOOGLE, NUMPY, REST], ids=["google", "numpy", "rest"])
def test_every_customary_style_is_read(docstring):
    assert read_docstring(docstring) == Documentation(
        "Weather of a place.\n\nFor today\nand tomorrow.",
        {"city": "its name,\nin English", "unit": 'C or F: the scale. Defaults to "C".'},
    )


@pytest.mark.parametrize("docstring", [None, "", "  \n "])
def test_no_docstring_says_nothing(docstring):
    assert read_docstring(docstring) == Documentation()


def test_text_without_sections_is_all_description():
    assert read_docstring("One line: with a colon").description == "One line: with a colon"


def test_a_parameter_that_is_only_named_has_no_description():
    assert read_docstring("Do it.\n\nArgs:\n    city:\n    unit: C or F").parameters == {"unit": "C or F"}


def test_a_docstring_that_the_parser_refuses_is_all_description():
    broken = "Smile.\n\n:  : widely"
    with pytest.raises(IndexError):
        docstring_parser.parse(broken)

    assert read_docstring(broken) == Documentation(broken)


@given(st.text(st.sampled_from("Args:paramRaises \n\t-:*[]")))
def test_any_docstring_is_read(docstring):
    read = read_docstring(docstring)

    assert isinstance(read.description, str)
