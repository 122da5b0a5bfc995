"""Sessions that the kit overhears: what of a track counts as said."""

import numpy as np
import pytest
from realtime_core.testing import Heard
from realtime_simulator.held import HeldSession
from realtime_simulator.watched import Bell


@pytest.mark.parametrize(("loudest", "kinds"), [(9_000, ["audio"]), (200, [])])
def test_only_what_is_loud_is_said_on_a_track(loudest, kinds):
    heard = Heard()
    session = HeldSession(heard, "gpt-realtime", steering=None, bell=Bell(), number=1)

    session.audio_received(np.full(480, -loudest, np.int16).tobytes())

    assert list(heard.kinds) == kinds
