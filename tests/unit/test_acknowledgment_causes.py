"""Every note that a TA1 or 999 has: a file that causes it and the finding that says so, or why no file can.

TA105 (TA1), AK905 (group), IK502 (transaction set), IK304 (segment) and IK403 (element) of the acknowledgment
that is written for the changed file; source: 005010 TA1 data element I18, 005010X231A1 elements 716, 618, 620
and 621.
"""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import pytest

from edi.acks.answering import acknowledge_file
from edi.envelope import read_envelopes
from edi.files import check_file

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
CLAIM = "837P/paid_in_full/claim.x12"
INQUIRY = "270/subscriber_general_benefits/document.x12"
REVIEW = "278/referral_request/document.x12"
NOT_USED = "security segments (S1S to S4E) are not used in HIPAA transactions (appendix B of each guide)"


class Cause(NamedTuple):
    """One change of a sample, and the finding that it makes."""

    old: str
    new: str
    finding: str
    sample: str = CLAIM


TA105: dict[str, Cause | str] = {
    "000": Cause("*T*:~", "*T*:~", ""),
    "001": Cause("IEA*1*000000008", "IEA*1*000000009", "interchange.control_number_mismatch"),
    "002": "ISA11 named a standard up to 00401; in 00501 it is the repetition separator, whose note is 016",
    "003": Cause("*^*00501*", "*U*00401*", "isa.version_4010"),
    "004": Cause("*T*:~", "*T*:&", "isa.segment_terminator"),
    "005": Cause("*ZZ*CLAIMWIREDEMO", "*QQ*CLAIMWIREDEMO", "isa.sender_qualifier"),
    "006": Cause("*ZZ*CLAIMWIREDEMO  ", "*ZZ*" + " " * 15, "isa.sender"),
    "007": Cause("*ZZ*SCRIPTEDPAYER", "*QQ*SCRIPTEDPAYER", "isa.receiver_qualifier"),
    "008": Cause("*ZZ*SCRIPTEDPAYER  ", "*ZZ*" + " " * 15, "isa.receiver"),
    "009": "only who receives the file knows its own id: `file.other_receiver` of the gateway has this note",
    "010": Cause("ISA*00*", "ISA*09*", "isa.authorization_qualifier"),
    "011": Cause("ISA*00*", "ISA*03*", "isa.authorization"),
    "012": Cause("*00*          *ZZ*C", "*09*          *ZZ*C", "isa.security_qualifier"),
    "013": Cause("*00*          *ZZ*C", "*01*          *ZZ*C", "isa.security"),
    "014": Cause("*261102*0930*^", "*261302*0930*^", "isa.date"),
    "015": Cause("*261102*0930*^", "*261102*2930*^", "isa.time"),
    "016": Cause("*^*00501*", "*U*00501*", "isa.repetition_separator"),
    "017": Cause("*00501*", "*00502*", "isa.version"),
    "018": Cause("000000008", "00000000A", "isa.control_number"),
    "019": Cause("*1*T*:~", "*2*T*:~", "isa.acknowledgment_requested"),
    "020": Cause("*1*T*:~", "*1*X*:~", "isa.usage"),
    "021": Cause("IEA*1*", "IEA*2*", "interchange.group_count"),
    "022": Cause("CLAIMWIREDEMO  *ZZ", "CLAIMWIREDEMO*ZZ", "isa.wrong_length"),
    "023": Cause("IEA*1*000000008~\n", "", "interchange.missing_trailer"),
    "024": Cause("GE*1*8~\n", "GE*1*8~\nNTE*ADD*LOST~\n", "interchange.stray_segment"),
    "025": Cause("", "", "interchange.duplicate_control_number"),
    "026": Cause("*T*:~", "*T-:~", "isa.element_separator"),
    "027": Cause("*T*:~", "*T*9~", "isa.component_separator"),
    "028": "a deferred delivery request is no segment of 00501",
    "029": "a deferred delivery request is no segment of 00501",
    "030": "a deferred delivery request is no segment of 00501",
    "031": "a grade of service request is no segment of 00501",
}
AK905: dict[str, Cause | str] = {
    "1": Cause("GS*HC*", "GS*PO*", "group.not_supported"),
    "2": Cause("*X*005010X222A1~", "*X*005010X999~", "group.version_unknown"),
    "3": Cause("GE*1*8~\n", "", "group.missing_trailer"),
    "4": Cause("GE*1*8~", "GE*1*9~", "group.control_number_mismatch"),
    "5": Cause("GE*1*8~", "GE*2*8~", "group.set_count"),
    "6": Cause("*0930*8*X*", "*0930*0*X*", "group.control_number"),
    "19": Cause("", "", "group.duplicate_control_number"),
    **dict.fromkeys(("10", "11", "12", "13", "14", "15", "16", "17", "18", "23", "24", "25", "26"), NOT_USED),
}
IK502: dict[str, Cause | str] = {
    "1": Cause("ST*837*", "ST*850*", "set.not_supported"),
    "2": Cause("SE*32*0001~\n", "", "set.missing_trailer"),
    "3": Cause("SE*32*0001~", "SE*32*0002~", "set.control_number_mismatch"),
    "4": Cause("SE*32*0001~", "SE*33*0001~", "set.segment_count"),
    "5": Cause("NM1*82*1*Oduya", "NM1*82*9*Oduya", "element.bad_code"),
    "6": Cause("ST*837*", "ST**", "set.identifier"),
    "7": Cause("ST*837*0001*", "ST*837*1*", "set.control_number"),
    "18": Cause("GS*HC*", "GS*HP*", "set.not_in_group"),
    "19": Cause("0001*005010X222A1~", "0001*005010X222A2~", "set.implementation_mismatch"),
    "23": Cause("", "", "set.duplicate_control_number"),
    "I5": Cause("*190.50*", "*191.50*", "claim.charges_unbalanced"),
    "I6": Cause("005010X222A1", "005010X999A1", "guide.unknown"),
    **dict.fromkeys(("8", "9", "10", "11", "12", "13", "15", "16", "17", "24", "25", "26", "27"), NOT_USED),
}
IK304: dict[str, Cause | str] = {
    "1": Cause("HI*ABK", "ZZZ*1~\nHI*ABK", "segment.unrecognized"),
    "2": Cause("LX*1~\n", "LX*1~\nSBR*S*18~\n", "segment.unknown"),
    "3": Cause("SV1*HC:87880*42.50*UN*1***1~\n", "", "segment.missing"),
    "4": Cause("NM1*PR*2*", "NM1*PR*2*OTHER*****PI*X~\nNM1*PR*2*", "loop.too_many"),
    "5": Cause("DMG*D8*19790214*F~", "DMG*D8*19790214*F~\nDMG*D8*19790214*F~", "segment.too_many"),
    "6": Cause("LX*1~\n", "LX*1~\nAK1*HC*1~\n", "segment.not_in_set"),
    "7": Cause(
        "N3*18 Fern Hollow~\nN4*Brindleton*OR*974010018~",
        "N4*Brindleton*OR*974010018~\nN3*18 Fern Hollow~",
        "segment.out_of_order",
    ),
    "8": Cause("NM1*82*1*Oduya", "NM1*82*9*Oduya", "element.bad_code"),
    "I4": "the standard's own table of each set is not held: a segment that a guide leaves out is 6 or 2",
    "I6": Cause("DMG*D8*19790214*F~\n", "", "claim.patient_detail_missing"),
    "I7": Cause("NM1*PR*2*LARKSPUR HEALTH PLAN*****PI*CWP01~\n", "", "loop.missing"),
    "I8": "no guide asks for a segment more than once, and one that is missing altogether is 3",
    "I9": Cause("DTP*AAH", "HCR*A1*X~\nDTP*AAH", "review.answer_in_request", REVIEW),
}
IK403: dict[str, Cause | str] = {
    "1": Cause("NM1*82*1*Oduya*", "NM1*82*1**", "element.missing"),
    "2": Cause("****XX*1999911112~", "*****1999911112~", "element.conditional_missing"),
    "3": Cause("REF*EI*930000101~", "REF*EI*930000101***X~", "element.too_many"),
    "4": Cause("*46*CWSAMPLE~", "*46*C~", "element.too_short"),
    "5": Cause("N3*18 Fern Hollow~", "N3*" + "X" * 56 + "~", "element.too_long"),
    "6": Cause("*148.00*UN*1*", "*148.00*UN*A*", "element.bad_character"),
    "7": Cause("NM1*82*1*Oduya", "NM1*82*9*Oduya", "element.bad_code"),
    "8": Cause("DMG*D8*19790214*", "DMG*D8*19790231*", "element.bad_date"),
    "9": Cause("*20261102*0930*CH~", "*20261102*2530*CH~", "element.bad_time"),
    "10": Cause("*974010018~", "*974010018*CA***ON~", "element.exclusive"),
    "12": Cause("EQ*30^35~", "EQ*" + "^".join(["30"] * 100) + "~", "element.too_many_repetitions", INQUIRY),
    "13": Cause("11:B:1*", "11:B:1:9*", "element.too_many_components"),
    "I6": "the standard's own lists of codes are not held: a code that the guide does not list is 7",
    "I9": Cause("*Y*A*Y*Y~", "*Y*A*Y*Y**AA~\nDTP*439*D8*20261004~", "element.situational_missing"),
    "I10": Cause("N4*Brindleton*OR*974010018~", "N4*Brindleton*OR*974010018**X~", "element.not_used"),
    "I11": "no guide asks for more than one repetition of an element",
    "I12": Cause("*190.50*", "*191.50*", "claim.charges_unbalanced"),
    "I13": "no rule forbids an element by a situation; what two values contradict is I12",
}  # fmt: skip

