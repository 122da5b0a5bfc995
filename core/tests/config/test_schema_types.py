from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Optional

import pytest
from realtime_core.config.schema_types import any_of, of_annotation
from realtime_core.unset import UnsetType

TEXT = {"type": "string"}
COUNT = {"type": "integer"}


@pytest.mark.parametrize(
    ("hint", "schema"),
    [
        (str, TEXT),
        (Path, TEXT),
        (int, COUNT),
        (float, {"type": "number"}),
        (bool, {"type": "boolean"}),
        (Literal["a", "b"], {"enum": ["a", "b"]}),
        (list[str], {"type": "array", "items": TEXT}),
        (tuple[int, ...], {"type": "array", "items": COUNT}),
        (Sequence, {"type": "array"}),
        (list[Any], {"type": "array"}),
        (dict[str, int], {"type": "object", "additionalProperties": COUNT}),
        (Mapping[str, Any], {"type": "object"}),
        (Mapping, {"type": "object"}),
    ],
)
def test_a_type_that_toml_has_a_form_for(hint, schema):
    assert of_annotation(hint) == schema


@pytest.mark.parametrize(
    "hint", [Any, object, bytes, "a name", Callable[[], str], None, Iterable[str], UnsetType]
)
def test_any_other_type_takes_anything(hint):
    assert of_annotation(hint) == {}


@pytest.mark.parametrize(
    ("hint", "schema"),
    [
        (Optional[str], TEXT),  # noqa: UP045  # as older plugins have it
        (str | UnsetType | None, TEXT),
        (tuple[str, ...] | list[str], {"type": "array", "items": TEXT}),
        (int | str, {"anyOf": [COUNT, TEXT]}),
        (int | Callable[[], int], {}),
    ],
)
def test_a_union_takes_what_one_of_its_types_does_and_none_is_no_value(hint, schema):
    assert of_annotation(hint) == schema


def test_alternatives_are_flat_and_each_is_there_once():
    assert any_of([TEXT, {"anyOf": [COUNT, TEXT]}, COUNT]) == {"anyOf": [TEXT, COUNT]}
    assert any_of([TEXT, TEXT]) == TEXT
    assert any_of([{}, TEXT]) == any_of([]) == {}
