"""Rule files: what stands in one, and the rules it becomes. Everything wrong with a file is told at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

import msgspec
import yaml
from lark import Token

from edi.claim_forms import CLAIM_TYPES, PROFESSIONAL
from edi.findings import Severity
from edi.guide import LoopUse
from edi.guides.registry import load_guide
from edi.payer_rules.conditions import LINE, Condition, compile_condition, compile_list
from edi.payer_rules.faults import ExpressionInvalid, Fault, PackInvalid, suggest
from edi.payer_rules.kinds import Kind, Type, claim_type
from edi.payer_rules.pages import Page, child, entries
from edi.payer_rules.parsing import Node, parse_expression

NAME = r"[a-z][a-z0-9_]*"
RULE_ID = re.compile(rf"{NAME}(\.{NAME})+")
DEFINITION = re.compile(r"[a-zA-Z_][A-Za-z0-9_]*")
PLACE = re.compile(r"(?P<loop>\S+) (?P<segment>[A-Z][A-Z0-9]{1,2})(?P<element>\d\d)(?:-(?P<component>\d+))?")
STATUS = re.compile(r"A[3678]:\d+(:[A-Z0-9]{2,3})?")
EVERYONE = "*"
GUIDES = {"professional": PROFESSIONAL, **{kind.name: kind.guide for kind in CLAIM_TYPES}}


class Examples(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Changes to a sample claim (JSON merge patches) with which a rule must, and must not, speak."""

    failing: tuple[dict[str, Any], ...]
    passing: tuple[dict[str, Any], ...]
    claim: str = ""


class WrittenRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule as its file has it."""

    id: str
    version: int
    when: str
    message: str
    remedy: str
    examples: Examples
    payers: tuple[str, ...] = (EVERYONE,)
    filing: tuple[str, ...] = ()
    claim_types: tuple[str, ...] = ("professional",)
    effective_from: date | None = None
    effective_to: date | None = None
    severity: Severity = Severity.ERROR
    each: str = ""
    pointer: str = ""
    x12: str = ""
    status: str = ""
    cites: str = ""


class RulePlace(NamedTuple):
    """Where in X12 a rule points."""

    loop: str
    segment: str
    element: int
    component: int


class PayerRule(NamedTuple):
    """A rule ready to run: `when` by guide, and `each`, the list that it runs over, by guide."""

    written: WrittenRule
    pack: str
    when: Mapping[str, Condition]
    each: Mapping[str, Condition]
    place: RulePlace | None

    @property
    def code(self) -> str:
        """The code of its findings."""
        return f"payer.{self.written.id}"

    @property
    def cites(self) -> str:
        """What its findings name as their rule."""
        return f"{self.written.id} v{self.written.version}" + (
            f" ({self.written.cites})" if self.written.cites else ""
        )


class Pack(NamedTuple):
    """A rule file that is whole."""

    name: str
    title: str
    about: str
    rules: tuple[PayerRule, ...]


class Heading(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a file says beside its rules."""

    pack: str
    title: str
    rules: list[Any]
    about: str = ""
    define: dict[str, str] = {}


def load_pack(source: str, text: str) -> Pack:
    """The rules of a file. `source` names it in faults. Raises PackInvalid with all that is wrong."""
    page = Page(source, text)
    heading, faults = page.convert(page.root, Heading)
    reader = PackReader(page, heading.pack if heading else "")
    rules = list(reader.read_rules())
    faults += reader.faults
    if heading is None or faults:
        raise PackInvalid(source, sorted(faults))
    return Pack(heading.pack, heading.title, heading.about, tuple(rules))


