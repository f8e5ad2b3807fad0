"""JSON both ways: each sample comes back from its JSON byte for byte, with its delimiters and line ends."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from edi.binding import bind_tree
from edi.envelope import read_envelopes
from edi.envelope_writer import write_interchange
from edi.files import check_file
from edi.guides.registry import load_guide, resolve_guide
from edi.interchange import Interchange, TransactionSet
from edi.reader import read_set
from edi.segments import Delimiters
from edi.translation import make_envelope, write_json, write_x12
from edi.writer import generate_set
from tests.samples.guide_samples import SAMPLES
from tests.samples.views import SENT

#: Every file of the samples that is right: what was made wrong on purpose has values that are never written.
RIGHT = sorted(
    place
    for place in SAMPLES.glob("*/*/*.x12")
    if not (place.parent.name.startswith("refused") and place.name in ("claim.x12", "document.x12"))
    and place.name != "file.x12"
)
BINARY = re.compile(rb"(?<=\n)BIN\*(\d+)\*")
PLAIN = {"plain": (b"*", b":", b"^", b"~", b"\n")}
WAYS = PLAIN | {
    "control characters and no line ends": (b"\x1d", b"\x1f", b"\x1e", b"\x1c", b""),
    "bars and two-byte line ends": (b"|", b"}", b"!", b"'", b"\r\n"),
}


def name_of(place: Path) -> str:
    return "/".join(place.parts[-3:])


def dress(text: bytes, way: str) -> bytes:
    """A sample with other delimiters and line ends; what BIN holds stays as it is."""
    binary = BINARY.search(text)
    if binary is not None:
        end = binary.end() + int(binary[1])
        return (
            dress_plain(text[: binary.end()], way) + text[binary.end() : end] + dress_plain(text[end:], way)
        )
    return dress_plain(text, way)


def dress_plain(text: bytes, way: str) -> bytes:
    """A text without binary content with other delimiters and line ends."""
    old, new = PLAIN["plain"], WAYS[way]
    return text.translate(bytes.maketrans(b"".join(old[:4]), b"".join(new[:4]))).replace(old[4], new[4])


def rewrite(interchange: Interchange) -> str:
    """An interchange with every set made anew from its JSON."""
    delimiters = interchange.header.delimiters
    groups = tuple(
        msgspec.structs.replace(
            group, sets=tuple(remake(found, group.header.version, delimiters) for found in group.sets)
        )
        for group in interchange.groups
    )
    return write_interchange(msgspec.structs.replace(interchange, groups=groups))


def remake(found: TransactionSet, version: str, delimiters: Delimiters) -> TransactionSet:
    """A transaction set, read into JSON and generated from that alone."""
    guide = resolve_guide(found.set_id, found.implementation, version)
    assert guide is not None
    reading = read_set(guide, list(found.segments), delimiters)
    documents = bind_tree(load_guide(guide), reading.tree, delimiters=delimiters)
    made = generate_set(
        guide,
        msgspec.json.decode(msgspec.json.encode(documents)),
        control_number=found.control_number,
        created=SENT,
        delimiters=delimiters,
    )
    return msgspec.structs.replace(found, segments=made.segments)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("place", RIGHT, ids=name_of)
def test_a_file_comes_back_from_its_json_byte_for_byte(place: Path, way: str) -> None:
    text = dress(place.read_bytes(), way)
    reading = read_envelopes(text)
    assert "".join(rewrite(interchange) for interchange in reading.interchanges).encode() == text


@pytest.mark.parametrize("place", RIGHT, ids=name_of)
def test_json_comes_back_from_its_x12_as_it_was(place: Path) -> None:
    for document in write_json(check_file(place.read_bytes())):
        envelope = make_envelope("SENDER", "RECEIVER", 1, SENT, usage="T")
        (again,) = write_json(check_file(write_x12([document], envelope)))
        assert {**again, "meta": None} == {**document, "meta": None}
