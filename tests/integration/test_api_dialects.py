"""Clients of two other APIs move over by their base URL: what they send is taken, what they read is there."""

from __future__ import annotations

import csv
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import jwt
import msgspec
import pytest

from edi.claim_forms import DENTAL, INSTITUTIONAL, PROFESSIONAL
from gateway.api.dialects.identifiers import write_uuid
from gateway.api.dialects.routes import DIALECT_ROUTES
from gateway.api.routing import Taken
from gateway.store import TenantScope, files
from tests.api_rig import PAYER, Reply, Rig, make_claim, make_settings, run_gateway

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
CLAIMS = "/2024-04-01/change/medicalnetwork/professionalclaims/v3"
MAILBOX = "/medicalnetwork/professionalclaims/v3"
REPORTS = "/medicalnetwork/reports/v2"
NOBODY = "0198afa8-1610-7602-a436-911cb4bf2a9f"


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with run_gateway(make_settings(tmp_path)) as running:
        yield running


async def get_token(rig: Rig, tenant: str = "riverbend", **changes: str) -> Reply:
    """The token call as clients make it; `client_id` is the key's id."""
    (key,) = await rig.gateway.services.keys.list_all(tenant)
    given = {"client_id": key.id, "client_secret": rig.keys[tenant], "grant_type": "client_credentials"}
    return await rig.call("POST", "/apip/auth/v2/token", given | changes, headers={"Authorization": ""})


async def receive(rig: Rig, sample: str, kind: str, tenant: str = "riverbend") -> str:
    """A file that a partner sent and that was applied; its id."""
    content = (SAMPLES / sample).read_bytes()
    digest = rig.gateway.services.archive.put(content)

    def add(scope: TenantScope) -> str:
        new = files.NewFile(partner="exchange", name="", sha256=digest, size=len(content), kinds=(kind,))
        kept = files.add(scope, new)
        files.settle(scope, kept.id, files.PROCESSED)
        return kept.id

    return await rig.gateway.services.store.write(add, tenant=tenant)


# --- claims


@pytest.mark.parametrize("word", ["", "Key ", "key ", "Bearer "])
async def test_a_claim_is_taken_with_the_key_in_each_way_that_clients_send_it(rig: Rig, word: str) -> None:
    headers = {"Authorization": word + rig.keys["riverbend"]}
    answer = await rig.call("POST", f"{CLAIMS}/submission", make_claim(), headers=headers)
    assert answer.status == 200, answer.body
    told = answer.json
    assert (told["status"], told["httpStatusCode"], told["editStatus"]) == ("SUCCESS", "200 OK", "SUCCESS")
    reference = told["claimReference"]
    claim = await rig.call("GET", f"/v1/claims/{reference['claimwireId']}")
    assert claim.json["state"] == "accepted"
    assert reference["correlationId"] == write_uuid(claim.json["id"])
    assert reference["patientControlNumber"] == make_claim()["claimInformation"]["patientControlNumber"]
    assert reference["serviceLines"] == [{"lineItemControlNumber": "L1"}]
    assert (reference["claimType"], reference["formatVersion"]) == ("PRO", "5010")
    assert told["payer"] == {"payerName": "EXAMPLE HEALTH PLAN", "payerID": PAYER, "payerId": PAYER}
    assert told["x12"].startswith("ISA*00*") and "CLM*" in told["x12"]


async def test_nulls_unknown_keys_and_credentials_in_the_body_are_ignored_and_never_kept(rig: Rig) -> None:
    claim = make_claim(
        controlNumber="000000001",
        userName="clinic-login",
        password="hunter2-hunter2",
        somethingElse={"deep": [1, None]},
        dependent=None,
        supervising=None,
    )
    answer = await rig.call("POST", f"{CLAIMS}/submission", claim)
    assert (answer.status, answer.json["controlNumber"]) == (200, "000000001")
    shown = await rig.call("GET", f"/v1/claims/{answer.json['claimReference']['claimwireId']}")
    assert shown.json["document"]["somethingElse"] == {"deep": [1, None]}
    for body in (answer.body, shown.body):
        assert b"hunter2" not in body and b"clinic-login" not in body


