"""`python -m tests.bench.edits`: claims checked with every edit, and with a hundred payer rules."""

from __future__ import annotations

import argparse
import time
from datetime import date
from pathlib import Path

import msgspec

from edi.claims import check_claim
from edi.edits.tables import load_shipped
from edi.payer_rules.book import RuleBook
from edi.payer_rules.pack import Pack
from gateway.payer_rules import list_shipped
from gateway.payer_rules import load_shipped as load_pack
from tests.bench.professional import make_claims

RECEIVED = date(2026, 11, 24)
RULES = 100


def make_book() -> RuleBook:
    """A hundred rules for every payer: the shipped ones of professional claims, over and over."""
    rules = [rule for name in list_shipped() for rule in load_pack(name).rules if "005010X222A1" in rule.when]
    named = [
        rule._replace(written=msgspec.structs.replace(rule.written, payers=("*",), filing=()))
        for rule in (rules * RULES)[:RULES]
    ]
    return RuleBook([Pack("bench", "", "", tuple(named))])


def time_all(claims: list[dict[str, object]], *, edits: bool, book: RuleBook | None) -> float:
    """Seconds of processor time for all claims."""
    tables = load_shipped()
    begun = time.process_time()
    for claim in claims:
        check_claim(claim, edits=edits, tables=tables, received=RECEIVED, rules=book)
    return time.process_time() - begun


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.edits")
    parser.add_argument("--claims", type=int, default=10_000)
    count = parser.parse_args().claims
    claims, book = make_claims(count), make_book()
    time_all(claims[:50], edits=True, book=book)
    ways = (
        ("guide alone", False, None),
        ("with every edit", True, None),
        ("and 100 payer rules", True, book),
    )
    for name, edits, rules in ways:
        seconds = time_all(claims, edits=edits, book=rules)
        print(f"{name}: {count / seconds:,.0f} claims/s, {1000 * seconds / count:.3f} ms a claim")
    rss = next(
        line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS")
    )
    print(f"memory of this process with all tables and {count:,} claims: {int(rss.split()[1]) // 1024} MB")


if __name__ == "__main__":
    main()