class PackReader:
    """Reads the rules of a page; `faults` are what was wrong."""

    def __init__(self, page: Page, name: str) -> None:
        self.page = page
        self.name = name
        self.faults: list[Fault] = []
        self.seen: set[str] = set()
        self.definitions = dict(self._read_definitions())

    def _read_definitions(self) -> Iterator[tuple[str, Node | Token]]:
        for name, node in entries(child(self.page.root, "define")):
            if DEFINITION.fullmatch(name) is None:
                self.faults.append(self.page.fault(node, f"{name} is no name"))
                continue
            try:
                yield name, parse_expression(str(node.value))
            except ExpressionInvalid as invalid:
                self.faults.append(self.page.shift(node, invalid.fault))

    def read_rules(self) -> Iterator[PayerRule]:
        """Every rule that is whole."""
        listed = child(self.page.root, "rules")
        for node in listed.value if isinstance(listed, yaml.SequenceNode) else []:
            written, faults = self.page.convert(node, WrittenRule)
            self.faults += faults
            if written is not None:
                known = len(self.faults)
                rule = self._compile(node, written)
                if len(self.faults) == known:
                    yield rule

    def _compile(self, node: yaml.Node, written: WrittenRule) -> PayerRule:
        self._check_names(node, written)
        guides = [GUIDES[name] for name in written.claim_types if name in GUIDES]
        conditions: dict[str, Condition] = {}
        lists: dict[str, Condition] = {}
        for guide in guides:
            claim = claim_type(guide)
            line = self._compile_each(node, written, guide, lists)
            if written.each and line is None:
                continue
            try:
                conditions[guide] = compile_condition(written.when, claim, self.definitions, line)
            except ExpressionInvalid as invalid:
                self._blame(node, "when", invalid)
            self._check_pointer(node, written, claim, line)
        return PayerRule(written, self.name, conditions, lists, self._read_place(node, written, guides))

    def _compile_each(
        self, node: yaml.Node, written: WrittenRule, guide: str, lists: dict[str, Condition]
    ) -> Type | None:
        if not written.each:
            return None
        try:
            lists[guide], line = compile_list(written.each, claim_type(guide), self.definitions)
        except ExpressionInvalid as invalid:
            self._blame(node, "each", invalid)
            return None
        return line

    def _check_names(self, node: yaml.Node, written: WrittenRule) -> None:
        if RULE_ID.fullmatch(written.id) is None:
            self._note(node, "id", "an id is made of small letters, with a point: medicare.member_id")
        if written.id in self.seen:
            self._note(node, "id", "two rules have this id")
        self.seen.add(written.id)
        for name in written.claim_types:
            if name not in GUIDES:
                self._note(node, "claim_types", f"there is no claim type {name}{suggest(name, GUIDES)}")
        if written.effective_from and written.effective_to and written.effective_to < written.effective_from:
            self._note(node, "effective_to", "the rule ends before it begins")
        if written.status and STATUS.fullmatch(written.status) is None:
            self._note(node, "status", "a status is category:code or category:code:entity, as in A7:562:85")
        if not written.payers:
            self._note(node, "payers", 'a rule is for some payers, or for "*"')

    def _check_pointer(self, node: yaml.Node, written: WrittenRule, claim: Type, line: Type | None) -> None:
        """Every step of the pointer is a field of the claim; `line/...` begins at the item of `each`."""
        steps = written.pointer.split("/") if written.pointer else []
        at: Type | None = claim
        if steps and steps[0] == LINE:
            at = line
            if line is None:
                self._note(node, "pointer", "a pointer begins with line/ only where the rule has `each`")
                return
        elif steps and steps[0]:
            self._note(node, "pointer", "a pointer begins with / or with line/")
            return
        for step in steps[1:]:
            fields = at.fields if at is not None else None
            if at is not None and at.kind is Kind.LIST and step.isdigit():
                at = at.item
                continue
            if fields is None or step not in fields:
                near = suggest(step, fields or {})
                self._note(node, "pointer", f"there is no field {step} here{near}")
                return
            at = fields[step]

    def _read_place(self, node: yaml.Node, written: WrittenRule, guides: list[str]) -> RulePlace | None:
        if not written.x12:
            return None
        found = PLACE.fullmatch(written.x12)
        if found is None:
            self._note(node, "x12", "an X12 place is loop, segment and element: 2010BA NM109, 2400 SV101-2")
            return None
        place = RulePlace(
            found["loop"], found["segment"], int(found["element"]), int(found["component"] or 0)
        )
        if not any(has_segment(load_guide(guide).root, place) for guide in guides):
            self._note(node, "x12", f"no guide of the rule has {place.segment} in loop {place.loop}")
        return place

    def _blame(self, node: yaml.Node, name: str, invalid: ExpressionInvalid) -> None:
        at = child(node, name)
        fault = self.page.shift(at, invalid.fault) if at is not None else invalid.fault
        if fault not in self.faults:
            self.faults.append(fault)

    def _note(self, node: yaml.Node, name: str, message: str) -> None:
        fault = self.page.fault(child(node, name) or node, message)
        if fault not in self.faults:
            self.faults.append(fault)


def has_segment(loop: LoopUse, place: RulePlace) -> bool:
    """Whether a guide has such a segment in such a loop."""
    return any(use.loop == place.loop and use.id == place.segment for use in loop.segment_uses())
