"""Situational and balancing rules (SNIP 3, 4), one small function each, named by the guides."""

from functools import cache
from importlib import import_module

MODULES = (
    "edi.rules.acknowledgment",
    "edi.rules.claim",
    "edi.rules.coordination",
    "edi.rules.dates",
    "edi.rules.eligibility",
    "edi.rules.enrollment",
    "edi.rules.hierarchy",
    "edi.rules.identifiers",
    "edi.rules.institutional",
    "edi.rules.premium",
    "edi.rules.remittance",
    "edi.rules.reporting",
    "edi.rules.reversals",
    "edi.rules.review",
    "edi.rules.services",
    "edi.rules.situations",
    "edi.rules.unlisted",
)


@cache
def load_rules() -> None:
    """Imports every module of rules, so that each is registered under its name."""
    for name in MODULES:
        import_module(name)
