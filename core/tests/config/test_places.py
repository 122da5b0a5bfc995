import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from realtime_core.config.places import places

DOCUMENT = '''# a comment
[clients.support]   # another
provider = "openai-ws"

options = { base_url = "https://example.org", timeout_s = 5 }
[clients.support.settings]
instructions = """
Be brief.
[not.a.table]
key = "not a key"
"""
output_modalities = [
  "text",  # ]
]
turn_detection.type = "semantic_vad"
turn_detection.eagerness = 'low'
"a key" = 1
[[clients.support.options.ice_servers]]
urls = "stun:example.org"
'''


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("clients", 2),
        ("clients.support", 2),
        ("clients.support.provider", 3),
        ("clients.support.options", 5),
        ("clients.support.options.timeout_s", 5),
        ("clients.support.settings", 6),
        ("clients.support.settings.instructions", 7),
        ("clients.support.settings.output_modalities", 12),
        ("clients.support.settings.turn_detection", 15),
        ("clients.support.settings.turn_detection.type", 15),
        ("clients.support.settings.turn_detection.eagerness", 16),
        ("clients.support.settings.a key", 17),
        ("clients.support.options.ice_servers", 18),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_key_stands_where_its_statement_begins(key, line, newline):
    assert places(DOCUMENT.replace("\n", newline))[tuple(key.split("."))] == line


def test_what_looks_like_a_key_in_a_string_is_none():
    assert not {("not",), ("key",)} & {path[-1:] for path in places(DOCUMENT)}


def test_a_long_text_is_parsed_once(monkeypatch):
    parsed = []
    monkeypatch.setattr(
        tomllib, "loads", lambda text, loads=tomllib.loads: parsed.append(text) or loads(text)
    )
    text = "a [line] of 'instructions'\n" * 2000

    found = places(f'[clients.a]\ninstructions = """\n{text}"""\nlast = 1\n')

    assert found["clients", "a", "last"] == 2004
    assert sum(map(len, parsed)) < 2 * len(text)


def test_an_empty_document_has_no_keys():
    assert places("") == {}


_keys = st.text("abc-_1", min_size=1, max_size=3)
_values = st.sampled_from(
    [
        "1",
        '"x"',
        "'[x]'",
        '"\\"["',
        '""',
        "[1,\n 2]",
        "[[1, '] #'], # ]\n [\n]\n]",
        '"""\n[a]\nb = 1\n"""',
        '"""\\"""\n[b]\n"""""',
        "{ k = 1 }",
        "{ k = [\n1] }",
        "'''\n'''",
        "'''\n\\'''''",
        'true # not k [\'"""',
    ]
)


@given(st.lists(st.tuples(_keys, st.lists(st.tuples(_keys, _values), unique_by=lambda pair: pair[0]))))
def test_every_key_of_a_document_has_the_line_that_says_it(tables):
    lines: list[str] = []
    said: dict[tuple[str, ...], int] = {}
    for name, pairs in dict(tables).items():
        said[name,] = len(lines) + 1
        lines.append(f"[{name}]")
        for key, value in pairs:
            said[name, key] = len(lines) + 1
            lines.extend(f"{key} = {value}".split("\n"))
    document = "\n".join(lines)
    tomllib.loads(document)

    found = places(document)

    assert {path: line for path, line in found.items() if path[-1] != "k" or path in said} == said