async def test_a_wrong_claim_is_answered_with_every_fault_in_both_lists(rig: Rig) -> None:
    claim = make_claim()
    claim["subscriber"]["gender"] = "Q"
    claim["claimInformation"]["claimChargeAmount"] = "166.00"
    answer = await rig.call("POST", f"{CLAIMS}/submission", claim)
    assert (answer.status, answer.json["httpStatusCode"]) == (400, "400 BAD_REQUEST")
    assert answer.json["status"] == "ERROR"
    assert answer.headers["Content-Type"].startswith("application/json")
    errors = {error["code"]: error for error in answer.json["errors"]}
    assert errors["element.bad_code"]["field"] == "subscriber.gender"
    assert errors["element.bad_code"]["location"] == "Loop 2010BA DMG03"
    assert errors["claim.charges_unbalanced"]["followupAction"]
    edits = {edit["editName"]: edit for edit in answer.json["editResponses"]}
    assert (
        edits["element.bad_code"] | {"loop": "2010BA", "segment": "DMG", "element": "DMG03"}
        == edits["element.bad_code"]
    )
    assert (edits["element.bad_code"]["badData"], edits["element.bad_code"]["pointer"]) == (
        "Q",
        "/subscriber/gender",
    )


@pytest.mark.parametrize(
    ("path", "sample", "guide", "name"),
    [
        ("/2024-04-01/change/medicalnetwork/institutionalclaims/v1", "837I", INSTITUTIONAL, "INST"),
        ("/2025-01-01/dental-claims", "837D", DENTAL, "DEN"),
        (CLAIMS, "837P", PROFESSIONAL, "PRO"),
    ],
)
async def test_each_address_takes_its_own_kind_of_claim(
    rig: Rig, path: str, sample: str, guide: str, name: str
) -> None:
    document = find_clean(sample)
    answer = await rig.call("POST", f"{path}/submission", document)
    told = answer.json
    assert told["claimReference"]["claimType"] == name
    shown = await rig.call("GET", f"/v1/claims/{told['claimReference']['claimwireId']}")
    assert shown.json["claimType"] == guide
    assert [error["code"] for error in told.get("errors", ())] == ["payer.unknown"]


def find_clean(kind: str) -> dict[str, Any]:
    """The first sample of a kind of claim that was posted as JSON and accepted."""
    for case in sorted((SAMPLES / kind).iterdir()):
        claim = case / "claim.json"
        if claim.exists() and not case.name.startswith("refused"):
            found: dict[str, Any] = msgspec.json.decode(claim.read_bytes())
            return found
    raise AssertionError(f"no sample of {kind} is clean")


async def test_a_repeated_submission_with_its_key_gets_the_first_answer(rig: Rig) -> None:
    headers = {"Idempotency-Key": "visit-1"}
    first = await rig.call("POST", f"{CLAIMS}/submission", make_claim(), headers=headers)
    again = await rig.call("POST", f"{CLAIMS}/submission", make_claim(), headers=headers)
    assert (again.status, again.body) == (200, first.body)
    other = await rig.call("POST", f"{CLAIMS}/submission", make_claim("OTHER"), headers=headers)
    assert (other.status, set(other.json)) == (422, {"code", "message", "errors"})
    assert len((await rig.call("GET", "/v1/claims")).json["claims"]) == 1


async def test_a_raw_claim_is_taken_in_and_a_file_without_one_is_refused_with_the_reason(rig: Rig) -> None:
    taken = await rig.call("POST", f"{CLAIMS}/submission", make_claim())
    x12 = re.sub(r"CLM\*[^*]+", "CLM*RAW-1", taken.json["x12"])
    answer = await rig.call("POST", f"{CLAIMS}/raw-x12-submission", {"x12": x12})
    assert answer.status == 200, answer.body
    assert answer.json["claimReference"]["patientControlNumber"] == "RAW-1"
    for body, codes in (({"x12": "no X12"}, {"file.not_x12"}), ({"x12": ""}, {"file.empty"})):
        refused = await rig.call("POST", f"{CLAIMS}/raw-x12-submission", body)
        assert refused.status == 400
        assert {error["code"] for error in refused.json["errors"]} == codes
    wrong = await rig.call("POST", f"{CLAIMS}/raw-x12-submission", {"x12": 7})
    assert (wrong.status, wrong.json["errors"][0]["field"]) == (400, "x12")


# --- tokens and the mailbox


async def test_a_token_opens_the_mailbox_dialect_until_its_key_is_revoked(rig: Rig) -> None:
    token = await get_token(rig)
    assert (token.json["token_type"], token.json["expires_in"]) == ("bearer", 3600)
    headers = {"Authorization": f"Bearer {token.json['access_token']}"}
    for path in ("submission", "validation"):
        answer = await rig.call("POST", f"{MAILBOX}/{path}", make_claim(path), headers=headers)
        assert (answer.status, answer.json["status"]) == (200, "SUCCESS"), answer.body
        assert "x12" not in answer.json
    assert [it["patientControlNumber"] for it in await list_claims(rig)] == ["submission"]
    assert (await rig.call("GET", "/v1/claims", headers=headers)).status == 401
    (key,) = await rig.gateway.services.keys.list_all("riverbend")
    await rig.gateway.services.keys.revoke("riverbend", key.id)
    assert (await rig.call("GET", REPORTS, headers=headers)).status == 401