TABLES = {
    "interchange_note": TA105,
    "group_error": AK905,
    "set_error": IK502,
    "segment_error": IK304,
    "element_error": IK403,
}
#: Where each kind of note stands in the acknowledgment: segment and element.
PLACES = {
    "interchange_note": ("TA1", (5,)),
    "group_error": ("AK9", (5, 6, 7, 8, 9)),
    "set_error": ("IK5", (2, 3, 4, 5, 6)),
    "segment_error": ("IK3", (4,)),
    "element_error": ("IK4", (3,)),
}
CASES = [(table, code, cause) for table, notes in TABLES.items() for code, cause in notes.items()]
CAUSES = [case for case in CASES if isinstance(case[2], Cause)]


def spoil(table: str, code: str, cause: Cause) -> bytes:
    text = (SAMPLES / cause.sample).read_text(encoding="ascii")
    if cause.old:
        assert cause.old in text, cause.old
        count = -1 if code in ("018", "I6") else 1
        return text.replace(cause.old, cause.new, count).encode()
    if table == "interchange_note":
        return (text * 2).encode()
    start = text.index("GS*" if table == "group_error" else "ST*")
    end = text.index("IEA*" if table == "group_error" else "GE*")
    twice = text[:end] + text[start:end] + text[end:]
    return (
        twice.replace("GE*1*8", "GE*2*8").replace("IEA*1*", "IEA*2*").encode()
        if table == "set_error"
        else (twice.replace("IEA*1*", "IEA*2*").encode())
    )


