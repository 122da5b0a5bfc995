from pathlib import Path

import pytest
from realtime_core.errors import InvalidOptions
from realtime_simulator.brain import Call, Say
from realtime_simulator.script import Otherwise, Reply, Script, When
from realtime_simulator.script_file import load_script

BOTH = Script((Reply((Say("Hello."),)), Reply((Say("Bye!"),), When("bye"))))


def write(folder, name, text):
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.toml", '[[reply]]\nsay = "Hello."\n[[reply]]\nwhen = "bye"\nsay = "Bye!"\n'),
        ("x.jsonl", '{"say": "Hello."}\n\n{"when": "bye", "say": "Bye!"}\n'),
        ("X.JSONL", '\ufeff{"say": "Hello."}\r\n{"when": "bye", "say": "Bye!"}'),
    ],
)
def test_script_is_read_from_a_file(tmp_path, name, text):
    file = write(tmp_path, name, text)

    assert load_script(file) == load_script(str(file)) == BOTH


def test_line_of_json_may_hold_any_character(tmp_path):
    file = write(tmp_path, "x.jsonl", '{"say": "a\u2028b"}')

    assert load_script(file) == Script((Reply((Say("a\u2028b"),)),))


def test_script_is_a_list_of_entries():
    script = load_script(["Hello.", {"when": "bye", "say": "Bye!"}])

    assert script == load_script(script) == BOTH
    assert load_script(({"otherwise": True, "call": "f"},)) == Script((Reply((Call("f"),), Otherwise()),))


def message_of(given):
    with pytest.raises(InvalidOptions) as caught:
        load_script(given)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("x.toml", '[[reply]]\nsay = "a"\n[[reply]]\nsay = 1', "x.toml: entry 2: 'say': it is text"),
        ("x.jsonl", '\n{"say": "a"}\n{"say": 1}', "x.jsonl: line 3: 'say': it is text"),
        ("x.jsonl", '"a"', "x.jsonl: line 1: an entry is a table of"),
        ("x.jsonl", '{"say": "a"}\n{', "x.jsonl: line 2: no JSON: Input data was truncated"),
        ("x.jsonl", "[" * 100_000, "x.jsonl: line 1: no JSON: "),
        ("x.toml", "[[reply", "x.toml: no TOML: Expected ']]'"),
        ("x.toml", '[[replies]]\nsay = "a"', "x.toml: 'replies' is no entry; each begins with [[reply]]"),
        ("x.toml", '[reply]\nsay = "a"', "x.toml: 'reply' is no entry; each begins with [[reply]]"),
        ("x.toml", 'reply = ["a"]', "x.toml: entry 1: an entry is a table of"),
        ("x.toml", "# nothing", "x.toml has no entries"),
        ("x.jsonl", "\n", "x.jsonl has no entries"),
        ("x.yaml", "- say: a", "x.yaml is named neither .toml nor .jsonl, which says how it is written"),
    ],
)
def test_mistake_is_named_with_its_place(tmp_path, monkeypatch, name, text, words):
    monkeypatch.chdir(tmp_path)
    write(tmp_path, name, text)

    assert message_of(name).startswith(words)


def test_list_without_entries_is_refused():
    assert message_of([]).startswith("it has no entries")


def test_result_of_a_function_that_is_almost_called_is_refused():
    entries = [{"call": "get_weather"}, {"result_of": "get_wether", "say": "x"}]

    assert message_of(entries) == (
        "entry 2: 'result_of': no entry calls 'get_wether'; did you mean 'get_weather'?"
    )


def test_result_of_a_function_that_the_client_has_called_is_taken():
    assert load_script([{"call": "f"}, {"result_of": "get_weather", "say": "x"}])


def test_line_that_is_no_json_is_told_how_it_should_be(tmp_path):
    assert message_of(write(tmp_path, "x.jsonl", '{\n"say": "a"}')).endswith("one object a line")


def test_file_that_is_not_there_is_named():
    assert message_of("nowhere.toml") == "cannot read nowhere.toml: no such file or directory"


def test_file_that_is_no_text_is_named(tmp_path):
    file = tmp_path / "x.toml"
    file.write_bytes(b"\xff")

    assert message_of(file).startswith(f"cannot read {file}: 'utf-8' codec can't decode")


@pytest.mark.parametrize("given", [1, {"say": "x"}, object()])
def test_what_is_no_script_is_refused(given):
    assert message_of(given) == "it is the path of a file, or a list of entries"


def test_entry_of_a_list_is_named_by_its_number():
    assert message_of(["a", {"say": 1}]) == "entry 2: 'say': it is text"


def test_path_may_be_an_object(tmp_path):
    assert isinstance(load_script(Path(write(tmp_path, "x.jsonl", '{"say": "a"}'))), Script)
