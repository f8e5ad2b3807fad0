"""Overlays: the JSON names, constants, defaults and derived values of a guide, parsed from TOML.

An overlay is the file `schemas/guides/<guide>.toml`. Its keys `guide`, `base`, `sha256`, `set`, `group`,
`versions`, `rules` and `[[fix]]` belong to the loader; the language below says how the guide's elements
are named in JSON. It is used in both directions, so everything it says must hold both ways.

    unit = "2300"                 # this loop makes one JSON document; "" or absent: one per transaction set

Loops
    [loop.2310C]                  # a loop id, or the end of its path ("2000B/2300") where ids clash
    path = "serviceFacilityLocation"      # object that the names of this loop start from
    path = "serviceLines[]"               # array: one object for each repeat of the loop
    path = "providers[providerType=Payer]"        # the same, for the items of an array with this member
                                          # (no path: the names start where the enclosing loop's do)
    when = "/dependent"           # generate only where this path has a value ("!/dependent": none)
    include = ["address at address", "contact"]   # templates, each optionally at an inner path
    segments, fields, constant, default, derive, only      # tables, see below
  A loop is generated where its `path` has a value, where the guide requires it, or where one of its own
  values is there. A loop without an entry is kept in `x12Extra` as it came.
  [template.NAME] holds the same tables for reuse; what the loop itself says comes first.

Keys of the tables: SEGMENT, SEGMENT/PLACE
    SEGMENT   `N3`, or with qualifier codes `REF[EI|SY]`. The codes choose among the uses of this id in the
              loop, and may name a part of a use: `REF[0B]/02` and `REF[1G]/02` are two bindings of one use,
              each taken by one occurrence; the binding with the fewest codes comes first. A binding with one
              code writes that code itself. The codes are those of the element that tells the use from its
              siblings, else of its first coded element.
    PLACE     `02` an element, `05-1` a component; in fields also ranges and lists:
              `03..07` elements, `01-3..6` components 3 to 6 of element 1, `01..12-2` component 2 of
              elements 1 to 12, `01,10,11` elements.

Paths     steps joined by dots, from the loop's scope; a leading "/" starts at the document root;
          "." is the scope itself (a text in an array); "name[]" is an array.

[loop.X.fields]   PLACE -> one of
    "name"                        text at one place
    "names[]"                     array of texts over several places: "SV1/01-3..6" = "modifiers[]"
    ["organizationName ? 02=2", "lastName ? 02=1"]      alternatives. Reading takes the first whose condition
                                  holds; writing takes the first that has a value and sets the condition's
                                  element to its (first) code. The condition may name a component
                                  (`01-1=HC`) and several codes (`08=FI|XX`); none is always true.
    { boolean = "name", true = "Y", false = "N" }       a JSON boolean; without `false`, absence means false
    { integer = "name" }          a JSON integer
    { D8 = "date", RD8 = ["begin", "end"] }   a date or a range; the element before it holds D8 or RD8.
                                  Either may be left out; both may share the first name.
    { each = "items[]", stride = 3, parts = { "1" = "code", "2" = "amount" } }
                                  array of objects over runs of `stride` (default 1) elements, one run for
                                  each item. Keys of `parts` count within the run from 1, with a component
                                  where there is one ("1-2"); values are texts, alternatives, or
                                  { RD8 = ["begin", "end"] } where the place always holds a range.
                                  The array "[]" is the item of the segment's own array: an array of arrays.
    { pairs = { TE = "phone", EX = "extension" } }      qualifier and value in turn ("PER/03..08"), written in
                                  this order; further ones go to a second segment where the guide has room.
    { moment = "date" }           a date, a range or a date with a time as one text (format before it)
    { code = "payerType", meaning = "payerTypeName", words = "entity" }    a code and what it means in words
                                  (`schemas/words.toml`). Writing takes the code, else the word; either name
                                  may be left out. It may be a value of `parts`.
    { repeats = "types[]", meaning = "names[]", words = "type" }    the same for an element that repeats;
                                  `meaning` and `words` may be left out
    { pairs = { TE = "phone" }, each = "contactMethods[]" }   the same as an array of one-key objects
[loop.X.segments]   SEGMENT -> path of the object or array that the names of this segment start from:
    "CAS" = "claimLevelAdjustments[]"     one object (or text) for each occurrence
    "CR1" = "ambulanceTransportInformation"
    In a template, "." is the inner path it is included at; its fields of this segment start there too.
[loop.X.only]       SEGMENT -> path or !path: generate this segment only where it has (has no) value
[loop.X.constant]   PLACE -> text, always written and never a JSON name
[loop.X.default]    PLACE -> text, where the document and `derive` give none
[loop.X.derive]     PLACE -> name of a function of `edi/derivations.py`, where the document gives no value,
                    or `hl.id`, `hl.parent`, `hl.child`

A segment is generated where one of its names has a value, where its object is there, or where it is
required and a constant, default or derived value completes it; constants alone make none. A required
element with a single code, a required component with one, and an optional element with one that the guide
pairs (condition P) with a named element need no entry.

Load-time proof (`edi/guides/proof.py`): every key resolves, every JSON path has one home, every required
element of a loop that can be generated is named, constant, defaulted, derived or has a single code.
`OverlayError` lists every fault at once.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from edi.derivations import DERIVATIONS, HIERARCHY
from edi.guide import UNBOUNDED, Guide, LoopUse, SegmentUse, Slot
from edi.guides.fields import FieldParser
from edi.guides.naming import LoopBinding, Overlay, Presence, SegmentBinding
from edi.guides.places import Faults, qualifier_slot, resolve_segment, split_key
from edi.guides.proof import prove

TABLES = ("segments", "fields", "constant", "default", "derive", "only")
LOOP_KEYS = frozenset({*TABLES, "path", "when", "include"})


class OverlayError(Exception):
    """An overlay does not fit its guide: `faults` holds one sentence for each fault."""

    def __init__(self, guide: str, faults: list[str]) -> None:
        super().__init__(f"overlay of {guide}: " + "; ".join(faults))
        self.guide = guide
        self.faults = faults


class Entry:
    """What one loop says, its templates unfolded: for each table, key -> (value, inner path)."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self.path: str | None = table.get("path")
        self.when: str | None = table.get("when")
        self.tables: dict[str, dict[str, tuple[Any, str]]] = {name: {} for name in TABLES}

    def add(self, table: Mapping[str, Any], at: str) -> None:
        """Take the entries of a table or template that are not there yet."""
        for name in TABLES:
            for key, value in table.get(name, {}).items():
                self.tables[name].setdefault(key, (value, at))


