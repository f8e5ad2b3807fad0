"""One wrong segment is one finding: what follows it is read as if it had been right."""

from __future__ import annotations

import pytest

from edi.reader import prepare, read_set
from edi.recovery import LIMIT
from edi.segments import Delimiters, Segment
from tests.unit.test_rules import CLAIM, REMITTANCE, STATUS, change, name, read, with_dependent


def found(text: str, guide: str = "005010X222A1") -> list[str]:
    return [name(finding) for finding in read(text, guide)]


def test_a_claim_without_its_clm_is_read_as_a_claim() -> None:
    text = change(CLAIM, "CLM*RFC-2026-0001*245***11:B:1*Y*A*Y*Y\n", "")
    assert found(text) == ["segment.missing 2300/CLM"]
    finding = read(text)[0]
    assert finding.x12 is not None
    assert finding.x12.ordinal == 18, "where CLM should stand"


def test_a_level_without_its_hl_is_read_as_that_level() -> None:
    assert found(change(CLAIM, "HL*2*1*22*0\n", "")) == ["segment.missing 2000B/HL"]


def test_a_line_without_its_lx_is_read_as_a_line() -> None:
    assert found(change(CLAIM, "LX*1\n", "")) == ["segment.missing 2400/LX"]


def test_a_name_with_the_wrong_code_is_the_name_that_should_stand_there() -> None:
    assert found(change(CLAIM, "NM1*85*2", "NM1*99*2")) == ["element.bad_code 2010AA/NM101"]
    assert found(change(CLAIM, "NM1*41*2", "NM1*99*2")) == ["element.bad_code 1000A/NM101"]


def test_a_level_with_the_wrong_code_is_the_level_that_should_stand_there() -> None:
    assert found(change(CLAIM, "HL*2*1*22*0", "HL*2*1*PT*0")) == ["element.bad_code 2000B/HL03"]


def test_a_reference_of_an_unknown_kind_is_left_out() -> None:
    assert found(change(CLAIM, "HI*ABK", "REF*ZZZ*1\nHI*ABK")) == ["segment.unknown 2300/REF"]


def test_segments_in_the_wrong_order_are_displaced_and_not_missing() -> None:
    swapped = "N4*PORTLAND*OR*972051111\nN3*400 OAK AVE"
    text = change(CLAIM, "N3*400 OAK AVE\nN4*PORTLAND*OR*972051111", swapped)
    assert found(text) == ["segment.out_of_order 2010AA/N3"]


def test_a_loop_in_the_wrong_place_is_displaced_with_what_it_holds() -> None:
    ordered = "DTP*472*D8*20261102\nNM1*DK*1*QUILL*PAT****XX*1999999984\nLIN**N4*00093721410\nCTP****1*UN"
    text = change(CLAIM, "DTP*472*D8*20261102\nSVD*CB22*40", f"{ordered}\nSVD*CB22*40")
    assert found(text) == ["segment.out_of_order 2410/LIN"]


def test_a_segment_of_no_guide_is_named_once() -> None:
    assert found(change(CLAIM, "HI*ABK", "%JUNK%*1\nHI*ABK")) == ["segment.unrecognized 2300/%JUNK%"]
    assert found(change(REMITTANCE, "LX*1", "ZZZ\nLX*1"), "005010X221A1") == [
        "segment.unrecognized 1000B/ZZZ"
    ]


def test_a_segment_said_twice_is_one_too_many() -> None:
    twice = "DMG*D8*19840517*F\nDMG*D8*19840517*F"
    assert found(change(CLAIM, "DMG*D8*19840517*F", twice)) == ["segment.too_many 2010BA/DMG"]


def test_a_dependent_without_a_level_is_found_where_the_level_should_begin() -> None:
    text = change(with_dependent(CLAIM), "HL*3*2*23*0\n", "")
    assert "segment.missing 2000C/HL" in found(text)
    assert not any(entry.startswith("segment.unknown") for entry in found(text))


def test_repetitions_do_not_hide_the_code_that_tells_a_segment() -> None:
    answer = """
ST*999*0001*005010X231A1
AK1*HC*1*005010X222A1
AK2*837*0001*005010X222A1
IK3*CLM*22*2300*8
CTX*SITUATIONAL TRIGGER^SITUATIONAL TRIGGER*CLM*43**5:3*1325
CTX*CLM01:RFC-2026-0001
IK4*2*782*1
IK5*R*5
AK9*R*1*1*0
SE*10*0001
"""
    assert found(answer, "005010X231A1") == []


def test_only_so_many_segments_of_a_set_are_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = CLAIM.strip().splitlines()
    junk = ["REF*ZZZ*1", "NM1*ZZ*1", "HL*9*9*99", "SV1*XX:1"] * 500
    segments = [Segment(line.split("*"), at) for at, line in enumerate([*lines[:6], *junk, lines[-1]], 1)]
    looked_into = 0

    def count(*_: object) -> None:
        nonlocal looked_into
        looked_into += 1

    monkeypatch.setattr("edi.reader.choose", count)
    reading = read_set("005010X222A1", segments, Delimiters())
    assert looked_into == LIMIT
    assert sum(finding.code == "segment.unknown" for finding in reading.findings) >= len(junk) - 2


SETS = (
    (CLAIM, "005010X222A1"),
    (with_dependent(CLAIM), "005010X222A1"),
    (REMITTANCE, "005010X221A1"),
    (STATUS, "005010X214"),
)


@pytest.mark.parametrize(("text", "guide"), SETS, ids=("claim", "dependent", "remittance", "status"))
def test_no_single_fault_becomes_a_cascade(text: str, guide: str) -> None:
    lines = text.strip().splitlines()
    for at in range(1, len(lines) - 1):
        before, line, after = lines[:at], lines[at], lines[at + 1 :]
        left_out = [*before, *after]
        said_twice = [*before, line, line, *after]
        swapped = [*before, after[0], line, *after[1:]]
        for changed in (left_out, said_twice, swapped if len(after) > 1 else left_out):
            told = found("\n".join(changed), guide)
            assert len(told) <= 5, (line, told)


def test_junk_leaves_nothing_in_the_memory_of_the_walk() -> None:
    routes = prepare("005010X222A1", ":", "^").routes
    read(CLAIM)
    known = sum(len(station.steps) for station in routes.stations)
    for number in range(50):
        read(
            change(
                CLAIM,
                "SBR*S*18*GRP001******CI\n",
                f"SBR*S*18*GRP001******CI\nPAT*J{number}\nREF*J{number}*1\n",
            )
        )
    assert sum(len(station.steps) for station in routes.stations) <= known + 5
