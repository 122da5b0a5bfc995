"""Clients from a file: profiles in ``realtime.toml``, secrets from the environment or a ``.env`` beside it.

`file` reads it and knows on which line a key stands, `profile` what a profile is with all it inherits,
`values` what TOML says differently from Python,
`part` makes what a client is made of, `loading` the client. ``tomllib`` and ``dotenv`` load
with the first file.
"""

from realtime_core.config.loading import load_client

__all__ = ["load_client"]
