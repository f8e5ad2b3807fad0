"""Remittances as X12 and paper, payments and deposits, statements, translation, partners: over HTTP."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pypdf import PdfReader

from edi.files import check_file
from edi.remits import read_remittance
from gateway.app import Role
from gateway.store import remittances
from gateway.store.remittances import Remittance
from tests.api_rig import TENANTS, Rig, make_claim, make_settings, run_gateway
from tests.conftest import ROOT
from tests.exchange import pay, write_835
from tests.integration.test_api_follow_ups import PATCH, post_paid

SAMPLE = ROOT / "samples" / "835" / "take_back_by_provider_adjustment" / "document.x12"
X12 = {"Content-Type": "application/edi-x12"}


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    settings = make_settings(tmp_path)
    worker = msgspec.structs.replace(settings.worker, poll_seconds=0.1)
    async with run_gateway(msgspec.structs.replace(settings, worker=worker), Role.ALL) as made:
        yield made


async def receive(rig: Rig, *contents: bytes) -> list[Remittance]:
    """Let the partner's 835 files be applied; the remittances, newest first."""
    for content in contents:
        sender = content.replace(b"CLINIC         ", b"RIVERBEND      ").replace(
            b"PAYER          ", b"EXCHANGE       "
        )
        answer = await rig.call("POST", "/v1/files?partner=exchange", sender, headers=X12)
        assert answer.status == 202, answer.body
    async with asyncio.timeout(15):
        while len(found := await list_remittances(rig)) < len(contents):
            await asyncio.sleep(0.05)
    return found


async def list_remittances(rig: Rig) -> list[Remittance]:
    return await rig.gateway.services.store.read(
        lambda scope: remittances.list_page(scope), tenant=TENANTS[0]
    )


def read_paper(content: bytes) -> tuple[PdfReader, str]:
    reader = PdfReader(io.BytesIO(content))
    return reader, "\n".join(page.extract_text() for page in reader.pages)


async def test_a_remittance_comes_as_its_own_x12_and_as_a_paper_with_the_same_amounts(rig: Rig) -> None:
    payment = pay("API-7", ("1650.00", "1150.00", [("CO", "45", "300.00"), ("PR", "2", "200.00")]))
    [remittance] = await receive(rig, write_835(4, payment))
    x12 = await rig.call("GET", f"/v1/remittances/{remittance.id}/x12")
    [found] = check_file(x12.body).sets
    assert read_remittance(found.documents[0]).amount == remittance.amount == Decimal("1150.00")
    paper = await rig.call("GET", f"/v1/remittances/{remittance.id}/pdf")
    assert (paper.status, paper.headers["Content-Type"]) == (200, "application/pdf")
    assert paper.headers["Content-Disposition"] == f'inline; filename="{remittance.id}.pdf"'
    reader, text = read_paper(paper.body)
    assert reader.metadata is not None and reader.metadata.title == "Remittance advice"
    for shown in ("1,150.00", "1,650.00", "500.00", "CO-45 300.00", "PR-2 200.00", "Coinsurance.", "API-7"):
        assert shown in text, shown
    for name in ("x12", "pdf"):
        foreign = await rig.call("GET", f"/v1/remittances/{remittance.id}/{name}", tenant=TENANTS[1])
        assert foreign.status == 404


