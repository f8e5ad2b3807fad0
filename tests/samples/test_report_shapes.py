"""The field's report shapes, path by path: our reports have each, or a reason is listed."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from edi.codes import load_meanings
from edi.display import add_texts, load_texts
from edi.files import check_file
from edi.guides.registry import load_sources
from edi.json_schema import make_schema
from edi.translation import write_json, write_x12
from tests.samples.guide_samples import SAMPLES, envelope

#: The guide of each report, and what stands before the names of its documents.
REPORTS = {
    "report_835": ("005010X221A1", "transactions[]."),
    "report_277CA": ("005010X214", "transactions[]."),
    "271_response": ("005010X279A1-271", ""),
    "277_response": ("005010X212-277", ""),
}
AROUND = ("meta", "meta.applicationMode", "meta.senderId", "transactions[]")
REASONS = tomllib.loads((Path(__file__).parent / "shape_reasons.toml").read_text(encoding="utf-8"))


def list_paths(node: dict[str, Any], prefix: str) -> Iterator[str]:
    """Every path below an object schema."""
    for key, leaf in node.get("properties", {}).items():
        path = prefix + key
        while leaf.get("type") == "array":
            path, leaf = f"{path}[]", leaf["items"]
        yield path
        yield from list_paths(leaf, f"{path}.")


def list_missing(shared: Path, report: str) -> list[str]:
    """The paths of the shape that our reports do not have."""
    guide, prefix = REPORTS[report]
    held = {*list_paths(make_schema(guide), prefix)} | ({*AROUND} if prefix else set())
    place = shared / "reference" / "api-shape" / f"{report}.tsv"
    with place.open(encoding="utf-8") as lines:
        return [
            row["json_path"] for row in csv.DictReader(lines, delimiter="\t") if row["json_path"] not in held
        ]


@pytest.mark.corpus
@pytest.mark.parametrize("report", REPORTS)
def test_every_path_of_a_report_is_bound_or_has_its_reason(shared: Path, report: str) -> None:
    missing = list_missing(shared, report)
    patterns = [pattern for entry in REASONS[report] for pattern in entry["paths"]]
    assert [path for path in missing if not any(fnmatchcase(path, pattern) for pattern in patterns)] == []
    assert [pattern for pattern in patterns if not any(fnmatchcase(path, pattern) for path in missing)] == []


def test_every_text_belongs_to_a_code_of_its_guide_and_comes_from_a_table() -> None:
    for guide, texts in load_texts().items():
        assert guide in load_sources()
        names = {path.rpartition(".")[2] for path in list_paths(make_schema(guide), "")}
        for key, text in texts.items():
            assert text.table in load_meanings(), text.table
            assert {key.rpartition(".")[2], text.text} <= names, key


def test_a_remittance_says_what_its_codes_mean() -> None:
    [report] = write_json(check_file((SAMPLES / "835/denied_with_remark_codes/document.x12").read_bytes()))
    [payment] = report["transactions"][0]["detailInfo"][0]["paymentInfo"]
    [line] = payment["serviceLines"]
    [adjustment] = line["serviceAdjustments"]
    assert adjustment["claimAdjustmentGroupCodeValue"].startswith("the provider's contract")
    assert adjustment["adjustmentReason1"]
    assert line["servicePaymentInformation"]["productOrServiceIDQualifierValue"] == "HCPCS or CPT"
    assert line["healthCareCheckRemarkCodes"][0]["codeListQualifierCodeValue"] == "remark code"


def test_texts_that_come_back_are_not_read_into_x12() -> None:
    text = (SAMPLES / "277CA/claim_rejected/document.x12").read_bytes()
    documents = write_json(check_file(text))
    status = documents[0]["transactions"][0]["payers"][0]["claimStatusTransactions"][0][
        "providerClaimStatuses"
    ][0]
    assert status["statusInformationActionCodeValue"] == "Accept"
    status["statusInformationActionCodeValue"] = "Reject"
    assert b"*WQ*" in write_x12(documents, envelope())


def test_a_code_without_words_has_no_text() -> None:
    told = add_texts("005010X214", {"statusCode": "9999", "entityIdentifierCode": "PR"})
    assert told == {"statusCode": "9999", "entityIdentifierCode": "PR", "entityIdentifierCodeValue": "Payer"}
