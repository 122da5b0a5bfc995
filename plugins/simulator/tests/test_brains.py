import pytest
from realtime_simulator.brain import Turn, echo
from realtime_simulator.brains import Rules, Script, load_brain


def test_script_replies_in_order():
    script = Script(["one", "two"])

    assert [script(Turn(number=number)).text for number in (0, 1)] == ["one", "two"]


def test_script_that_is_used_up_fails():
    with pytest.raises(LookupError, match="no reply for turn 2"):
        Script(["one"])(Turn(number=1))


def test_script_answers_known_text_first():
    script = Script(["in order"], {"How are you?": "Fine."})

    assert script(Turn(text=" how are YOU? ")).text == "Fine."
    assert script(Turn(text="else")).text == "in order"


def test_first_rule_that_fits_answers():
    rules = Rules({"weather": "Sunny.", r"my name is (\w+)": r"Hello, \1!"})

    assert rules(Turn(text="Hi, My Name is Ada.")).text == "Hello, Ada!"
    assert rules(Turn(text="the weather")).text == "Sunny."
    assert rules(Turn(text="else")).text == "I have no rule for that."


def test_brain_is_loaded_as_it_is():
    brain = Rules({})

    assert load_brain(brain) is brain
    assert load_brain("echo") is echo


def test_script_is_read_from_toml(tmp_path):
    file = tmp_path / "script.toml"
    file.write_text('[[reply]]\nsay = "Hello."\n[[reply]]\nwhen = "bye"\nsay = "Bye!"\n')

    brain = load_brain(f"script:{file}")

    assert brain == Script(["Hello."], {"bye": "Bye!"})


def test_script_is_read_from_json_lines(tmp_path):
    file = tmp_path / "script.jsonl"
    file.write_text('{"say": "Hello."}\n\n{"say": "Bye!", "when": "bye"}\n')

    assert load_brain(f"script:{file}") == Script(["Hello."], {"bye": "Bye!"})


def test_rules_are_read_from_a_file(tmp_path):
    file = tmp_path / "rules.jsonl"
    file.write_text('{"match": "hi", "say": "Hello."}\n{"say": "What?"}\n')

    assert load_brain(f"rules:{file}") == Rules({"hi": "Hello."}, "What?")


@pytest.mark.parametrize("spec", ["ehco", "script", "script:", "rules", "echo:x", ""])
def test_unknown_brain_names_the_choices(spec):
    with pytest.raises(ValueError, match="choose 'echo', 'script:FILE' or 'rules:FILE'"):
        load_brain(spec)


def test_missing_file_is_named():
    with pytest.raises(ValueError, match=r"cannot read nowhere\.toml"):
        load_brain("script:nowhere.toml")


@pytest.mark.parametrize(
    ("name", "text"), [("x.toml", "[[reply"), ("x.jsonl", "{"), ("x.toml", 'reply = "Hello."')]
)
def test_file_that_cannot_be_parsed_is_named(tmp_path, name, text):
    file = tmp_path / name
    file.write_text(text)

    with pytest.raises(ValueError, match=r"x\."):
        load_brain(f"script:{file}")


@pytest.mark.parametrize("line", ['{"when": "x"}', '{"say": 1}', '{"say": "x", "match": "y"}', '"x"'])
def test_wrong_entry_is_named_by_its_number(tmp_path, line):
    file = tmp_path / "script.jsonl"
    file.write_text(f'{{"say": "fine"}}\n{line}\n')

    with pytest.raises(ValueError, match="entry 2 needs 'say' and may have 'when'"):
        load_brain(f"script:{file}")


def test_rule_that_is_no_pattern_is_named(tmp_path):
    file = tmp_path / "rules.jsonl"
    file.write_text('{"match": "(", "say": "x"}\n')

    with pytest.raises(ValueError, match="no regular expression"):
        load_brain(f"rules:{file}")
