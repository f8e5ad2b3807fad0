"""What a reader of a transaction set keeps: its open loops, what it has found, and how it says so."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from edi.checks import check_segment
from edi.edits.tables import CodeTables
from edi.findings import Finding, Place, find
from edi.guide import LoopUse, SegmentUse
from edi.guides.maps import load_external_tables
from edi.guides.routes import Routes, Station
from edi.guides.structure import load_segment_ids
from edi.rules.registry import OWN_GUIDE
from edi.segments import Delimiters, Segment
from edi.tree import Loop

UNLISTED = "code.not_in_table"
TRAILER = "SE"  # the envelope says where it is missing (IK502 2)


class ReaderNotes:
    """Findings about the set that is being read, each with the loop occurrence that it is about."""

    guide_id: str
    routes: Routes
    delimiters: Delimiters
    at: Place
    loop: Loop
    findings: list[Finding]
    anchors: list[Loop]
    last: Segment | None
    tables: CodeTables | None

    def note(self, finding: Finding, loop: Loop) -> None:
        """Keep a finding about a loop."""
        self.findings.append(finding)
        self.anchors.append(loop)

    def _note_found(self, findings: Iterable[Finding], loop: Loop) -> None:
        """Keep what a rule has found in a loop."""
        for finding in findings:
            self.note(self._complete(finding, loop), loop)

    def _complete(self, finding: Finding, loop: Loop) -> Finding:
        """A rule's finding with the guide and the control numbers of the envelope."""
        place = finding.x12 or Place(loop=loop.use.id)
        return msgspec.structs.replace(
            finding,
            rule=(finding.rule or "").replace(OWN_GUIDE, self.guide_id),
            x12=self._enclose(place),
            trigger=self._enclose(finding.trigger) if finding.trigger else None,
        )

    def _enclose(self, place: Place) -> Place:
        """A place with the control numbers of the envelope."""
        at = self.at
        return msgspec.structs.replace(place, interchange=at.interchange, group=at.group, set=at.set)

    def _note_too_many_loops(self, use: LoopUse, segment: Segment, loop: Loop) -> None:
        finding = find(
            "loop.too_many",
            x12=self._segment_place(segment, use.id),
            rule=self._rule(use.id),
            loop=use.id,
            name=use.name,
            limit=str(use.repeat),
        )
        self.note(finding, loop)

    def _rule(self, key: str) -> str:
        return f"{self.guide_id} {key}"

    def _segment_place(self, segment: Segment, loop: str) -> Place:
        return msgspec.structs.replace(
            self.at, loop=loop, segment=segment.id, ordinal=segment.ordinal, offset=segment.offset
        )

    def _note_too_many(self, use: SegmentUse, segment: Segment) -> None:
        place = self._segment_place(segment, use.loop)
        finding = find(
            "segment.too_many",
            x12=place,
            rule=self._rule(use.key),
            name=use.name,
            segment=use.id,
            loop=use.loop,
            limit=str(use.max_use),
        )
        self.note(finding, self.loop)

    def _note_unplaced(self, segment: Segment) -> None:
        loop = self.loop
        code = "segment.unknown"
        if segment.id not in self.routes.tells:
            code = "segment.not_in_set" if segment.id in load_segment_ids() else "segment.unrecognized"
        name = segment.id if segment.id.isalnum() and len(segment.id) <= 3 else "?"
        place = self._segment_place(segment, loop.use.id)
        rule = self._rule(loop.use.id)
        self.note(find(code, x12=place, rule=rule, segment=name, guide=self.guide_id), loop)

    def _note_displaced(self, station: Station, segment: Segment) -> None:
        use = station.segment
        assert use is not None, "only segments are displaced within their loop"
        place = self._segment_place(segment, use.loop)
        finding = find(
            "segment.out_of_order",
            x12=place,
            rule=self._rule(use.key),
            segment=use.id,
            loop=use.loop,
            name=use.name,
            guide=self.guide_id,
        )
        self.note(finding, self.loop)

    def _note_headless(self, loop: Station, segment: Segment) -> None:
        """A loop that begins without its first segment."""
        opener, found = loop.opener, self.loop
        if opener is None or opener.segment is None:
            raise AssertionError("a wrapper has no first segment to miss")
        while found.use is not loop.loop and found.parent is not None:
            found = found.parent
        found.shape = found.shape.excuse(opener) if found.shape is not None else None
        use = opener.segment
        place = msgspec.structs.replace(self._segment_place(segment, use.loop), segment=use.id)
        finding = find(
            "segment.missing",
            x12=place,
            rule=self._rule(use.key),
            segment=use.id,
            loop=use.loop,
            name=use.name,
        )
        self.note(finding, found)

    def _note_missing(self, station: Station, loop: Loop) -> None:
        use = station.loop or station.segment
        if use is not None and use.id == TRAILER:
            return
        last = self.last
        place = msgspec.structs.replace(self.at, loop=loop.use.id, ordinal=last.ordinal if last else None)
        if isinstance(use, LoopUse):
            place = msgspec.structs.replace(place, loop=use.id)
            finding = find("loop.missing", x12=place, rule=self._rule(use.id), loop=use.id, name=use.name)
        elif use is not None:
            place = msgspec.structs.replace(place, segment=use.id)
            finding = find(
                "segment.missing",
                x12=place,
                rule=self._rule(use.key),
                segment=use.id,
                loop=use.loop,
                name=use.name,
            )
        else:
            raise AssertionError("a station is a loop or a segment")
        self.note(finding, loop)

    def _diagnose(self, use: SegmentUse, segment: Segment) -> None:
        loop = self.loop
        for finding in check_segment(self.guide_id, use, segment, self.delimiters, self.at):
            if not (finding.code == UNLISTED and self._is_held(use, finding)):
                self.note(finding, loop)

    def _is_held(self, use: SegmentUse, finding: Finding) -> bool:
        """True where a code that our own list lacks is in the table that the customer holds for it."""
        place = finding.x12 or Place()
        element = use.find_element(place.element or 0, place.component or 0)
        listed = load_external_tables().get(element.external or "") if element is not None else None
        held = self.tables.table(listed.codes) if self.tables is not None and listed is not None else None
        return held is not None and bool(held.entries(finding.value or ""))
