import pytest
from realtime_core.errors import InvalidOptions
from realtime_simulator.brain import Say, echo
from realtime_simulator.brains import load_brain
from realtime_simulator.script import Reply, Script


def test_brain_is_taken_as_it_is():
    script = Script(())

    assert [load_brain(echo), load_brain(script), load_brain("echo")] == [echo, script, echo]


def test_script_is_read_from_its_file(tmp_path):
    file = tmp_path / "script.jsonl"
    file.write_text('{"say": "Hello."}')

    assert load_brain(f"script:{file}") == Script((Reply((Say("Hello."),)),))


@pytest.mark.parametrize("spec", ["ehco", "script", "script:", "rules:x", "echo:x", ""])
def test_unknown_brain_names_the_choices(spec):
    with pytest.raises(InvalidOptions, match="choose 'echo' or 'script:FILE'"):
        load_brain(spec)


def test_what_cannot_be_asked_is_no_brain():
    with pytest.raises(InvalidOptions, match="a function from a Turn to what is done"):
        load_brain(["Hello."])


def test_brain_that_is_a_coroutine_function_is_named():
    async def think(_):
        """Never called."""

    with pytest.raises(InvalidOptions, match=r"'think' is a coroutine function"):
        load_brain(think)
