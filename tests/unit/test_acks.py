"""Acknowledgments: TA1, 999 and 277CA as made from findings and verdicts, and as read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from edi.acks import (
    acknowledge_group,
    acknowledge_interchange,
    answer_claim,
    answer_findings,
    find_rejections,
    judge_findings,
    read_277ca,
    read_999,
    read_ta1,
    report_claims,
)
from edi.acks.answering import claim_findings
from edi.codes import meaning
from edi.envelope_writer import EnvelopeSettings, wrap_interchange
from edi.files import FileReport, check_file
from edi.findings import Finding, Place, Severity, find, load_catalogue
from edi.models import ClaimStatus, GroupAcknowledgment, Party, Person, StatusCode
from edi.segments import Segment
from edi.writer import write_documents
from tests.answers import CLINIC, FERN, QUILL, SERVED_ON, make_batch, make_verdicts
from tests.samples.guide_samples import SAMPLES

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
CLM*RFC-2026-0001*165***11:B:1*Y*A*Y*Y
HI*ABK:E119
LX*1
SV1*HC:99213:25*165*UN*1***1
DTP*472*D8*20261102
SE*23*0001
"""
ENVELOPE = EnvelopeSettings(
    sender_qualifier="ZZ",
    sender="RBB01",
    receiver_qualifier="ZZ",
    receiver="60054",
    group_sender="RBB01",
    group_receiver="60054",
    usage="T",
    control_number=77,
    group_control_number=12,
    created=datetime(2026, 11, 2, 9, 15, tzinfo=UTC),
)


def change(old: str, new: str) -> str:
    assert old in CLAIM, f"the sample claim has no {old}"
    return CLAIM.replace(old, new, 1)


def make_set(text: str, number: str = "0001") -> list[Segment]:
    rows = [line.split("*") for line in text.replace("0001*005010", f"{number}*005010").strip().splitlines()]
    rows[-1] = ["SE", str(len(rows)), number]
    return [Segment(row, ordinal) for ordinal, row in enumerate(rows, 1)]


def check(*texts: str) -> FileReport:
    sets = [make_set(text, f"{number:04}") for number, text in enumerate(texts, 1)]
    return check_file(wrap_interchange(ENVELOPE, [("HC", "005010X222A1", sets)]))


def acknowledge(report: FileReport) -> list[str]:
    """The 999 of the first group as segments, without ST and SE; it must be clean by our own checks."""
    (interchange,) = report.interchanges
    document = acknowledge_group(interchange.header, interchange.groups[0])
    text = write_documents("005010X231A1", [document], ENVELOPE)
    answer = check_file(text)
    assert answer.all_findings == ()
    return ["*".join(segment.elements) for segment in answer.sets[0].segments[1:-1]]


def read_back(report: FileReport) -> GroupAcknowledgment:
    (interchange,) = report.interchanges
    document = acknowledge_group(interchange.header, interchange.groups[0])
    text = write_documents("005010X231A1", [document], ENVELOPE)
    return read_999(check_file(text).sets[0].documents[0])


# --- 999 written


def test_a_clean_group_is_accepted() -> None:
    assert acknowledge(check(CLAIM)) == [
        "AK1*HC*12*005010X222A1",
        "AK2*837*0001*005010X222A1",
        "IK5*A",
        "AK9*A*1*1*1",
    ]


def test_a_bad_element_is_noted_with_its_place_number_code_and_copy() -> None:
    assert acknowledge(check(change("165***11:B:1", "16X***11:B:1"))) == [
        "AK1*HC*12*005010X222A1",
        "AK2*837*0001*005010X222A1",
        "IK3*CLM*18*2300*8",
        "CTX*CLM01:RFC-2026-0001",
        "IK4*2*782*6*16X",
        "IK5*R*5",
        "AK9*R*1*1*0",
    ]


def test_a_bad_component_is_noted_by_element_and_component() -> None:
    answer = acknowledge(check(change("SV1*HC:99213:25", "SV1*XX:99213:25")))
    assert "IK3*SV1*21*2400*8" in answer
    assert "IK4*1:1*235*7*XX" in answer


