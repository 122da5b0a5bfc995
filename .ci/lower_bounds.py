"""Prints the lower bounds of every distribution, extras included, as pip constraints: promised is tested."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILES = [ROOT / "core" / "pyproject.toml", *(ROOT / "plugins").glob("*/pyproject.toml")]

projects = [tomllib.loads(file.read_text())["project"] for file in FILES]
lines = {
    line
    for project in projects
    for group in (project["dependencies"], *project.get("optional-dependencies", {}).values())
    for line in group
    if not line.startswith("realtime-")
}
highest: dict[str, tuple[int, ...]] = {}
for line in lines:
    match = re.match(r"([A-Za-z0-9-]+)(?:\[[^]]*\])?>=([0-9.]+)", line)
    if match is None:
        raise SystemExit(f"no lower bound in {line!r}")
    version = tuple(map(int, match[2].split(".")))
    highest[match[1]] = max(version, highest.get(match[1], ()))
print("\n".join(f"{name}=={'.'.join(map(str, version))}.*" for name, version in sorted(highest.items())))
