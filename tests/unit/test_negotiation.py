"""Media types, codings, origins and ids of requests, as the standards have them."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import pytest
import zstandard
from aiohttp.test_utils import make_mocked_request

from gateway.api.encodings import BadCoding, Unpacker, choose_coding, pack
from gateway.api.etags import read_tags
from gateway.api.negotiation import can_read, can_write, read_request_id
from gateway.api.origin import shorten
from gateway.api.problem import Problem
from gateway.api.routing import Taken

TEXT = b"CLM*1*165.00~" * 5000 + bytes(range(256)) * 40


@pytest.mark.parametrize(
    ("wanted", "taken"),
    [
        ("application/json", True),
        ("application/*", True),
        ("text/html, */*;q=0.1", True),
        ("text/html", False),
        ("application/json;q=0", False),
        ("*/*, application/json;q=0", False),
        ("application/json;q=nonsense", True),
        (",", True),
    ],
)
def test_an_answer_is_written_for_who_takes_it(wanted: str, taken: bool) -> None:
    assert can_write(wanted, ("application/json",)) == taken


def test_an_answer_without_a_body_suits_everybody() -> None:
    assert can_write("text/html", ())


@pytest.mark.parametrize(
    ("media", "taken", "read"),
    [
        ("application/json; charset=utf-8", Taken.CLAIM, True),
        ("application/merge-patch+json", Taken.CLAIM, True),
        ("application/xml", Taken.CLAIM, False),
        ("multipart/form-data; boundary=a", Taken.CLAIM, False),
        ("application/edi-x12", Taken.CLAIM, False),
        ("application/EDI-X12", Taken.X12, True),
        ("application/json", Taken.X12, False),
        ("application/x-ndjson", Taken.BATCH, True),
        ("application/octet-stream", Taken.BATCH, True),
    ],
)
def test_a_body_is_read_where_it_is_what_the_address_takes(media: str, taken: Taken, read: bool) -> None:
    assert can_read(media, taken) == read


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "gzip in two members": lambda text: gzip.compress(text[:9]) + gzip.compress(text[9:]),
    "deflate": zlib.compress,
    "deflate without its wrapping": lambda text: zlib.compress(text, wbits=-15),
    "zstd": zstandard.ZstdCompressor().compress,
    "zstd in two frames": lambda text: pack(text[:9], "zstd") + pack(text[9:], "zstd"),
}


@pytest.mark.parametrize("name", PACKED)
@pytest.mark.parametrize("size", [1, 7, 1000, 10**6])
def test_a_packed_body_comes_out_as_it_went_in_however_it_is_cut(name: str, size: int) -> None:
    packed, unpacker = PACKED[name](TEXT), Unpacker(name.split()[0])
    pieces = [packed[at : at + size] for at in range(0, len(packed), size)]
    assert b"".join(part for piece in pieces for part in unpacker.feed(piece)) == TEXT
    unpacker.end()


@pytest.mark.parametrize("name", PACKED)
def test_a_packed_body_that_is_cut_short_is_told(name: str) -> None:
    unpacker = Unpacker(name.split()[0])
    list(unpacker.feed(PACKED[name](TEXT)[:-6]))
    with pytest.raises(BadCoding):
        unpacker.end()


@pytest.mark.parametrize("coding", ["gzip", "deflate", "zstd"])
def test_a_body_that_is_not_packed_as_it_says_is_told(coding: str) -> None:
    unpacker = Unpacker(coding)
    with pytest.raises(BadCoding):
        list(unpacker.feed(b"ISA*00* this is no packed stream at all" * 10))
        unpacker.end()


@pytest.mark.parametrize("coding", ["gzip", "deflate", "zstd"])
def test_a_bomb_is_refused_before_it_goes_off(coding: str) -> None:
    bomb, unpacker = PACKED[coding](bytes(200 * 1024 * 1024)), Unpacker(coding)
    unpacked = 0
    with pytest.raises(Problem) as refused:
        for at in range(0, len(bomb), 4096):
            for part in unpacker.feed(bomb[at : at + 4096]):
                unpacked += len(part)
    assert refused.value.status == 413
    assert unpacked < 16 * 1024 * 1024


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, deflate", "gzip"),
        ("gzip;q=1.0, zstd;q=0.5", "gzip"),
        ("zstd;q=0, *", "gzip"),
        ("identity", ""),
        ("*;q=0", ""),
        ("br", ""),
    ],
)
def test_the_coding_is_the_one_that_is_wished_most(accepted: str, coding: str) -> None:
    assert choose_coding(accepted) == coding


def test_tags_are_read_without_quotes_weakness_and_coding() -> None:
    assert read_tags('"a-gzip", W/"b" , "c-zstd"') == {"a", "b", "c"}
    assert read_tags(" * ") == {"*"}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("4bf92f3577b34da6a3ce929d0e0e4736", True),
        ("0198afa8-1610-7602-a436-911cb4bf2a9f", True),
        ("QUILL-PATRICIA-19840517", False),
        ("19840517", False),
        ("a" * 65, False),
        ("0198afa8-1610-7602-a436-911cb4bf2a9f\tX", False),
    ],
)
def test_a_clients_id_is_kept_only_where_it_cannot_be_a_name(given: str, kept: bool) -> None:
    request = make_mocked_request("GET", "/", headers={"X-Request-Id": given})
    assert read_request_id(request) == (given if kept else None)


@pytest.mark.parametrize(
    ("address", "known"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
    ],
)
def test_an_address_is_known_by_what_its_caller_cannot_choose(address: str, known: str) -> None:
    assert shorten(address) == known
