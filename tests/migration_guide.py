"""The guide for those who come from Semantic Kernel, taken apart: its programs and its tables of names."""

import re
from typing import Final

from workspace import ROOT

__all__ = ["GUIDE", "SCRIPT", "names", "program"]

GUIDE: Final = ROOT / "core" / "docs" / "migrating-from-semantic-kernel.md"

SCRIPT: Final = {
    name: [
        {"call": {"name": name, "arguments": {"city": "Rome"}}},
        {"result_of": name, "say": "It is {output}."},
    ]
    for name in ("get_weather", "weather-get_weather", "WeatherPlugin-get_weather")
}
"""What a simulated service does, by the name that it calls the function by."""

_CODE: Final = re.compile(r"`([^`]+)`")
_NAME: Final = re.compile(r"(?:\b[A-Z]\w*[a-z]\w*)(?:\.[A-Za-z_]+)?|(?<=@)\w+")


def program(name: str) -> str:
    """The snippet that stands behind ``<!-- name -->``."""
    (found,) = re.findall(
        rf"^<!-- {name} -->\n```python\n(.*?)^```$", GUIDE.read_text(), re.MULTILINE | re.DOTALL
    )
    return str(found)


def names(column: int) -> set[str]:
    """The classes, and members of them, that a column of the tables names."""
    rows = [line.strip("|").split(" | ") for line in GUIDE.read_text().splitlines() if line.startswith("| `")]
    cells = [row[column] for row in rows if len(row) == 2]
    found = {name for cell in cells for code in _CODE.findall(cell) for name in _NAME.findall(code)}
    return found - {"Annotated", "False", "True"}