async def list_claims(rig: Rig) -> list[dict[str, Any]]:
    """The claims of the tenant, whole."""
    listed = (await rig.call("GET", "/v1/claims")).json["claims"]
    return [(await rig.call("GET", f"/v1/claims/{claim['id']}")).json for claim in listed]


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "cw_aaaaaaaaaaaa_" + "A" * 43}, 401, "invalid_client"),
        ({"client_id": "key_01K00000000000000000000000"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "invalid_request"),
    ],
)
async def test_no_token_without_the_right_credentials(
    rig: Rig, changes: dict[str, str], status: int, error: str
) -> None:
    answer = await get_token(rig, **changes)
    assert (answer.status, answer.json["error"]) == (status, error)
    assert answer.json["error_description"]


async def test_a_forged_or_altered_token_opens_nothing(rig: Rig) -> None:
    good = (await get_token(rig)).json["access_token"]
    head, body, sign = good.split(".")
    claims = jwt.decode(good, options={"verify_signature": False})
    forged = [
        jwt.encode(claims, "0" * 64, algorithm="HS256"),
        jwt.encode(claims, "", algorithm="none"),
        f"{head}.{body}.{sign[:-4]}AAAA",
        f"{head}.{body}.",
        good[:-1],
    ]
    for token in forged:
        answer = await rig.call("GET", REPORTS, headers={"Authorization": f"Bearer {token}"})
        assert answer.status == 401, token


async def test_the_mailbox_lists_shows_and_lets_go_of_reports(rig: Rig) -> None:
    await receive(rig, "277CA/claim_accepted/document.x12", "277")
    listed = (await rig.call("GET", f"{REPORTS}/")).json
    (name,) = listed["reports"]
    assert name.startswith("X3")
    shown = (await rig.call("GET", f"{REPORTS}/{name}")).json
    assert shown["report_content"].startswith("ISA*")
    report = (await rig.call("GET", f"{REPORTS}/{name}/277")).json
    assert report["transactions"][0]["payers"]
    missing = await rig.call("GET", f"{REPORTS}/{name}/835")
    assert (missing.status, set(missing.json["detail"][0])) == (404, {"loc", "msg", "type"})
    assert (await rig.call("DELETE", f"{REPORTS}/{name}")).json["status"] == "deleted"
    assert (await rig.call("GET", REPORTS)).json["reports"] == []
    assert (await rig.call("GET", f"{REPORTS}/{name}")).status == 200  # the file itself is kept


# --- transactions


