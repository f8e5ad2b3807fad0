"""The scripted payer at its mailbox: what it takes, what it answers, and what a death at any point costs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from edi.acks import read_277ca, read_999, read_ta1
from edi.claims import write_claims
from edi.envelope_writer import EnvelopeSettings
from edi.files import FileReport, check_file
from edi.models import ClaimPayment, Remittance
from edi.remits import check_balance, read_remittance
from gateway.commitpoints import Reach, pass_by
from gateway.simulator import composing
from gateway.simulator.composing import FaultyAnswerError
from gateway.simulator.ledger import Ledger
from gateway.simulator.mailbox import INBOUND, OUTBOUND, Mailbox
from gateway.simulator.payer import ScriptedPayer
from gateway.simulator.scenarios import load_scenarios
from gateway.simulator.server import Uploads

ROOT = Path(__file__).resolve().parents[3]
NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
LATER = NOW + timedelta(days=60)
POINTS = ("payer.recorded", "payer.taken", "payer.rendered", "payer.staged", "payer.renamed")


def sample(case: str, number: str = "") -> dict[str, Any]:
    claim: dict[str, Any] = json.loads((ROOT / "samples/837P" / case / "claim.json").read_text("utf-8"))
    if number:
        claim["claimInformation"]["patientControlNumber"] = number
    return claim


def stored(case: str) -> bytes:
    """The interchange of a sample of any guide."""
    return (ROOT / "samples" / case / "claim.x12").read_bytes()


def write(*claims: dict[str, Any], number: int = 1) -> bytes:
    envelope = EnvelopeSettings(
        "ZZ", "CLINIC", "ZZ", "PAYER", "CLINICGRP", "PAYERGRP", "T", number, number, NOW
    )
    return write_claims(claims, envelope).text


class Office:
    """A payer with one sender, as a test sees it."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.mailbox = Mailbox((place / "clinic").resolve())
        self.mailbox.create()
        self.uploads = Uploads()
        self.ledger = Ledger(place / "payer.db")

    def payer(self, reach: Reach = pass_by) -> ScriptedPayer:
        return ScriptedPayer(
            self.ledger,
            {"clinic": self.mailbox},
            self.uploads,
            self.place / "taken",
            load_scenarios(),
            reach=reach,
        )

    def play(self) -> None:
        """Read what lies there, and answer everything."""
        for moment in (NOW, LATER):
            self.payer().work(moment)

    def put(self, content: bytes, name: str = "claims.x12") -> Path:
        place = self.mailbox.root / INBOUND / name
        place.write_bytes(content)
        return place

    def answers(self, kind: str = "") -> list[FileReport]:
        places = sorted((self.mailbox.root / OUTBOUND).glob(f"*.{kind or '*'}.x12"))
        return [check_file(place.read_bytes()) for place in places]

    def remittances(self) -> list[Remittance]:
        return [read_remittance(document) for document in self.documents("835")]

    def documents(self, kind: str) -> list[Any]:
        return [document for report in self.answers(kind) for s in report.sets for document in s.documents]

    def kinds(self) -> list[str]:
        places = sorted((self.mailbox.root / OUTBOUND).iterdir())
        return [place.name.partition(".")[2].removesuffix(".x12") for place in places]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.ledger.close()


def test_an_accepted_claim_is_acknowledged_reported_and_paid_when_its_time_has_come(office: Office) -> None:
    office.put(write(sample("contractual_adjustment")))
    payer = office.payer()
    payer.work(NOW)
    assert office.kinds() == ["TA1", "999"]
    payer.work(NOW + timedelta(hours=2))
    assert office.kinds() == ["TA1", "999", "277CA"]
    assert payer.find_next_answer() == NOW + timedelta(days=14, hours=2)
    payer.work(NOW + timedelta(days=14, hours=2))
    assert office.kinds() == ["TA1", "999", "277CA", "835"]
    assert payer.find_next_answer() is None


def test_a_stay_is_paid_by_its_revenue_lines_for_its_statement_period(office: Office) -> None:
    office.put(stored("837I/inpatient_stay"))
    office.play()
    [payment] = [payment for remittance in office.remittances() for payment in remittance.claims]
    assert (payment.facility_type, payment.frequency) == ("11", "1")
    assert (payment.service_from, payment.service_to) == (date(2026, 10, 4), date(2026, 10, 8))
    lines = [(it.qualifier, it.procedure, it.revenue_code) for it in payment.services]
    assert lines == [
        ("NU", "0120", ""),
        ("NU", "0250", ""),
        ("NU", "0300", ""),
        ("NU", "0320", ""),
        ("HC", "99285", "0450"),
    ]
    assert payment.charge == Decimal("18450.75") == payment.paid + Decimal("5166.21")


def test_a_dental_claim_is_paid_by_its_procedures(office: Office) -> None:
    office.put(stored("837D/restoration"))
    office.play()
    [payment] = [payment for remittance in office.remittances() for payment in remittance.claims]
    assert [(it.qualifier, it.procedure, it.control_number) for it in payment.services] == [
        ("AD", "D0120", "1"),
        ("AD", "D2392", "2"),
    ]
    assert payment.paid == Decimal("296.64")


