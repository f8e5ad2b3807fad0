"""The reader on small transaction sets: each fault is found, named and placed."""

from __future__ import annotations

from edi.reader import SetReading, read_set
from edi.segments import Delimiters, Segment

CLAIM = """
ST*837*0001*005010X222A1
BHT*0019*00*RB-1*20261102*0915*CH
NM1*41*2*RIVERBEND BILLING*****46*RBB01
PER*IC*PAT QUILL*TE*5035550142
NM1*40*2*EXAMPLE HEALTH PLAN*****46*60054
HL*1**20*1
NM1*85*2*RIVERBEND FAMILY CLINIC*****XX*1999999984
N3*400 OAK AVE
N4*PORTLAND*OR*972051111
REF*EI*931234567
HL*2*1*22*0
SBR*P*18*GRP001******CI
NM1*IL*1*SAMPLE*ROBIN****MI*W123456789
N3*12 ALDER ST
N4*PORTLAND*OR*972051234
DMG*D8*19840517*F
NM1*PR*2*EXAMPLE HEALTH PLAN*****PI*60054
CLM*RFC-2026-0001*245***11:B:1*Y*A*Y*Y
HI*ABK:E119*ABF:I10
LX*1
SV1*HC:99213:25*165*UN*1***1:2
DTP*472*D8*20261102
LX*2
SV1*HC:83036*80*UN*1***1
DTP*472*D8*20261102
SE*26*0001
"""


def read(text: str, *, edits: bool = False) -> SetReading:
    segments = [
        Segment(line.split("*"), ordinal) for ordinal, line in enumerate(text.strip().splitlines(), 1)
    ]
    return read_set("005010X222A1", segments, Delimiters(), edits=edits)


def codes(reading: SetReading) -> list[str]:
    return [finding.code for finding in reading.findings]


def change(old: str, new: str) -> str:
    assert old in CLAIM, f"the sample claim has no {old}"
    return CLAIM.replace(old, new, 1)


def test_a_clean_claim_has_no_findings() -> None:
    assert read(CLAIM, edits=True).findings == ()


def test_the_tree_has_the_loops_of_the_guide() -> None:
    tree = read(CLAIM).tree
    claim = next(tree.descend("2300"))
    assert [line.value("SV1", 1, 2) for line in claim.loops("2400")] == ["99213", "83036"]
    assert claim.parent is not None and claim.parent.id == "2000B"
    billing = claim.ascend("2000A")
    assert billing is not None and billing.loops("2010AA")[0].value("NM1", 9) == "1999999984"


def test_every_fault_is_found_at_once() -> None:
    text = change("N3*400 OAK AVE\n", "").replace("D8*19840517", "D8*19840230").replace("*CI", "*XX")
    assert codes(read(text)) == ["segment.missing", "element.bad_code", "element.bad_date"]


def test_a_missing_element_names_segment_element_and_rule() -> None:
    reading = read(change("SBR*P*18", "SBR**18"))
    finding = reading.findings[0]
    assert finding.code == "element.missing"
    assert finding.x12 is not None
    assert (finding.x12.loop, finding.x12.segment, finding.x12.ordinal, finding.x12.element) == (
        "2000B",
        "SBR",
        12,
        1,
    )
    assert finding.rule == "005010X222A1 2000B/SBR01"


def test_the_value_stands_apart_from_the_message() -> None:
    finding = read(change("*F\n", "*Q\n")).findings[0]
    assert finding.value == "Q"
    assert "Q" not in finding.message.replace("005010X222A1", "")


def test_same_id_siblings_are_told_apart_by_their_codes() -> None:
    text = change("HI*ABK", "DTP*439*D8*20261030\nDTP*431*D8*20261029\nHI*ABK").replace("SE*26", "SE*28")
    claim = next(read(text).tree.descend("2300"))
    keys = [segment.use.key for segment in claim.segments("DTP") if segment.use]
    assert keys == ["2300/DTP[439]", "2300/DTP[431]"]


def test_a_segment_out_of_its_place_is_told_from_one_the_guide_lacks() -> None:
    misplaced = read(change("LX*1\n", "LX*1\nSBR*S*18\n"))
    unheard = read(change("LX*1\n", "LX*1\nZZZ*1\n"))
    foreign = read(change("LX*1\n", "LX*1\nAK1*HC*1\n"))
    assert codes(foreign) == ["segment.not_in_set"]
    assert codes(misplaced) == ["segment.unknown"]
    assert codes(unheard) == ["segment.unrecognized"]


def test_a_segment_beyond_its_limit_is_found_where_it_stands() -> None:
    reading = read(change("DMG*D8", "DMG*D8*19840517*F\nDMG*D8"))
    assert codes(reading) == ["segment.too_many"]
    assert reading.findings[0].x12 is not None and reading.findings[0].x12.ordinal == 17


def test_a_date_that_does_not_exist_is_found_and_a_leap_day_is_not() -> None:
    assert codes(read(change("19840517", "19840229"))) == []
    assert codes(read(change("19840517", "19830229"))) == ["element.bad_date"]


def test_a_period_must_be_two_dates() -> None:
    assert codes(read(change("DTP*472*D8*20261102", "DTP*472*RD8*20261102-20261131"))) == ["element.bad_date"]


def test_charges_that_do_not_add_up_are_found() -> None:
    assert codes(read(change("*245*", "*244*"))) == ["claim.charges_unbalanced"]


def test_a_pointer_beyond_the_diagnoses_is_found_at_its_component() -> None:
    finding = read(change("1***1:2", "1***1:3")).findings[0]
    assert finding.code == "claim.pointer_out_of_range"
    assert finding.x12 is not None and (finding.x12.element, finding.x12.component) == (7, 2)


def test_a_replacement_without_the_payers_number_is_found() -> None:
    assert codes(read(change("11:B:1", "11:B:7"))) == ["claim.payer_control_number_missing"]


def test_a_patient_who_is_nobody_is_found() -> None:
    assert codes(read(change("SBR*P*18", "SBR*P*"))) == ["claim.patient_shape"]


def test_an_npi_is_proven_only_where_edits_run() -> None:
    wrong = change("1999999984", "1999999985")
    assert codes(read(wrong)) == []
    assert codes(read(wrong, edits=True)) == ["provider.npi_invalid"]


def test_separators_left_at_the_end_are_forgiven_with_a_warning() -> None:
    reading = read(change("N3*12 ALDER ST", "N3*12 ALDER ST**"))
    assert codes(reading) == ["segment.trailing_separators"]
    assert not reading.findings[0].stops


def test_a_syntax_note_names_what_must_come_together() -> None:
    reading = read(change("TE*5035550142", "TE*5035550142*EX"))
    assert codes(reading) == ["element.conditional_missing"]
    assert reading.findings[0].message.endswith("condition P0506 is not met.")


def test_a_required_element_that_a_note_also_wants_is_reported_once() -> None:
    assert codes(read(change("****MI*W123456789", "****MI"))) == ["element.missing"]


def test_a_set_that_ends_too_soon_tells_what_is_missing() -> None:
    text = CLAIM.split("LX*1")[0]
    assert codes(read(text)) == ["loop.missing"]
