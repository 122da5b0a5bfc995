import asyncio

import pytest
from realtime_core.clock import VirtualClock, use_clock
from realtime_core.config.loading import profile_part
from realtime_core.doctor import Patience, Status, StepName, examine

KEY = "hidden77-and-more"
# Beyond what a test may take, so that a step that fails does so for its own reason.
PATIENT = Patience(network_s=30, opening_s=30, words_s=30, whole_s=90)
NETWORK = (StepName.DNS, StepName.TCP, StepName.TLS, StepName.HTTP)

pytestmark = pytest.mark.usefixtures("site")


class Told:
    def __init__(self):
        self.begun_names, self.steps = [], []

    def begun(self, name):
        self.begun_names.append(name)

    def ended(self, step):
        self.steps.append(step)


async def examined(name="patient", patience=PATIENT, profile=None, **given):
    told = Told()
    report = await examine(name, given, told, patience=patience, profile=profile)
    assert [step for step in report.steps if step.status is not Status.NOT_RUN] == told.steps
    assert KEY not in repr((report, told.steps))
    return report


def statuses(report):
    return {step.name: step.status for step in report.steps}


def step(report, name):
    (found,) = [step for step in report.steps if step.name == name]
    return found


async def test_a_provider_without_a_network_is_well_up_to_its_first_audio():
    report = await examined(key=KEY)

    assert report.failed is None
    assert report.exit_status == 0
    assert [name for name, status in statuses(report).items() if status is Status.SKIPPED] == list(NETWORK)
    assert step(report, "installed").detail == "realtime-patient 1.0"
    assert step(report, "dns").detail == "nothing goes over the network"
    assert step(report, "authentication").detail == "key (--option) is accepted"
    assert step(report, "first_audio").detail == "speaks (pcm16, 24 kHz)"


async def test_a_provider_that_tells_no_endpoint_is_tried_without_the_way_there():
    report = await examined("homeless")

    assert report.failed is None
    assert "does not tell its endpoint" in step(report, "tcp").detail


async def test_without_credentials_there_is_nothing_to_authenticate():
    assert "no key or token" in step(await examined(), "authentication").detail


@pytest.mark.parametrize(
    ("name", "failed", "exit_status"), [("no-such", "installed", 2), ("broken-patient", "loads", 1)]
)
async def test_a_name_that_leads_to_no_provider_fails_before_anything_else(name, failed, exit_status):
    report = await examined(name)

    assert (report.failed.name, report.exit_status) == (failed, exit_status)
    assert report.failed.remedy
    assert report.steps[-1].status is Status.NOT_RUN


@pytest.mark.parametrize("rival", ["patient", "Patient"])
async def test_a_name_that_two_have_fails_where_names_are_looked_for(tmp_path, monkeypatch, rival):
    info = tmp_path / "rival-2.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: rival\nVersion: 2.0\n")
    (info / "entry_points.txt").write_text(f"[realtime_core.providers]\n{rival} = patient\n")
    monkeypatch.syspath_prepend(tmp_path)

    report = await examined()

    assert (report.failed.name, report.exit_status) == (StepName.INSTALLED, 1)
    assert "rival 2.0" in report.failed.detail


async def test_a_plugin_that_quotes_a_key_as_it_breaks_shows_none():
    report = await examined("raving-patient")

    assert "RuntimeError" in report.failed.detail
    assert "sk-abc" not in report.failed.detail


@pytest.mark.parametrize(
    ("given", "detail", "remedy", "exit_status"),
    [
        ({"kee": KEY}, "no option 'kee'", "did you mean 'key'?", 2),
        ({"illness": "options"}, "raised RuntimeError", "realtime-patient", 1),
        ({"url": "odd"}, "raised ValueError", "realtime-patient", 1),
        ({"url": "nowhere"}, "option 'url' is no URL", "correct url (--option)", 2),
        ({"url": "ws://h:99999/"}, "option 'url' is no URL", "correct url (--option)", 2),
        ({"illness": "lost"}, "the endpoint that the provider tells is no URL", "realtime-patient", 1),
    ],
)
async def test_options_that_cannot_be_are_told_without_foreign_words(given, detail, remedy, exit_status):
    report = await examined(**given)

    assert report.failed.name is StepName.OPTIONS
    assert detail in report.failed.detail
    assert remedy in report.failed.remedy
    assert "not a word" not in report.failed.detail
    assert report.exit_status == exit_status