def test_a_segment_that_a_situation_requires_is_noted_where_it_belongs_with_what_triggers_it() -> None:
    assert acknowledge(check(change("11:B:1", "11:B:7"))) == [
        "AK1*HC*12*005010X222A1",
        "AK2*837*0001*005010X222A1",
        "IK3*REF*19*2300*I6",
        "CTX*SITUATIONAL TRIGGER*CLM*18*2300*5:3*1325",
        "CTX*CLM01:RFC-2026-0001",
        "IK5*R*I5",
        "AK9*R*1*1*0",
    ]


def test_an_element_that_a_situation_requires_is_noted_with_its_trigger() -> None:
    report = check(change("HI*ABK:E119", "PWK*OZ*EL\nHI*ABK:E119"))
    assert acknowledge(report)[2:6] == [
        "IK3*PWK*19*2300*8",
        "CTX*CLM01:RFC-2026-0001",
        "IK4*6*67*I9",
        "CTX*SITUATIONAL TRIGGER*PWK*19*2300*2*756",
    ]
    (finding,) = read_back(report).sets[0].findings
    assert finding.rule == "IK403 I9"
    assert finding.trigger == Place(set="0001", loop="2300", segment="PWK", ordinal=19, element=2)


def test_two_segments_missing_at_one_place_have_a_note_each() -> None:
    report = check(change("N3*12 ALDER ST\nN4*PORTLAND*OR*972051234\nDMG*D8*19840517*F\n", ""))
    noted = [line for line in acknowledge(report) if line.startswith(("IK3", "CTX"))]
    assert noted == [
        "IK3*N3*14*2010*I6",
        "CTX*SITUATIONAL TRIGGER*SBR*12*2000*2*1069",
        "IK3*N4*14*2010*I6",
        "CTX*SITUATIONAL TRIGGER*SBR*12*2000*2*1069",
        "IK3*DMG*14*2010*I6",
        "CTX*SITUATIONAL TRIGGER*SBR*12*2000*2*1069",
    ]


def test_what_a_999_cannot_repeat_of_a_wrong_envelope_does_not_break_it() -> None:
    text = wrap_interchange(ENVELOPE, [("HC", "005010X222A1", [make_set(CLAIM)])])
    broken = (
        text.replace(b"GS*HC*", b"GS**").replace(b"ST*837*0001*", b"ST*8*1*").replace(b"*12*X*", b"*L*X*")
    )
    assert acknowledge(check_file(broken))[:2] == ["AK1*ZZ*0*005010X222A1", "AK2*8ZZ*0001*005010X222A1"]


def test_two_bad_elements_of_one_segment_share_one_note() -> None:
    answer = acknowledge(
        check(change("DTP*472*D8*20261102", "DTP*472*XX*20261102").replace("ABK:E119", "ABK:"))
    )
    assert sum(line.startswith("IK3*DTP") for line in answer) == 1


def test_a_missing_segment_is_noted_where_it_was_expected() -> None:
    answer = acknowledge(check(change("N3*400 OAK AVE\n", "")))
    assert any(line.startswith("IK3*N3*") and line.endswith("*2010*3") for line in answer)
    assert answer[-2:] == ["IK5*R*5", "AK9*R*1*1*0"]


def test_a_missing_loop_is_noted_by_the_segment_that_would_open_it() -> None:
    answer = acknowledge(check(change("NM1*40*2*EXAMPLE HEALTH PLAN*****46*60054\n", "")))
    assert any(line.startswith("IK3*NM1*") and line.endswith("*I7") for line in answer)


def test_a_segment_that_no_guide_knows_is_named_by_three_letters() -> None:
    answer = acknowledge(check(change("LX*1", "%%JUNK*1\nLX*1")))
    assert any(line.startswith("IK3*JUN*") for line in answer)


def test_a_value_that_the_999_cannot_carry_is_not_copied() -> None:
    answer = acknowledge(check(change("12 ALDER ST", "12 ALD\u00e9R ST " + "X" * 60)))
    assert [line for line in answer if line.startswith("IK4")] == ["IK4*1*166*5"]


def test_a_group_with_accepted_and_rejected_sets_is_accepted_in_part() -> None:
    answer = acknowledge(check(CLAIM, change("165***11:B:1", "16X***11:B:1"), CLAIM))
    assert answer[-1] == "AK9*P*3*3*2"
    assert [line for line in answer if line.startswith("IK5")] == ["IK5*A", "IK5*R*5", "IK5*A"]


