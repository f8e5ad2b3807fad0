"""The first look at a file: what can only be known from the whole of it, in constant memory.

A file is ASCII, UTF-8 or latin-1 as a whole, and it was hard-wrapped at a fixed width or it was not. Both are
learnt here from its chunks, so that the lexer can read it from front to back.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator

import msgspec

from edi.binary import BINARY_SEGMENTS
from edi.delimiters import BLANKS, HEADER_LENGTH, read_header
from edi.findings import Finding, Place, find
from edi.segments import Delimiters

BOM = "\xef\xbb\xbf"
FILLERS = BLANKS + "\x00\x1a"
HEADER_ID = re.compile(r"ISA[^0-9A-Za-z]")
ANY_HEADER_ID = re.compile(r"(?:ISA|isa)[^0-9A-Za-z]")
_LINE_BREAK = re.compile(r"\r\n|\n|\r")
_WIDE_ENCODINGS = (b"\xff\xfe", b"\xfe\xff", b"I\x00S\x00", b"\x00I\x00S")
_EBCDIC_HEADER = b"\xc9\xe2\xc1"
_LONGEST_LINE = 1 << 16
_PIECE = 1 << 16
_LONGEST_PIECE = 1 << 18
_HEADER_WITH_BREAKS = 220


class Unreadable(Exception):
    """Nothing can be read: `finding` says why. The text of the exception holds no value of the file."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(f"{finding.code}: {finding.message}")
        self.finding = finding


class Survey(msgspec.Struct, frozen=True):
    """What the whole file says: `encoding` is ascii, utf-8 or latin-1; `line_break` stands where the file was
    wrapped without regard to its segments, or is ""; `opening` is how it begins, after blanks."""

    encoding: str
    line_break: str
    opening: str


