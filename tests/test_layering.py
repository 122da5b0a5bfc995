"""Imports go only downward: plugins see core and the wire library, never each other."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from workspace import Distribution, distributions

CORE = "realtime_core"
WIRE = "realtime_openai_wire"
VENDOR_PACKAGES = {"openai", "websockets", "aiortc", "av", "httpx", "httpx2", "aiohttp"}
# modules that cannot be written without one, since they extend its classes; loaded only where they are used
VENDOR_MODULES = {
    "realtime_openai_webrtc.peer",
    "realtime_openai_webrtc.pipe",
    "realtime_openai_webrtc.tracks",
    "realtime_openai_wire.rtc",
    "realtime_simulator.peer",
}
OURS = {dist.package.name: dist for dist in distributions()}

every_distribution = pytest.mark.parametrize("dist", distributions(), ids=lambda dist: dist.name)


def imports(file: Path, *, anywhere: bool = True) -> Iterator[tuple[str, str]]:
    """Pairs of module and imported name; ``anywhere``: also those inside functions."""
    tree = ast.parse(file.read_text())
    nodes = ast.walk(tree) if anywhere else iter(tree.body)
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, ""
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            for alias in node.names:
                yield node.module or "", alias.name


def allowed_siblings(dist: Distribution) -> set[str]:
    package = dist.package.name
    if package == CORE:
        return {CORE}
    return {package, CORE} if package == WIRE else {package, CORE, WIRE}


@every_distribution
def test_imports_go_only_downward(dist: Distribution):
    strays = [
        f"{file.name}: {module}"
        for file in dist.package.rglob("*.py")
        for module, _ in imports(file)
        if module.split(".")[0] in OURS and module.split(".")[0] not in allowed_siblings(dist)
    ]

    assert strays == []


@every_distribution
def test_nothing_private_of_another_distribution_is_used(dist: Distribution):
    strays = [
        f"{file.name}: {module} {name}"
        for file in dist.package.rglob("*.py")
        for module, name in imports(file)
        if module.split(".")[0] != dist.package.name
        and module != "__future__"
        and any(part.startswith("_") for part in [*module.split("."), name])
    ]

    assert strays == []


def module_of(dist: Distribution, file: Path) -> str:
    return ".".join(file.relative_to(dist.package.parent).with_suffix("").parts)


@every_distribution
def test_vendor_packages_are_imported_only_inside_functions(dist: Distribution):
    strays = [
        f"{file.name}: {module}"
        for file in dist.package.rglob("*.py")
        if module_of(dist, file) not in VENDOR_MODULES
        for module, name in imports(file, anywhere=False)
        if module.split(".")[0] in VENDOR_PACKAGES
        or module in VENDOR_MODULES
        or f"{module}.{name}" in VENDOR_MODULES
    ]

    assert strays == []


def test_core_names_no_vendor_package_at_all():
    strays = [
        f"{file.name}: {module}"
        for file in OURS[CORE].package.rglob("*.py")
        for module, _ in imports(file)
        if module.split(".")[0] in VENDOR_PACKAGES
    ]

    assert strays == []


def test_pure_core_layers_know_nothing_of_those_above():
    above = {
        "audio": {"events", "commands", "provider", "engine", "session", "client", "registry", "cli"},
        "engine": {"session", "client", "registry", "cli"},
    }
    core = OURS[CORE].package
    strays = [
        f"{file.relative_to(core)}: {module}"
        for layer, forbidden in above.items()
        for file in (core / layer).rglob("*.py")
        for module, _ in imports(file)
        if module.startswith(f"{CORE}.") and module.split(".")[1] in forbidden
    ]

    assert strays == []


def test_core_branches_on_no_vendor_word():
    words = ("response.", "session.", "conversation.", "input_audio_buffer", "openai.")
    core = OURS[CORE].package
    strays = [
        f"{file.relative_to(core)}: {node.value!r}"
        for file in [*core.glob("*.py"), *(core / "engine").glob("*.py")]
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Compare)
        for node in ast.walk(node)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(words)
    ]

    assert strays == []
