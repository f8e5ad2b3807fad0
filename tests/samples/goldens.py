"""The X12 that belongs to each sample: what we send for it, and what the scripted payer answers.

`tests/samples/views.py` lists them as views; `python -m scripts.samples` writes them anew.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from edi.claim_forms import choose_guide
from edi.claims import write_claims
from edi.envelope_writer import EnvelopeSettings
from gateway.demo.samples import Sample, load_samples
from gateway.simulator.ledger import Ledger
from gateway.simulator.mailbox import INBOUND, OUTBOUND, Mailbox
from gateway.simulator.payer import ScriptedPayer
from gateway.simulator.scenarios import load_scenarios
from gateway.simulator.server import Uploads

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
SENT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
ROUNDS = (timedelta(), timedelta(hours=2), timedelta(days=14, hours=2), timedelta(days=21, hours=2))
FILES = {"TA1": "ack.x12", "999": "ack.x12", "277CA": "status.x12", "835": "remit.x12"}


def write_sample(sample: Sample, number: int) -> bytes:
    """The interchange that carries the sample's claim."""
    ids = ("ZZ", "CLAIMWIREDEMO", "ZZ", "SCRIPTEDPAYER", "CLAIMWIREDEMO", "SCRIPTEDPAYER", "T")
    envelope, guide = EnvelopeSettings(*ids, number, number, SENT), choose_guide(sample.claim)
    return write_claims([dict(sample.claim)], envelope, guide=guide).text


def make_goldens() -> Mapping[tuple[str, str], bytes]:
    """Every golden file by case and name, all samples played together as in the demo."""
    accepted = [sample for sample in load_samples() if sample.expected.outcome == "accepted"]
    sent = {sample.case: write_sample(sample, number) for number, sample in enumerate(accepted, 1)}
    goldens = {(case, "claim.x12"): text for case, text in sent.items()}
    for kind, answer in play(sent):
        for number, sample in enumerate(accepted, 1):
            if concerns(kind, answer, sample, number):
                key = (sample.case, FILES[kind])
                goldens[key] = goldens.get(key, b"") + answer
    return goldens


def play(sent: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """The scripted payer's answers to all files, in the order it wrote them, each with its kind."""
    with tempfile.TemporaryDirectory() as folder:
        mailbox = Mailbox((Path(folder) / "clinic").resolve())
        mailbox.create()
        for number, text in enumerate(sent.values(), 1):
            (mailbox.root / INBOUND / f"{number:03d}.x12").write_bytes(text)
        ledger = Ledger(Path(folder) / "payer.db")
        payer = ScriptedPayer(
            ledger, {"clinic": mailbox}, Uploads(), Path(folder) / "taken", load_scenarios()
        )
        for after in ROUNDS:
            payer.work(SENT + after)
        ledger.close()
        for place in sorted((mailbox.root / OUTBOUND).iterdir()):
            yield place.name.split(".")[1], place.read_bytes()


def concerns(kind: str, answer: bytes, sample: Sample, number: int) -> bool:
    """True where the answer is to this sample: by control number, else by patient control number."""
    if kind == "TA1":
        return f"TA1*{number:09d}*".encode() in answer
    if kind == "999":
        return f"AK1*HC*{number}*".encode() in answer
    return f"*{sample.number}".encode() in answer
