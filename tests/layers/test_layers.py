"""The cut of the house: who may import whom, and that the engine is pure."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
MAY_IMPORT = {
    "schemas": {"schemas"},
    "edi": {"edi", "schemas"},
    "adapters": {"adapters"},
    "gateway": {"gateway", "edi", "adapters", "schemas"},
}
IMPURE = {
    "asyncio", "aiohttp", "logging", "multiprocessing", "os", "paramiko", "random", "requests", "secrets",
    "socket", "sqlite3", "subprocess", "tempfile", "tenacity", "threading", "time", "urllib", "uuid",
}  # fmt: skip
CONCRETE = {
    "adapters.sftp",
    "adapters.folder",
    "adapters.rest",
    "adapters.core_connectivity.client",
    "gateway.s3_vault",
    "gateway.store.opening",
    "gateway.store.sqlite",
    "gateway.store.postgres",
}
ORACLE = {"pyx12"}


def imports(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module


def violations(package: str, source: str) -> list[str]:
    found = []
    for module in imports(source):
        top = module.split(".")[0]
        if top in MAY_IMPORT and top not in MAY_IMPORT[package]:
            found.append(f"{package} must not import {module}")
        if package == "edi" and top in IMPURE:
            found.append(f"edi is pure; {module} is I/O, clock, chance or concurrency")
        if top in ORACLE:
            found.append(f"{module} is the oracle of the tests, never on the product's path")
    return found


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_each_package_imports_only_the_layers_below_it(package: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}: {fault}"
        for path in modules(package)
        for fault in violations(package, path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_only_the_composition_root_names_concrete_adapters() -> None:
    found = [
        str(path.relative_to(ROOT))
        for path in modules("gateway")
        if CONCRETE & set(imports(path.read_text(encoding="utf-8")))
        and path.relative_to(ROOT).parts[:2] != ("gateway", "store")
        and path.name not in ("app.py", "wiring.py")
    ]
    assert found == []


def test_the_layer_rule_finds_a_planted_violation() -> None:
    assert violations("edi", "import time\nfrom gateway.app import build\n") == [
        "edi is pure; time is I/O, clock, chance or concurrency",
        "edi must not import gateway.app",
    ]
    assert violations("adapters", "import edi\n") == ["adapters must not import edi"]
