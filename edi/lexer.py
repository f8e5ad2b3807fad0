"""Bytes to segments: finds each ISA, learns its delimiters, and splits what follows into segments.

The bytes are looked at as latin-1, in which one byte is one character, so a place in the text is the byte
offset in the file. Values that hold more than ASCII are decoded as they are cut out: as UTF-8 where the
whole file is valid UTF-8, else as latin-1. What is forgiven on the way is told by findings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from edi.binary import BINARY_SEGMENTS, LONGEST_CONTENT, read_content
from edi.delimiters import BLANKS, HeaderText, read_header
from edi.findings import Finding, Place, find
from edi.plain_chunks import cut_chunk
from edi.rows import Rows
from edi.segments import Delimiters, Segment
from edi.survey import (
    ANY_HEADER_ID,
    BOM,
    FILLERS,
    HEADER_ID,
    Survey,
    Unreadable,
    explain_unreadable,
    survey_chunks,
)
from edi.window import Window

__all__ = ["Lexer", "Unreadable"]
_FIRST_CHUNK = 1 << 10
_LARGEST_CHUNK = 1 << 14
_LOOK_AHEAD = 1 << 13
"""How far after its first character an ISA may be looked at."""
LOWER_OPENER = re.compile(r"(?:gs|ta1|iea)[^0-9A-Za-z]")
LOWER_ID = re.compile(r"[a-z][a-z0-9]{1,2}[^0-9A-Za-z]")
BOUNDARY = "--"
"""How lines begin that part the pieces of a multipart message, and the signature of a mail."""
SPECIAL = frozenset({"IEA", *BINARY_SEGMENTS})
"""Segments before or after which a chunk has to end."""


class Lexer:
    """Reads a file from front to back, one interchange after another, in constant memory.

    `chunks` are its bytes; they are gone through twice (first by `survey_chunks`, unless the survey is
    given), so a one-way iterator will not do. `header` is the ISA that stands next, or None at the end.
    `take_segments` yields what belongs to it and moves on to the next. `notes` gathers what was forgiven;
    `lower` says that segment ids are in lower case, which are read as if in upper case; `origin` gives the
    byte offset of a place in the text. Raises Unreadable where there is no ISA at all.
    """

    def __init__(self, chunks: Iterable[bytes], survey: Survey | None = None) -> None:
        survey = survey or survey_chunks(chunks)
        self.notes: list[Finding] = []
        self.encoding = survey.encoding
        self._control_number: str | None = None
        self._noted: set[str] = set()
        self._wrapped = bool(survey.line_break)
        self._window = Window(chunks, survey.line_break)
        self.origin = self._window.origin
        if self._wrapped:
            self._note("file.wrapped_lines", 0)
        self._encoding_told = self.encoding == "ascii"
        self._position = 0
        self.lower = False
        self.header: HeaderText | None = None
        self._seek_first_header(survey.opening)

    def take_segments(self) -> Iterator[list[Segment]]:
        """The segments after the ISA that stands next, to its IEA, the next ISA or the end of the file.

        They come in batches; ordinals are 0, offsets are byte offsets. Afterwards `header` is the next ISA,
        or None.
        """
        return (it.make_segments() if isinstance(it, Rows) else it for it in self.take_rows())

    def take_rows(self) -> Iterator[list[Segment] | Rows]:
        """The same, where segments that need no forgiveness are left as rows."""
        header = self.header
        if header is None:
            return
        self._control_number = header.elements[13]
        self._noted.clear()
        self._position = header.end
        yield from self._split_interchange(header.delimiters)
        self._control_number = None
        self._noted.clear()
        self._seek_next_header()

    def _begins_lower(self, header: HeaderText) -> bool:
        """True where ids are in lower case: that of ISA, or that of the segment after it."""
        self._window.reach(header.end + _LOOK_AHEAD)
        following = self._window.cut(header.end, header.end + _LOOK_AHEAD).lstrip(BLANKS)
        written = self._window.cut(header.start, header.start + 3)
        return written.islower() or LOWER_OPENER.match(following) is not None

    # --- finding headers

    def _seek_first_header(self, opening: str) -> None:
        self._window.reach(_LOOK_AHEAD)
        if self._window.text.startswith(BOM):
            self._note("file.bom", 0)
            self._position = len(BOM)
        start = self._position
        leading = self._seek_header()
        if self.header is None:
            raise Unreadable(find(explain_unreadable(opening), x12=Place(offset=0)))
        if leading - set(FILLERS):
            self._note("file.leading_text", start)
        elif leading:
            self._note("file.leading_blanks", start)

    def _seek_next_header(self) -> None:
        start = self._position
        self._window.reach(start + _LOOK_AHEAD)
        remains = self._window.cut(start, start + _LOOK_AHEAD).lstrip(FILLERS).startswith(BOUNDARY)
        between = self._seek_header()
        if between - set(FILLERS):
            self._note("file.boundary" if remains else "file.stray_text", start)
        elif between & {"\x1a", "\x00"}:
            self._note("file.trailing_control", start)

    def _seek_header(self) -> set[str]:
        """Sets `header` to the next ISA, or None; the characters that stand before it."""
        window = self._window
        passed: set[str] = set()
        before = ""
        start = self._position
        self.header = None
        while True:
            window.reach(start + _LOOK_AHEAD)
            text, first = window.text, start - window.start
            for found in ANY_HEADER_ID.finditer(text, first):
                window.reach(window.start + found.start() + _LOOK_AHEAD)
                last = text[found.start() - 1] if found.start() > first else before
                header = None if last.isalnum() else read_header(window.text, found.start())
                if header:
                    self.header = self._restore_header(header)
                    self.lower = self._begins_lower(self.header)
                    return passed | set(text[first : found.start()])
            start = window.start + len(text)
            if window.ended and start == window.end:
                return passed | set(text[first:])
            start -= 3  # the last characters may be the beginning of an ISA
            passed |= set(text[first:-3])
            before = text[-4]
            window.drop(start)

    def _restore_header(self, header: HeaderText) -> HeaderText:
        """The ISA with its elements in the file's encoding, at its places in the whole text."""
        return msgspec.structs.replace(
            header,
            elements=["ISA", *(self._restore(element, header.delimiters) for element in header.elements[1:])],
            start=header.start + self._window.start,
            end=header.end + self._window.start,
        )

    def _is_boundary(self, start: int, place: int, delimiters: Delimiters) -> bool:
        """True where a readable ISA at `place` of the text held begins a segment, whatever its delimiters."""
        text = self._window.text
        before = _skip_blanks_back(text, place, start, delimiters.segment)
        if before > start and text[before - 1] != delimiters.segment and text[place - 1] not in "\r\n":
            return False
        header = read_header(text, place)
        return header is not None and header.elements[12].isdigit()

    # --- splitting

    def _split_interchange(self, delimiters: Delimiters) -> Iterator[list[Segment] | Rows]:
        size = _FIRST_CHUNK
        cut = delimiters.segment + delimiters.line_end
        window = self._window
        ended = False
        while not ended:
            start = self._position
            window.drop(start)
            window.reach(start + 1)
            if start >= window.end:
                return
            binary = self._read_binary(start, delimiters)
            if binary is not None:
                yield [binary]
                continue
            rows = self._take_regular(start, size, cut, delimiters)
            if rows is not None:
                yield rows
            else:
                chunk, ended = self._next_chunk(start, size, delimiters)
                self._position = start + len(chunk)
                rows = None if self._wrapped or self.lower else cut_chunk(chunk, start, cut, delimiters)
                yield rows or list(self._split_carefully(chunk, start, delimiters))
            size = min(size * 4, _LARGEST_CHUNK)

    def _take_regular(self, start: int, size: int, cut: str, delimiters: Delimiters) -> Rows | None:
        """About `size` characters as rows, where nothing in them is to be forgiven and nothing ends there."""
        window = self._window
        if self._wrapped or self.lower or delimiters.element.isalnum():
            return None
        window.reach(start + size)
        place = window.find(delimiters.segment, start + size)
        end = self._after_line_end(place + 1, delimiters)
        rows = cut_chunk(window.cut(start, end), start, cut, delimiters) if place >= 0 else None
        if rows is None or not SPECIAL.isdisjoint(rows.ids) or any(it[:3] == "ISA" for it in rows.ids):
            return None
        self._position = end
        return rows

    def _next_chunk(self, start: int, size: int, delimiters: Delimiters) -> tuple[str, bool]:
        """About `size` characters that end with a whole segment; True where the interchange ends there."""
        window = self._window
        window.reach(start + size)
        cut = window.find(delimiters.segment, start + size)
        end = window.end if cut < 0 else self._after_line_end(cut + 1, delimiters)
        chunk = window.cut(start, end)
        binary = _find_binary(chunk, delimiters)
        if binary > 0:
            return chunk[:binary], False
        trailer = _find_segment(chunk, "IEA", delimiters)
        if trailer < 0 and self.lower:
            trailer = _find_segment(chunk, "iea", delimiters)
        if trailer >= 0:
            cut = chunk.find(delimiters.segment, trailer)
            if cut >= 0:
                end = self._after_line_end(start + cut + 1, delimiters)
                chunk = window.cut(start, end)
        window.reach(end + _LOOK_AHEAD)
        first = start - window.start
        for found in HEADER_ID.finditer(chunk) if "ISA" in chunk else ():
            if self._is_boundary(first, first + found.start(), delimiters):
                return chunk[: found.start()], True
        return chunk, trailer >= 0 or (window.ended and end == window.end)

    def _read_binary(self, start: int, delimiters: Delimiters) -> Segment | None:
        """The segment at `start` if it has binary content: as long as it says, else to the terminator."""
        window, separator = self._window, delimiters.element
        window.reach(start + _LOOK_AHEAD)
        head = window.cut(start, start + _LOOK_AHEAD)
        places = BINARY_SEGMENTS.get(head[:3])
        if places is None or head[3:4] != separator:
            return None
        opening = head.split(separator, places[1])
        begin = start + sum(map(len, opening[:-1])) + len(opening) - 1
        end = begin + _read_length(opening, places)
        if end > begin:
            window.reach(end + 1)
        if end == begin or window.cut(end, end + 1) != delimiters.segment:
            end = window.find(delimiters.segment, start)
            end = window.end if end < 0 else end
        elements = window.cut(start, end).split(separator, places[1])
        if len(elements) > places[1]:
            elements[-1] = read_content(elements[-1].encode("latin-1"))
        self._position = self._after_line_end(min(end + 1, window.end), delimiters)
        return Segment(elements, 0, self.origin(start))

    def _after_line_end(self, place: int, delimiters: Delimiters) -> int:
        line_end = delimiters.line_end
        self._window.reach(place + len(line_end))
        after = self._window.cut(place, place + len(line_end)) == line_end
        return place + len(line_end) if after else place

    def _split_carefully(self, chunk: str, start: int, delimiters: Delimiters) -> Iterator[Segment]:
        blanks = BLANKS.replace(delimiters.segment, "").replace(delimiters.element, "")
        pieces = chunk.split(delimiters.segment)
        place = start
        for number, piece in enumerate(pieces, 1):
            last = number == len(pieces)
            if last:
                piece = piece.rstrip(FILLERS.replace(delimiters.element, ""))
            body = piece.lstrip(blanks)
            offset = place + len(piece) - len(body)
            if body:
                self._note_form(piece, body, offset, unterminated=last)
                raw = self._restore(body.rstrip("\r\n"), delimiters)
                elements = raw.split(delimiters.element)
                if self.lower and LOWER_ID.match(raw):
                    elements[0] = elements[0].upper()
                yield Segment(elements, 0, self.origin(offset))
            elif not last:
                self._note("file.empty_segment", place)
            place += len(piece) + 1

    def _note_form(self, piece: str, body: str, offset: int, *, unterminated: bool) -> None:
        if unterminated:
            self._note("file.no_final_terminator", offset)
        if piece[: len(piece) - len(body)].strip("\r\n"):
            self._note("file.indented", offset)

    def _restore(self, raw: str, delimiters: Delimiters) -> str:
        """The text of a segment in the file's encoding, which is told at the first letter beyond ASCII."""
        if raw.isascii():
            return raw
        if not self._encoding_told:
            self._encoding_told = True
            code = "file.utf8" if self.encoding == "utf-8" else "file.latin1"
            self.notes.append(find(code, x12=Place(offset=0)))
        if self.encoding != "utf-8" or not (delimiters.segment + delimiters.element).isascii():
            return raw
        return raw.encode("latin-1").decode("utf-8", "replace")

    def _note(self, code: str, place: int) -> None:
        """Notes a forgiven fault, once for each interchange."""
        if code not in self._noted:
            self._noted.add(code)
            place_in_file = Place(interchange=self._control_number, offset=self.origin(place))
            self.notes.append(find(code, x12=place_in_file))