async def test_a_proxy_that_is_none_is_a_matter_of_options(monkeypatch):
    monkeypatch.setenv("https_proxy", "http://")

    assert (await examined(url="wss://a.example.com")).failed.name is StepName.OPTIONS


async def test_report_tells_of_every_option_which_source_won(monkeypatch):
    monkeypatch.setenv("PATIENT_KEY", "other-key")

    rows = {row["name"]: row for row in (await examined(key=KEY)).options}

    assert rows["key"] == {
        "name": "key",
        "source": "program",
        "variable": None,
        "lost": ["PATIENT_KEY"],
        "giver": None,
        "value": "***",
    }
    assert rows["illness"]["source"] == "default"


async def test_an_option_that_its_class_wants_in_the_end_is_missing():
    report = await examined(illness="keyless")

    assert report.failed.detail == "option 'key' is missing"
    assert {row["name"]: row["source"] for row in report.options}["key"] == "missing"


async def test_refused_credentials_are_told_with_what_gave_them(monkeypatch):
    monkeypatch.setenv("PATIENT_KEY", KEY)

    report = await examined(illness="key")

    assert report.failed.name is StepName.AUTHENTICATION
    assert report.failed.detail == "HTTP 401: *** is wrong"
    assert report.failed.remedy == "check the key; what was sent is key (PATIENT_KEY)"
    assert report.exit_status == 1


async def test_credentials_that_are_refused_when_the_session_begins_fail_as_such():
    report = await examined(illness="late_key", key=KEY)

    assert report.failed.name is StepName.AUTHENTICATION
    assert "make a new one" in report.failed.remedy


async def test_a_session_that_fails_for_another_reason_leaves_the_credentials_without_a_verdict():
    report = await examined(illness="down", key=KEY)

    assert step(report, "authentication").status is Status.SKIPPED
    assert (report.failed.name, report.failed.remedy) == (StepName.SESSION, "try again later")


@pytest.mark.parametrize(("given", "seconds"), [({}, 6), ({"timeout_s": "9"}, 9)])
async def test_a_provider_is_told_to_hurry_unless_somebody_said_how_long_it_may_take(given, seconds):
    report = await examined(illness="tells_time", **given)

    assert report.failed.detail == f"no answer in {seconds} s"


@pytest.mark.parametrize(
    ("illness", "authentication", "detail"),
    [
        ("hangs", Status.SKIPPED, "does not answer"),
        ("mum", Status.OK, "let us in, and made no session"),
        ("undecided", Status.OK, "made a session, and has not said"),
    ],
)
async def test_a_session_that_does_not_come_is_given_up_in_time(illness, authentication, detail):
    clock = VirtualClock()
    with use_clock(clock):
        examining = asyncio.create_task(examined(illness=illness, key=KEY, timeout_s="60"))
        await clock.until_waiting(clock.now_s() + PATIENT.opening_s)
        clock.advance(PATIENT.opening_s)
        report = await examining

    assert step(report, "authentication").status is authentication
    assert report.failed.name is StepName.SESSION
    assert detail in report.failed.detail
    assert report.seconds == PATIENT.opening_s


def test_nobody_waits_longer_than_15_seconds():
    # a second for the interpreter, and the longest farewell
    assert 1 + Patience().whole_s + 2.5 < 15


@pytest.mark.parametrize("illness", ["fails", "leaves"])
async def test_an_answer_that_fails_is_the_last_step(illness):
    assert (await examined(illness=illness)).failed.name is StepName.FIRST_AUDIO


# -- the way there -------------------------------------------------------------------------------

ANSWER = b"HTTP/1.1 426 Upgrade Required\r\n\r\n"


async def test_a_way_over_tls_is_well(listening, certified):
    async with listening(ANSWER, tls=certified("localhost")) as port:
        report = await examined(url=f"wss://localhost:{port.number}/v1", key=KEY)

    assert report.failed is None
    assert {statuses(report)[name] for name in NETWORK} == {Status.OK}
    assert KEY.encode() not in port.got


async def test_a_number_needs_no_name_server_and_plain_http_no_tls(listening):
    async with listening(ANSWER) as port:
        report = await examined(url=f"ws://127.0.0.1:{port.number}/v1")

    assert step(report, "dns").status is Status.SKIPPED
    assert "not encrypted" in step(report, "tls").detail
    assert step(report, "http").status is Status.OK


