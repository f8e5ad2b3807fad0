"""Generation: JSON to segments, with the JSON place of everything that is wrong and of every element."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from edi.findings import Finding
from edi.writer import GeneratedSet, generate_set
from tests.claim_files import load_claim

GUIDE = "005010X222A1"


def generate(*claims: dict[str, Any]) -> GeneratedSet:
    return generate_set(
        GUIDE,
        list(claims),
        control_number="0007",
        created=datetime(2026, 11, 24, 8, 30, tzinfo=UTC),
        reference="BATCH1",
        sender="SENDER1",
        receiver="RECEIVER1",
    )


def lines(generated: GeneratedSet) -> list[str]:
    return ["*".join(segment.elements) for segment in generated.segments]


def findings(generated: GeneratedSet) -> list[tuple[str, str | None]]:
    return [(finding.code, finding.pointer) for _, finding in generated.findings]


def only_finding(generated: GeneratedSet) -> Finding:
    ((_, finding),) = generated.findings
    return finding


def test_a_set_has_its_numbers_and_its_count_of_segments() -> None:
    text = lines(generate(load_claim("self_patient")))
    assert text[0] == "ST*837*0007*005010X222A1"
    assert text[1] == "BHT*0019*00*BATCH1*20261124*0830*CH"
    assert text[-1] == f"SE*{len(text)}*0007"


def test_a_subscriber_who_is_the_patient_has_the_claim_right_below() -> None:
    text = lines(generate(load_claim("self_patient")))
    assert [line for line in text if line.startswith("HL")] == ["HL*1**20*1", "HL*2*1*22*0"]
    assert any(line.startswith("SBR*P*18*GRP77") for line in text)


def test_a_dependent_becomes_a_patient_level_and_the_subscriber_is_not_self() -> None:
    text = lines(generate(load_claim("dependent_patient")))
    assert [line for line in text if line.startswith("HL")] == ["HL*1**20*1", "HL*2*1*22*1", "HL*3*2*23*0"]
    assert any(line.startswith("SBR*P**GRP77") for line in text)
    assert "PAT*19" in text


def test_details_of_the_patient_go_to_the_level_of_the_patient() -> None:
    claim = load_claim("dependent_patient")
    claim["claimInformation"]["patientWeight"] = "41.5"
    assert "PAT*19******01*41.5" in lines(generate(claim))
    claim = load_claim("self_patient")
    claim["claimInformation"]["patientWeight"] = "41.5"
    assert "PAT*******01*41.5" in lines(generate(claim))


def test_the_name_that_is_present_sets_the_entity_type() -> None:
    claim = load_claim("self_patient")
    del claim["billing"]["organizationName"]
    claim["billing"].update({"lastName": "QUILL", "firstName": "ADA"})
    assert any(line.startswith("NM1*85*1*QUILL*ADA") for line in lines(generate(claim)))


def test_explicit_nulls_are_absent() -> None:
    claim = load_claim("self_patient")
    expected = lines(generate(claim))
    claim["dependent"] = None
    claim["billing"]["providerUpinNumber"] = None
    claim["claimInformation"]["serviceLines"][0]["drugIdentification"] = None
    claim["claimInformation"]["claimNote"] = None
    generated = generate(claim)
    assert lines(generated) == expected
    assert not generated.findings


def test_unknown_names_are_ignored() -> None:
    claim = load_claim("self_patient")
    expected = lines(generate(claim))
    claim["favouriteColour"] = {"x": [1, 2]}
    claim["billing"]["password"] = "hunter2"
    assert lines(generate(claim)) == expected


def test_money_may_be_a_number() -> None:
    claim = load_claim("self_patient")
    claim["claimInformation"]["claimChargeAmount"] = Decimal("180.00")
    claim["claimInformation"]["serviceLines"][0]["professionalService"]["serviceUnitCount"] = 1
    text = lines(generate(claim))
    assert any(line.startswith("CLM*HL-1001*180.00*") for line in text)


def test_a_float_is_a_broken_promise_of_the_caller() -> None:
    claim = load_claim("self_patient")
    claim["claimInformation"]["claimChargeAmount"] = 180.1
    with pytest.raises(TypeError, match="parse_float"):
        generate(claim)


@pytest.mark.parametrize("amount", [Decimal("1E+999999"), Decimal("NaN"), 1 << 5000])
def test_a_number_that_no_file_can_hold_is_a_finding(amount: object) -> None:
    claim = load_claim("self_patient")
    claim["claimInformation"]["claimChargeAmount"] = amount
    finding = only_finding(generate(claim))
    assert (finding.code, finding.pointer) == ("json.wrong_type", "/claimInformation/claimChargeAmount")


@pytest.mark.parametrize(
    ("way", "value", "pointer"),
    [
        (("billing", "npi"), True, "/billing/npi"),
        (("billing", "address"), "18 WHARF RD", "/billing/address"),
        (("billing",), ["x"], "/billing"),
        (("claimInformation", "serviceLines"), {}, "/claimInformation/serviceLines"),
        (("claimInformation", "serviceLines", 1), 7, "/claimInformation/serviceLines/1"),
        (
            ("claimInformation", "serviceLines", 0, "professionalService", "procedureModifiers"),
            "25",
            "/claimInformation/serviceLines/0/professionalService/procedureModifiers",
        ),
        (
            ("claimInformation", "healthCareCodeInformation", 1),
            "R509",
            "/claimInformation/healthCareCodeInformation/1",
        ),
        (("claimInformation", "homeboundIndicator"), "Y", "/claimInformation/homeboundIndicator"),
        (("claimInformation", "relatedCausesCode"), [["AA"]], "/claimInformation/relatedCausesCode/0"),
    ],
)
def test_a_value_of_the_wrong_type_is_a_finding_with_its_pointer(
    way: tuple[str | int, ...], value: object, pointer: str
) -> None:
    claim = load_claim("self_patient")
    owner: Any = claim
    for step in way[:-1]:
        owner = owner[step]
    owner[way[-1]] = value
    assert findings(generate(claim)) == [("json.wrong_type", pointer)]


@pytest.mark.parametrize("character", ["*", ":", "^", "~", "\n", "\x00", "\ud800"])
def test_a_character_that_would_break_the_file_is_a_finding_and_never_written(character: str) -> None:
    claim = load_claim("self_patient")
    claim["subscriber"]["lastName"] = f"ALDER{character}NEY"
    generated = generate(claim)
    finding = only_finding(generated)
    assert (finding.code, finding.pointer) == ("value.bad_character", "/subscriber/lastName")
    assert any(line.startswith("NM1*IL*1*ALDER?NEY*JUNE") for line in lines(generated))
    assert character not in finding.message or character in "*:^~"


def test_more_diagnoses_than_the_guide_has_places_for_are_a_finding() -> None:
    claim = load_claim("self_patient")
    diagnosis = claim["claimInformation"]["healthCareCodeInformation"][1]
    claim["claimInformation"]["healthCareCodeInformation"] += [diagnosis] * 11
    assert findings(generate(claim)) == [("json.too_many", "/claimInformation/healthCareCodeInformation/12")]


def test_contact_numbers_without_room_go_to_a_second_segment() -> None:
    claim = load_claim("every_name")
    contacts = [line for line in lines(generate(claim)) if line.startswith("PER*IC*FRONT DESK")]
    assert contacts == ["PER*IC*FRONT DESK*TE*2075550100*EX*12*FX*2075550101"]
    assert "PER*IC**EM*desk@harborlight.example" in lines(generate(claim))


def test_contact_numbers_that_fit_in_no_segment_are_a_finding() -> None:
    claim = load_claim("every_name")
    ordering = claim["claimInformation"]["serviceLines"][0]["orderingProvider"]
    ordering["contactInformation"].update({"phoneExtension": "1", "email": "a@b.example"})
    assert findings(generate(claim)) == [
        ("json.too_many", "/claimInformation/serviceLines/0/orderingProvider/contactInformation/email")
    ]


def test_disability_dates_choose_their_qualifier() -> None:
    claim = load_claim("self_patient")
    claim["claimInformation"]["claimDateInformation"] = {
        "disabilityBeginDate": "20260101",
        "disabilityEndDate": "20260131",
    }
    assert "DTP*314*RD8*20260101-20260131" in lines(generate(claim))
    del claim["claimInformation"]["claimDateInformation"]["disabilityEndDate"]
    assert "DTP*360*D8*20260101" in lines(generate(claim))


def test_codes_of_paired_elements_and_composites_are_supplied() -> None:
    text = lines(generate(load_claim("every_name")))
    assert "PWK*OZ*EL***AC*ATT-1" in text
    assert "PWK*03*AA" in text
    assert "REF*G1*G12**2U:CB22" in text
    assert "HI*BP:00100*BO:00102" in text
    assert "SV5*HC:99213*DA*30*10*100*4" in text


def test_a_missing_claim_still_has_its_claim_segment() -> None:
    text = lines(generate({}))
    assert any(line.startswith("CLM") for line in text)


def test_every_element_leads_back_to_its_json_place() -> None:
    claim = load_claim("every_name")
    generated = generate(claim)
    checked = 0
    for segment in generated.segments[1:-1]:
        for number, text in enumerate(segment.elements[1:], 1):
            for component, part in enumerate(text.split(":"), 1):
                if not part:
                    continue
                found = generated.pointer_of(segment.ordinal, number, component if ":" in text else 0)
                assert found is not None
                value = follow(claim, found[1])
                if isinstance(value, str) and value == part:
                    checked += 1
    assert checked > 350


def test_every_json_text_leads_to_the_places_it_went_to() -> None:
    generated = generate(load_claim("every_name"))
    ((ordinal, slot),) = generated.places_of(0, "/claimInformation/claimChargeAmount")
    assert generated.segments[ordinal - 1].id == "CLM"
    assert slot == (2, 0)
    where = "/claimInformation/serviceLines/1/professionalService/procedureCode"
    ((ordinal, slot),) = generated.places_of(0, where)
    assert generated.segments[ordinal - 1].elements[1].startswith("HC:87880")
    assert slot == (1, 2)


def follow(document: Any, pointer: str) -> Any:
    for step in pointer[1:].split("/") if pointer else []:
        document = document[int(step)] if isinstance(document, list) else document.get(step)
    return document


def test_the_posted_document_is_not_changed() -> None:
    claim = load_claim("every_name")
    before = copy.deepcopy(claim)
    generate(claim)
    assert claim == before
