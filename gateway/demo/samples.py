"""The sample claims: synthetic people, and what each sample says must become of its claim."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Literal

import msgspec

GUIDE_FOLDERS = ("837P", "837I", "837D")
EXPECTED = "expected.toml"


class Dollars(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the money of a claim ends up: billed = paid + adjusted + patient + open."""

    billed: Decimal
    paid: Decimal
    adjusted: Decimal
    patient: Decimal
    open: Decimal


class Expectation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`expected.toml` of a sample. `end` is the state reached, `taken_back` what a PLB keeps."""

    outcome: Literal["accepted", "refused"]
    end: str
    scenario: str = ""
    dollars: Dollars | None = None
    taken_back: Decimal = Decimal(0)
    marks: tuple[str, ...] = ()


class ExpectedFinding(msgspec.Struct, frozen=True, order=True):
    """One finding that a refused sample must get: its code and the JSON Pointer it names."""

    code: str
    pointer: str = ""


class Sample(msgspec.Struct, frozen=True):
    """One sample claim. `text` is the JSON as it is posted."""

    case: str
    text: bytes
    expected: Expectation
    findings: tuple[ExpectedFinding, ...] = ()

    @property
    def claim(self) -> Mapping[str, Any]:
        """The claim document."""
        return msgspec.json.decode(self.text, type=dict[str, Any])

    @property
    def number(self) -> str:
        """The patient control number, whose marker chooses the scenario."""
        return str(self.claim["claimInformation"]["patientControlNumber"])

    @property
    def payer(self) -> str:
        """The payer's id."""
        return str(self.claim["tradingPartnerServiceId"])


def find_samples(guide: str = GUIDE_FOLDERS[0]) -> Traversable:
    """The folder of a guide's samples: inside the installed package, or beside it in a checkout."""
    packaged = files("schemas") / "samples"
    if packaged.is_dir():
        return packaged / guide
    return Path(str(files("schemas"))).parent / "samples" / guide


def load_samples() -> tuple[Sample, ...]:
    """Every sample that says what must become of its claim, by guide and by name of its case."""
    folders = [
        entry
        for guide in GUIDE_FOLDERS
        for entry in sorted(find_samples(guide).iterdir(), key=lambda entry: entry.name)
    ]
    return tuple(load_sample(folder) for folder in folders if (folder / EXPECTED).is_file())


def load_sample(folder: Traversable) -> Sample:
    """One sample. Raises FileNotFoundError or msgspec.ValidationError where it is not complete."""
    expected = msgspec.convert(tomllib.loads((folder / EXPECTED).read_text(encoding="utf-8")), Expectation)
    findings: Iterable[ExpectedFinding] = ()
    if expected.outcome == "refused":
        listed = (folder / "findings.json").read_bytes()
        findings = msgspec.json.decode(listed, type=list[ExpectedFinding])
    return Sample(
        case=folder.name,
        text=(folder / "claim.json").read_bytes(),
        expected=expected,
        findings=tuple(sorted(findings)),
    )