def test_a_predetermination_is_priced_and_not_paid(office: Office) -> None:
    office.put(stored("837D/predetermination_of_a_crown"))
    office.play()
    [remittance] = office.remittances()
    [payment] = remittance.claims
    assert (remittance.amount, payment.status, payment.paid) == (0, "25", 0)
    set_aside = [it.amount for line in payment.services for it in line.adjustments if it.group == "OA"]
    assert sum(set_aside) == Decimal("1425.60")
    assert {line.date for line in payment.services} == {date(1900, 1, 1)}


def test_answers_name_what_they_answer(office: Office) -> None:
    office.put(write(sample("paid_in_full"), number=7))
    office.play()
    (interchange,) = office.answers("TA1")[0].interchanges
    answered = read_ta1(interchange.acknowledgments[0])
    assert (answered.control_number, answered.code, answered.note) == ("000000007", "A", "000")
    acknowledged = read_999(office.documents("999")[0])
    assert (acknowledged.functional_id, acknowledged.group_control_number, acknowledged.code) == (
        "HC",
        "7",
        "A",
    )
    reported = read_277ca(office.documents("277CA")[0])
    assert [claim.patient_control_number for claim in reported.claims] == ["HC10021-PAID"]
    assert reported.claims[0].payer_claim_control_number == "CW0000000001"
    assert office.remittances()[0].claims[0].payer_claim_control_number == "CW0000000001"


def test_an_answer_goes_back_to_the_ids_that_the_file_came_from(office: Office) -> None:
    office.put(write(sample("paid_in_full")))
    office.play()
    for report in office.answers():
        (interchange,) = report.interchanges
        assert (interchange.header.sender, interchange.header.receiver) == ("PAYER", "CLINIC")
        for group in interchange.groups:
            assert (group.header.sender, group.header.receiver) == ("PAYERGRP", "CLINICGRP")
        assert report.all_findings == ()


@pytest.mark.parametrize("case", sorted(place.name for place in (ROOT / "samples/837P").iterdir()))
def test_every_answer_to_every_sample_is_clean_and_balances(office: Office, case: str) -> None:
    if case.startswith("refused"):
        return
    office.put(write(sample(case)))
    office.play()
    assert [f for report in office.answers() for f in report.all_findings if f.stops] == []
    assert all(check_balance(remittance) == () for remittance in office.remittances())


def pay_all(office: Office, *cases: str) -> list[ClaimPayment]:
    office.put(write(*(sample(case) for case in cases)))
    office.play()
    return [claim for remittance in office.remittances() for claim in remittance.claims]


def test_two_companions_share_one_remittance(office: Office) -> None:
    claims = pay_all(office, "two_claims_in_one_remittance_first", "two_claims_in_one_remittance_second")
    assert len(office.remittances()) == 1
    assert [claim.patient_control_number for claim in claims] == ["PR30120-DUO", "PR30121-DUO"]


def test_a_companion_of_another_provider_is_paid_apart(office: Office) -> None:
    first, other = sample("two_claims_in_one_remittance_first"), sample("paid_in_full", "X1-DUO")
    office.put(write(first))
    office.put(write(other, number=2), "other.x12")
    office.payer().work(NOW)
    office.payer().work(NOW + timedelta(days=20))
    assert office.remittances() == []
    office.payer().work(LATER)
    assert [len(remittance.claims) for remittance in office.remittances()] == [1, 1]


def test_a_split_claim_is_paid_line_by_line(office: Office) -> None:
    claims = pay_all(office, "one_claim_in_two_remittances")
    assert [(claim.charge, len(claim.services)) for claim in claims] == [
        (Decimal("215"), 1),
        (Decimal("143"), 2),
    ]
    assert all("MA15" in claim.remark_codes for claim in claims)


def test_a_split_claim_of_one_line_is_paid_once(office: Office) -> None:
    office.put(write(sample("no_answer", "X1-SPLIT")))
    office.play()
    assert [len(remittance.claims) for remittance in office.remittances()] == [1]


def test_a_rejected_set_is_returned_with_all_its_claims_and_nothing_more_is_said(office: Office) -> None:
    office.put(write(sample("returned_by_999"), sample("contractual_adjustment")))
    office.play()
    acknowledged = read_999(office.documents("999")[0])
    (answer,) = acknowledged.sets
    assert (acknowledged.code, answer.code) == ("R", "R")
    assert [finding.x12.segment for finding in answer.findings if finding.x12] == ["SBR"]
    assert office.kinds() == ["TA1", "999"]


def test_a_set_that_our_engine_finds_fault_with_is_returned(office: Office) -> None:
    content = write(sample("paid_in_full")).replace(b"*190.50*", b"*190.51*")
    office.put(content)
    office.play()
    assert read_999(office.documents("999")[0]).code == "R"
    assert office.documents("835") == []


