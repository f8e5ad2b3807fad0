"""What to do about a denial: the reasons and remarks of its event, with meanings and remedies."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

import msgspec

from gateway.story import ClaimStory

OTHER = "other"


class Remedy(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A code that a payer gave (CARC as group-reason, or a remark code), what it means and what to do."""

    code: str
    meaning: str
    remedy: str = ""


@cache
def _load(name: str, table: str) -> dict[str, str]:
    text = (files("schemas") / "codes" / name).read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text)[table], dict[str, str])


def list_remedies(body: bytes) -> list[Remedy]:
    """Those of a claim's event, each once; none where it tells of no payment."""
    try:
        payment = msgspec.json.decode(body, type=ClaimStory).payment
    except msgspec.DecodeError:  # a purge leaves no body
        return []
    if payment is None:
        return []
    remedies, remarks = _load("remedies.toml", "adjustment_reason"), _load("remark_codes.toml", "remark")

    def tell() -> Iterator[Remedy]:
        for adjustment in payment.adjustments:
            code = f"{adjustment.group}-{adjustment.reason}"
            yield Remedy(code, adjustment.reason_meaning, remedies.get(adjustment.reason, remedies[OTHER]))
        for code in payment.remark_codes:
            yield Remedy(code, remarks.get(code, "a remark that is not explained here"))

    return list(dict.fromkeys(tell()))
