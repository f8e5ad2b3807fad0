"""X12 HIPAA reading, checking and writing: pure, synchronous, usable without the gateway.

Everything a program needs is here; each name is loaded when it is first used, so that `import edi` costs
nothing. Read: check_file, stream_units, read_documents, read_remittances, list_payments, read_answers,
translate, translate_remittances. Check: check_claim, check_claims, check_document. Write: write_claims,
write_documents, make_envelope. Answer: acknowledge. Look up: load_guide, define, outline_input.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edi.checking import check_document
    from edi.claims import CheckedClaim, WrittenInterchange, check_claim, check_claims, write_claims
    from edi.definitions.asking import define
    from edi.envelope_writer import EnvelopeSettings
    from edi.files import check_file
    from edi.findings import Finding, Place, Severity
    from edi.guides.registry import load_guide
    from edi.json_text import Translated, translate, translate_remittances
    from edi.library import acknowledge, list_payments, read_answers, read_documents, read_remittances
    from edi.models import Remittance
    from edi.outline.inputs import Asked, outline_input
    from edi.remits.rows import PaymentRow
    from edi.reports import FileReport, SetReport
    from edi.segments import Delimiters
    from edi.streaming import SetBegun, SetEnded, UnitRead, stream_units
    from edi.survey import Unreadable
    from edi.translation import make_envelope
    from edi.writer import write_documents

#: The module of each name.
HOMES = {
    "Asked": "edi.outline.inputs",
    "CheckedClaim": "edi.claims",
    "Delimiters": "edi.segments",
    "EnvelopeSettings": "edi.envelope_writer",
    "FileReport": "edi.reports",
    "Finding": "edi.findings",
    "PaymentRow": "edi.remits.rows",
    "Place": "edi.findings",
    "Remittance": "edi.models",
    "SetBegun": "edi.streaming",
    "SetEnded": "edi.streaming",
    "SetReport": "edi.reports",
    "Severity": "edi.findings",
    "Translated": "edi.json_text",
    "UnitRead": "edi.streaming",
    "Unreadable": "edi.survey",
    "WrittenInterchange": "edi.claims",
    "acknowledge": "edi.library",
    "check_claim": "edi.claims",
    "check_claims": "edi.claims",
    "check_document": "edi.checking",
    "check_file": "edi.files",
    "define": "edi.definitions.asking",
    "list_payments": "edi.library",
    "load_guide": "edi.guides.registry",
    "make_envelope": "edi.translation",
    "outline_input": "edi.outline.inputs",
    "read_answers": "edi.library",
    "read_documents": "edi.library",
    "read_remittances": "edi.library",
    "stream_units": "edi.streaming",
    "translate": "edi.json_text",
    "translate_remittances": "edi.json_text",
    "write_claims": "edi.claims",
    "write_documents": "edi.writer",
}

__all__ = [
    "Asked",
    "CheckedClaim",
    "Delimiters",
    "EnvelopeSettings",
    "FileReport",
    "Finding",
    "PaymentRow",
    "Place",
    "Remittance",
    "SetBegun",
    "SetEnded",
    "SetReport",
    "Severity",
    "Translated",
    "UnitRead",
    "Unreadable",
    "WrittenInterchange",
    "acknowledge",
    "check_claim",
    "check_claims",
    "check_document",
    "check_file",
    "define",
    "list_payments",
    "load_guide",
    "make_envelope",
    "outline_input",
    "read_answers",
    "read_documents",
    "read_remittances",
    "stream_units",
    "translate",
    "translate_remittances",
    "write_claims",
    "write_documents",
]


def __getattr__(name: str) -> object:
    """The public name, loaded on its first use."""
    if name not in HOMES:
        raise AttributeError(f"module 'edi' has no attribute {name!r}")
    found: object = getattr(import_module(HOMES[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