def test_warnings_without_a_code_of_the_999_leave_the_set_accepted() -> None:
    report = check(change("400 OAK AVE", "400 OAK \u00e9 AVE"))
    assert any(finding.severity is Severity.WARNING for finding in report.all_findings)
    assert acknowledge(report)[-2:] == ["IK5*A", "AK9*A*1*1*1"]


def test_a_noted_warning_makes_the_set_accepted_with_errors() -> None:
    report = check(CLAIM)
    warning = find(
        "element.bad_code",
        x12=Place(loop="2300", segment="CLM", ordinal=18, element=2),
        severity=Severity.WARNING,
        name="Total Claim Charge Amount",
        place="CLM02",
        guide="005010X222A1",
        expected="none",
    )
    (interchange,) = report.interchanges
    (group,) = interchange.groups
    object.__setattr__(group.sets[0], "findings", (warning,))
    answer = acknowledge(report)
    assert "IK4*2*782*7*165" in answer
    assert answer[-2:] == ["IK5*E*5", "AK9*E*1*1*1"]


def test_at_most_five_codes_stand_in_a_trailer() -> None:
    report = check(CLAIM)
    group = report.interchanges[0].groups[0]
    catalogue_codes = (
        "set.missing_trailer",
        "set.control_number_mismatch",
        "set.segment_count",
        "guide.unknown",
    )
    more = ("set.duplicate_control_number", "segment.unrecognized", "element.not_used")
    words = {
        "set": "837",
        "version": "-",
        "known": "-",
        "segment": "X",
        "guide": "-",
        "name": "-",
        "place": "-",
    }
    findings = tuple(find(code, **words) for code in (*catalogue_codes, *more))  # type: ignore[arg-type]
    object.__setattr__(group.sets[0], "findings", findings)
    (ik5,) = [line for line in acknowledge(report) if line.startswith("IK5")]
    assert ik5 == "IK5*R*2*3*4*I6*23"


def test_a_group_fault_rejects_the_group_and_lists_no_accepted_set() -> None:
    text = wrap_interchange(ENVELOPE, [("HC", "005010X222A1", [make_set(CLAIM)])])
    report = check_file(text.replace(b"GE*1*12", b"GE*3*12"))
    assert acknowledge(report) == ["AK1*HC*12*005010X222A1", "AK9*R*3*1*0*5"]


def test_a_version_that_nobody_knows_is_said_for_set_and_group() -> None:
    text = wrap_interchange(ENVELOPE, [("HC", "005010X999A9", [make_set(CLAIM)])])
    report = check_file(text.replace(b"*005010X222A1", b"*005010X999A9"))
    answer = acknowledge(report)
    assert answer[-2:] == ["IK5*R*I6", "AK9*R*1*1*0*2"]


# --- 999 read


def test_our_own_999_reads_back_as_the_findings_it_came_from() -> None:
    report = check(CLAIM, change("165***11:B:1", "16X***11:B:1"))
    answer = read_back(report)
    (finding,) = answer.sets[1].findings
    original = report.sets[1].findings[0]
    assert (finding.code, finding.value) == (original.code, original.value)
    assert original.x12 is not None and finding.x12 is not None
    place = (finding.x12.segment, finding.x12.ordinal, finding.x12.element)
    assert place == (original.x12.segment, original.x12.ordinal, original.x12.element)
    assert "Total Claim Charge Amount (CLM02)" in finding.message
    assert answer.sets[1].claims == ("RFC-2026-0001",)
    assert (answer.code, answer.included, answer.received, answer.accepted) == ("P", 2, 2, 1)


def test_a_set_that_a_rejected_group_does_not_list_is_rejected() -> None:
    answer = GroupAcknowledgment(
        functional_id="HC", group_control_number="12", version="", code="R", sets=(), errors=("5",)
    )
    assert answer.find_answer("0001") == "R"
    assert msgspec.structs.replace(answer, code="A").find_answer("0001") == "A"


def test_errors_of_group_and_set_are_findings_in_words() -> None:
    document = {
        "groupControlNumber": "12",
        "acknowledgmentCode": "R",
        "syntaxErrorCodes": ["4"],
        "transactionSets": [
            {
                "transactionSetControlNumber": "0001",
                "acknowledgmentCode": "R",
                "syntaxErrorCodes": ["3", "99"],
            }
        ],
    }
    answer = read_999(document)
    assert [finding.rule for finding in answer.findings] == ["AK905 4"]
    assert "control numbers of group header and trailer differ" in answer.findings[0].message
    assert [finding.rule for finding in answer.sets[0].findings] == ["IK502 3", "IK502 99"]
    assert "a note that this version does not know" in answer.sets[0].findings[1].message


