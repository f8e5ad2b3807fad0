"""`python -m tests.bench [--claims N] [--peer-claims N] [--json]`: the table of speeds."""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Iterator
from functools import partial

from rich import box
from rich.console import Console
from rich.table import Table

from tests.bench import files, measures
from tests.bench.measures import Measured, measure


def run(claim_count: int, peer_count: int) -> Iterator[Measured]:
    """Every measure, one after the other."""
    claims = files.make_claims(claim_count)
    text = files.make_claim_file(claims)
    payments, paid = files.make_payment_file(claim_count), files.make_payments(claim_count).amount
    sent, received = files.count_segments(text), files.count_segments(payments)
    yield measure("read 837P envelopes", "segments", sent, partial(measures.read_only, text))
    yield measure("check 837P", "segments", sent, partial(measures.check, text))
    yield measure("check 835", "segments", received, partial(measures.check, payments))
    yield measure("837P to JSON", "segments", sent, partial(measures.check_to_json, text, claim_count))
    reading = partial(measures.read_payments, payments, claim_count, paid)
    yield measure("835 to remittance", "segments", received, reading)
    for name, body in (
        ("837P", measures.RepeatedBody(text, b"HL*1*", 10)),
        ("835", measures.RepeatedBody(payments, b"CLP*", 10)),
    ):
        streaming = partial(measures.stream, body, False)
        yield measure(f"stream {name}, ten times as long", "segments", body.segments, streaming, times=1)
    some = claims[: max(1, claim_count // 5)]
    yield measure("check JSON", "claims", len(some), partial(measures.check_each, some))
    yield measure("write 837P from JSON", "claims", claim_count, partial(measures.write_all, claims, text))
    yield from run_peers(peer_count)


def run_peers(count: int) -> Iterator[Measured]:
    """Our check and pyx12's on the same two smaller files."""
    for name, text in (
        ("837P", files.make_claim_file(files.make_claims(count))),
        ("835", files.make_payment_file(count)),
    ):
        segments = files.count_segments(text)
        yield measure(f"check {name}, small", "segments", segments, partial(measures.check, text))
        pyx12 = partial(measures.check_by_pyx12, text)
        yield measure(f"same {name} by pyx12", "segments", segments, pyx12, times=1)


def draw(measured: list[Measured]) -> Table:
    """The table."""
    table = Table(
        box=box.SIMPLE_HEAD,
        title=f"one core, Python {platform.python_version()}, processor time, best of three",
    )
    table.add_column("what", no_wrap=True)
    for heading in ("count", "seconds", "a second", "ms each", "MB"):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in measured:
        each = f"{1000 * one.seconds / one.count:.3f}"
        table.add_row(
            f"{one.name}, {one.unit}",
            f"{one.count:,}",
            f"{one.seconds:.2f}",
            f"{one.rate:,.0f}",
            each,
            f"{one.megabytes:.0f}",
        )
    return table


def list_ratios(measured: list[Measured]) -> Iterator[tuple[str, float]]:
    """How many times as fast as pyx12, for each file that both read."""
    rates = {one.name: one.rate for one in measured}
    for name in ("837P", "835"):
        yield name, rates[f"check {name}, small"] / rates[f"same {name} by pyx12"]


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--claims", type=int, default=10_000)
    parser.add_argument("--peer-claims", type=int, default=500)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    measured = list(run(given.claims, given.peer_claims))
    ratios = dict(list_ratios(measured))
    if given.json:
        rows = [one._asdict() | {"rate": round(one.rate)} for one in measured]
        told = {"measures": rows, "times_as_fast_as_pyx12": ratios}
        print(json.dumps(told | {"first_guide_ms": round(measures.time_first_guide())}, indent=2))
        return
    console = Console(width=110)
    console.print(draw(measured))
    console.print(f"import and first guide: {measures.time_first_guide():.0f} ms", highlight=False)
    for name, ratio in ratios.items():
        console.print(f"{name}: {ratio:.0f} times as fast as pyx12 on the same file", highlight=False)


if __name__ == "__main__":
    main()
