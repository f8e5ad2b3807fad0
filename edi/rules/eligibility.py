"""Rules of the eligibility inquiry and response (005010X279A1) that need an `if`."""

from __future__ import annotations

from collections.abc import Iterator

from edi.findings import Finding, Place, find
from edi.rules.places import cite, locate
from edi.rules.registry import OWN_GUIDE, rule
from edi.tree import Loop

SOURCE = "005010X279A1"


@rule("2000C", cites=f"{SOURCE} 270 2110C: required where the subscriber is the patient of the inquiry")
def benefit_inquiry_asks_for_something(subscriber: Loop) -> Iterator[Finding]:
    """An inquiry asks something: of the subscriber, or of a dependent."""
    names = subscriber.loops("2100C")
    if not names or names[0].loops("2110C") or subscriber.loops("2000D"):
        return
    level = next(subscriber.all_segments(), None)
    yield find(
        "claim.detail_missing",
        x12=Place(loop="2110C", segment="EQ", ordinal=level.ordinal if level else None),
        rule=f"{OWN_GUIDE} 2110C",
        name="Subscriber Eligibility or Benefit Inquiry",
        segment="EQ",
        situation="where no dependent is asked about",
    )


def is_rejected_above(level: Loop) -> bool:
    """True where the request was rejected (AAA) at the information source or receiver."""
    above = level.parent
    while above is not None:
        names = [above, *(loop for loop in above.loops() if loop.use.id in ("2100A", "2100B"))]
        if any(loop.segment("AAA") is not None for loop in names):
            return True
        above = above.parent
    return False


@rule("2000C", "2000D", cites=f"{SOURCE} 271 2110C and 2110D: EB is required unless AAA rejects the request")
def response_has_benefits_or_a_rejection(level: Loop) -> Iterator[Finding]:
    """A response about a person holds benefits, or says why there are none (AAA), or is about a dependent."""
    if any(segment.id in ("EB", "AAA") for segment in level.all_segments()) or is_rejected_above(level):
        return
    yield find(
        "eligibility.no_answer",
        x12=locate(level, next(level.all_segments(), None)),
        rule=f"{OWN_GUIDE} {level.use.id.replace('2000', '2110')}",
        name=level.use.name,
    )


@rule("2000C", "2000D", cites=f"{SOURCE} 271 2110C and 2110D EB: required unless the request is rejected")
def rejected_person_has_no_benefits(level: Loop) -> Iterator[Finding]:
    """A person whose request is rejected (AAA at the name) has no benefits beside the reason."""
    for name in level.loops("2100C") + level.loops("2100D"):
        rejection = name.segment("AAA")
        benefits = (loop.segment("EB") for loop in name.children if isinstance(loop, Loop))
        if rejection is not None and any(benefits):
            yield find(
                "eligibility.rejected_with_benefits",
                x12=locate(name, rejection),
                rule=cite(name, rejection),
                name=level.use.name,
            )


@rule("2100C", "2100D", cites=f"{SOURCE} 271 2110C and 2110D: each loop tells another benefit")
def benefits_are_told_once(name: Loop) -> Iterator[Finding]:
    """No two benefits of a person are equal in everything that stands in their loops."""
    seen: set[tuple[str, ...]] = set()
    for loop in name.children:
        if not isinstance(loop, Loop) or not loop.use.id.startswith("2110"):
            continue
        told = tuple("*".join(segment.elements) for segment in loop.all_segments())
        benefit = loop.segment("EB")
        if told in seen and benefit is not None:
            yield find("eligibility.benefit_repeats", x12=locate(loop, benefit), rule=cite(loop, benefit))
        seen.add(told)