async def test_transactions_are_polled_in_order_and_never_twice(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.api.dialects.transactions.SETTLED", timedelta(0))
    first = await receive(rig, "277CA/claim_accepted/document.x12", "277")
    second = await receive(rig, "277CA/claim_rejected/document.x12", "277")
    poll = "/2023-08-01/polling/transactions"
    page = (await rig.call("GET", f"{poll}?startDateTime=2020-01-01T00:00:00Z&pageSize=1")).json
    assert [item["transactionId"] for item in page["items"]] == [write_uuid(first)]
    page = (await rig.call("GET", f"{poll}?pageToken={page['nextPageToken']}")).json
    assert [item["transactionId"] for item in page["items"]] == [write_uuid(second)]
    page = (await rig.call("GET", f"{poll}?pageToken={page['nextPageToken']}")).json
    assert page == {"items": [], "nextPageToken": write_uuid(second)}


async def test_polling_waits_for_a_file_that_was_not_read_yet(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.api.dialects.transactions.SETTLED", timedelta(0))
    new = files.NewFile(partner="exchange", name="", sha256="0" * 64, size=1)
    await rig.gateway.services.store.write(lambda scope: files.add(scope, new), tenant="riverbend")
    await receive(rig, "277CA/claim_accepted/document.x12", "277")
    page = await rig.call("GET", "/2023-08-01/polling/transactions?startDateTime=2020-01-01")
    assert page.json == {"items": []}


async def test_a_transaction_is_shown_read_and_fetched_by_a_url_that_opens_it_alone(rig: Rig) -> None:
    file = await receive(rig, "277CA/claim_accepted/document.x12", "277")
    other = await receive(rig, "277CA/claim_rejected/document.x12", "277")
    base = f"/2023-08-01/transactions/{write_uuid(file)}"
    shown = (await rig.call("GET", base)).json
    assert shown["x12"]["metadata"]["transaction"]["transactionSetIdentifier"] == "277"
    assert (shown["status"], shown["direction"], shown["mode"]) == ("succeeded", "INBOUND", "test")
    report = (await rig.call("GET", f"{CLAIMS.rsplit('/', 2)[0]}/reports/v2/{write_uuid(file)}/277")).json
    assert report["meta"]["transactionId"] == write_uuid(file)
    url = (await rig.call("GET", f"{base}/input-url")).json["documentDownloadUrl"]
    path = url.partition(str(rig.port))[2]
    content = await rig.call("GET", path, headers={"Authorization": ""})
    assert (content.status, content.body[:4]) == (200, b"ISA*")
    moved = path.replace(write_uuid(file), write_uuid(other))
    assert (await rig.call("GET", moved, headers={"Authorization": ""})).status == 401
    token = path.partition("token=")[2]
    bearer = {"Authorization": f"Bearer {token}"}
    assert (await rig.call("GET", REPORTS, headers=bearer)).status == 401
    headers = {"Authorization": f"Key {rig.keys['riverbend']}"}
    async with rig.http.get(
        f"http://127.0.0.1:{rig.port}{base}/output", headers=headers, allow_redirects=False
    ) as answer:
        assert answer.status == 302
        assert "/document/output?token=" in answer.headers["Location"]


# --- who may do what


def fill(path: str, subject: str = NOBODY) -> str:
    return (
        path.replace("{version}", "2024-04-01")
        .replace("{transaction}", subject)
        .replace("{name}", "X3NONE.CW")
    )


async def test_no_address_of_the_dialects_answers_a_stranger(rig: Rig) -> None:
    closed = [route for route in DIALECT_ROUTES if not route.open]
    assert len(DIALECT_ROUTES) - len(closed) == 1  # the token call
    for route in closed:
        body = None if route.body is Taken.NOTHING else b"{}"
        for text in ("", "nonsense", "Key nonsense", "Bearer a.b.c"):
            answer = await rig.call(route.method, fill(route.path), body, headers={"Authorization": text})
            assert answer.status == 401, (route.path, text)


async def test_another_tenants_transaction_or_report_is_as_absent_as_one_that_never_was(rig: Rig) -> None:
    file = await receive(rig, "277CA/claim_accepted/document.x12", "277")
    (name,) = (await rig.call("GET", REPORTS)).json["reports"]
    for route in DIALECT_ROUTES:
        if "{transaction}" not in route.path and "{name}" not in route.path:
            continue
        if "/document/" in route.path:
            continue  # opened by a token of the document, tried above
        path = fill(route.path, write_uuid(file)).replace("X3NONE.CW", name)
        foreign = await rig.call(route.method, path, tenant="lakeside")
        missing = await rig.call(route.method, fill(route.path), tenant="lakeside")
        assert foreign.status == missing.status == 404, route.path
    assert (await rig.call("GET", REPORTS)).json["reports"] == [name]


async def test_an_address_with_another_prefix_than_a_date_is_unknown(rig: Rig) -> None:
    path = f"{CLAIMS}/submission".replace("2024-04-01", "latest")
    assert (await rig.call("POST", path, make_claim())).status == 404


# --- field for field


@cache
def read_fields(path: Path) -> dict[tuple[str, str, str], set[str]]:
    """The names of an answer of success, by dialect, method and address."""
    found: dict[tuple[str, str, str], set[str]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if row["part"] == "response 200":
                key = row["dialect"], row["method"], row["path"]
                found.setdefault(key, set()).add(row["name"].split(".")[0].split("[")[0])
    return found


@pytest.mark.parametrize(
    ("dialect", "theirs", "ours"),
    [
        (
            "transaction-id",
            "{prefix}/change/medicalnetwork/professionalclaims/v3/submission",
            f"{CLAIMS}/submission",
        ),
        ("mailbox", "/medicalnetwork/professionalclaims/v3/submission", f"{MAILBOX}/submission"),
    ],
)
async def test_every_key_of_an_answer_is_one_that_the_dialect_has(
    rig: Rig, shared: Path, dialect: str, theirs: str, ours: str
) -> None:
    known = read_fields(shared / "reference" / "api-shape" / "operations.tsv")[dialect, "POST", theirs]
    claim = make_claim()
    claim["subscriber"]["gender"] = "Q"
    for document in (make_claim(controlNumber="1"), claim):
        answer = (await rig.call("POST", ours, document)).json
        assert set(answer) - known <= ({"warnings"} if dialect == "mailbox" else set())
