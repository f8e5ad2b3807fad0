"""Each named rule on a sample that passes it and on one that fails it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edi import rules
from edi.edits.catalogue import load_edits
from edi.edits.registry import CLAIM_EDITS, LOOP_EDITS
from edi.findings import Finding
from edi.guides.registry import load_guide, load_sources
from edi.reader import read_set
from edi.rules import load_rules
from edi.rules.registry import RULES
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
SBR*S*18*GRP001******CI
NM1*IL*1*SAMPLE*ROBIN****MI*W123456789
N3*12 ALDER ST
N4*PORTLAND*OR*972051234
DMG*D8*19840517*F
NM1*PR*2*EXAMPLE HEALTH PLAN*****PI*60054
CLM*RFC-2026-0001*245***11:B:1*Y*A*Y*Y
DTP*435*D8*20261101
DTP*096*D8*20261103
PWK*OZ*BM***AC*ATT-1
HI*ABK:E119*ABF:I10
SBR*P*18*G-9*NORTHFIELD MILLS*****BL
CAS*CO*45*30
AMT*D*135
OI***Y***Y
NM1*IL*1*SAMPLE*ROBIN****MI*BL999
NM1*PR*2*COASTAL BLUE*****PI*CB22
LX*1
SV1*HC:99213:25*165*UN*1***1:2
DTP*472*RD8*20261102-20261103
SVD*CB22*125*HC:99213**1
CAS*PR*2*40
DTP*573*D8*20261120
LX*2
SV1*HC:83036*80*UN*1***1
DTP*472*D8*20261102
SVD*CB22*40*HC:83036**1
CAS*CO*45*40
DTP*573*D8*20261120
SE*41*0001
"""
DEPENDENT = """
HL*2*1*22*1
SBR*S**GRP001******CI
NM1*IL*1*SAMPLE*ROBIN****MI*W123456789
NM1*PR*2*EXAMPLE HEALTH PLAN*****PI*60054
HL*3*2*23*0
PAT*19
NM1*QC*1*SAMPLE*KIT
N3*12 ALDER ST
N4*PORTLAND*OR*972051234
DMG*D8*20200517*F
"""
REMITTANCE = """
ST*835*0001
BPR*I*190.5*C*ACH*CCP*01*999000412*DA*100200300*1990004177**01*999000823*DA*400500600*20261116
TRN*1*EFT1*1990004177
DTM*405*20261116
N1*PR*LARKSPUR HEALTH PLAN
N3*1 SCRIPTED WAY
N4*SAMPLETON*OR*97401
PER*BL*PROVIDER SERVICES*TE*5415550188
N1*PE*HOLLOW CREEK FAMILY MEDICINE*XX*1999901014
N3*210 MILLRACE WAY
N4*BRINDLETON*OR*974010210
LX*1
CLP*HC10021*1*190.5*190.5**ZZ*CW8*11*1
NM1*QC*1*BRIGHTWATER*ODALYS****MI*LRK4410027
SVC*HC:99213:25*148*148
DTM*472*20261005
SVC*HC:87880*42.5*42.5
DTM*472*20261005
SE*19*0001
"""
STATUS = """
ST*277*0001*005010X214
BHT*0085*08*R-1*20261102*0915*TH
HL*1**20*1
NM1*PR*2*EXAMPLE HEALTH PLAN*****PI*60054
TRN*1*B-1
DTP*050*D8*20261102
DTP*009*D8*20261102
HL*2*1*21*1
NM1*41*2*RIVERBEND BILLING*****46*RBB01
TRN*2*RB-1
STC*A1:19:PR*20261102*WQ*245
QTY*90*1
AMT*YU*245
HL*3*2*19*1
NM1*85*2*RIVERBEND FAMILY CLINIC*****XX*1999999984
HL*4*3*PT
NM1*QC*1*SAMPLE*ROBIN****MI*W123456789
TRN*2*RFC-2026-0001
STC*A2:20*20261102*WQ*245
DTP*472*D8*20261102
SE*21*0001
"""


