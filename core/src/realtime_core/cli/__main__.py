"""``python -m realtime_core.cli``: the ``realtime`` command."""

from realtime_core.cli import main

if __name__ == "__main__":
    main(prog_name="realtime")
