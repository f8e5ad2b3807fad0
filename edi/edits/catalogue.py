"""The edits of a guide, ready to run: those that its overlay names, with what they go by."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module

from edi.edits.basis import Basis
from edi.edits.registry import bind_edits
from edi.guides.registry import load_guide
from edi.rules import load_rules
from edi.rules.registry import RULES, RuleSet

MODULES = (
    "edi.edits.certificates",
    "edi.edits.diagnoses",
    "edi.edits.fees",
    "edi.edits.filing",
    "edi.edits.institutional",
    "edi.edits.ncci",
    "edi.edits.providers",
    "edi.edits.services",
    "edi.edits.turns",
)
BASES = 16  # one for each day of receipt and release of the tables; old ones are let go


def load_edits() -> None:
    """Imports every module of edits, so that each is registered under its name."""
    for name in MODULES:
        import_module(name)


@lru_cache(BASES)
def choose_rules(guide_id: str, basis: Basis) -> RuleSet:
    """The rules and edits of a guide, ready to run. Raises KeyError for a name that none has."""
    load_rules()
    load_edits()
    guide = load_guide(guide_id)
    return RuleSet([*(RULES[name] for name in guide.rules), *bind_edits(guide.edits, basis)])
