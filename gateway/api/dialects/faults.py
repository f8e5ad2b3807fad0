"""Findings in the words of the dialects: `errors`, `warnings` and `editResponses`."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from edi.findings import Finding, Place, Severity

JSON = dict[str, Any]  # a JSON object
ACTIVITY = {
    Severity.FATAL: "REJECT",
    Severity.ERROR: "REJECT",
    Severity.WARNING: "WARNING",
    Severity.INFO: "INFORMATION",
}


def write_status(status: int) -> str:
    """`200 OK`, `400 BAD_REQUEST`: a status line with the phrase in capitals."""
    phrase = HTTPStatus(status).phrase.upper()
    return f"{status} {re.sub(r'[^A-Z]+', '_', phrase)}"


def write_path(pointer: str | None) -> str:
    """A JSON Pointer as a path: `claimInformation.serviceLines[0].serviceDate`."""
    steps = (pointer or "").split("/")[1:]
    return "".join(f"[{step}]" if step.isdigit() else f".{step}" for step in steps).removeprefix(".")


def write_location(place: Place | None) -> str:
    """Where in the X12, as people say it: `Loop 2300 CLM05-3`."""
    if place is None:
        return ""
    element = f"{place.element:02}" if place.element else ""
    component = f"-{place.component}" if place.component else ""
    named = f"{place.segment}{element}{component}" if place.segment else ""
    loop = f"Loop {place.loop}" if place.loop else ""
    return f"{loop} {named}".strip()


def describe_error(finding: Finding) -> JSON:
    """A finding as an entry of `errors`."""
    told = {
        "field": write_path(finding.pointer),
        "value": finding.value or "",
        "code": finding.code,
        "description": finding.message,
        "followupAction": finding.remedy,
        "location": write_location(finding.x12),
    }
    return {name: text for name, text in told.items() if text}


def describe_warning(finding: Finding) -> JSON:
    """A finding that stops nothing as an entry of `warnings`."""
    return {"code": finding.code, "description": f"{finding.message} {finding.remedy}".strip()}


def describe_edit(finding: Finding) -> JSON:
    """A finding as an entry of `editResponses`, with what only ours say (pointer, code, remedy, rule)."""
    place = finding.x12 or Place()
    told = {
        "errorDescription": finding.message,
        "badData": finding.value or "",
        "fieldIndex": str(place.element or ""),
        "editName": finding.code,
        "editActivity": ACTIVITY[finding.severity],
        "referenceID": finding.rule or "",
        "claimCorePath": write_path(finding.pointer),
        "allowOverride": "N" if finding.stops else "Y",
        "element": f"{place.segment or ''}{place.element:02}" if place.element else "",
        "loop": place.loop or "",
        "segment": place.segment or "",
        "code": finding.code,
        "severity": finding.severity.value,
        "pointer": finding.pointer or "",
        "remedy": finding.remedy,
        "rule": finding.rule or "",
    }
    return {name: text for name, text in told.items() if text}