def regroup(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of some 64 to 320 KiB, none of which ends inside a line break."""
    held = b""
    for chunk in slice_chunks(chunks):
        held = held + chunk if held else chunk
        if len(held) >= _PIECE:
            half = held.endswith(b"\r")
            yield held[:-1] if half else held
            held = b"\r" if half else b""
    if held:
        yield held


def slice_chunks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces that are not longer than 256 KiB."""
    for chunk in chunks:
        if len(chunk) <= _LONGEST_PIECE:
            yield chunk
            continue
        for start in range(0, len(chunk), _LONGEST_PIECE):
            yield chunk[start : start + _LONGEST_PIECE]


def survey_chunks(chunks: Iterable[bytes]) -> Survey:
    """Looks at a whole file. Raises Unreadable for what cannot be X12 in any reading."""
    opening, wrapping, encoding = _Opening(), _Wrapping(), _Encoding()
    for piece in regroup(chunks):
        opening.look(piece)
        wrapping.look(piece)
        encoding.look(piece, wrapping.first_break)
    opening.judge()
    line_break = wrapping.settle()
    return Survey(encoding.settle(wrapped=bool(line_break)), line_break, opening.text)


class _Opening:
    """The first characters of a file: those that forbid to read it, and those that are no blanks."""

    def __init__(self) -> None:
        self.begun = False
        self.filled = False
        self.text = ""

    def look(self, piece: bytes) -> None:
        if not self.begun:
            self.begun = True
            _refuse_encoding(piece)
            self.filled = bool(piece.strip(FILLERS.encode()))
            piece = piece.removeprefix(BOM.encode("latin-1"))
        if len(self.text) < HEADER_LENGTH:
            start = piece if self.text else piece.lstrip(FILLERS.encode())
            self.text += start[:HEADER_LENGTH].decode("latin-1")

    def judge(self) -> None:
        if not self.text and not self.filled:
            raise Unreadable(find("file.empty", x12=Place(offset=0)))


def _refuse_encoding(piece: bytes) -> None:
    if not piece.strip(FILLERS.encode()):
        return
    if piece.startswith(_WIDE_ENCODINGS):
        raise Unreadable(find("file.utf16", x12=Place(offset=0)))
    if piece.startswith(_EBCDIC_HEADER):
        raise Unreadable(find("file.ebcdic", x12=Place(offset=0)))


class _Encoding:
    """Whether the bytes are ASCII or valid UTF-8, as they are and without the line breaks of wrapping."""

    def __init__(self) -> None:
        self.ascii = True
        self.first = True
        self.plain = _Utf8()
        self.unwrapped = _Utf8()

    def look(self, piece: bytes, line_break: str) -> None:
        text = piece.removeprefix(BOM.encode("latin-1")) if self.first else piece
        self.first = False
        if self.ascii and text.isascii():
            return
        self.ascii = False
        self.plain.look(text)
        if self.unwrapped.valid:
            self.unwrapped.look(text.replace(line_break.encode(), b"") if line_break else text)

    def settle(self, *, wrapped: bool) -> str:
        if self.ascii:
            return "ascii"
        return "utf-8" if (self.unwrapped if wrapped else self.plain).settle() else "latin-1"


class _Utf8:
    """Decides on UTF-8 chunk by chunk."""

    def __init__(self) -> None:
        self.valid = True
        self.decoder = codecs.getincrementaldecoder("utf-8")()

    def look(self, chunk: bytes, *, final: bool = False) -> None:
        if self.valid:
            try:
                self.decoder.decode(chunk, final)
            except UnicodeDecodeError:
                self.valid = False

    def settle(self) -> bool:
        self.look(b"", final=True)
        return self.valid


class _Wrapping:
    """Whether a file was cut into lines of one length without regard to its segments.

    `first_break` is the first line break after the first ISA. The lines from there on are measured until two
    differ; lines longer than 64 KiB are no lines.
    """

    def __init__(self) -> None:
        self.first_break = ""
        self.text = ""
        self.open = True
        self.wrapped = False
        self.lines: _Lines | None = None

    def look(self, piece: bytes) -> None:
        for start in range(0, len(piece), _PIECE):
            if not self.open:
                return
            text = self.text + piece[start : start + _PIECE].decode("latin-1")
            half = text.endswith("\r")
            self.text = text if half else self._advance(text, final=False)

    def settle(self) -> str:
        if self.open and self.text:
            self._advance(self.text, final=True)
        if self.lines is not None and self.open:
            self.wrapped = self.lines.settle()
        return self.first_break if self.wrapped else ""

    def _advance(self, text: str, *, final: bool) -> str:
        """Look at a text as far as it goes; what of it has to be seen again."""
        if self.lines is None:
            text = self._begin(text, final=final)
        if self.lines is not None and self.open:
            text = self.lines.measure(text, self.first_break, final=final)
            self.open = self.lines.equal
        if not (self.open or self.wrapped):
            self.first_break = ""
        return text if self.open else ""

    def _begin(self, text: str, *, final: bool) -> str:
        found = ANY_HEADER_ID.search(text)
        if found is None:
            return text[-3:]
        text = text[found.start() :]
        first_break = _LINE_BREAK.search(text, 0, _LONGEST_LINE)
        if first_break is None:
            self.open = len(text) < _LONGEST_LINE and not final
            return text
        if len(text) < _HEADER_WITH_BREAKS and not final:
            return text
        return self._judge_header(text, first_break)

    def _judge_header(self, text: str, first_break: re.Match[str]) -> str:
        line_break = first_break.group()
        header = read_header(text[:_HEADER_WITH_BREAKS].replace(line_break, ""), 0)
        if header is None or header.delimiters.segment in "\r\n":
            self.open = False
        elif first_break.start() < HEADER_LENGTH - 1:
            self.open, self.wrapped, self.first_break = False, not header.faults, line_break
        elif _has_binary(text[: first_break.start()], header.delimiters):
            self.open = False  # the line breaks are those of the content
        else:
            self.first_break = line_break
            self.lines = _Lines(header.delimiters.segment)
        return text


def _has_binary(text: str, delimiters: Delimiters) -> bool:
    """True where a segment with binary content begins in the text."""
    return any(f"{delimiters.segment}{name}{delimiters.element}" in text for name in BINARY_SEGMENTS)


class _Lines:
    """Measures lines, in bytes and in characters of UTF-8, until they differ in both.

    The last line that is not blank may be shorter. Some line must end inside a segment.
    """

    def __init__(self, terminator: str) -> None:
        self.terminator = terminator
        self.widths = [-1, -1]
        self.may_be = [True, True]
        self.last = [False, False]
        self.inside = False
        self.cut = False

    @property
    def equal(self) -> bool:
        return any(self.may_be)

    def measure(self, text: str, line_break: str, *, final: bool) -> str:
        """Measure the whole lines of a text; what is left of it."""
        lines = text.split(line_break)
        rest = "" if final else lines.pop()
        for line in lines:
            self._measure_line(line, last=final and line is lines[-1])
            if not self.equal:
                return ""
        if len(rest) > _LONGEST_LINE:
            self.may_be = [False, False]
        return rest

    def _measure_line(self, line: str, *, last: bool) -> None:
        told = line.rstrip(FILLERS)
        if told:
            self.may_be = [may and not ended for may, ended in zip(self.may_be, self.last, strict=True)]
            self.inside = self.inside or self.cut
        self.cut = self.cut or not line.endswith(self.terminator)
        for form, (whole, filled) in enumerate(((line, told), (_decode(line), _decode(told)))):
            if self.widths[form] < 0:
                self.widths[form] = len(whole)
            if len(whole) != self.widths[form] or last:
                self.last[form] = True
                self.may_be[form] = self.may_be[form] and len(filled) <= self.widths[form]

    def settle(self) -> bool:
        return self.inside and self.equal


def _decode(text: str) -> str:
    return text if text.isascii() else text.encode("latin-1").decode("utf-8", "replace")


def explain_unreadable(opening: str) -> str:
    """The code of the finding for a file in which no ISA can be read, by how it begins."""
    if re.match(r"isa[^0-9A-Za-z]", opening):
        return "file.lowercase_header"
    if re.match(r"(GS|ST|TA1)[^0-9A-Za-z]", opening):
        return "file.no_interchange_header"
    if HEADER_ID.match(opening):
        return "file.truncated_header" if len(opening) < HEADER_LENGTH else "file.unreadable_header"
    return "file.not_x12"