def _find_segment(chunk: str, segment_id: str, delimiters: Delimiters) -> int:
    """The place of the first segment with this id in a chunk that begins with a segment, or -1."""
    if segment_id not in chunk:
        return -1
    place = chunk.find(segment_id + delimiters.element)
    while place >= 0:
        before = _skip_blanks_back(chunk, place, 0, delimiters.segment)
        if before == 0 or chunk[before - 1] == delimiters.segment:
            return place
        place = chunk.find(segment_id + delimiters.element, place + 1)
    return -1


def _find_binary(chunk: str, delimiters: Delimiters) -> int:
    """The place of the first segment with binary content in a chunk that begins with a segment, or -1."""
    found = (_find_segment(chunk, name, delimiters) for name in BINARY_SEGMENTS)
    return min((place for place in found if place >= 0), default=-1)


def _read_length(opening: list[str], places: tuple[int, int]) -> int:
    """The length that a segment states for its binary content; 0 where it states none that can be."""
    stated = opening[places[0]] if len(opening) > places[1] else ""
    length = int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 12 else 0
    return length if length <= LONGEST_CONTENT else 0


def _skip_blanks_back(text: str, place: int, start: int, terminator: str) -> int:
    """The place after the last character before `place` that is no blank (or is the terminator)."""
    while place > start and text[place - 1] in BLANKS and text[place - 1] != terminator:
        place -= 1
    return place
