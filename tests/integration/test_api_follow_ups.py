"""Replace, void and secondary over HTTP: answers, idempotency, links both ways, and foreign tenants."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edi.models import Adjustment, ClaimPayment, ServicePayment
from gateway.journal import Journal, Particulars
from gateway.settlement import read_posting
from gateway.store import TenantScope, claims, remittances
from tests.api_rig import TENANTS, Rig, make_claim, make_settings, run_gateway
from tests.contract.rows import make_file

ACTS = ("replace", "void", "secondary")
PATCH = {"Content-Type": "application/merge-patch+json"}
NOTE = {"claimInformation": {"claimNote": {"additionalInformation": "MODIFIER CORRECTED"}}}


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with run_gateway(make_settings(tmp_path)) as made:
        yield made


def make_payment(number: str) -> ClaimPayment:
    """115.00 of 165.00 dollars are paid, 30.00 written off, 20.00 left to the patient."""
    adjustments = (Adjustment("CO", "45", Decimal("30.00")), Adjustment("PR", "2", Decimal("20.00")))
    line = ServicePayment(
        procedure="99213",
        charge=Decimal("165.00"),
        paid=Decimal("115.00"),
        units=Decimal(1),
        control_number="L1",
        adjustments=adjustments,
    )
    return ClaimPayment(
        patient_control_number=number,
        status="1",
        charge=line.charge,
        paid=line.paid,
        patient_responsibility=Decimal("20.00"),
        payer_claim_control_number="PAYER-1",
        services=(line,),
    )


async def post_paid(rig: Rig, number: str = "API-1") -> str:
    """A claim that went out and was paid, as the processor of an 835 leaves it."""
    claim: str = (await rig.call("POST", "/v1/claims", make_claim(number))).json["id"]
    payment = make_payment(number)

    def pay(scope: TenantScope) -> None:
        file = make_file(scope, name=f"{number}.x12", sha256=number.encode().hex().ljust(64, "0"))
        new = remittances.NewPayment(
            patient_control_number=number,
            payer_control_number=payment.payer_claim_control_number,
            status="1",
            kind=remittances.PAYMENT,
            charge=payment.charge,
            paid=payment.paid,
            adjusted=Decimal("50.00"),
            patient_responsibility=payment.patient_responsibility,
            body=msgspec.json.encode(payment),
            claim=claim,
        )
        kept = remittances.add(
            scope,
            remittances.NewRemittance(
                file=file.id,
                payer_id="1999",
                payer_name="EXAMPLE HEALTH PLAN",
                payee_npi="1999999984",
                trace_number=f"EFT-{number}",
                method="ACH",
                amount=payment.paid,
                date=None,
                digest=number,
                set_control_number="0001",
                state="posted",
                body=b"{}",
                payments=(new,),
            ),
        )
        assert kept is not None
        row = claims.load(scope, claim, lock=True)
        posting = read_posting(payment)
        assert row is not None and posting is not None
        journal = Journal(scope)
        journal.record(row, "claim.sent")
        journal.record(row, posting.event, Particulars(remittance=kept.id), posting.settlement)
        journal.close()

    await rig.gateway.services.store.write(pay, tenant=TENANTS[0])
    return claim


async def test_a_replacement_is_accepted_linked_both_ways_and_told_on_both_timelines(rig: Rig) -> None:
    claim = await post_paid(rig)
    answer = await rig.call("POST", f"/v1/claims/{claim}/replace", NOTE, headers=PATCH)
    assert (answer.status, answer.headers["Location"]) == (202, f"/v1/claims/{answer.json['id']}")
    original = (await rig.call("GET", f"/v1/claims/{claim}")).json
    made = (await rig.call("GET", f"/v1/claims/{answer.json['id']}")).json
    assert (made["original"], made["frequency"]) == (claim, "7")
    supplement = made["document"]["claimInformation"]["claimSupplementalInformation"]
    assert supplement["claimControlNumber"] == "PAYER-1"
    [following] = original["followUps"]
    assert (following["id"], following["kind"], following["state"]) == (made["id"], "replacement", "accepted")
    told = (await rig.call("GET", f"/v1/claims/{claim}/timeline")).json["events"][-1]
    assert told["type"] == "claim.followed"
    assert told["data"]["followUp"] == {"claim": made["id"], "kind": "replacement", "state": "accepted"}
    assert made["patient"] == original["patient"]


async def test_the_same_key_makes_one_follow_up_and_a_second_one_is_refused(rig: Rig) -> None:
    claim = await post_paid(rig)
    headers = {**PATCH, "Idempotency-Key": "once"}
    first = await rig.call("POST", f"/v1/claims/{claim}/replace", NOTE, headers=headers)
    again = await rig.call("POST", f"/v1/claims/{claim}/replace", NOTE, headers=headers)
    assert (again.status, again.body, again.headers["Idempotent-Replayed"]) == (202, first.body, "true")
    other = await rig.call("POST", f"/v1/claims/{claim}/replace", NOTE, headers=PATCH)
    assert (other.status, other.codes) == (409, ["claim.already_followed"])
    voided = await rig.call("POST", f"/v1/claims/{claim}/void")
    assert (voided.status, voided.codes) == (409, ["claim.already_followed"])


async def test_a_void_sends_what_was_sent_and_takes_no_body(rig: Rig) -> None:
    claim = await post_paid(rig)
    assert (await rig.call("POST", f"/v1/claims/{claim}/void", NOTE)).status == 400
    answer = await rig.call("POST", f"/v1/claims/{claim}/void")
    made = (await rig.call("GET", f"/v1/claims/{answer.json['id']}")).json
    original = (await rig.call("GET", f"/v1/claims/{claim}")).json
    assert (answer.status, made["frequency"], made["amounts"]["billed"]) == (202, "8", "165.00")
    lines = [shown["document"]["claimInformation"]["serviceLines"] for shown in (made, original)]
    assert lines[0] == lines[1]
    final = await rig.call("POST", f"/v1/claims/{made['id']}/replace", NOTE, headers=PATCH)
    assert final.codes == ["claim.void_is_final"]


async def test_the_next_payer_s_claim_carries_the_payment_and_who_pays_next_must_be_known(rig: Rig) -> None:
    claim = await post_paid(rig)
    unknown = await rig.call("POST", f"/v1/claims/{claim}/secondary")
    assert (unknown.status, unknown.codes) == (409, ["claim.next_payer_unknown"])
    patch: dict[str, Any] = {
        "tradingPartnerServiceId": "60054",
        "tradingPartnerName": "SECOND PLAN",
        "subscriber": {"memberId": "SECOND-1"},
    }
    answer = await rig.call("POST", f"/v1/claims/{claim}/secondary", patch, headers=PATCH)
    assert answer.status == 422, "the same payer twice: equal to the live claim, and told so"
    assert "claim.duplicate" in answer.codes
    ids = {"tradingPartnerServiceId": "99999"}
    elsewhere = await rig.call("POST", f"/v1/claims/{claim}/secondary", {**patch, **ids}, headers=PATCH)
    assert (elsewhere.status, "payer.unknown" in elsewhere.codes) == (422, True)
    made = (await rig.call("GET", f"/v1/claims/{elsewhere.json['id']}")).json
    [line] = made["document"]["claimInformation"]["serviceLines"]
    [told] = line["lineAdjudicationInformation"]
    assert (told["serviceLinePaidAmount"], told["remainingPatientLiability"]) == ("115", "20")


async def test_a_claim_that_has_not_gone_out_and_one_that_is_not_there_are_not_followed(rig: Rig) -> None:
    waiting = (await rig.call("POST", "/v1/claims", make_claim("API-9"))).json["id"]
    answer = await rig.call("POST", f"/v1/claims/{waiting}/replace", NOTE, headers=PATCH)
    assert (answer.status, answer.codes) == (409, ["claim.not_with_payer"])
    unread = await rig.call("POST", f"/v1/claims/{waiting}/replace", b"{", headers=PATCH)
    assert unread.status == 400
    for act in ACTS:
        body = None if act == "void" else NOTE
        assert (await rig.call("POST", f"/v1/claims/clm_none/{act}", body, headers=PATCH)).status == 404


async def test_a_foreign_tenant_follows_nothing(rig: Rig) -> None:
    claim = await post_paid(rig)
    for act in ACTS:
        body = None if act == "void" else NOTE
        answer = await rig.call("POST", f"/v1/claims/{claim}/{act}", body, headers=PATCH, tenant=TENANTS[1])
        assert answer.status == 404
    assert (await rig.call("GET", f"/v1/claims/{claim}")).json["followUps"] == []
