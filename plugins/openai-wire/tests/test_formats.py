import pytest
from realtime_core import PCM16_24KHZ, AudioFormat
from realtime_core.errors import UnsupportedSetting
from realtime_openai_wire.formats import NATIVE_FORMATS, format_from_wire, format_to_wire

ULAW = AudioFormat("g711_ulaw")
ALAW = AudioFormat("g711_alaw")


@pytest.mark.parametrize(
    ("fmt", "wire"),
    [
        (PCM16_24KHZ, {"type": "audio/pcm", "rate": 24000}),
        (ULAW, {"type": "audio/pcmu"}),
        (ALAW, {"type": "audio/pcma"}),
    ],
)
def test_a_format_is_an_object_on_the_wire_and_reads_back(fmt, wire):
    assert format_to_wire(fmt) == wire
    assert format_from_wire(wire) == fmt


def test_pcm_is_preferred():
    assert NATIVE_FORMATS == (PCM16_24KHZ, ULAW, ALAW)


@pytest.mark.parametrize("fmt", [AudioFormat("pcm16", 16_000), AudioFormat("pcm16", 24_000, 2)])
def test_a_format_the_service_lacks_is_refused_with_the_choices(fmt):
    with pytest.raises(UnsupportedSetting, match=r"pcm16 24000 Hz mono, g711_ulaw .*, g711_alaw"):
        format_to_wire(fmt)


def test_what_is_written_is_nobody_elses_to_change():
    format_to_wire(PCM16_24KHZ)["rate"] = 1

    assert format_to_wire(PCM16_24KHZ) == {"type": "audio/pcm", "rate": 24000}


@pytest.mark.parametrize(
    ("wire", "fmt"),
    [
        ("pcm16", PCM16_24KHZ),
        ("g711_ulaw", ULAW),
        ("g711_alaw", ALAW),
        ({"type": "audio/pcm"}, PCM16_24KHZ),
        ({"type": "audio/pcm", "rate": 16000}, AudioFormat("pcm16", 16_000)),
        ({"type": "audio/pcmu", "rate": 8000}, ULAW),
    ],
)
def test_compatible_services_report_other_shapes_and_rates(wire, fmt):
    assert format_from_wire(wire) == fmt


@pytest.mark.parametrize(
    "wire",
    [
        None,
        7,
        [],
        "opus",
        {},
        {"type": "audio/opus"},
        {"type": ["audio/pcm"]},
        {"type": "audio/pcm", "rate": "24000"},
        {"type": "audio/pcm", "rate": True},
        {"type": "audio/pcm", "rate": -24000},
        {"type": "audio/pcm", "rate": 10**12},
    ],
)
def test_a_format_it_cannot_read_is_none(wire):
    assert format_from_wire(wire) is None
