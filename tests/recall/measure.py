"""Recall and false findings: broken claims through the checks, and clean ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from datetime import date
from random import Random
from typing import Any, NamedTuple

from edi.claim_forms import INSTITUTIONAL, PROFESSIONAL
from edi.claims import check_claim
from edi.edits.tables import load_shipped
from tests.bench.institutional import make_hospital_claims
from tests.bench.professional import make_claims
from tests.recall.defects import DEFECTS, Defect

RECEIVED = date(2026, 11, 24)
SEED = 20261124


class Broken(NamedTuple):
    """A claim that was broken, and whether it was told; `codes` is all that was."""

    defect: Defect
    codes: tuple[str, ...]

    @property
    def told(self) -> bool:
        """Whether the expected finding came."""
        return self.defect.expected in self.codes


def check(claim: dict[str, Any], *, institutional: bool) -> tuple[str, ...]:
    """The codes of a claim's findings, edits and all."""
    guide = INSTITUTIONAL if institutional else PROFESSIONAL
    checked = check_claim(claim, guide=guide, tables=load_shipped(), received=RECEIVED)
    return tuple(finding.code for finding in checked.findings)


def break_claims(each: int, seed: int = SEED) -> Iterator[Broken]:
    """Every defect on so many claims."""
    draw = Random(seed)
    pools = {False: make_claims(40 * each, seed), True: make_hospital_claims(20 * each, seed)}
    for defect in DEFECTS:
        done = 0
        pool = pools[defect.institutional]
        for at in draw.sample(range(len(pool)), len(pool)):
            claim = deepcopy(pool[at])
            if done == each:
                break
            if not defect.break_it(claim, draw):
                continue
            done += 1
            yield Broken(defect, check(claim, institutional=defect.institutional))


def count_false(clean: int, seed: int = SEED + 1) -> Counter[str]:
    """The findings about so many clean claims, three professional to one institutional."""
    found: Counter[str] = Counter()
    hospital = clean // 4
    for claim in make_claims(clean - hospital, seed):
        found.update(check(claim, institutional=False))
    for claim in make_hospital_claims(hospital, seed):
        found.update(check(claim, institutional=True))
    return found