def read(text: str, guide: str = "005010X222A1") -> list[Finding]:
    lines = text.strip().splitlines()
    segments = [Segment(line.split("*"), ordinal) for ordinal, line in enumerate(lines, 1)]
    return list(read_set(guide, segments, Delimiters(), edits=True).findings)


def name(finding: Finding) -> str:
    """The code of a finding and its place, as `code 2300/CLM05-3`."""
    place = finding.x12
    assert place is not None
    at = f"{place.element:02d}" if place.element else ""
    return f"{finding.code} {place.loop}/{place.segment}{at}" + (
        f"-{place.component}" if place.component else ""
    )


def change(text: str, old: str, new: str) -> str:
    assert old in text, old
    return text.replace(old, new, 1).replace("\n\n", "\n")


def with_dependent(text: str) -> str:
    begin, end = text.index("HL*2*1*22*0"), text.index("CLM*")
    changed = text[:begin] + DEPENDENT.strip() + "\n" + text[end:]
    return changed.replace("SBR*P*18*G-9", "SBR*P*19*G-9")


def test_the_samples_pass_every_rule() -> None:
    assert [name(finding) for finding in read(CLAIM)] == []
    assert [name(finding) for finding in read(with_dependent(CLAIM))] == []
    assert [name(finding) for finding in read(REMITTANCE, "005010X221A1")] == []
    assert [name(finding) for finding in read(STATUS, "005010X214")] == []