@pytest.mark.parametrize("document", [{}, {"transactionSets": [1]}, {"acceptedSetCount": "x"}])
def test_a_document_of_another_shape_reads_as_an_empty_999(document: dict[str, Any]) -> None:
    assert read_999(document).sets == ()


# --- TA1


def test_an_interchange_without_faults_is_accepted() -> None:
    (interchange,) = check(CLAIM).interchanges
    segment = acknowledge_interchange(interchange, created=ENVELOPE.created)
    assert segment.elements == ["TA1", "000000077", "261102", "0915", "A", "000"]


def test_an_interchange_with_another_group_count_is_rejected_with_its_note() -> None:
    text = wrap_interchange(ENVELOPE, [("HC", "005010X222A1", [make_set(CLAIM)])])
    (interchange,) = check_file(text.replace(b"IEA*1*", b"IEA*4*")).interchanges
    segment = acknowledge_interchange(interchange, created=ENVELOPE.created)
    assert segment.elements[4:] == ["R", "021"]
    answer = read_ta1(segment)
    assert not answer.accepted
    (finding,) = answer.findings
    assert "number of groups is not what the trailer says" in finding.message
    assert finding.code == interchange.findings[0].code == "interchange.group_count"
    assert finding.x12 == Place(interchange="000000077", segment="IEA", element=1)


def test_an_interchange_header_of_wrong_length_is_accepted_with_a_note() -> None:
    text = wrap_interchange(ENVELOPE, [("HC", "005010X222A1", [make_set(CLAIM)])])
    (interchange,) = check_file(text.replace(b"*ZZ*60054          *", b"*ZZ*60054*")).interchanges
    assert acknowledge_interchange(interchange, created=ENVELOPE.created).elements[4:] == ["E", "022"]


def test_each_element_of_a_ta1_is_checked() -> None:
    answer = read_ta1(Segment(["TA1", "77", "261399", "", "Q", "099"]))
    assert [finding.x12.element for finding in answer.findings if finding.x12] == [1, 2, 3, 4, 5, None]
    assert answer.findings[2].code == "element.missing"


def test_a_file_is_told_at_which_element_its_ta1_is_wrong() -> None:
    text = wrap_interchange(ENVELOPE, [], [Segment(["TA1", "000000077", "261102", "0915", "A", "000"])])
    assert check_file(text).all_findings == ()
    (finding,) = check_file(text.replace(b"*261102*0915*A", b"*20261102*0915*A")).all_findings
    place = finding.x12
    assert (finding.code, place and (place.segment, place.element)) == ("element.bad_form", ("TA1", 2))


def test_an_accepted_ta1_has_no_findings() -> None:
    assert read_ta1(Segment(["TA1", "000000077", "261102", "0915", "A", "000"])).findings == ()


# --- 277CA


def test_a_written_277ca_reads_back_and_its_totals_are_the_sums_of_its_claims() -> None:
    text = write_documents("005010X214", [report_claims(make_batch(), make_verdicts())], ENVELOPE)
    report = check_file(text)
    assert report.all_findings == ()
    answer = read_277ca(report.sets[0].documents[0])
    assert tuple(msgspec.structs.replace(claim, pointer="") for claim in answer.claims) == make_verdicts()
    assert (answer.accepted_count, answer.rejected_count) == (1, 2)
    assert (answer.accepted_amount, answer.rejected_amount) == (Decimal("125.50"), Decimal("100.01"))
    assert (answer.batch_number, answer.payer_id, answer.receiver_id) == ("RB-BATCH-1", "60054", "RBB01")
    assert [claim.accepted for claim in answer.claims] == [True, False, False]


def test_claims_of_one_patient_stand_under_one_patient_level() -> None:
    document: Any = report_claims(make_batch(), make_verdicts())
    (provider,) = document["payers"][0]["claimStatusTransactions"][0]["claimStatusDetails"]
    patients = provider["patientClaimStatusDetails"]
    assert [len(patient["claims"]) for patient in patients] == [1, 2]
    assert [patient["subscriber"]["memberId"] for patient in patients] == [QUILL.member_id, FERN.member_id]


