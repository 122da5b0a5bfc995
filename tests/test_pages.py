"""Every page that is made is what it should be now, and a place that is not there is told."""

import pytest
from pages import COMMAND, filled, table
from workspace import ROOT
from write_pages import pages

PAGES = pages()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_page_is_current(page):
    assert page.read_text() == PAGES[page], f"it is stale: {COMMAND}"


def test_a_place_that_is_missing_or_there_twice_is_told():
    place = f"<!-- providers: {COMMAND} -->\n<!-- end of providers -->\n"

    with pytest.raises(SystemExit, match="0 places '<!-- providers"):
        filled("# Nothing here", {"providers": "| |"})
    with pytest.raises(SystemExit, match="2 places '<!-- providers"):
        filled(2 * place, {"providers": "| |"})
    assert filled(place, {"providers": "one \\1"}).splitlines()[1] == "one \\1"


def test_the_first_row_is_the_head():
    assert table([("a", "b"), ("1", "2")]) == "| a | b |\n|---|---|\n| 1 | 2 |"