CASES = [
    # hierarchy
    ("HL*1**20*1", "HL*2**20*1", [
        "hierarchy.number_out_of_order 2000A/HL01", "hierarchy.parent_wrong 2000B/HL02",
    ]),
    ("HL*2*1*22*0", "HL*3*1*22*0", ["hierarchy.number_out_of_order 2000B/HL01"]),
    ("HL*2*1*22*0", "HL*2*9*22*0", ["hierarchy.parent_wrong 2000B/HL02"]),
    ("HL*2*1*22*0", "HL*2*1*22*1", ["hierarchy.child_code_wrong 2000B/HL04"]),
    # frequency
    ("11:B:1*", "11:B:Z*", ["element.bad_code 2300/CLM05-3"]),
    ("11:B:1*", "11:B:7*", ["claim.payer_control_number_missing 2300/CLM05-3"]),
    # coordination of benefits
    ("SBR*P*18*G-9", "SBR*S*18*G-9", ["claim.payer_order_repeats 2320/SBR01"]),
    ("SBR*P*18*G-9", "SBR*U*18*G-9", []),
    ("GRP001******CI", "GRP001******MB", [
        "element.situational_missing 2000B/SBR05", "certificate.clia_missing 2400/SV101-2",
    ]),
    ("GRP001******CI", "GRP001**12****MB", ["certificate.clia_missing 2400/SV101-2"]),
    ("AMT*D*135", "AMT*D*134", [
        "claim.other_payer_unbalanced 2320/AMT02", "claim.other_payer_lines_unbalanced 2320/AMT02",
    ]),
    ("CAS*PR*2*40", "CAS*PR*2*39", [
        "claim.adjudicated_line_unbalanced 2430/SVD02", "claim.other_payer_unbalanced 2320/AMT02",
    ]),
    ("SVD*CB22*125*HC:99213**1\nCAS*PR*2*40\nDTP*573*D8*20261120",  # unbundled: the parts make the charge
     "SVD*CB22*100*HC:99213**1\nDTP*573*D8*20261120\n"
     "SVD*CB22*25*HC:36415**1\nCAS*PR*2*40\nDTP*573*D8*20261120", []),
    # situations
    ("11:B:1*Y*A*Y*Y", "11:B:1*Y*A*Y*Y**OA", ["claim.detail_missing 2300/DTP"]),
    ("11:B:1*Y*A*Y*Y\n", "11:B:1*Y*A*Y*Y**OA\nDTP*439*D8*20261101\n", []),
    ("11:B:1*Y*A*Y*Y\n", "11:B:1*Y*A*Y*Y**AA\nDTP*439*D8*20261101\n", [
        "element.situational_missing 2300/CLM11-4",
    ]),
    ("11:B:1*Y*A*Y*Y\n", "11:B:1*Y*A*Y*Y**AA:::OR\nDTP*439*D8*20261101\n", []),
    ("PWK*OZ*BM***AC*ATT-1", "PWK*OZ*BM", ["element.situational_missing 2300/PWK06"]),
    ("PWK*OZ*BM***AC*ATT-1", "PWK*OZ*AA", []),
    ("N4*PORTLAND*OR*972051111", "N4*PORTLAND", [
        "element.situational_missing 2010AA/N402", "element.situational_missing 2010AA/N403",
    ]),
    ("N4*PORTLAND*OR*972051234", "N4*LISBOA***PT", []),
    # dates, which the edits look at
    ("20261102-20261103", "20261103-20261102", ["claim.dates_disordered 2400/DTP03"]),
    ("DTP*435*D8*20261101", "DTP*435*D8*20261104", ["claim.dates_disordered 2300/DTP03"]),
    ("DTP*435*D8*20261101", "DTP*431*D8*20261102\nDTP*435*D8*20261101", []),
    ("DTP*435*D8*20261101", "DTP*431*D8*20261103\nDTP*435*D8*20261101", [
        "claim.dates_disordered 2300/DTP03",
    ]),
    ("DMG*D8*19840517*F", "DMG*D8*20261103*F", ["claim.dates_disordered 2010BA/DMG02"]),
    # kinds of service, which the edits look at
    ("11:B:1*", "41:B:1*", [
        "claim.detail_missing 2300/CR1", "claim.detail_missing 2310E/NM1", "claim.detail_missing 2310F/NM1",
    ]),
    ("11:B:1*Y*A*Y*Y\nDTP*435*D8*20261101\nDTP*096*D8*20261103\nPWK*OZ*BM***AC*ATT-1",
     "41:B:1*Y*A*Y*Y\nPWK*OZ*BM***AC*ATT-1\nCR1*LB*140**A*DH*12", [
        "claim.detail_missing 2310E/NM1", "claim.detail_missing 2310F/NM1",
    ]),
    ("HC:83036*80*UN*1", "HC:00300*80*UN*1", ["claim.anaesthesia_not_in_minutes 2400/SV103"]),
    ("HC:83036*80*UN*1", "HC:00300*80*MJ*60", []),
    ("HC:83036*80*UN*1", "HC:01996*80*UN*1", []),
    # balance and pointers
    ("0001*245***", "0001*246***", [
        "claim.charges_unbalanced 2300/CLM02", "claim.other_payer_unbalanced 2320/AMT02",
    ]),
    ("1***1:2", "1***1:3", ["claim.pointer_out_of_range 2400/SV107-2"]),
    ("N3*12 ALDER ST\n", "", ["claim.patient_detail_missing 2010BA/N3"]),
    ("SBR*S*18*", "SBR*S**", ["claim.patient_shape 2000B/SBR02"]),
    ("1999999984", "1999999983", ["provider.npi_invalid 2010AA/NM109"]),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "expected"), CASES, ids=[f"{new[:24]!r}" for _, new, _ in CASES])
def test_a_rule_of_the_professional_claim(old: str, new: str, expected: list[str]) -> None:
    assert sorted(name(finding) for finding in read(change(CLAIM, old, new))) == sorted(expected)


def test_the_birth_of_a_dependent_is_looked_at() -> None:
    late = change(with_dependent(CLAIM), "DMG*D8*20200517*F", "DMG*D8*20261105*F")
    assert [name(finding) for finding in read(late)] == ["claim.dates_disordered 2010CA/DMG02"]


def test_a_payer_that_paid_lines_and_one_that_did_not_are_balanced_apart() -> None:
    second = (
        "NM1*PR*2*COASTAL BLUE*****PI*CB22\nSBR*T*18*G-1******CI\nCAS*OA*23*245\nAMT*D*0\nOI***Y***Y\n"
        "NM1*IL*1*SAMPLE*ROBIN****MI*ZZ1\nNM1*PR*2*OTHER PLAN*****PI*OP1"
    )
    text = change(CLAIM, "NM1*PR*2*COASTAL BLUE*****PI*CB22", second)
    assert [name(finding) for finding in read(text)] == []
    unpaid = change(text, "CAS*OA*23*245", "CAS*OA*23*200")
    assert [name(finding) for finding in read(unpaid)] == ["claim.other_payer_unbalanced 2320/AMT02"]


