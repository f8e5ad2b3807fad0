"""The one place that adds the tenant: nothing in the query modules can go around it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import gateway.store
from gateway.store.guard import is_scoped

FOLDER = Path(gateway.store.__file__).parent
ENGINE_ROOM = {
    "__init__",
    "audit_tables",
    "client_tables",
    "columns",
    "data_key_table",
    "copies",
    "driver",
    "engine",
    "errors",
    "failures",
    "guard",
    "hints",
    "key_reading",
    "listening",
    "opening",
    "people_tables",
    "postgres",
    "scope",
    "sqlite",
    "statements",
    "statistics",
    "table_parts",
    "tables",
    "writer",
}
QUERY_MODULES = sorted(path for path in FOLDER.glob("*.py") if path.stem not in ENGINE_ROOM)
# What SQLAlchemy offers a query module: parts of a condition, nothing that makes a statement.
ALLOWED = {"BindParameter", "Column", "ColumnElement", "Row", "Select", "String", "Table", "Update"}
ALLOWED |= {"and_", "bindparam", "case", "func", "literal", "or_", "type_coerce"}
FORBIDDEN_ATTRIBUTES = {"_connection", "_execute", "exec_driver_sql", "execute"}
STATEMENTS = {"select", "insert", "update", "delete"}


def test_the_query_modules_are_known() -> None:
    assert len(QUERY_MODULES) == 30


@pytest.mark.parametrize("path", QUERY_MODULES, ids=lambda path: path.stem)
def test_a_query_module_makes_statements_by_its_scope_only(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy"):
            assert {alias.name for alias in node.names} <= ALLOWED, node.lineno
        if isinstance(node, ast.ImportFrom):
            assert node.module != "gateway.store.driver", node.lineno
        if isinstance(node, ast.Import):
            assert not any(alias.name.startswith("sqlalchemy") for alias in node.names), node.lineno
        if isinstance(node, ast.Attribute):
            assert node.attr not in FORBIDDEN_ATTRIBUTES, node.lineno
            assert node.attr not in STATEMENTS or is_scope(node.value), node.lineno


def is_scope(node: ast.expr) -> bool:
    """True for `scope` and for `system.of(...)`."""
    return ast.unparse(node).partition("(")[0] in ("scope", "system.of", "statements")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT claim.id FROM claim WHERE claim.tenant = ?",
        "SELECT claim.id FROM claim, event WHERE claim.tenant = ? AND event.tenant = ?",
        "SELECT 1 FROM claim AS earlier WHERE earlier.tenant = ?",
        "UPDATE claim SET state=? WHERE claim.tenant = ?",
        "DELETE FROM claim WHERE claim.tenant = ?",
        "INSERT INTO claim (id, tenant) VALUES (?, ?)",
        "INSERT INTO tenant (created_at, id, name) VALUES (?, ?, ?)",
        "UPDATE tenant SET event_sequence=? WHERE tenant.id = ?",
        "SELECT clock_timestamp()",
        "BEGIN",
    ],
)
def test_sql_that_names_its_tenant_passes(sql: str) -> None:
    assert is_scoped(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT claim.id FROM claim",
        "SELECT claim.id FROM claim WHERE claim.id = ?",
        "SELECT claim.id FROM claim, event WHERE claim.tenant = ?",
        "SELECT claim.id \nFROM claim JOIN event ON event.claim = claim.id \nWHERE claim.tenant = ?",
        "SELECT 1 FROM claim WHERE claim.tenant = ? AND id IN (SELECT event.claim FROM event)",
        "SELECT 1 FROM claim AS earlier WHERE claim.tenant = ?",
        "SELECT 1 FROM interchange_claim WHERE claim.tenant = ?",
        "UPDATE claim SET tenant=? WHERE claim.id = ?",
        "DELETE FROM claim",
        "INSERT INTO claim (id) VALUES (?)",
        "UPDATE tenant SET event_sequence=?",
    ],
)
def test_sql_that_does_not_is_refused(sql: str) -> None:
    assert not is_scoped(sql)
