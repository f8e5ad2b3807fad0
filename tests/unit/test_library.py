"""The public face of the engine: few names, loaded late, and rows whose sum is the payment."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

import edi
from edi.models import (
    Adjustment,
    ClaimStatusReport,
    GroupAcknowledgment,
    InterchangeAcknowledgment,
    SetAcknowledgment,
)
from tests.cli import ROOT

SAMPLES = ROOT / "samples"
FILES = [*SAMPLES.glob("*/*/remit.x12"), *SAMPLES.glob("835/*/document.x12")]
REMITTANCES = sorted(place for place in FILES if not place.parent.name.startswith("refused"))
CLAIM = (SAMPLES / "837P" / "paid_in_full" / "claim.x12").read_bytes()
CREATED = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def test_every_public_name_is_there_and_has_one_home() -> None:
    assert edi.__all__ == list(edi.HOMES)
    for name in edi.__all__:
        found = getattr(edi, name)
        assert found.__module__ == edi.HOMES[name], name
        assert found.__doc__, name
    assert dir(edi) == sorted(edi.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'chek_file'"):
        edi.chek_file  # type: ignore[attr-defined]  # noqa: B018 -- a name that there is not


@pytest.mark.parametrize("given", [str(SAMPLES / "claim.x12"), SAMPLES / "claim.x12", CLAIM.decode()])
def test_a_file_that_is_not_given_as_bytes_is_refused_in_words(given: object) -> None:
    for read in (edi.check_file, edi.read_documents, lambda file: list(edi.read_remittances(file))):
        with pytest.raises(TypeError, match=r"as its bytes, as Path\(\.\.\.\)\.read_bytes\(\) has them"):
            read(given)  # type: ignore[operator]  # what a user tries first


def test_a_guide_by_another_name_is_told_its_id() -> None:
    with pytest.raises(KeyError, match="837P is 005010X222A1"):
        edi.load_guide("837P")
    with pytest.raises(KeyError, match="there are 005010X186A1, 005010X210"):
        edi.check_document({}, "claims")


def test_a_float_is_refused_with_what_to_write_instead() -> None:
    with pytest.raises(TypeError, match=r"no exact amount: write it as text \('190.50'\) or as a Decimal"):
        edi.check_claim({"claimInformation": {"claimChargeAmount": 190.5}})


def test_importing_the_package_loads_nothing_of_it() -> None:
    asked = "import sys, edi; print(*[name for name in sys.modules if name.startswith('edi')])"
    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["edi"]


def test_checking_a_file_loads_neither_the_writers_of_people_nor_their_tables() -> None:
    asked = (
        "import sys, edi; edi.check_file(open(sys.argv[1], 'rb').read()); "
        "print(*[name for name in sys.modules if name.startswith(('edi.outline', 'edi.definitions'))])"
    )
    place = SAMPLES / "837P" / "paid_in_full" / "claim.x12"
    done = subprocess.run(
        [sys.executable, "-c", asked, place],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.split() == []


@pytest.mark.parametrize("place", REMITTANCES, ids=lambda place: str(place.relative_to(SAMPLES)))
def test_the_rows_of_a_remittance_make_up_its_payment_and_its_charges(place: Path) -> None:
    for remittance in edi.read_remittances(place.read_bytes()):
        rows = edi.list_payments(remittance)
        assert sum((row.paid for row in rows), Decimal(0)) == remittance.amount
        charged = sum((claim.charge for claim in remittance.claims), Decimal(0))
        assert sum((row.charge for row in rows), Decimal(0)) == charged
        for row in rows:
            adjusted = row.contractual + row.patient + row.payer + row.other
            assert row.kind == "provider" or row.charge - adjusted == row.paid


def test_an_adjustment_of_the_claim_itself_has_a_row_of_its_own() -> None:
    content = (SAMPLES / "835" / "paid_with_contractual_adjustment" / "document.x12").read_bytes()
    (remittance,) = edi.read_remittances(content)
    claim = remittance.claims[0]
    changed = msgspec.structs.replace(
        claim, paid=claim.paid - 5, adjustments=(Adjustment("PI", "94", Decimal(5)),)
    )
    rows = edi.list_payments(msgspec.structs.replace(remittance, claims=(changed,)))
    (whole,) = (row for row in rows if row.kind == "claim")
    assert (whole.charge, whole.paid, whole.payer, whole.reasons) == (0, -5, 5, "PI-94")


def test_every_kind_of_answer_is_read_back_typed() -> None:
    interchange, group = edi.read_answers(edi.acknowledge(CLAIM, created=CREATED))
    assert isinstance(interchange, InterchangeAcknowledgment) and interchange.accepted
    assert isinstance(group, GroupAcknowledgment) and group.sets[0].accepted
    (report,) = edi.read_answers(edi.acknowledge(CLAIM, "277ca", created=CREATED))
    assert isinstance(report, ClaimStatusReport) and report.claims[0].accepted
    (item,) = edi.read_answers(edi.acknowledge(CLAIM, "824", created=CREATED))
    assert isinstance(item, SetAcknowledgment) and item.accepted


def test_bytes_and_their_report_are_read_alike() -> None:
    report = edi.check_file(CLAIM)
    assert edi.read_documents(report) == edi.read_documents(CLAIM)
    assert edi.acknowledge(report, created=CREATED) == edi.acknowledge(CLAIM, created=CREATED)
    assert list(edi.read_remittances(report)) == []