def test_a_claim_without_its_provider_cannot_be_reported() -> None:
    claim = msgspec.structs.replace(make_verdicts()[0], provider=None)
    with pytest.raises(ValueError, match="billing provider"):
        report_claims(make_batch(), [claim])


def test_totals_that_are_not_the_sums_are_found() -> None:
    text = write_documents("005010X214", [report_claims(make_batch(), make_verdicts())], ENVELOPE)
    report = check_file(text.replace(b"AMT*YY*100.01~", b"AMT*YY*101.01~", 1))
    (finding,) = report.all_findings
    assert (finding.code, finding.value) == ("acknowledgment.totals_differ", "1")


def test_four_statuses_of_a_claim_take_two_segments_and_read_back_as_four() -> None:
    statuses = tuple(StatusCode("A7", status) for status in ("21", "187", "249", "255"))
    claim = msgspec.structs.replace(make_verdicts()[1], statuses=statuses, message="SEE STATUSES")
    text = write_documents("005010X214", [report_claims(make_batch(), [claim])], ENVELOPE)
    assert text.count(b"STC*A7") == 2
    (read,) = read_277ca(check_file(text).sets[0].documents[0]).claims
    assert (read.statuses, read.message) == (statuses, "SEE STATUSES")


def answer_sample(name: str, *findings: Finding) -> tuple[list[str], ClaimStatus]:
    """The 277CA of a sample claim with these findings: its STC, SVC, REF and DTP segments, and as read."""
    claim = json.loads((SAMPLES / name / "claim.json").read_text(encoding="utf-8"))
    status = answer_findings(claim, findings, effective=SERVED_ON)
    text = write_documents("005010X214", [report_claims(make_batch(), [status])], ENVELOPE)
    report = check_file(text)
    assert report.all_findings == ()
    (read,) = read_277ca(report.sets[0].documents[0]).claims
    rows = ["*".join(segment.elements) for segment in report.sets[0].segments]
    at = next(
        index for index, row in enumerate(rows) if row.startswith("TRN*2*" + status.patient_control_number)
    )
    return rows[at:-1], read


def test_an_institutional_claim_is_answered_with_its_bill_type_and_statement_dates() -> None:
    rows, read = answer_sample("837I/inpatient_stay")
    assert rows[1:] == [
        "STC*A2:20*20261102*WQ*18450.75",
        "REF*BLT*111",
        "DTP*472*RD8*20261004-20261008",
    ]
    assert (read.accepted, read.bill_type) == (True, "111")


def test_a_finding_about_a_service_line_is_a_status_of_the_line_and_of_its_claim() -> None:
    words = {"name": "Procedure Code", "place": "SV302-2", "table": "CDT", "release": "2026"}
    pointer = "/claimInformation/serviceLines/1/dentalService/procedureCode"
    finding = find("hcpcs.unknown", pointer=pointer, **words)  # type: ignore[arg-type]
    rows, read = answer_sample("837D/restoration", finding)
    assert rows[1:] == [
        "STC*A7:454*20261102*U*412",
        "DTP*472*D8*20261014",
        "SVC*AD:D2392*350",
        "STC*A7:454**U",
        "REF*FJ*2",
        "DTP*472*D8*20261014",
    ]
    rejections = list(find_rejections(read))
    assert [each.rule for each in rejections] == ["STC01 A7:454", "STC01 A7:454"]
    assert [(each.pointer or "").endswith("/serviceLines/0") for each in rejections] == [False, True]


def test_a_service_of_a_revenue_code_alone_is_named_by_it() -> None:
    finding = find(
        "claim.dates_disordered", pointer="/claimInformation/serviceLines/0", later="-", earlier="-"
    )
    rows, _ = answer_sample("837I/inpatient_stay", finding)
    assert next(row for row in rows if row.startswith("SVC")).startswith("SVC*NU:0")


def test_a_missing_segment_at_the_end_of_a_claim_is_not_the_fault_of_the_next() -> None:
    first = "\n".join(CLAIM.strip().splitlines()[:-1])
    level = first[first.index("HL*2*1*22*0") :].replace("HL*2*1", "HL*3*1").replace("0001*165", "0002*165")
    text = first.replace("DTP*472*D8*20261102", "").rstrip() + "\n" + level + "\nSE*0*0001"
    (found, other) = claim_findings(check(text).sets[0])
    assert [(each.code, each.pointer) for each in found] == [
        ("segment.missing", "/claimInformation/serviceLines/0")
    ]
    assert other == []


