"""Which files the folder of a sample holds, and what each of them is made from.

A case is a folder `samples/<guide>/<case>`. What it holds beside its source (the JSON that is posted or
written, or a file as it came) follows from what it is. `python -m scripts.samples` writes every view anew:
read the difference before keeping it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from edi.acks.answering import acknowledge_file
from edi.files import FileReport, check_file
from edi.translation import write_json
from gateway.demo.samples import EXPECTED, GUIDE_FOLDERS
from tests.samples.goldens import SENT, make_goldens
from tests.samples.guide_samples import CASES, CLAIMS, SAMPLES, list_faults, write_case
from tests.samples.journeys import tell_stories

View = Callable[[], bytes]
#: Files that people write; every other file of a case is made from them.
SOURCES = frozenset({"claim.json", "document.json", "file.x12", EXPECTED})
#: Guides whose documents are reports: what is read from their X12 is a view of its own.
REPORTS = frozenset({"271", "277", "277CA", "835"})
ENVELOPES = "TA1"
JOURNEYS = tuple(
    sorted(place.parent for guide in GUIDE_FOLDERS for place in (SAMPLES / guide).glob(f"*/{EXPECTED}"))
)
FILES = tuple(sorted(place.parent for place in (SAMPLES / ENVELOPES).glob("*/file.x12")))
EVERY = tuple(sorted({*CASES, *JOURNEYS, *FILES}))


def is_refused(case: Path) -> bool:
    """True for a case that is wrong on purpose."""
    return case.name.startswith("refused")


def list_views(case: Path) -> Mapping[str, View]:
    """The files that a case must have beside its sources, each with what makes its content."""
    if case in FILES:
        return list_file_views(case)
    if case in JOURNEYS and not is_refused(case):
        return list_journey_views(case)
    claim = case.parent.name in CLAIMS
    name = "claim.x12" if claim else "document.x12"
    views: dict[str, View] = {name: lambda: write_case(case)}
    views["ack.x12"] = lambda: answer(write_case(case), "999")
    if claim:
        views["status.x12"] = lambda: answer(write_case(case), "277ca")
    if is_refused(case):
        views["findings.json"] = lambda: write_lines(list_faults(case))
    elif case.parent.name in REPORTS:
        views["report.json"] = lambda: write_reports(write_case(case))
    return views


def list_file_views(case: Path) -> Mapping[str, View]:
    """A file as it came: what is wrong with it by code and place, and the answer."""
    text = (case / "file.x12").read_bytes()
    return {
        "ack.x12": lambda: answer(text, "999"),
        "findings.json": lambda: write_lines(list_places(check_file(text))),
    }


def list_journey_views(case: Path) -> Mapping[str, View]:
    """A claim that goes the whole way: every file on it, the remittances as JSON, and its story."""
    views: dict[str, View] = {
        name: lambda name=name: load_goldens()[case.name, name]  # type: ignore[misc]  # the default binds the name
        for folder, name in load_goldens()
        if folder == case.name
    }
    if "remit.x12" in views:
        views["report.json"] = lambda: write_reports(load_goldens()[case.name, "remit.x12"])
    views["events.json"] = lambda: load_stories()[case.name]
    return views


@cache
def load_goldens() -> Mapping[tuple[str, str], bytes]:
    """The X12 of the journeys, played once."""
    return make_goldens()


@cache
def load_stories() -> Mapping[str, bytes]:
    """The events of the journeys, played once."""
    return tell_stories()


def answer(text: bytes, kind: str) -> bytes:
    """The acknowledgment of a file. A 277CA judges claims with the code tables, a 999 by the guide alone."""
    return acknowledge_file(check_file(text, edits=kind == "277ca"), kind=kind, created=SENT)


def write_lines(value: Any) -> bytes:
    """JSON that a person reads."""
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def write_reports(text: bytes) -> bytes:
    """The reports of a file of one or more interchanges."""
    return write_lines(write_json(check_file(text)))


def list_places(report: FileReport) -> list[Mapping[str, Any]]:
    """Every finding of a file by code, severity, and place."""
    return [
        {"code": finding.code, "severity": finding.severity.value, "place": describe(finding.x12)}
        for finding in report.all_findings
    ]


def describe(place: Any) -> Mapping[str, Any]:
    """A place without the offset, by the names of its parts."""
    names = (
        "interchange",
        "group",
        "set",
        "loop",
        "segment",
        "ordinal",
        "element",
        "component",
        "repetition",
    )
    return {name: getattr(place, name) for name in names if place is not None and getattr(place, name)}
