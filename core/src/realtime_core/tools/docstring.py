"""What a docstring says: what the function is for, and what each parameter is.

Google, NumPy and reST styles, read by the ``docstring_parser`` package. Knows nothing of functions or JSON.
"""

import inspect
from collections.abc import Mapping

import attrs

__all__ = ["Documentation", "read_docstring"]


@attrs.frozen
class Documentation:
    """A description, without the sections that follow it, and one for each parameter that has any."""

    description: str = ""
    parameters: Mapping[str, str] = attrs.field(factory=dict)


def read_docstring(docstring: str | None) -> Documentation:
    """Read ``docstring``; one that follows no style, or that the parser fails on, is all description."""
    if not docstring:
        return Documentation()
    # loads in a moment that `import realtime_core` can do without
    import docstring_parser

    text = inspect.cleandoc(docstring)
    try:
        parsed = docstring_parser.parse(text)
    except Exception:  # noqa: BLE001  # whatever it is, the function is no worse for it
        return Documentation(text)
    paragraphs = [parsed.short_description, parsed.long_description]
    return Documentation(
        "\n\n".join(part.strip() for part in paragraphs if part),
        {param.arg_name: param.description.strip() for param in parsed.params if param.description},
    )
