"""Code tables at full size: `python -m tests.bench.codes` imports 1.8 million made-up pairs and asks them.

Processor time, and the peak of this process's memory. Targets: import <= 30 s, a claim of ten lines <= 1 ms,
loaded tables <= 150 MB a process.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from itertools import islice, permutations
from pathlib import Path

from edi.edits.table import CodeTable
from edi.edits.tables import CodeTables
from gateway.codes.importing import Wishes, import_files
from gateway.codes.library import Library

PAIRS = 1_800_000
SEED = 4
DAY = date(2026, 11, 2)
ROUNDS = 400
STATUS = Path("/proc/self/status")


def make_codes() -> list[str]:
    """As many codes as a fee schedule has, made up."""
    return [f"{letter}{number:04d}" for letter in "ABC" for number in range(4_000)]


def make_pairs(count: int) -> Iterator[tuple[str, str]]:
    """Different pairs of codes, in the order of the first one, as the publisher's files have them."""
    chance, codes = random.Random(SEED), make_codes()
    each = count // len(codes)
    for first in codes:
        for second in chance.sample(codes, each):
            yield first, second


def write_pairs(place: Path, count: int, shift: int = 0) -> None:
    """A file of pairs in the layout of the Medicare files; `shift` moves which of them are deleted."""
    with place.open("w", encoding="latin-1") as file:
        file.write("CPT only copyright\nPractitioner PTP Edits\n\n")
        file.write("Column 1\tColumn 2\t*\tEffective\tDeletion\tModifier\tRationale\n")
        for number, (first, second) in enumerate(make_pairs(count)):
            deleted = "20200101" if (number + shift) % 5 == 0 else "*"
            file.write(f"{first}\t{second}\t \t20150101\t{deleted}\t{number % 2}\tMisuse of a code\n")


def time_claim(table: CodeTable) -> float:
    """Seconds that one claim of ten lines takes, of many claims of different codes."""
    chance, codes = random.Random(SEED + 1), make_codes()
    claims = [chance.sample(codes, 10) for _ in range(ROUNDS)]
    begun = time.process_time()
    for claim in claims:
        for first, second in permutations(claim, 2):
            table.find(first + second, DAY)
    return (time.process_time() - begun) / ROUNDS


def read_megabytes(name: str) -> float:
    """A line of this process's status, in megabytes."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) / 1024


def main() -> None:
    """Make the file, import it, ask, and say what it took."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else PAIRS
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "ccipra-v323r0-f1.TXT"
        write_pairs(place, count)
        library = Library(Path(folder) / "home")
        begun = time.process_time()
        (result,) = import_files(library, [place], Wishes())
        seconds = time.process_time() - begun
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        size = sum(file.stat().st_size for file in (Path(folder) / "home").rglob("*.cwt")) / 2**20
        print(f"import: {result.rows:,} pairs in {seconds:.1f} s, peak {peak:.0f} MB, file {size:.0f} MB")
        later = Path(folder) / "ccipra-v330r0-f1.TXT"
        write_pairs(later, count, 1)
        begun = time.process_time()
        (again,) = import_files(library, [later], Wishes(force=True))
        print(f"import of the next quarter: {time.process_time() - begun:.1f} s, {again.difference}")
        begun = time.process_time()
        tables = library.tables()
        table = tables.table("ptp_practitioner")
        assert table is not None
        print(f"opened in {(time.process_time() - begun) * 1000:.1f} ms")
        print(f"a claim of ten lines: {time_claim(table) * 1000:.2f} ms")
        pairs = list(islice(make_pairs(count), 0, count, 997))
        assert all(table.entries(first + second) for first, second in pairs)
        measure_tables(tables)


def measure_tables(tables: CodeTables) -> None:
    """What every shipped table adds to this process, once each has been asked."""
    before = read_megabytes("RssAnon")
    for name in tables.names():
        tables.judge(name, "A000", DAY)
    print(f"all tables asked: {read_megabytes('RssAnon') - before:.1f} MB of this process's own memory")


if __name__ == "__main__":
    main()