async def test_one_payment_in_two_sets_is_one_payment_and_the_bank_s_line_settles_it(rig: Rig) -> None:
    first = pay("API-1", ("100.00", "60.00", [("CO", "45", "40.00")]))
    second = pay("API-2", ("50.00", "30.00", [("CO", "45", "20.00")]))
    found = await receive(
        rig, write_835(4, first, trace="EFT0000009"), write_835(5, second, trace="EFT0000009")
    )
    assert len(found) == 2
    [listed] = (await rig.call("GET", "/v1/payments")).json["payments"]
    assert (listed["amount"], listed["state"], len(listed["remittances"])) == ("90.00", "awaiting", 2)
    place = f"/v1/payments/{listed['id']}/deposit"
    wrong = await rig.call("POST", place, {"amount": "60.00", "date": "2026-11-25", "traceNumber": "EFT1"})
    assert (wrong.status, wrong.codes) == (409, ["payment.trace_differs"])
    line = {"amount": "60.00", "date": "2026-11-25"}
    short = (await rig.call("POST", place, line)).json
    assert (short["state"], short["variance"]) == ("variance", "-30.00")
    again = (await rig.call("POST", place, line)).json
    assert again["deposits"] == short["deposits"], "the same line is posted once"
    addenda = f"TRN*1*EFT0000009*{listed['payerId']}\\"
    whole = (
        await rig.call("POST", place, {"amount": "30.00", "date": "2026-11-26", "addenda": addenda})
    ).json
    assert (whole["state"], whole["variance"], len(whole["sets"])) == ("reassociated", "0.00", 2)
    events = (await rig.call("GET", "/v1/events?type=payment.reassociated")).json["events"]
    assert [it["data"]["state"] for it in events] == ["variance", "reassociated"]
    foreign = await rig.call("POST", place, line, tenant=TENANTS[1])
    assert foreign.status == 404
    assert (await rig.call("GET", "/v1/payments", tenant=TENANTS[1])).json["payments"] == []
    assert (await rig.call("GET", f"/v1/payments/{listed['id']}", tenant=TENANTS[1])).status == 404


@pytest.mark.parametrize("amount", ["0", "-1.00", "1.005"])
async def test_a_deposit_is_money(rig: Rig, amount: str) -> None:
    await receive(rig, write_835(4, pay("API-1", ("100.00", "60.00", [("CO", "45", "40.00")]))))
    [listed] = (await rig.call("GET", "/v1/payments")).json["payments"]
    place = f"/v1/payments/{listed['id']}/deposit"
    answer = await rig.call("POST", place, {"amount": amount, "date": "2026-11-25"})
    assert (answer.status, answer.codes) == (409, ["payment.amount_bad"])


async def test_a_statement_says_what_the_patient_owes_as_json_and_as_a_paper(rig: Rig) -> None:
    claim = await post_paid(rig, "ACCT-5")
    account = (await rig.call("GET", f"/v1/claims/{claim}")).json["patient"]
    place = f"/v1/patients/{account}/statement"
    told = (await rig.call("GET", place)).json
    sums = ("charge", "paid", "writtenOff", "withPayer", "balance")
    assert [told[name] for name in sums] == ["165.00", "115.00", "30.00", "0.00", "20.00"]
    [bill] = told["bills"]
    assert bill["claims"][0]["adjustments"] == {"CO": "30.00", "PR": "20.00"}
    paper = await rig.call("GET", place, headers={"Accept": "application/pdf"})
    reader, text = read_paper(paper.body)
    assert reader.metadata is not None and reader.metadata.title == "Patient statement"
    for shown in ("165.00", "115.00", "30.00", "$ 20.00", "ACCT-5"):
        assert shown in text, shown
    assert paper.headers["Content-Disposition"] == f'inline; filename="{account}.pdf"'
    second = {
        "tradingPartnerServiceId": "60054",
        "tradingPartnerName": "SECOND PLAN",
        "subscriber": {"memberId": "SECOND-1"},
        "claimInformation": {"patientControlNumber": "ACCT-5", "claimChargeAmount": "165.00"},
    }
    await rig.call("POST", f"/v1/claims/{claim}/secondary", second, headers=PATCH)
    assert (await rig.call("GET", place)).json["balance"] == "20.00", "a rejected follow-up changes nothing"