def test_a_claim_of_our_json_is_answered_with_its_patient_provider_and_days() -> None:
    document = {
        "billing": {"npi": "1999999984", "organizationName": "RIVERBEND FAMILY CLINIC"},
        "subscriber": {"memberId": "W100200301", "lastName": "FERN"},
        "dependent": {"lastName": "FERN", "firstName": "ODA", "middleName": "J"},
        "claimInformation": {
            "patientControlNumber": "RB-2",
            "claimChargeAmount": "90.00",
            "claimSupplementalInformation": {"claimNumber": "CW0002"},
            "serviceLines": [
                {"serviceDate": "20261103"},
                {"serviceDate": "20261102", "serviceDateEnd": "20261102"},
            ],
        },
    }
    answer = answer_claim(document, (StatusCode("A7", "21"),), effective=SERVED_ON)
    assert (answer.patient, answer.provider, answer.clearinghouse_trace) == (FERN, CLINIC, "CW0002")
    assert (answer.service_from, answer.service_to) == (SERVED_ON, SERVED_ON.replace(day=3))
    assert (answer.action, answer.accepted, answer.charge) == ("U", False, Decimal(90))
    assert answer_claim(document, effective=SERVED_ON).accepted


def test_a_billing_person_without_npi_is_known_by_tax_id() -> None:
    document = {"billing": {"lastName": "QUILL", "firstName": "PAT", "ssn": "900112222"}}
    provider = answer_claim(document, effective=SERVED_ON).provider
    assert provider == Party(name="QUILL", first_name="PAT", identifier="900112222", qualifier="FI")


def test_findings_become_statuses_with_the_entity_they_are_about() -> None:
    missing = find(
        "element.missing",
        x12=Place(loop="2010BA", segment="NM1"),
        name="Subscriber Identifier",
        place="NM109",
    )
    unbalanced = find("claim.charges_unbalanced", x12=Place(loop="2300", segment="CLM"))
    assert judge_findings([missing, unbalanced, missing]) == (
        StatusCode("A7", "21", "IL"),
        StatusCode("A7", "178", ""),
    )
    assert judge_findings([]) == (StatusCode("A2", "20"),)


def test_a_status_that_names_an_entity_takes_the_entity_of_the_place() -> None:
    words = {"name": "Rendering Provider Identifier"}
    rendering = find("provider.npi_invalid", x12=Place(loop="2310B"), **words)  # type: ignore[arg-type]
    unplaced = find("provider.npi_invalid", **words)  # type: ignore[arg-type]
    assert judge_findings([rendering]) == (StatusCode("A7", "562", "82"),)
    assert judge_findings([unplaced]) == (StatusCode("A7", "562", "85"),)


@pytest.mark.parametrize(
    ("field", "table"),
    [
        ("ta105", "interchange_note"),
        ("ak905", "group_error"),
        ("ik502", "set_error"),
        ("ik304", "segment_error"),
        ("ik403", "element_error"),
    ],
)
def test_every_code_of_the_catalogue_is_one_that_its_element_has(field: str, table: str) -> None:
    codes = {
        code: getattr(entry.acknowledgments, field)
        for code, entry in load_catalogue().items()
        if getattr(entry.acknowledgments, field)
    }
    assert {code: note for code, note in codes.items() if meaning(table, note) is None} == {}


def test_a_finding_about_an_element_is_noted_under_its_segment() -> None:
    notes = {code: entry.acknowledgments for code, entry in load_catalogue().items()}
    assert [code for code, note in notes.items() if note.ik403 and note.ik304 != "8"] == []


def test_an_accepted_claim_with_a_rejecting_category_is_not_accepted() -> None:
    claim = msgspec.structs.replace(make_verdicts()[0], statuses=(StatusCode("A3", "21"),))
    assert not claim.accepted


def test_a_document_of_another_shape_reads_as_an_empty_report() -> None:
    assert read_277ca({"payers": [{"claimStatusTransactions": "x"}]}).claims == ()
    assert Person() == Person()