def test_a_second_sending_of_an_interchange_is_refused_and_pays_nothing_twice(office: Office) -> None:
    office.put(write(sample("paid_in_full")))
    office.payer().work(NOW)
    office.put(write(sample("paid_in_full")), "again.x12")
    office.payer().work(LATER)
    notes = [
        read_ta1(i.acknowledgments[0]).note for report in office.answers("TA1") for i in report.interchanges
    ]
    assert notes == ["000", "025"]
    assert len(office.remittances()) == 1


@pytest.mark.parametrize("content", [b"", b"nothing of X12", b"ISA*00*"])
def test_a_file_that_cannot_be_read_is_taken_and_not_answered(office: Office, content: bytes) -> None:
    office.put(content)
    office.payer().work(NOW)
    assert office.kinds() == []
    assert list((office.mailbox.root / INBOUND).iterdir()) == []
    assert [place.read_bytes() for place in (office.place / "taken" / "clinic").iterdir()] == [content]


def test_half_a_file_is_refused_and_pays_nothing(office: Office) -> None:
    content = write(sample("paid_in_full"))
    office.put(content[: len(content) // 2])
    office.play()
    assert office.documents("835") == []


@pytest.mark.parametrize("name", [".claims.x12.tmp", "claims.x12.tmp", ".hidden"])
def test_a_temporary_file_is_left_alone(office: Office, name: str) -> None:
    place = office.put(write(sample("paid_in_full")), name)
    office.payer().work(NOW)
    assert place.exists()
    assert office.kinds() == []


def test_a_file_being_uploaded_is_left_alone_until_it_is_closed(office: Office) -> None:
    place = office.put(write(sample("paid_in_full")))
    office.uploads.begin(place)
    office.payer().work(NOW)
    assert place.exists()
    office.uploads.end(place)
    office.payer().work(NOW)
    assert not place.exists()


def test_links_and_folders_in_the_inbound_folder_are_left_alone(office: Office, tmp_path: Path) -> None:
    (office.mailbox.root / INBOUND / "link").symlink_to(tmp_path / "payer.db")
    (office.mailbox.root / INBOUND / "folder").mkdir()
    office.payer().work(NOW)
    assert office.kinds() == []
    assert (tmp_path / "payer.db").exists()


def test_a_faulty_answer_is_given_up_and_the_others_go_out(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find_fault(kind: str, content: bytes) -> None:
        if kind == "277CA":
            raise FaultyAnswerError(kind, ["element.missing"])

    monkeypatch.setattr(composing, "refuse_findings", find_fault)
    office.put(write(sample("paid_in_full")))
    office.play()
    assert office.kinds() == ["TA1", "999", "835"]
    assert office.payer().find_next_answer() is None


def test_the_answers_to_a_sender_who_has_gone_wait(office: Office) -> None:
    office.put(write(sample("paid_in_full")))
    office.payer().work(NOW)
    alone = ScriptedPayer(office.ledger, {}, office.uploads, office.place / "taken", load_scenarios())
    alone.work(LATER)
    assert alone.find_next_answer() is None
    office.payer().work(LATER)
    assert office.kinds() == ["TA1", "999", "277CA", "835"]


class Died(Exception):
    """Stands for the end of the process at a commit point."""


def die_at(point: str, occurrence: int) -> Reach:
    left = [occurrence]

    def reach(name: str) -> None:
        if name == point:
            left[0] -= 1
            if not left[0]:
                raise Died(name)

    return reach


def run_with_deaths(place: Path, deaths: Sequence[tuple[str, int]], take: Callable[[Office], None]) -> Office:
    """Work through deaths at the given points; after each the payer starts again from its file."""
    place.mkdir()
    office = Office(place)
    office.put(write(sample("reversal_and_correction"), sample("paid_in_full"), sample("take_back_by_plb")))
    for reach in [*(die_at(*death) for death in deaths), pass_by]:
        try:
            for moment in (NOW, NOW + timedelta(hours=2), LATER):
                office.payer(reach).work(moment)
        except Died:
            office.ledger.close()
            take(office)
            office.ledger = Ledger(place / "payer.db")
    return office


def contents(office: Office) -> list[bytes]:
    folders = [office.mailbox.root / OUTBOUND, office.mailbox.root / "done"]
    return sorted(place.read_bytes() for folder in folders for place in folder.glob("*.x12"))


def take_everything(office: Office) -> None:
    for place in (office.mailbox.root / OUTBOUND).glob("*.x12"):
        place.rename(office.mailbox.root / "done" / place.name)


@pytest.mark.parametrize("take", [take_everything, lambda office: None], ids=["fetched", "left"])
@pytest.mark.parametrize("occurrence", [1, 3])
@pytest.mark.parametrize("point", POINTS)
def test_a_death_at_any_point_loses_and_doubles_nothing(
    tmp_path: Path, point: str, occurrence: int, take: Callable[[Office], None]
) -> None:
    calm = run_with_deaths(tmp_path / "calm", [], lambda office: None)
    died = run_with_deaths(tmp_path / "died", [(point, occurrence)], take)
    assert contents(died) == contents(calm)
    assert list((died.mailbox.root / OUTBOUND).glob(".*")) == []
    calm.ledger.close()
    died.ledger.close()
