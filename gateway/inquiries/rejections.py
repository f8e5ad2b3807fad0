"""What a payer says against an inquiry (271 AAA, 277 STC), as findings with a field and a remedy."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

import msgspec

from edi.codes import meaning
from edi.documents import Document, read_entries, read_section, read_text
from edi.findings import Finding, find
from edi.guides.words import load_words

NOT_FOUND = ("A4", "D0")
ERRORS = "E"


class Advice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The field for each reject reason, and the remedy for each follow-up action."""

    pointer: dict[str, str]
    remedy: dict[str, str]


@cache
def load_advice() -> Advice:
    """`schemas/inquiries.toml`."""
    text = (files("schemas") / "inquiries.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Advice)


def list_rejections(answer: Document, posted: Document) -> Iterator[Finding]:
    """A finding for each AAA of a 271, with its pointer into what was posted. Source: 005010X279A1 AAA."""
    for place, rejection in _walk(answer):
        code, action = read_text(rejection, "code"), read_text(rejection, "followupAction")
        reason = meaning("reject_reason", code) or "it gives a reason that is not known here"
        advice = load_advice()
        yield find(
            "inquiry.rejected",
            pointer=_point(advice.pointer.get(code, ""), posted),
            rule=f"005010X279A1 {place} AAA03 {code}" if code.isalnum() else None,
            reason=reason.rstrip("."),
            remedy=advice.remedy.get(_find_action(action), advice.remedy["other"]),
        )


def _walk(answer: Document) -> Iterator[tuple[str, Document]]:
    """Every AAA of the answer with the loop that it stands in."""
    yield from (("2000A", each) for _, each in read_entries(answer, "errors"))
    for key, loop in (("payer", "2100A"), ("provider", "2100B"), ("subscriber", "2100C")):
        yield from ((loop, each) for _, each in read_entries(read_section(answer, key), "aaaErrors"))
    for _, dependent in read_entries(answer, "dependents"):
        yield from (("2100D", each) for _, each in read_entries(dependent, "aaaErrors"))
    for _, benefit in read_entries(answer, "benefitsInformation"):
        yield from (("2110", each) for _, each in read_entries(benefit, "aaaErrors"))


def _find_action(words: str) -> str:
    """The code of a follow-up action by the words that the standard shape has for it."""
    return next((code for code, each in load_words()["follow_up"].items() if each == words), "other")


def _point(pattern: str, posted: Document) -> str:
    person = "/dependents/0" if any(read_entries(posted, "dependents")) else "/subscriber"
    return pattern.format(person=person)


def list_unfound(answer: Document) -> Iterator[Finding]:
    """A finding for each claim of a 277 that the payer does not have, or cannot tell of (STC01-1)."""
    for _, claim in read_entries(answer, "claims"):
        status = read_section(claim, "claimStatus")
        category, code = read_text(status, "statusCategoryCode"), read_text(status, "statusCode")
        if category in NOT_FOUND or category.startswith(ERRORS):
            told = meaning("claim_status", code) or meaning("claim_status_category", category) or "no reason"
            yield find(
                "inquiry.not_found",
                pointer="/encounter",
                rule="005010X212 2200 STC01",
                reason=told.rstrip("."),
            )
