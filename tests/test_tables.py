"""The README's tables of providers say what the registry and the capabilities say."""

import attrs
from realtime_core import Capabilities
from realtime_core.audio.formats import PCM16_24KHZ, AudioFormat
from tables import ROWS, capabilities_table, formats, live, ours
from workspace import distributions


def test_every_capability_has_its_row():
    assert set(ROWS) == set(attrs.fields_dict(Capabilities))


def test_every_provider_of_the_repository_is_told_of():
    names = [name for dist in distributions() for name in dist.providers]

    assert [info.name for info in ours()] == sorted(names)


def test_a_capability_that_changes_changes_the_table():
    plain = Capabilities()
    others = [
        attrs.evolve(plain, **{name: not value})
        for name, value in attrs.asdict(plain, recurse=False).items()
        if isinstance(value, bool)
    ]
    others += [attrs.evolve(plain, truncate=who) for who in ("server", "none")]
    others += [attrs.evolve(plain, history=when) for when in ("at_start", "none")]
    others += [
        attrs.evolve(plain, live_settings=frozenset({"voice"})),
        attrs.evolve(plain, output_formats=(AudioFormat("pcm16", 48_000, 2),)),
        attrs.evolve(plain, input_formats=(PCM16_24KHZ, AudioFormat("g711_ulaw"))),
    ]

    told = [capabilities_table({"p": one}) for one in (plain, *others)]

    assert len(set(told)) == len(others) + 1


def test_formats_and_settings_in_words():
    assert formats((PCM16_24KHZ, AudioFormat("g711_ulaw"), AudioFormat("g711_alaw"))) == "pcm16 24 kHz, G.711"
    assert formats((AudioFormat("pcm16", 48_000, 2),)) == "pcm16 48 kHz stereo"
    assert formats(()) == "none"
    assert "`voice`" in live(frozenset())
