"""``python -m realtime_core.cli``: the ``realtime`` command."""

from realtime_core.cli import main

main(prog_name="realtime")
