"""Shapes of the answers to inquiries in real time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from edi.findings import Finding
from gateway.api.shapes import Shape


class InquiryShown(Shape, frozen=True, kw_only=True):
    """An inquiry and what became of it.

    `state` is answered, rejected (the payer gives its reasons: `findings`), refused (what came is no answer),
    failed (it was not taken), asked (no answer yet) or unanswered (given up). `response` is the payer's
    answer in the field's standard shape; `answeredAt` is when it came, `cached` that it came to an earlier
    inquiry.
    """

    id: str
    state: str
    payer_id: str
    control_number: str
    asked_at: datetime
    answered_at: datetime | None
    cached: bool
    findings: tuple[Finding, ...]
    response: dict[str, Any] | None  # a 271 or 277 as JSON


class InquiryLine(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one line of a batch, numbered from 1.

    `state` is that of the inquiry that `id` names, or: invalid (nothing was asked, `findings` say why),
    unavailable (nothing was asked: send the line again) or stopped (nothing from this line on was taken).
    """

    line: int
    state: str
    id: str = ""
    cached: bool = False
    findings: tuple[Finding, ...] = ()
    response: dict[str, Any] | None = None  # a 271 as JSON
