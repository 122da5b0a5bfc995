"""What a double notes is compared with what was meant, as far as it was told; what no double can tell is no
fault.
"""

from typing import Any

import attrs
import pytest
from realtime_core import AudioFormat, ProviderError, ToolDefinition
from realtime_core.testing import Heard, HeardKind, ProviderConformance, Subject
from realtime_core.testing.heard import includes
from small_provider import FULL, SmallCodec, SmallConnection, connect, small
from small_service import SmallDouble, playing

suite = ProviderConformance()

LOOK_UP = ToolDefinition("look_up", "Looks it up.", {"type": "object", "properties": {}})
SEARCH = {"type": "search", "limit": 3}


@pytest.mark.parametrize(
    ("told", "holds"),
    [
        (LOOK_UP, True),
        ("look_up", True),
        ({"name": "look_up", "description": "Looks it up.", "parameters": LOOK_UP.parameters}, True),
        (attrs.evolve(LOOK_UP, parameters={**LOOK_UP.parameters, "strict": True}), True),
        (attrs.evolve(LOOK_UP, parameters={"type": "object"}), False),
        (attrs.evolve(LOOK_UP, description=""), False),
        ({"name": "look_up"}, False),
        ("look", False),
        (7, False),
    ],
)
def test_tools_are_compared_as_far_as_they_were_told(told: Any, holds: Any):
    heard = Heard()
    heard.note("setup", {"tools": [told, SEARCH]})

    assert heard.has_tools((LOOK_UP, SEARCH)) is holds
    assert not heard.has_tools((LOOK_UP,))


def test_tools_go_by_their_names():
    heard = Heard()
    heard.note("setup", {"tools": [LOOK_UP, "count", {"name": "maps"}, SEARCH]})

    assert heard.tools == ["look_up", "count", "maps", ""]


def test_format_is_told_where_it_was_noted():
    heard = Heard()
    heard.note("setup", {"input_audio_format": "g711_ulaw"})

    assert heard.format_told("input_audio_format") == AudioFormat("g711_ulaw")
    assert heard.format_told("output_audio_format") is None


@pytest.mark.parametrize(
    ("told", "wanted", "holds"),
    [
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}, True),
        ({"a": {"b": 2}}, {"a": {"b": 1}}, False),
        ({}, {"a": None}, False),
        (["a"], ("a",), True),
        (["a", "b"], ["a"], False),
        ("a", "a", True),
        (None, {"a": 1}, False),
    ],
)
def test_a_mapping_includes_what_it_has_of_another(told: Any, wanted: Any, holds: Any):
    assert includes(told, wanted) is holds


def test_formats_that_nobody_notes_cannot_be_seen():
    class Forgetful(Heard):
        def note(self, kind: HeardKind, value: Any = None) -> None:
            super().note(kind, {} if kind == "setup" else value)

    class Deaf(SmallDouble):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given)
            self._heard = Forgetful()

    with pytest.raises(pytest.skip.Exception, match="the double notes no input_audio_format"):
        suite.test_users_audio_reaches_the_service_whole(Subject(small(), service=playing(FULL, double=Deaf)))


def test_frames_may_have_their_words_anywhere():
    class Deep(SmallCodec):
        def meaning(self, meaning: str, value: Any, frame: Any) -> Any:
            for event in super().meaning(meaning, value, frame):
                yield attrs.evolve(event, service_event={"numbers": [7], "parts": [frame]})

    deep = type("DeepConnection", (SmallConnection,), {"codec_class": Deep})

    suite.test_event_carries_its_frame(Subject(small(FULL, deep), service=playing(FULL)))


def test_a_tool_that_the_service_refuses_has_reached_it():
    async def refusing(options: Any, setup: Any) -> Any:
        if any(not isinstance(tool, ToolDefinition) for tool in setup.tools):
            raise ProviderError("small: there is no such tool")
        return await connect(options, setup, can=FULL, connection=SmallConnection)

    suite.test_tools_are_told_or_refused(
        Subject(attrs.evolve(small(), connect=refusing), service=playing(FULL))
    )
