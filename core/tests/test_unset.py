import copy
import pickle

import pytest
from realtime_core.unset import UNSET, UnsetType


def test_unset_is_not_none():
    assert UNSET is not None


def test_unset_is_false():
    assert bool(UNSET) is False


def test_unset_shows_its_name():
    assert repr(UNSET) == "UNSET"


def test_there_is_only_one_unset():
    assert list(UnsetType) == [UNSET]


def _pickled(value):
    return pickle.loads(pickle.dumps(value))  # noqa: S301  # our own bytes


@pytest.mark.parametrize("through", [copy.copy, copy.deepcopy, _pickled])
def test_a_copy_of_unset_is_unset(through):
    assert through(UNSET) is UNSET
