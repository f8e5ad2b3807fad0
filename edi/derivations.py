"""Values that no document states: numbers of the hierarchy, dates and control numbers of a transaction set.

Overlays refer to these functions by name (`[loop.X.derive]`). Each takes the running generation and the
scope of its loop, and returns the element's text, or "" for none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Protocol

from edi.binary import write_content


class Generation(Protocol):
    """What a derivation may ask of the transaction set being generated."""

    @property
    def document(self) -> Mapping[str, object]:
        """The document being generated."""

    @property
    def created(self) -> datetime:
        """When the transaction set is made."""

    @property
    def control_number(self) -> str:
        """ST02."""

    @property
    def reference(self) -> str:
        """The batch reference of BHT03 and the like."""

    @property
    def sender(self) -> str:
        """The submitter's identifier where a document names none."""

    @property
    def receiver(self) -> str:
        """The receiver's identifier where a document names none."""

    @property
    def ordinal_in_loop(self) -> int:
        """Which repeat of its loop this is, from 1."""


Derivation = Callable[[Generation, Mapping[str, object]], str]


@lru_cache(maxsize=16)  # all claims of a batch are made at one time
def write_moment(created: datetime) -> tuple[str, str]:
    """A moment as CCYYMMDD and HHMM."""
    day = f"{created.year:04d}{created.month:02d}{created.day:02d}"
    return day, f"{created.hour:02d}{created.minute:02d}"


def derive_date(generation: Generation, scope: Mapping[str, object]) -> str:
    """The creation date as CCYYMMDD."""
    return write_moment(generation.created)[0]


def derive_time(generation: Generation, scope: Mapping[str, object]) -> str:
    """The creation time as HHMM."""
    return write_moment(generation.created)[1]


def derive_control_number(generation: Generation, scope: Mapping[str, object]) -> str:
    """The transaction set control number, ST02."""
    return generation.control_number


def derive_reference(generation: Generation, scope: Mapping[str, object]) -> str:
    """The originator's reference of the batch."""
    return generation.reference


def derive_sender(generation: Generation, scope: Mapping[str, object]) -> str:
    """The submitter's identifier."""
    return generation.sender


def derive_receiver(generation: Generation, scope: Mapping[str, object]) -> str:
    """The receiver's identifier."""
    return generation.receiver


def derive_loop_number(generation: Generation, scope: Mapping[str, object]) -> str:
    """The number of this repeat of the loop, from 1 (LX01)."""
    return str(generation.ordinal_in_loop)


def derive_self(generation: Generation, scope: Mapping[str, object]) -> str:
    """`18` where the subscriber is the patient (005010X222A1 2000B SBR02)."""
    return "" if generation.document.get("dependent") is not None else "18"


def derive_entity_type(generation: Generation, scope: Mapping[str, object]) -> str:
    """`2` where the scope names an organization, else `1` (NM102)."""
    return "2" if scope.get("organizationName") is not None else "1"


def derive_billing_entity_type(generation: Generation, scope: Mapping[str, object]) -> str:
    """The entity type of the billing provider, whose address this is (005010X222A1 2010AB NM102)."""
    billing = generation.document.get("billing")
    return derive_entity_type(generation, billing) if isinstance(billing, Mapping) else "2"


def derive_payer_name(generation: Generation, scope: Mapping[str, object]) -> str:
    """The receiver's name, which is the payer's where a claim names no payer (2010BB NM103)."""
    receiver = generation.document.get("receiver")
    name = receiver.get("organizationName") if isinstance(receiver, Mapping) else None
    return name if isinstance(name, str) else ""


def derive_source_id(generation: Generation, scope: Mapping[str, object]) -> str:
    """The payer's identifier, where an inquiry names no payer (005010X279A1 2100A NM103 is required)."""
    number = generation.document.get("tradingPartnerServiceId")
    return number if isinstance(number, str) else ""


def derive_procedure_code(generation: Generation, scope: Mapping[str, object]) -> str:
    """The line's procedure code again (005010X222A1 2400 SV501-2 equals SV101-2)."""
    service = scope.get("professionalService")
    code = service.get("procedureCode") if isinstance(service, Mapping) else None
    return code if isinstance(code, str) else ""


def derive_content_length(generation: Generation, scope: Mapping[str, object]) -> str:
    """The length of an attachment's content in bytes (005010X210 2110B BIN01)."""
    content = scope.get("content")
    if not isinstance(content, str):
        return ""
    try:
        return str(len(write_content(content)))
    except UnicodeEncodeError:  # half of a surrogate pair, which is a finding of its own
        return str(len(content))


#: Numbers of the hierarchy (HL01, HL02, HL04): the generator writes these once it knows the whole hierarchy.
HIERARCHY = frozenset({"hl.id", "hl.parent", "hl.child"})

DERIVATIONS: dict[str, Derivation] = {
    "set.control_number": derive_control_number,
    "set.date": derive_date,
    "set.time": derive_time,
    "set.reference": derive_reference,
    "set.sender": derive_sender,
    "set.receiver": derive_receiver,
    "loop.number": derive_loop_number,
    "subscriber.self": derive_self,
    "entity.type": derive_entity_type,
    "billing.entity_type": derive_billing_entity_type,
    "payer.name": derive_payer_name,
    "source.id": derive_source_id,
    "content.length": derive_content_length,
    "line.procedure_code": derive_procedure_code,
}

#: What some ask of the document beside their scope: names at its root.
ASKED: dict[Derivation, tuple[str, ...]] = {
    derive_self: ("dependent",),
    derive_billing_entity_type: ("billing",),
    derive_payer_name: ("receiver",),
    derive_source_id: ("tradingPartnerServiceId",),
}

#: Those that ask nothing of the document.
CONTEXTUAL = frozenset(
    {derive_control_number, derive_date, derive_time, derive_reference, derive_sender, derive_receiver}
)

#: Those that ask of the document only which names it has.
BY_PRESENCE = frozenset({derive_self})
