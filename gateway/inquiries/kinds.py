"""The two kinds of inquiry: their guides, the wire's name for them, the event that tells a late answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import msgspec

from edi.documents import Document, read_entries, read_text
from gateway.events import CLAIM_STATUS_COMPLETED, ELIGIBILITY_COMPLETED


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of inquiry. `trace` is the JSON path of the client's own reference in it, `echoes` finds the
    references that an answer gives back; `payload_type` is CAQH CORE's name of the inquiry.
    """

    name: str
    asks: str
    answers: str
    payload_type: str
    event: str
    trace: tuple[str, ...]
    echoes: Callable[[Document], Iterator[str]]


def _echo_eligibility(answer: Document) -> Iterator[str]:
    """005010X279A1 271 BHT03, which repeats that of the inquiry, and 2000C TRN02."""
    yield read_text(answer, "meta", "outboundTraceId")
    for _, trace in read_entries(answer, "subscriberTraceNumbers"):
        yield read_text(trace, "referenceIdentification")


def _echo_claim_status(answer: Document) -> Iterator[str]:
    """005010X212 277 2200D and 2200E TRN02, which repeats that of the inquiry."""
    for _, claim in read_entries(answer, "claims"):
        yield read_text(claim, "claimStatus", "trackingNumber")


ELIGIBILITY: Final = Kind(
    name="eligibility",
    asks="005010X279A1-270",
    answers="005010X279A1-271",
    payload_type="X12_270_Request_005010X279A1",
    event=ELIGIBILITY_COMPLETED,
    trace=("submitterTransactionIdentifier",),
    echoes=_echo_eligibility,
)
CLAIM_STATUS: Final = Kind(
    name="claim_status",
    asks="005010X212-276",
    answers="005010X212-277",
    payload_type="X12_276_Request_005010X212",
    event=CLAIM_STATUS_COMPLETED,
    trace=("encounter", "trackingNumber"),
    echoes=_echo_claim_status,
)
KINDS: Final[Mapping[str, Kind]] = {kind.name: kind for kind in (ELIGIBILITY, CLAIM_STATUS)}
