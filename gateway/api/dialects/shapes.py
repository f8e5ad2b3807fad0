"""Shapes of what is no success in the dialects, as the document tells them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec


class DialectError(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One fault: where, what, and what to do."""

    field: str = ""
    value: str = ""
    code: str = ""
    description: str = ""
    followup_action: str = ""
    location: str = ""


class MessageRefusal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """No success in the transaction-id dialect."""

    code: str = ""
    message: str = ""
    errors: Sequence[DialectError] = ()


class StatusRefusal(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """No success in the mailbox dialect."""

    status: str = ""
    errors: Sequence[DialectError] = ()
    http_status_code: str = ""


class RefusalDetail(msgspec.Struct, frozen=True, kw_only=True):
    """Why a report cannot be had."""

    loc: Sequence[str]
    msg: str
    type: str


class DetailRefusal(msgspec.Struct, frozen=True, kw_only=True):
    """No success among the reports of the mailbox dialect."""

    detail: Sequence[RefusalDetail]


class OauthRefusal(msgspec.Struct, frozen=True, kw_only=True):
    """No token (RFC 6749, 5.2)."""

    error: str
    error_description: str
