"""A vendor of OpenAI's dialect that is not quite as OpenAI: a scaffold that is changed as its marks say."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from realtime_core.scaffold import names_of, render, write_new

pytestmark = pytest.mark.timeout(120)  # it runs the whole kit

CHANGES = {
    "src/realtime_vendor/plugin.py": {
        'credentials = {"Authorization": f"Bearer {key}"}': 'credentials = {"X-Api-Key": key}',
        'FIXED: Final = frozenset({"model"})': 'FIXED: Final = frozenset({"model", "accent"})',
        "SETTINGS: Final = RealtimeSettings\n": (
            "@attrs.frozen(kw_only=True)\nclass VendorSettings(RealtimeSettings):\n"
            '    """With what only this service has."""\n\n'
            "    mood: str | UnsetType = setting(str)\n"
            "    accent: str | UnsetType = setting(str)\n\n\n"
            "SETTINGS: Final = VendorSettings\n"
        ),
        "from realtime_core import UNSET, RealtimeSettings\n": (
            "from realtime_core import UNSET, RealtimeSettings\n"
            "from realtime_core.settings import setting\nfrom realtime_core.unset import UnsetType\n"
        ),
    },
    "tests/test_conformance.py": {
        'Subject("vendor-ws", service=over_network(_options))': (
            'Subject(realtime_provider(), settings={"mood": "calm", "accent": "Welsh"}, service=over_network('
            '_options, key_header="X-Api-Key", own_settings=["mood", "accent"]))'
        ),
        "import pytest\n": "import pytest\nfrom realtime_vendor.plugin import realtime_provider\n",
    },
}


def test_one_with_another_header_and_a_setting_of_its_own_passes_the_kit(tmp_path: Path):
    folder = tmp_path / "realtime-vendor"
    write_new(folder, render(names_of("vendor-ws"), dialect="openai", license_id="MIT"))
    for name, changes in CHANGES.items():
        file = folder / name
        text = file.read_text()
        for old, new in changes.items():
            assert old in text
            text = text.replace(old, new)
        file.write_text(text)

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "src")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
    assert "own_setting_is_honoured_or_refused" not in done.stdout  # nor skipped