REMITTANCE_CASES = [
    ("*01*999000412*", "**999000412*", [
        "element.conditional_missing HEADER/BPR06", "element.situational_missing HEADER/BPR06",
    ]),
    ("ACH*CCP*", "ACH**", ["element.situational_missing HEADER/BPR05"]),
    ("ACH*CCP*01*999000412*DA*100200300*1990004177**01*999000823*DA*400500600*", "CHK************", []),
    ("42.5\nDTM*472*20261005", "42.5", ["claim.detail_missing 2100/DTM"]),
    ("NM1*QC*1*BRIGHTWATER*ODALYS****MI*LRK4410027\nSVC*HC:99213:25*148*148\nDTM*472*20261005",
     "NM1*QC*1*BRIGHTWATER*ODALYS****MI*LRK4410027\nDTM*232*20261005\nSVC*HC:99213:25*148*148", []),
    ("*97401", "", ["element.situational_missing 1000A/N403"]),
    ("*148*148", "*148*147", [
        "remittance.service_unbalanced 2110/SVC03",
    ]),
    ("190.5*190.5*", "190.5*189.5*", [
        "remittance.claim_unbalanced 2100/CLP04", "remittance.transaction_unbalanced HEADER/BPR02",
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "expected"), REMITTANCE_CASES)
def test_a_rule_of_the_remittance(old: str, new: str, expected: list[str]) -> None:
    found = read(change(REMITTANCE, old, new), "005010X221A1")
    assert sorted(name(finding) for finding in found) == sorted(expected)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("HL*4*3*PT", "HL*5*3*PT", ["hierarchy.number_out_of_order 2000D/HL01"]),
        ("HL*4*3*PT", "HL*4*2*PT", ["hierarchy.parent_wrong 2000D/HL02"]),
        ("HL*3*2*19*1", "HL*3*2*19*0", ["hierarchy.child_code_wrong 2000C/HL04"]),
        ("AMT*YU*245", "AMT*YU*244", ["acknowledgment.totals_differ 2200B/AMT02"]),
    ],
)
def test_a_rule_of_the_claim_acknowledgment(old: str, new: str, expected: list[str]) -> None:
    found = read(change(STATUS, old, new), "005010X214")
    assert sorted(name(finding) for finding in found) == sorted(expected)


def test_a_finding_of_a_shared_rule_names_the_guide_that_was_read() -> None:
    found = read(change(STATUS, "HL*4*3*PT", "HL*4*2*PT"), "005010X214")
    assert [finding.rule for finding in found] == ["005010X214 2000D/HL02"]
    found = read(change(CLAIM, "PWK*OZ*BM***AC*ATT-1", "PWK*OZ*BM"))
    assert [finding.rule for finding in found] == ["005010X222A1 2300/PWK06"]


def test_every_rule_cites_a_source_and_every_guide_names_known_rules() -> None:
    load_rules()
    load_edits()
    for entry in RULES.values():
        assert re.search(r"005010X\d{3}|data element|CFR", entry.cites), entry.name
    for guide in load_sources():
        used = load_guide(guide)
        assert set(used.rules) | set(used.edits) <= RULES.keys() | LOOP_EDITS.keys() | CLAIM_EDITS.keys()


def test_every_rule_is_named_by_a_guide() -> None:
    load_rules()
    named = {
        rule for guide in load_sources() for rule in (*load_guide(guide).rules, *load_guide(guide).edits)
    }
    assert sorted(RULES.keys() - named) == []


def test_no_rule_module_is_forgotten() -> None:
    folder = Path(rules.__file__).parent
    modules = {f"edi.rules.{path.stem}" for path in folder.glob("*.py")}
    without_rules = {f"edi.rules.{name}" for name in ("__init__", "listing", "places", "registry")}
    assert modules - set(rules.MODULES) == without_rules
