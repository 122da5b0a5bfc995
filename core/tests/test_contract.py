import inspect
import re

from realtime_core import contract, provider
from realtime_core.contract import clauses


def _names(documented):
    return [clause.name for clause in clauses().values() if clause.place == documented]


def test_every_part_of_the_contract_has_clauses():
    places = [
        "realtime_provider",
        "Provider",
        *(f"Connection.{name}" for name in ("receive", "send", "aclose")),
    ]

    assert all(_names(place) for place in [*places, "Connection"])


def test_a_clause_has_its_whole_sentence_and_its_place():
    clause = clauses()["audio_is_native"]

    assert clause.sentence == (
        "The audio of a `RealtimeAudioEvent` is in one of the ``output_formats``, and says which."
    )
    assert clause.place == "Connection.receive"


def test_a_sentence_is_a_sentence():
    assert [
        name for name, clause in clauses().items() if not re.fullmatch(r"[A-Z].*\.", clause.sentence)
    ] == []


def test_no_clause_is_overlooked_and_no_name_is_used_twice():
    lines = re.findall(r"^ {8,12}([a-z]+(?:_[a-z]+)+): [A-Z]", inspect.getsource(provider), re.MULTILINE)

    assert sorted(lines) == sorted(clauses())


def test_without_docstrings_there_are_none_to_tell(monkeypatch):
    monkeypatch.setattr(contract.Connection, "__doc__", None)

    assert "no_secrets_in_words" not in clauses()
