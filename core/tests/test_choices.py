import pytest
from realtime_core.choices import did_you_mean, nearest


@pytest.mark.parametrize(
    ("name", "choices", "said"),
    [
        ("voise", ["model", "voice"], "did you mean 'voice'?"),
        ("speed", ["model", "voice"], "choose from model, voice"),
        ("speed", [], "choose from none"),
        ("", {"model": 1}, "choose from model"),
    ],
)
def test_the_nearest_is_named_or_all_are(name, choices, said):
    assert did_you_mean(name, choices) == said


def test_how_like_it_has_to_be_can_be_said():
    assert nearest("azure", ["azure-ws", "azur"]) == "azur"
    assert nearest("mozart", ["azure-ws"]) is None
    assert nearest("azure-websocket", ["azure-ws"], cutoff=0.9) is None
