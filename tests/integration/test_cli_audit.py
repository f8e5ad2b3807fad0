"""`claimwire audit`: exported as JSON lines, and an altered, removed or cut-off entry is told."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.cli import Ran, claimwire


def run(home: Path, *arguments: str) -> Ran:
    return claimwire(*arguments, CLAIMWIRE_HOME=str(home))


def tamper(home: Path, statement: str) -> None:
    with closing(sqlite3.connect(home / "claimwire.db")) as database:
        database.execute(statement)
        database.commit()


def test_what_operators_do_is_exported_proven_and_missed_when_it_is_gone(tmp_path: Path) -> None:
    (tmp_path / "claimwire.toml").write_text("[tenants.clinic]\n")
    assert run(tmp_path, "keys", "create", "office").status == 0
    key = run(tmp_path, "keys", "list").out.split("\t")[0].splitlines()[-1]
    assert run(tmp_path, "keys", "revoke", key).status == 0
    proven = run(tmp_path, "audit", "verify")
    assert (proven.status, proven.out.splitlines()[-1]) == (0, "2 entries, 0 faults")
    head = proven.out.split()[-5]
    exported = [json.loads(line) for line in run(tmp_path, "audit", "export").out.splitlines()]
    assert [(it["action"], it["route"]) for it in exported] == [
        ("key.made", "keys create"),
        ("key.revoked", "keys revoke"),
        ("audit.seen", "audit export"),
    ]
    assert {it["principalKind"] for it in exported} == {"operator"}
    assert exported[1]["subjects"] == [key]
    tamper(tmp_path, "DELETE FROM audit_entry WHERE sequence > 1")
    tamper(tmp_path, "UPDATE audit_head SET sequence = 1, chain = (SELECT chain FROM audit_entry)")
    assert run(tmp_path, "audit", "verify").status == 0
    cut = run(tmp_path, "audit", "verify", "--head", head)
    assert (cut.status, "entry 2 is not the one" in cut.out) == (1, True)
    tamper(tmp_path, "UPDATE audit_entry SET subject = 'key_other'")
    changed = run(tmp_path, "audit", "verify")
    assert (changed.status, "entry 1 is not what was appended there" in changed.out) == (1, True)
