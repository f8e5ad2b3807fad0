"""Each sample document becomes the X12 beside it, byte for byte, and comes back as it was."""

from __future__ import annotations

import pytest

from edi.files import check_file
from tests.oracle.test_pyx12_accepts_acknowledgments import judge
from tests.samples.documents import DocumentSample, find_samples

SAMPLES = list(find_samples())


def name_of(sample: DocumentSample) -> str:
    return f"{sample.place.parent.name}/{sample.place.name}"


@pytest.mark.parametrize("sample", SAMPLES, ids=name_of)
def test_a_document_is_written_as_the_file_beside_it(sample: DocumentSample) -> None:
    stored = (sample.place / "document.x12").read_bytes()
    assert sample.write() == stored, "read the difference, then run: python -m tests.samples.documents"


@pytest.mark.parametrize("sample", SAMPLES, ids=name_of)
def test_a_document_comes_back_from_x12_as_it_was_and_without_findings(sample: DocumentSample) -> None:
    report = check_file(sample.write())
    assert report.all_findings == ()
    [found] = report.interchanges[0].groups[0].sets
    assert found.documents == (sample.document,)


@pytest.mark.parametrize("sample", SAMPLES, ids=name_of)
def test_pyx12_accepts_the_file_of_a_document(sample: DocumentSample) -> None:
    assert judge(sample.write()) == []
