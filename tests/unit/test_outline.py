"""Outlines: every sample of every guide explained, findings in place, nobody told in a redacted one."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edi.guides.registry import load_guide, load_heads
from edi.outline.choosing import NoSuchUnitError, choose_findings, choose_unit, choose_units
from edi.outline.inputs import Asked, outline_input
from edi.outline.lines import list_outline
from edi.outline.shapes import HIDDEN, Left, Outline, Row, Section
from edi.outline.values import write_money, write_postal_code, write_telephone, write_time
from edi.outline.words import find_contents, load_words
from tests.cli import ROOT

CREATED = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
SAMPLES = ROOT / "samples"
FILES = sorted(SAMPLES.glob("*/*/*.x12"))
PAID = SAMPLES / "837P" / "paid_in_full" / "claim.x12"
REFUSED = SAMPLES / "837P" / "refused_amounts_dates_and_codes" / "claim.json"


def outline(place: Path | bytes, **asked: object) -> Outline:
    content = place if isinstance(place, bytes) else place.read_bytes()
    name = "-" if isinstance(place, bytes) else place.name
    found = outline_input(name, content, CREATED, Asked(**asked))[1]  # type: ignore[arg-type]
    assert found is not None
    return found


def rows_of(part: Outline | Section) -> list[Row]:
    children = part.sections if isinstance(part, Outline) else part.children
    return [row for child in children for row in ([child] if isinstance(child, Row) else rows_of(child))]


def text_of(found: Outline) -> str:
    return "\n".join(list_outline(found))


def cut_binary(content: str) -> tuple[str, list[str]]:
    """The file without what its BIN segments hold, which may look like segments; and what they hold."""
    held: list[str] = []
    at = 0
    while found := re.compile(r"BIN\*(\d+)\*").search(content, at):
        at, length = found.end(), int(found[1])
        if content[at + length : at + length + 1] == "~":
            held.append(content[at : at + length])
            content = content[:at] + content[at + length :]
    return content, held


@pytest.mark.parametrize("place", FILES, ids=lambda place: str(place.relative_to(SAMPLES)))
def test_every_value_of_every_sample_is_shown_once_with_its_name(place: Path) -> None:
    content = place.read_text()
    found = outline(place)
    texts = [field.text for row in rows_of(found) for field in row.fields]
    shown = sorted(part for text in texts for part in re.split(r"[:^]", text) if part)
    content, held = cut_binary(content)
    marks = str.maketrans({":": "*", "^": "*"})
    body = [line for line in content.translate(marks).replace("\n", "").split("~") if line]
    kept = [line for line in body if line.split("*")[0] not in ("ISA", "GS", "GE", "IEA")]
    values = [value for line in kept for value in line.split("*")[1:]]
    values += [part for text in held for part in re.split(r"[:^]", text.replace("\n", "\u240a"))]
    assert shown == sorted(filter(None, values))
    assert all(field.name for row in rows_of(found) for field in row.fields)
    told = [note.code for section in found.sections for note in section.all_notes()]
    assert len(told) + len(found.notes) == text_of(found).count("⚑ ")


@pytest.mark.parametrize("place", FILES, ids=lambda place: str(place.relative_to(SAMPLES)))
def test_a_file_that_is_redacted_tells_no_name_number_or_day_of_it(place: Path) -> None:
    whole, hidden = outline(place), text_of(outline(place, redacted=True))
    names = {"Subscriber", "Patient", "Member", "Dependent", "Insured", "Corrected"}
    for row in rows_of(whole):
        for field in row.fields:
            private = names & set(field.name.split()) and not field.meaning
            if private and len(field.text) > 5 and not field.shown.startswith(("$", "-$")):
                assert field.text not in hidden, field.place
    for unit in whole.units:
        assert not unit.person or unit.person not in hidden


def test_every_guide_has_contents_and_every_place_of_them_is_one_of_the_guide() -> None:
    used = set()
    for guide in map(load_guide, load_heads()):
        contents = find_contents(guide)
        assert contents is not None, guide.id
        used.add(id(contents))
        loops = {loop.id: loop for loop in guide.root.loop_uses()}
        assert set(contents.loop) & set(loops), guide.id
    assert len(used) == len(load_words().contents)


def test_amounts_days_and_codes_are_written_as_people_write_them() -> None:
    shown = text_of(outline(PAID))
    assert "CLM02 Total Claim Charge Amount: $190.50" in shown
    assert "BHT04 Transaction Set Creation Date: 11/02/2026" in shown
    assert "HI01-2 Diagnosis Code: J02.0 (Streptococcal pharyngitis)" in shown
    assert "CLM05-1 Place of Service Code: 11 (office)" in shown.replace("Office", "office")
    assert write_money("-1234.5") == "-$1,234.50"
    assert (write_money(".005"), write_money("1e5")) == ("$0.005", "1e5")
    assert (write_time("0930"), write_time("09301512"), write_time("9:30")) == ("09:30", "09:30:15", "9:30")
    assert write_telephone("5415550110", "TE") == "(541) 555-0110"
    assert write_telephone("5415550110", "EM") == "5415550110"
    assert (write_postal_code("974010210"), write_postal_code("97401")) == ("97401-0210", "97401")


def test_a_bill_type_is_not_taken_for_a_place_of_service() -> None:
    stay = outline(SAMPLES / "837I" / "inpatient_stay" / "claim.x12")
    (facility,) = (field for row in rows_of(stay) for field in row.fields if field.place == "CLM05-1")
    assert (facility.text, facility.meaning) == ("11", "")


def test_no_description_of_a_licensed_procedure_list_is_shown() -> None:
    dental = outline(SAMPLES / "837D" / "fillings_and_cleaning" / "claim.x12")
    codes = [field for row in rows_of(dental) for field in row.fields if field.place == "SV301-2"]
    assert codes
    assert [field.meaning for field in codes] == [""] * len(codes)


def test_findings_of_a_json_claim_stand_at_the_values_with_their_pointers() -> None:
    found = outline(REFUSED)
    at = {
        field.place: (field.text, note.pointer)
        for row in rows_of(found)
        for field in row.fields
        for note in field.notes
    }
    assert at["CLM02"] == ("200.00", "/claimInformation/claimChargeAmount")
    assert at["DTP03"] == ("20261329", "/claimInformation/serviceLines/1/serviceDate")
    assert at["SV104"][0] == "two"
    assert found.notes == ()
    assert (found.verdict, found.units[0].errors) == ("refused", 5)


def test_a_value_that_is_not_there_is_shown_as_nothing_with_its_finding() -> None:
    claim = json.loads((SAMPLES / "837P" / "paid_in_full" / "claim.json").read_text())
    del claim["subscriber"]["memberId"]
    shown = text_of(outline(json.dumps(claim).encode()))
    assert "NM109 Subscriber Primary Identifier: (nothing)\n" in shown


def two_claims() -> bytes:
    """Two claims of one patient in one file, the second with a wrong release code."""
    claim = json.loads((SAMPLES / "837P" / "paid_in_full" / "claim.json").read_text())
    other = json.loads(json.dumps(claim))
    other["claimInformation"] |= {"patientControlNumber": "SECOND", "releaseInformationCode": "Q"}
    return json.dumps([claim, other]).encode()


def test_a_claim_is_chosen_by_its_place_or_its_number_and_its_neighbours_are_left_out() -> None:
    whole = outline(two_claims())
    assert [(unit.number, unit.errors) for unit in whole.units] == [(1, 0), (2, 1)]
    by_place, by_number = choose_unit(whole, "2"), choose_unit(whole, "SECOND")
    assert by_place == by_number
    assert by_number.selected == "claim 2 of 2"
    assert whole.units[0].label not in text_of(by_number)
    with pytest.raises(NoSuchUnitError, match="there is no claim 3; they are numbered 1 to 2"):
        choose_unit(whole, "3")


def test_some_claims_of_many_are_shown_and_what_is_left_out_is_counted() -> None:
    claims = json.loads(two_claims())
    whole = outline(json.dumps([*claims, *claims, claims[0]]).encode())
    some = choose_units(whole, 2, 2)
    assert [unit.number for unit in some.units] == [2, 3]
    assert (some.selected, some.left) == ("claims 2 to 3 of 5", Left(3, "claim", 1, 4))
    assert [row.id for row in rows_of(some)].count("CLM") == 2
    assert "not shown: 3 claims with 1 finding\n" in text_of(some)
    assert choose_units(whole, 1, 0) is whole
    last = choose_units(whole, 5, 200)
    assert last.left == Left(4, "claim", 2)
    assert choose_units(choose_findings(whole), 3, 1).selected == "findings alone, claim 4 of 4"
    with pytest.raises(NoSuchUnitError, match="there is no claim 6; they are numbered 1 to 5"):
        choose_units(whole, 6, 1)


def test_findings_alone_leave_out_every_segment_without_one() -> None:
    alone = choose_findings(outline(two_claims()))
    assert [row.id for row in rows_of(alone)] == ["CLM"]
    assert [unit.label for unit in alone.units] == ["SECOND"]
    assert choose_findings(outline(PAID)).sections == ()


def test_what_claims_share_counts_for_each_of_them() -> None:
    content = (SAMPLES / "837P" / "paid_in_full" / "claim.x12").read_bytes()
    wrong = outline(content.replace(b"1999901014", b"1999901015"))
    assert [unit.errors for unit in wrong.units] == [1]


def test_a_control_character_of_the_file_never_reaches_the_terminal() -> None:
    content = PAID.read_bytes().replace(b"Odalys", b"O\x1b]0;x\x07s")
    shown = text_of(outline(content))
    assert "\x1b" not in shown
    assert "O␛]0;x␇s" in shown


def test_a_value_that_is_not_what_it_should_be_is_hidden_where_people_are() -> None:
    content = PAID.read_bytes().replace(b"*190.5*", b"*Brightwater*").replace(b"*190.50*", b"*Brightwater*")
    assert b"*Brightwater*" in content.split(b"CLM*")[1][:40]
    assert HIDDEN in text_of(outline(content, redacted=True))
    assert "Brightwater" not in text_of(outline(content, redacted=True))
