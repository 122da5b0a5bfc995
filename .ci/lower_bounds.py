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
bounds: dict[str, str] = {}
for line in sorted(lines):
    match = re.match(r"([A-Za-z0-9-]+)(?:\[[^]]*\])?>=([0-9.]+)", line)
    if match is None:
        raise SystemExit(f"no lower bound in {line!r}")
    if bounds.setdefault(match[1], match[2]) != match[2]:
        raise SystemExit(
            f"{match[1]} has the lower bounds {bounds[match[1]]} and {match[2]}; only one could be tested"
        )
print("\n".join(f"{name}=={version}.*" for name, version in sorted(bounds.items())))