async def test_an_account_is_found_by_its_id_or_number_and_by_its_own_tenant_alone(rig: Rig) -> None:
    claim = (await rig.call("POST", "/v1/claims", make_claim("ACCT-6"))).json["id"]
    account = (await rig.call("GET", f"/v1/claims/{claim}")).json["patient"]
    assert account.startswith("pat_") and "ACCT" not in account
    for name in (account, "ACCT-6"):
        shown = (await rig.call("GET", f"/v1/patients/{name}")).json
        assert (shown["patient"], [it["id"] for it in shown["claims"]]) == (account, [claim])
        for path in (f"/v1/patients/{name}", f"/v1/patients/{name}/statement"):
            assert (await rig.call("GET", path, tenant=TENANTS[1])).status == 404
    assert (await rig.call("GET", "/v1/patients/NOBODY")).status == 404
    told = (await rig.call("GET", f"/v1/patients/{account}/statement")).json
    assert (told["withPayer"], told["balance"]) == ("165.00", "0.00"), "nobody has decided yet"


async def test_x12_becomes_json_and_the_same_x12_again_and_nothing_is_stored(rig: Rig) -> None:
    content = SAMPLE.read_bytes()
    told = await rig.call("POST", "/v1/translate", content, headers=X12)
    assert (told.status, told.json["findings"]) == (200, [])
    [report] = told.json["documents"]
    assert report["meta"]["guide"] == "005010X221A1"
    whole = (await rig.call("POST", "/v1/translate?whole=true", content, headers=X12)).json["documents"]
    back = await rig.call("POST", "/v1/translate", whole, headers={"Accept": "application/edi-x12"})
    assert (back.headers["Content-Type"], back.body) == ("application/edi-x12", content)
    anew = (await rig.call("POST", "/v1/translate?sender=US&receiver=THEM", report)).json
    assert (
        check_file(anew["x12"].encode()).sets[0].documents[0]["payer"] == report["transactions"][0]["payer"]
    )
    assert (await rig.call("GET", "/v1/remittances")).json["remittances"] == []


async def test_every_transaction_is_translated_both_ways(rig: Rig) -> None:
    kinds = sorted(path for path in (ROOT / "samples").iterdir() if path.is_dir())
    assert len(kinds) >= 15
    for kind in kinds:
        found = sorted(place for place in kind.glob("*/*.x12") if "refused" not in place.parent.name)
        chosen = [it for it in found if it.name in ("claim.x12", "document.x12")] or [
            it for it in found if it.name == "ack.x12"
        ]
        content = chosen[0].read_bytes()
        told = await rig.call("POST", "/v1/translate", content, headers=X12)
        assert told.status == 200, kind.name
        back = await rig.call("POST", "/v1/translate", told.json["documents"])
        assert back.status == 200, (kind.name, back.body)
        sets = [it.set_id for it in check_file(back.json["x12"].encode()).sets]
        assert sets == [it.set_id for it in check_file(content).sets], kind.name


async def test_what_cannot_be_translated_is_said(rig: Rig) -> None:
    answers: list[tuple[Any, int]] = [(b"", 400), (b"hello", 400), ({"nothing": "known"}, 422), (b"{", 400)]
    for body, status in answers:
        assert (await rig.call("POST", "/v1/translate", body)).status == status, body
    wrong = make_claim("T-1")
    wrong["claimInformation"]["claimChargeAmount"] = "1.00"
    answer = (await rig.call("POST", "/v1/translate", wrong)).json
    assert "ISA*" in answer["x12"] and answer["findings"], "it is translated, and what is wrong is told"
    assert (await rig.call("POST", "/v1/translate?guide=XYZ", json.dumps(wrong).encode())).status == 400


async def test_partners_are_shown_as_they_stand_without_secrets(rig: Rig) -> None:
    answer = await rig.call("GET", "/v1/partners")
    [partner] = answer.json["partners"]
    assert (partner["name"], partner["state"], partner["transport"]) == ("exchange", "up", "folder")
    assert partner["controlNumbers"]["last"] == 999_999_999
    for secret in ("password", "keyFile", "outbox"):
        assert secret not in answer.body.decode()
    [other] = (await rig.call("GET", "/v1/partners", tenant=TENANTS[1])).json["partners"]
    assert other["sender"] == "LAKESIDE"
