"""Prints the lower bounds of every distribution as pip constraints: what is promised is what is tested."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILES = [ROOT / "core" / "pyproject.toml", *(ROOT / "plugins").glob("*/pyproject.toml")]

lines = {
    line
    for file in FILES
    for line in tomllib.loads(file.read_text())["project"]["dependencies"]
    if not line.startswith("realtime-")
}
highest: dict[str, tuple[int, ...]] = {}
for line in lines:
    match = re.match(r"([A-Za-z0-9-]+)>=([0-9.]+)", line)
    if match is None:
        raise SystemExit(f"no lower bound in {line!r}")
    version = tuple(map(int, match[2].split(".")))
    highest[match[1]] = max(version, highest.get(match[1], ()))
print("\n".join(f"{name}=={'.'.join(map(str, version))}.*" for name, version in sorted(highest.items())))
