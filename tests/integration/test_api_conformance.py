"""Every operation of the document, asked at random by schemathesis: no failure, nothing undocumented."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import checks
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode

from edi.files import check_file
from edi.remits import read_remittance
from gateway.api.dialects.identifiers import name_report, write_uuid
from gateway.api.openapi import write_openapi
from gateway.store import TenantScope, remittances
from tests.api_rig import Rig, make_claim
from tests.integration.test_api_access import make_remittance, make_subjects
from tests.integration.test_api_dialects import receive
from tests.live_api import LiveGateway, run_live
from tests.real_time_rig import make_claim_status, make_eligibility

EXAMPLES = int(os.environ.get("API_EXAMPLES", "8"))
SEED = int(os.environ.get("API_SEED", "271"))
JUDGES = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
SAMPLES = Path(__file__).resolve().parents[2] / "samples"
TEXTS = ("application/x-ndjson", "application/edi-x12", "application/soap+xml")
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=40),
    st.lists(st.none(), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
)
ENDLESS = {"stream_events"}  # an answer without an end; tests/integration/test_api_stream.py


@schemathesis.serializer(*TEXTS)
def write_text(_: schemathesis.SerializationContext, value: object) -> bytes:
    return value.encode("utf-8", "replace") if isinstance(value, str) else json.dumps(value).encode()


@cache
def read_schema() -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_dict(json.loads(write_openapi()))


OPERATIONS = {
    operation.ok().definition.raw["operationId"]: operation.ok()
    for operation in read_schema().get_all_operations()
}


class Known(NamedTuple):
    """What is there: a gateway, the ids of what it holds by the name or the room of a route's place."""

    live: LiveGateway
    ids: Mapping[str, str]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Known]:
    with run_live(tmp_path_factory.mktemp("live")) as live:
        report = live.run(receive(live.rig, "277CA/claim_accepted/document.x12", "277"))
        ids = live.run(make_subjects(live.rig, "riverbend"))
        remittance = live.run(receive_remittance(live.rig))
        ids |= {"remittances": remittance}
        file = {"transaction": write_uuid(report), "mailbox": name_report(report, ("277",))}
        yield Known(live, ids | file | {"payer": "60054", "table": "icd10cm", "code": "A000"})


async def receive_remittance(rig: Rig) -> str:
    """A remittance as a partner sent it, whole; its id."""
    file = await receive(rig, "835/paid_with_contractual_adjustment/document.x12", "835")
    content = (SAMPLES / "835/paid_with_contractual_adjustment/document.x12").read_bytes()
    [found] = check_file(content, keep=True).sets
    whole = make_remittance(file)
    body = msgspec.json.encode(read_remittance(found.documents[0]))

    def add(scope: TenantScope) -> str:
        kept = remittances.add(
            scope, msgspec.structs.replace(whole, digest="e" * 64, body=body, set_control_number="0001")
        )
        assert kept is not None
        return kept.id

    return await rig.gateway.services.store.write(add, tenant="riverbend")


def fill(known: Known, case: schemathesis.Case) -> None:
    """Name in the path what there is."""
    room = case.path.split("/")[2]
    for place in case.path_parameters:
        word = room if place == "id" else "mailbox" if place == "name" else place
        if word in known.ids:
            case.path_parameters[place] = known.ids[word]


def spoil(draw: st.DataObject, document: object) -> object:
    """A document, whole or with one of its values, at any depth, turned into another."""
    if isinstance(document, dict) and document and draw.draw(st.integers(0, 3)):
        name = draw.draw(st.sampled_from(sorted(document)))
        return document | {name: spoil(draw, document[name])}
    if isinstance(document, list) and document and draw.draw(st.integers(0, 3)):
        return [spoil(draw, document[0]), *document[1:]]
    return draw.draw(st.one_of(st.just(document), ODD))


def make_body(draw: st.DataObject, case: schemathesis.Case) -> object:
    """A body that is nearly right, where the route takes a document; else None."""
    text = (SAMPLES / "837P/ambulance_transport/claim.x12").read_text(encoding="utf-8")
    place = draw.draw(st.integers(0, len(text)))
    cut = text[:place] + draw.draw(st.sampled_from(["", "*", "~", "NM1*", "\x00", "é"])) + text[place:]
    if case.media_type == "application/edi-x12":
        return cut
    if case.media_type != "application/json" or "webhooks" in case.path or "work" in case.path:
        return None
    if "raw-x12" in case.path:
        return {"x12": cut}
    inquiry = make_claim_status() if "status" in case.path else make_eligibility()
    return spoil(draw, make_claim() if "claims" in case.path else inquiry)


def test_an_answer_that_is_not_documented_would_be_told() -> None:
    document = json.loads(write_openapi())
    del document["paths"]["/healthz"]["get"]["responses"]["200"]
    operation = schemathesis.openapi.from_dict(document)["/healthz"]["GET"]
    answer = requests.Response()
    answer.status_code, answer.headers["Content-Type"] = 200, "application/json"
    answer.request = requests.Request("GET", "http://127.0.0.1/healthz").prepare()
    with pytest.raises(FailureGroup):
        operation.Case().validate_response(answer, checks=JUDGES)


@pytest.mark.parametrize("name", sorted(set(OPERATIONS) - ENDLESS))
def test_an_operation_answers_as_its_document_says_whatever_it_is_asked(known: Known, name: str) -> None:
    operation, session = OPERATIONS[name], requests.Session()
    fixed = {"path_parameters": {"version": "2024-04-01"}} if "{version}" in operation.path else {}
    good = operation.as_strategy(GenerationMode.POSITIVE, **fixed)
    bad = operation.as_strategy(GenerationMode.NEGATIVE, **fixed)

    @seed(SEED)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(good, bad), draw=st.data())
    def ask(case: schemathesis.Case, draw: st.DataObject) -> None:
        if "{version}" in case.path:
            case.path_parameters["version"] = "2024-04-01"
        if case.path_parameters and draw.draw(st.booleans()):
            fill(known, case)
        body = make_body(draw, case) if draw.draw(st.booleans()) else None
        case.body = case.body if body is None else body
        key = known.live.rig.headers() if draw.draw(st.integers(0, 9)) else {}
        case.call_and_validate(
            base_url=known.live.url, session=session, headers=key, checks=JUDGES, timeout=30
        )

    ask()
