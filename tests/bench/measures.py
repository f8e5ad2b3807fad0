"""What is measured: each does its work on whole files and asserts that the result is right."""

from __future__ import annotations

import gc
import io
import multiprocessing
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from pyx12.params import params
from pyx12.x12n_document import x12n_document

from edi.claims import check_claim, write_claims
from edi.envelope import read_envelopes
from edi.files import check_file
from edi.remits.tree import read_tree
from edi.segments import Delimiters
from edi.streaming import UnitRead, stream_units
from edi.translation import write_json
from tests.bench.files import (
    count_segments,
    make_claim_file,
    make_claims,
    make_payment_file,
    make_payments,
    open_envelope,
)

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
    """The best of `times` runs in a fresh process, and the memory that the first of them took."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        seconds, megabytes = pool.apply(time_work, (work, times))
    return Measured(name, unit, count, seconds, megabytes)


def time_work(work: Work, times: int) -> tuple[float, float]:
    """Seconds of the best run, and by how many megabytes the first raised this process's peak."""
    warm_up()
    runs = [time_once(work) for _ in range(times)]
    return min(run[0] for run in runs), runs[0][1]


def time_once(work: Work) -> tuple[float, float]:
    """Seconds of processor time (other work on the machine does not count) and growth in megabytes."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text(FORGET_PEAK)
    before = read_megabytes("VmRSS")
    begun = time.process_time()
    work()
    seconds = time.process_time() - begun
    return seconds, read_megabytes("VmHWM") - before


def warm_up() -> None:
    """Guides are compiled at first use, which is not what is measured."""
    claims = make_claims(4)
    check_each(claims)
    check_to_json(make_claim_file(claims), len(claims))
    read_payments(make_payment_file(4), 4, make_payments(4).amount)


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
    remittances = [read_tree(each.tree, Delimiters()) for each in report.sets if each.tree is not None]
    assert (len(remittances[0].claims), remittances[0].amount) == (count, amount)
    assert len(msgspec.json.encode(remittances)) > len(text)


class RepeatedBody:
    """A file of any size: `text` with what stands between `start` and its SE repeated, in pieces."""

    def __init__(self, text: bytes, start: bytes, times: int) -> None:
        begin, end = text.index(start), text.index(b"SE*")
        self.head, self.body, self.times = text[:begin], text[begin:end], times
        count = count_segments(self.head) - 2 + times * count_segments(self.body) + 1
        self.tail = b"SE*%d*0001~\nGE*1*1~\nIEA*1*000000001~\n" % count

    def __iter__(self) -> Iterator[bytes]:
        yield self.head
        for _ in range(self.times):
            yield self.body
        yield self.tail

    @property
    def segments(self) -> int:
        """How many there are."""
        return count_segments(self.head + self.tail) + self.times * count_segments(self.body)


def stream(body: RepeatedBody, documents: bool) -> None:
    """The whole of a file, claim by claim, in constant memory."""
    units = sum(isinstance(event, UnitRead) for event in stream_units(body, documents=documents))
    assert units


def time_first_guide() -> float:
    """Milliseconds of processor time from nothing imported to a loaded guide, best of five."""
    code = (
        "import time; begun = time.process_time(); from edi.guides.registry import load_guide; "
        "load_guide('005010X222A1'); print(time.process_time() - begun)"
    )
    command = [sys.executable, "-c", code]
    told = [subprocess.run(command, check=True, capture_output=True, text=True).stdout for _ in range(5)]
    return 1000 * min(map(float, told))


def check_each(claims: list[dict[str, Any]]) -> None:
    """Each claim as it is posted, by itself."""
    assert all(check_claim(claim).findings == () for claim in claims)


def write_all(claims: list[dict[str, Any]], text: bytes) -> None:
    """All claims as one interchange."""
    assert write_claims(claims, open_envelope()).text == text


def check_by_pyx12(text: bytes) -> None:
    """The same file by pyx12's own engine."""
    assert x12n_document(params(), io.StringIO(text.decode("ascii")), None, None)
