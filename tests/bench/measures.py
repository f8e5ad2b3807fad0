"""What is measured: each does its work on whole files and asserts that the result is right."""

from __future__ import annotations

import gc
import io
import os
import pickle
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from pyx12.params import params
from pyx12.x12n_document import x12n_document

from edi.claims import check_claim, write_claims
from edi.envelope import read_envelopes
from edi.files import check_file
from edi.remits.balance import check_balance
from edi.remits.reading import read_remittance
from edi.translation import write_json
from tests.bench.files import count_segments, open_envelope

Work = Callable[[], object]
STATUS = Path("/proc/self/status")
FORGET_PEAK = "5"  # what /proc/self/clear_refs takes to begin the peak anew


class Measured(NamedTuple):
    """One line of the table: `count` units were done in `seconds`; `megabytes` is what memory grew by."""

    name: str
    unit: str
    count: int
    seconds: float
    megabytes: float

    @property
    def rate(self) -> float:
        """Units a second."""
        return self.count / self.seconds


def measure(name: str, unit: str, count: int, work: Work, *, times: int = 3) -> Measured:
    """The best of `times` runs, each in a process of its own that ends with it."""
    runs = [run_apart(work) for _ in range(times)]
    return Measured(name, unit, count, min(run[0] for run in runs), max(run[1] for run in runs))


def run_apart(work: Work) -> tuple[float, float]:
    """Seconds and megabytes of one run in a forked process. Raises RuntimeError where the work fails."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(reading)
            with os.fdopen(writing, "wb") as stream:
                pickle.dump(time_work(work), stream)
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        told = stream.read()
    os.waitpid(child, 0)
    if not told:
        raise RuntimeError("the measured work failed; its error is printed above")
    result: tuple[float, float] = pickle.loads(told)
    return result


def time_work(work: Work) -> tuple[float, float]:
    """Seconds of the work, and by how much it raised this process's memory."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text(FORGET_PEAK)
    before = read_megabytes("VmRSS")
    begun = time.perf_counter()
    work()
    seconds = time.perf_counter() - begun
    return seconds, read_megabytes("VmHWM") - before


def read_megabytes(name: str) -> float:
    """VmRSS (memory now) or VmHWM (its peak) of this process."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) / 1024


def read_only(text: bytes) -> None:
    """Envelopes and segments, no guide."""
    reading = read_envelopes(text)
    found = sum(
        len(each.segments) for one in reading.interchanges for group in one.groups for each in group.sets
    )
    assert found == count_segments(text) - 4  # ISA, GS, GE, IEA


def check(text: bytes) -> None:
    """Every check of the guide."""
    assert check_file(text).all_findings == ()


def check_to_json(text: bytes, count: int) -> None:
    """Checked, and every claim as JSON."""
    report = check_file(text)
    assert report.all_findings == ()
    assert len(write_json(report)) == count


def read_payments(text: bytes, count: int, amount: Decimal) -> None:
    """Checked, read as remittances, and balanced."""
    report = check_file(text)
    assert report.all_findings == ()
    remittances = [read_remittance(document) for each in report.sets for document in each.documents]
    assert [check_balance(remittance) for remittance in remittances] == [()]
    assert (len(remittances[0].claims), remittances[0].amount) == (count, amount)


def check_each(claims: list[dict[str, Any]]) -> None:
    """Each claim as it is posted, by itself."""
    assert all(check_claim(claim).findings == () for claim in claims)


def write_all(claims: list[dict[str, Any]], text: bytes) -> None:
    """All claims as one interchange."""
    assert write_claims(claims, open_envelope()).text == text


def check_by_pyx12(text: bytes) -> None:
    """The same file by pyx12's own engine."""
    assert x12n_document(params(), io.StringIO(text.decode("ascii")), None, None)
