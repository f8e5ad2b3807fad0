"""The JSON of a file as text: what `edi.translation.write_json` makes of a report, encoded, but sooner.

Most claims are written straight from their segments (`edi/claim_texts.py`); what cannot be is bound first.
"""

from __future__ import annotations

import msgspec

from edi.binding import unit_ways
from edi.claim_texts import ClaimTexts
from edi.collector import resting_collector
from edi.comparison import reading_context
from edi.files import FileReport, SetReport
from edi.guides.registry import load_guide
from edi.plans import load_plan
from edi.translation import CLAIM_SET, write_json
from edi.units import UnitBinder

encode = msgspec.json.Encoder().encode


@resting_collector()
def encode_json(report: FileReport) -> bytes:
    """The documents of a file as one JSON array, in the order of `write_json`."""
    sets = [found for found in report.sets if found.guide is not None]
    guides = {found.guide for found in sets if found.guide is not None}
    answered = any(interchange.acknowledgments for interchange in report.interchanges)
    if len(guides) != 1 or answered or load_guide(guides.pop()).transaction_set != CLAIM_SET:
        return encode(write_json(report))
    return f"[{','.join(text for found in sets for text in encode_claims(found))}]".encode()


def encode_claims(found: SetReport) -> list[str]:
    """The claims of a transaction set of an 837, each as JSON text."""
    if found.guide is None or found.tree is None:
        return []
    plan = load_plan(found.guide)
    texts = ClaimTexts(plan, reading_context(found.delimiters))
    binder = UnitBinder(found.guide, found.delimiters)
    return [
        texts.write(way) or encode(binder.bind(way[-1])).decode() for way in unit_ways(found.tree, plan.root)
    ]
