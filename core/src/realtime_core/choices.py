"""What to say to somebody who wrote a name that there is not."""

from collections.abc import Collection

__all__ = ["did_you_mean", "nearest"]


def nearest(name: str, choices: Collection[str], *, cutoff: float = 0.6) -> str | None:
    """That of ``choices`` which ``name`` is most like, if it is at least so like it (0 to 1)."""
    # needed where something is wrong only
    import difflib

    return next(iter(difflib.get_close_matches(name, choices, n=1, cutoff=cutoff)), None)


def did_you_mean(name: str, choices: Collection[str], *, cutoff: float = 0.6) -> str:
    """The remedy, for the end of a message: the nearest of ``choices``, or all of them."""
    near = nearest(name, choices, cutoff=cutoff)
    return f"did you mean {near!r}?" if near else f"choose from {', '.join(choices) or 'none'}"
