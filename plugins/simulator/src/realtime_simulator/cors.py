"""What browsers want to know before a page of another origin may ask for calls and client secrets.

Pure: headers in, headers out.
"""

from collections.abc import Mapping

__all__ = ["allowing", "preflight"]


def allowing() -> dict[str, str]:
    """Headers of any answer: every page may read it, and where its call is."""
    return {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Location"}


def preflight(headers: Mapping[str, str], methods: Mapping[str, object]) -> dict[str, str]:
    """Headers of the answer to ``OPTIONS``: what is asked for is allowed, by these ``methods``."""
    # a star would not stand for Authorization
    asked = headers.get("Access-Control-Request-Headers", "Authorization, Content-Type")
    return {
        **allowing(),
        "Access-Control-Allow-Methods": ", ".join((*methods, "OPTIONS")),
        "Access-Control-Allow-Headers": asked,
        "Access-Control-Max-Age": "86400",
    }