def list_notes(answer: bytes, table: str) -> set[str]:
    """The codes of one kind in the acknowledgments of a file."""
    name, elements = PLACES[table]
    found: set[str] = set()
    for interchange in read_envelopes(answer).interchanges:
        segments = list(interchange.acknowledgments)
        segments += [
            segment for group in interchange.groups for each in group.sets for segment in each.segments
        ]
        found |= {segment.element(at) for segment in segments if segment.id == name for at in elements}
    return found - {""}


@pytest.mark.parametrize(
    ("table", "code", "cause"), CAUSES, ids=[f"{table} {code}" for table, code, _ in CAUSES]
)
def test_a_changed_file_is_answered_with_the_note(table: str, code: str, cause: Cause) -> None:
    report = check_file(spoil(table, code, cause), edits=True)
    found = {finding.code for finding in report.all_findings}
    assert cause.finding in found or (not cause.finding and not found)
    answer = acknowledge_file(report, kind="999", created=datetime(2026, 11, 24, tzinfo=UTC))
    assert code in list_notes(answer, table)


@pytest.mark.parametrize("table", TABLES)
def test_every_note_has_a_cause_or_a_reason_why_it_cannot_be(table: str) -> None:
    meanings = tomllib.loads((files("schemas") / "codes" / "acknowledgments.toml").read_text("utf-8"))[table]
    assert sorted(TABLES[table]) == sorted(meanings)
    assert all(cause for cause in TABLES[table].values())
