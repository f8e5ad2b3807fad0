"""Acknowledgments: TA1, 999, 824, 277CA and 277, read as typed values; all but 277 are made here too."""

from edi.acks.advice import read_824, report_group
from edi.acks.claims import read_277ca
from edi.acks.functional import acknowledge_group
from edi.acks.interchange import acknowledge_interchange, read_ta1
from edi.acks.reading import read_999
from edi.acks.rejections import find_rejections
from edi.acks.status import read_277
from edi.acks.verdicts import answer_claim, answer_findings, judge_findings, report_claims

__all__ = [
    "acknowledge_group",
    "acknowledge_interchange",
    "answer_claim",
    "answer_findings",
    "find_rejections",
    "judge_findings",
    "read_277",
    "read_277ca",
    "read_824",
    "read_999",
    "read_ta1",
    "report_claims",
    "report_group",
]
