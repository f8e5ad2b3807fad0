"""The reference page of SNIP types: what checks each, and what is not checked."""

from __future__ import annotations

from collections.abc import Iterator

from edi.edits.catalogue import load_edits
from edi.edits.registry import CLAIM_EDITS, LOOP_EDITS
from edi.rules import load_rules
from edi.rules.registry import RULES

HEAD = """\
# SNIP types

WEDI's SNIP work group sorted the tests of HIPAA transactions into seven types. This page says what
checks each type here and what is not checked. Rules of the guides run on every file and document;
*edits* are what goes beyond the text of a guide, and run where claims are taken in, or with `--edits`.
Every rule has a sample that passes it and one that fails it (`tests/unit/rules`); its source and the
guides that have it are in [rules and edits](rules.md).

This page is generated from the guides and the rules; a test compares them.
"""
TYPES = {
    1: (
        "Integrity",
        """\
The file is X12: delimiters, envelopes, counts, control numbers, order and repetition of segments, types
and lengths of elements, relational conditions of segments. Checked for every guide by the lexer, the
pairing of envelopes, and the reader, from the guide's definition of each segment
([findings](findings.md): `file.*`, `isa.*`, `interchange.*`, `group.*`, `set.*`, `segment.*`,
`element.*`).""",
        """\
**Not checked:** Nothing of the standard is left out on purpose. Characters are held against the basic or
extended set only where it is asked for.""",
    ),
    2: (
        "Requirement",
        """\
What the implementation guide requires, forbids and limits: loops, segments, elements, lists of codes,
repetitions. Checked for every guide from its definition (`loop.*`, `segment.missing`,
`segment.too_many`, `element.missing`, `element.not_used`, `element.bad_code`).""",
        """\
**Not checked:** Lists of codes that a guide only refers to and that are licensed (revenue codes, value
codes, CPT titles) are checked by their form.""",
    ),
    3: (
        "Balancing",
        """\
Amounts and counts that have to add up, exactly and in decimals.""",
        """\
**Not checked:** Quantities that a guide does not ask to balance (units of lines, covered days).""",
    ),
    4: (
        "Situations",
        """\
What one value makes another required or forbidden, by named rules.""",
        """\
**Not checked:** Situations that only the sender knows: whether a patient was referred, whether a service
was an emergency, whether a provider differs from the one at the claim. A guide that says *required when
known* cannot be checked from outside.""",
    ),
    5: (
        "Code sets",
        """\
Codes against effective-dated tables: ICD-10-CM, HCPCS Level II and its modifiers, place of service,
taxonomy; numbers that prove themselves (NPI, EIN, ZIP code); the lists of adjustment, remark and status
codes. By the edits of each guide: see [guides](guides.md).""",
        """\
**Not checked:** CPT and CDT, which are licensed: by their form.""",
    ),
    6: (
        "Specialties and lines of business",
        """\
Lines that bill the same twice, minutes, and NCCI pairs, likely units and add-on codes where those tables
are imported. What a guide itself asks of ambulances, anaesthesia and unlisted services is type 4.""",
        """\
**Not checked:** Home health, hospice, and other institutional lines of business beyond what the guide
itself asks.""",
    ),
    7: (
        "Payers",
        """\
What a trading partner or a payer asks beyond the guides: payer rules in their own language, and a
companion guide that narrows a guide.""",
        """\
**Not checked:** Contracts: what a payer will pay.""",
    ),
}
#: The modules of edits whose type is not 5.
EDIT_TYPES = {"edi.edits.ncci": 6, "edi.edits.filing": 7}


def render_snip() -> str:
    """The page."""
    load_rules()
    load_edits()
    return HEAD + "".join(_render_type(number) for number in TYPES)


def _render_type(number: int) -> str:
    title, checked, unchecked = TYPES[number]
    table = "".join(_rows(number))
    head = "\n| rule | what it asks |\n|---|---|\n"
    return f"\n## Type {number}: {title}\n\n{checked}\n\n{unchecked}\n{head + table if table else ''}"


def _rows(number: int) -> Iterator[str]:
    rules = [(name, rule.check) for name, rule in RULES.items() if rule.snip == number]
    edits = [(name, edit.check) for name, edit in (LOOP_EDITS | CLAIM_EDITS).items()]
    rules += [entry for entry in edits if EDIT_TYPES.get(entry[1].__module__, 5) == number]
    for name, check in sorted(rules, key=lambda entry: entry[0]):
        asks = (check.__doc__ or "").partition("\n")[0]
        yield f"| [`{name}`](rules.md#{name}) | {asks} |\n"