async def test_a_host_without_an_address_fails_at_dns(monkeypatch):
    monkeypatch.setenv("PATIENT_URL", "wss://nosuch.invalid/v1")

    report = await examined()

    assert report.failed.name is StepName.DNS
    assert "the host in url (PATIENT_URL)" in report.failed.remedy


async def test_a_closed_port_fails_at_tcp(closed_port):
    report = await examined(url=f"wss://127.0.0.1:{closed_port}/v1")

    assert report.failed.name is StepName.TCP
    assert "the port in url (--option)" in report.failed.remedy


@pytest.mark.parametrize(("scheme", "failed"), [("ws", StepName.HTTP), ("wss", StepName.TLS)])
async def test_a_server_that_takes_connections_and_says_nothing_fails_there(listening, scheme, failed):
    async with listening() as port:
        patience = Patience(network_s=0.2)
        report = await examined(url=f"{scheme}://127.0.0.1:{port.number}/v1", patience=patience)

    assert report.failed.name is failed
    assert "says nothing" in report.failed.detail


async def test_what_is_no_http_is_not_asked_for_it(listening):
    async with listening(b"") as port:
        report = await examined(url=f"tcp://127.0.0.1:{port.number}")

    assert report.failed is None
    assert step(report, "tcp").status is Status.OK
    assert step(report, "http").detail == "tcp:// is not HTTP"


async def test_a_proxy_is_walked_through(listening, monkeypatch):
    async with listening(b"HTTP/1.1 200 OK\r\n\r\n" + ANSWER) as port:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port.number}")
        report = await examined(url="ws://api.example.com/v1")

    assert step(report, "http").detail.startswith("answers HTTP 426")
    assert port.got.startswith(b"CONNECT api.example.com:80 ")


async def test_a_proxy_of_another_kind_is_connected_to_alone(listening, monkeypatch):
    async with listening() as port:
        monkeypatch.setenv("https_proxy", f"socks5://127.0.0.1:{port.number}")
        report = await examined(url="wss://api.example.com/v1")

    assert step(report, "tcp").status is Status.OK
    assert "socks5" in step(report, "tls").detail


# -- as a profile says ---------------------------------------------------------------------------


@pytest.fixture
def profile(tmp_path):
    """Writes ``realtime.toml`` and reads a profile of it."""

    def read(text, env=""):
        (tmp_path / "realtime.toml").write_text(f'[clients.mine]\nprovider = "patient"\n{text}')
        (tmp_path / ".env").write_text(env)
        return profile_part("mine", tmp_path / "realtime.toml")

    return read


async def test_a_profile_gives_options_settings_and_what_is_in_its_env_file(profile):
    text = 'options = { illness = "key" }\nsettings = { voice = "marin" }\n'

    report = await examined(profile=profile(text, f"PATIENT_KEY={KEY}\n"))

    assert report.failed.name is StepName.AUTHENTICATION
    assert report.failed.remedy.endswith("what was sent is key (PATIENT_KEY, .env)")
    assert [row["giver"] for row in report.options] == ["profile 'mine'", None, ".env", None]
    assert "illness=key (profile 'mine')" in step(report, "options").detail


async def test_what_is_given_goes_before_the_profile(profile):
    report = await examined(profile=profile('options = { illness = "key" }\n'), illness="", key=KEY)

    assert report.failed is None
    assert step(report, "authentication").detail == "key (--option) is accepted"


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ('options = { ill = "x" }', 3, "no option 'ill'"),
        ('options = { key = "x" }', 3, "clients.mine.options.key is a secret"),
        ('settings = { voise = "x" }', 3, "RealtimeSettings has no setting 'voise'"),
        ('options = { illness = "keyless" }', 3, "option 'key' is missing"),
    ],
)
async def test_what_is_wrong_in_a_profile_is_told_with_its_line(profile, text, line, what):
    report = await examined(profile=profile(text))

    assert (report.failed.name, report.exit_status) == (StepName.OPTIONS, 2)
    assert f"realtime.toml:{line}: " in report.failed.detail
    assert what in report.failed.detail


async def test_a_session_that_is_to_write_is_well_when_it_writes(profile):
    text = 'options = { illness = "mute" }\nsettings = { output_modalities = ["text"] }\n'

    assert (await examined(profile=profile(text))).failed is None
