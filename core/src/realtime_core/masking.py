"""Makes what looks like a key an ellipsis: a net under whatever could show one, and no licence to show it."""

import re
from typing import Final

__all__ = ["mask_keys"]

_KEYS: Final = (
    (re.compile(r"\b(Bearer\s+)\S+", re.IGNORECASE), r"\1…"),
    (re.compile(r"(?<![A-Za-z0-9])(sk-|ek_)[\w*.-]+"), r"\1…"),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w.-]+"), "…"),  # a JSON web token
    (re.compile(r"(?<![\w-])[A-Za-z0-9]{32,}(?![\w-])"), "…"),  # a bare key, as Azure's
)


def mask_keys(text: str) -> str:
    """``text`` without what looks like a key of OpenAI or Azure, a bearer token or a JSON web token."""
    for pattern, instead in _KEYS:
        text = pattern.sub(instead, text)
    return text
