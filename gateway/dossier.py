"""A claim's dossier: the document as checked and every finding, sealed as the body of the claim's row."""

from __future__ import annotations

from typing import Any

import msgspec

from edi.findings import Finding


class Dossier(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the gateway keeps of a claim. `document` is the canonical JSON that the 837 is written from."""

    document: dict[str, Any]  # the field's standard shape, decoded from JSON
    patient_control_number: str = ""
    findings: tuple[Finding, ...] = ()


def write_dossier(dossier: Dossier) -> bytes:
    """The dossier as JSON, ready to be sealed."""
    return msgspec.json.encode(dossier)


def read_dossier(body: bytes) -> Dossier:
    """The dossier of an opened body. Raises msgspec.DecodeError where it is none."""
    return msgspec.json.decode(body, type=Dossier)


class _Written(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A dossier whose document stays as it is written."""

    document: msgspec.Raw
    patient_control_number: str = ""
    findings: tuple[Finding, ...] = ()


def replace_findings(body: bytes, findings: tuple[Finding, ...]) -> bytes:
    """The dossier `body` with other findings and the same document, byte for byte."""
    written = msgspec.json.decode(body, type=_Written)
    return msgspec.json.encode(msgspec.structs.replace(written, findings=findings))


class _ControlNumber(msgspec.Struct, frozen=True):
    patient_control_number: str = ""


def read_control_number(body: bytes) -> str:
    """The patient control number (CLM01) of an opened body, without decoding the rest."""
    return msgspec.json.decode(body, type=_ControlNumber).patient_control_number