class OverlayParser:
    """Turns the tables of one overlay into bindings, collecting every fault."""

    def __init__(self, raw: Mapping[str, Any], guide: Guide) -> None:
        self.raw = raw
        self.guide = guide
        self.faults = Faults()
        self.used: set[str] = set()
        self.fields = FieldParser(self.faults)

    def parse(self) -> Overlay:
        """The overlay; raises OverlayError with all faults."""
        overlay = Overlay(
            guide=self.guide.id, unit=self.raw.get("unit", ""), root=self.parse_loop(self.guide.root)
        )
        for name in sorted(set(self.raw.get("loop", {})) - self.used):
            self.faults.add(f"[loop.{name}] names no loop of the guide")
        self.faults.extend(prove(overlay))
        if self.faults.found:
            raise OverlayError(self.guide.id, self.faults.found)
        return overlay

    def parse_loop(self, use: LoopUse) -> LoopBinding:
        """The binding of a loop and of all loops in it."""
        entry = self.find_entry(use)
        return LoopBinding(
            use=use,
            scope=self.fields.name(entry.path, "") if entry and entry.path is not None else None,
            when=self.presence(entry.when, "") if entry and entry.when is not None else None,
            segments=self.parse_segments(use, entry),
            loops=tuple(self.parse_loop(child) for child in use.children if isinstance(child, LoopUse)),
            listed=entry is not None,
        )

    def find_entry(self, use: LoopUse) -> Entry | None:
        """The loop's table: the one with the longest ending of its path."""
        loops: Mapping[str, Any] = self.raw.get("loop", {})
        parts = use.path.split("/")
        for start in range(len(parts)):
            name = "/".join(parts[start:])
            if name in loops:
                self.used.add(name)
                return self.unfold(name, loops[name])
        return None

    def unfold(self, name: str, table: Mapping[str, Any]) -> Entry:
        """The loop's table with its templates."""
        for key in sorted(set(table) - LOOP_KEYS):
            self.faults.add(f"[loop.{name}] has no key {key}")
        entry = Entry(table)
        entry.add(table, "")
        for included in table.get("include", ()):
            template, _, at = included.partition(" at ")
            if template not in self.raw.get("template", {}):
                self.faults.add(f"[loop.{name}] includes the unknown template {template}")
                continue
            entry.add(self.raw["template"][template], at)
        return entry

    def parse_segments(self, use: LoopUse, entry: Entry | None) -> tuple[SegmentBinding, ...]:
        """Bindings of the loop's segments in guide order, those of one use with the fewest codes first."""
        homes = self.homes_of(use, entry)
        bindings: list[SegmentBinding] = []
        for child in use.children:
            if isinstance(child, SegmentUse):
                keys = [key for key, home in homes.items() if home is child]
                bindings += self.bindings_of(child, keys, entry)
        return tuple(bindings)

    def homes_of(self, use: LoopUse, entry: Entry | None) -> dict[str, SegmentUse]:
        """The segment use that each segment key of the loop names."""
        homes: dict[str, SegmentUse] = {}
        for table in entry.tables.values() if entry else ():
            for key in table:
                segment = split_key(key)[0]
                home = homes.get(segment) or resolve_segment(use, segment)
                if home is None:
                    self.faults.add(f"loop {use.path}: {key} names no single segment use")
                else:
                    homes[segment] = home
        return homes

    def bindings_of(self, use: SegmentUse, keys: list[str], entry: Entry | None) -> list[SegmentBinding]:
        """The bindings of one use, the narrowest first, and one without names for the remaining codes."""
        bindings = [self.parse_segment(use, key, entry) for key in keys if entry]
        bindings.sort(key=lambda binding: len(binding.codes) or UNBOUNDED)
        rest = use.key.rpartition("/")[2]
        if all(binding.codes for binding in bindings) and rest not in keys:
            bindings.append(SegmentBinding(key=rest, use=use))
        return bindings

    def parse_segment(self, use: SegmentUse, key: str, entry: Entry) -> SegmentBinding:
        """The binding that all entries of one segment key make together."""
        slot = qualifier_slot(use)
        codes = tuple(key.partition("[")[2].rstrip("]").split("|")) if "[" in key else ()
        constants = self.texts(use, key, entry, "constant")
        if len(codes) == 1 and slot is not None and all(place != slot for place, _ in constants):
            constants = ((slot, codes[0]), *constants)
        scope, at = entry.tables["segments"].get(key, (None, ""))
        only, only_at = entry.tables["only"].get(key, (None, ""))
        return SegmentBinding(
            key=key,
            use=use,
            codes=codes,
            slot=slot if codes else None,
            scope=self.fields.name(scope, at) if scope else None,
            only=self.presence(only, only_at) if only else None,
            fields=self.fields.parse(use, self.entries(key, entry, "fields"), inside=scope is not None),
            constants=constants,
            defaults=self.texts(use, key, entry, "default"),
            derived=self.derived(use, key, entry),
        )

    def entries(self, key: str, entry: Entry, table: str) -> dict[str, tuple[Any, str]]:
        """The entries of one table under a segment key, by place."""
        split = ((split_key(full), value) for full, value in entry.tables[table].items())
        return {place: value for (segment, place), value in split if segment == key}

    def texts(self, use: SegmentUse, key: str, entry: Entry, table: str) -> tuple[tuple[Slot, str], ...]:
        """Constants or defaults by place."""
        return tuple(
            (self.fields.slot(use, place), str(value))
            for place, (value, _) in self.entries(key, entry, table).items()
            if self.fields.known(use, place)
        )

    def derived(self, use: SegmentUse, key: str, entry: Entry) -> tuple[tuple[Slot, str], ...]:
        """Names of derivations by place; an unknown one is a fault."""
        named = self.texts(use, key, entry, "derive")
        for _, name in named:
            if name not in DERIVATIONS and name not in HIERARCHY:
                self.faults.add(f"{use.key}: there is no derivation {name}")
        return named

    def presence(self, text: str, at: str) -> Presence:
        """`path` or `!path` as a condition on the document."""
        return Presence(name=self.fields.name(text.removeprefix("!"), at), absent=text.startswith("!"))


def parse_overlay(raw: Mapping[str, Any], guide: Guide) -> Overlay:
    """The overlay of `guide` from decoded TOML; raises OverlayError listing every fault."""
    return OverlayParser(raw, guide).parse()


LOADED: dict[str, Overlay] = {}


def load_overlay(guide: Guide) -> Overlay:
    """The overlay of a guide from `schemas/guides`, proven once; raises OverlayError."""
    if guide.id not in LOADED:
        text = (files("schemas") / "guides" / f"{guide.id}.toml").read_text(encoding="utf-8")
        LOADED[guide.id] = parse_overlay(tomllib.loads(text), guide)
    return LOADED[guide.id]
