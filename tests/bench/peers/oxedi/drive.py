"""oxedi (Rust): `parse` gives typed tables and diagnostics, balances included. 835 only; no JSON."""

from pathlib import Path

import oxedi

from tests.bench.timing import run


def parse(path: str) -> object:
    result = oxedi.parse(Path(path).read_bytes())
    return {
        "claims": result.count_claims(),
        "paid": str(result.sum_payments()),
        "diagnostics": len(result.diagnostics),
    }


run({"json": parse})
