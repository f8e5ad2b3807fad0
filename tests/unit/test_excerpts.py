"""One claim cut out of a batch: whole, valid, and without the patients beside it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from edi.claims import write_claims
from edi.envelope_writer import EnvelopeSettings
from edi.excerpts import NoSuchClaimError, cut_claim
from edi.files import check_file
from tests.claim_files import NAMES, load_claim

ENVELOPE = EnvelopeSettings(
    sender_qualifier="ZZ",
    sender="SENDER",
    receiver_qualifier="ZZ",
    receiver="RECEIVER",
    group_sender="SENDER",
    group_receiver="RECEIVER",
    usage="T",
    control_number=7,
    group_control_number=7,
    created=datetime(2026, 11, 24, 9, 30, tzinfo=UTC),
)


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_claim_cut_out_is_the_claim_that_was_written(name: str) -> None:
    documents = [load_claim(each) for each in sorted(NAMES)]
    written = write_claims(documents, ENVELOPE)
    placed = next(each for each in written.placements if each.index == sorted(NAMES).index(name))
    alone = cut_claim(written.text, placed.set_control_number, placed.position)
    report = check_file(alone)
    assert [finding.code for finding in report.all_findings if finding.stops] == []
    assert [dict(found) for found in report.sets[0].documents] == [
        dict(check_file(written.text).sets[int(placed.set_control_number) - 1].documents[placed.position - 1])
    ]


def test_no_other_patient_stands_in_the_excerpt() -> None:
    documents = [load_claim(each) for each in sorted(NAMES)]
    written = write_claims(documents, ENVELOPE)
    placed = written.placements[0]
    alone = cut_claim(written.text, placed.set_control_number, placed.position).decode("utf-8")
    own = str(documents[placed.index]["subscriber"]["memberId"])
    others = {str(document["subscriber"]["memberId"]) for document in documents} - {own}
    assert own in alone
    assert [member for member in others if member in alone] == []


def test_a_claim_that_is_not_there_is_a_named_error() -> None:
    written = write_claims([load_claim(sorted(NAMES)[0])], ENVELOPE)
    with pytest.raises(NoSuchClaimError):
        cut_claim(written.text, "0001", 2)
    with pytest.raises(NoSuchClaimError):
        cut_claim(written.text, "0009", 1)
