"""The JSON of a request is read strictly, and everything wrong is said with its place."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edi import json_body
from edi.json_body import DEPTH, decode_body


def codes(body: bytes) -> list[tuple[str, str | None]]:
    decoded = decode_body(body)
    assert decoded.document is None
    return [(finding.code, finding.pointer) for finding in decoded.findings]


def test_an_object_is_decoded_with_exact_amounts() -> None:
    document = decode_body(
        b'\xef\xbb\xbf {"amount": 12345678901234567.89, "count": 3, "none": null}'
    ).document
    assert document == {"amount": Decimal("12345678901234567.89"), "count": 3, "none": None}
    assert isinstance(document["amount"], Decimal)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "json.empty"),
        (b" \r\n", "json.empty"),
        (b"\xef\xbb\xbf", "json.empty"),
        (b"[]", "json.not_an_object"),
        (b'"text"', "json.not_an_object"),
        (b"12.5", "json.not_an_object"),
        (b"null", "json.not_an_object"),
        (b"true", "json.not_an_object"),
        (b'{"a": "\xff"}', "json.not_utf8"),
        ('{"a": "é"}'.encode("utf-16"), "json.not_utf8"),
        (b'{"a": ', "json.unreadable"),
        (b'{"a": 1} {"b": 2}', "json.unreadable"),
        (b'{"a": "\x00"}', "json.unreadable"),
        (b"ISA*00*          *00*", "json.is_x12"),
        (b"\r\n isa*00*", "json.is_x12"),
    ],
)
def test_what_is_no_json_object_is_refused_by_name(body: bytes, code: str) -> None:
    assert codes(body) == [(code, None)]


def test_unreadable_json_names_line_and_column() -> None:
    (finding,) = decode_body(b'{\n  "a": 1,\n  b: 2}').findings
    assert "line 3, column 3" in finding.message


def test_an_x12_file_is_shown_the_way_to_the_files() -> None:
    (finding,) = decode_body(b"ISA*00*").findings
    assert "POST /v1/files" in finding.remedy


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_megabytes_of_nesting_are_refused(opening: bytes) -> None:
    assert codes(opening * (10_000_000 // len(opening))) == [("json.too_deep", None)]


def test_nesting_just_beyond_the_limit_is_refused_and_just_within_is_read() -> None:
    within = b'{"a":' * DEPTH + b"1" + b"}" * DEPTH
    assert decode_body(within).document is not None
    assert codes(b'{"a":' + within + b"}") == [("json.too_deep", None)]
    assert codes(b'{"a":' * DEPTH + b"[]" + b"}" * DEPTH) == [("json.too_deep", None)]


def test_all_faults_of_a_document_are_told_at_once_with_their_pointers() -> None:
    body = (
        b'{"a": NaN, "b": [1, -Infinity, {"c/d": 1, "c/d": 2}], "e": "\\ud800", "f": 1e999999, "g": '
        + b"9" * 5000
    )
    assert codes(body + b"}") == [
        ("json.bad_number", "/a"),
        ("json.bad_number", "/b/1"),
        ("json.duplicate_key", "/b/2/c~1d"),
        ("json.bad_character", "/e"),
        ("json.bad_number", "/f"),
        ("json.bad_number", "/g"),
    ]


def test_a_key_with_half_a_surrogate_pair_is_refused_at_its_object() -> None:
    assert codes(b'{"a": {"\\udfff": {"b": NaN}}}') == [
        ("json.bad_character", "/a"),
        ("json.bad_number", "/a/?/b"),
    ]


def test_a_full_surrogate_pair_is_a_character() -> None:
    assert decode_body(b'{"a": "\\ud83d\\ude00"}').document == {"a": "\U0001f600"}


@given(st.binary(max_size=300))
def test_no_bytes_raise(body: bytes) -> None:
    decoded = decode_body(body)
    assert (decoded.document is None) == bool(decoded.findings)


KEYS = st.sampled_from(["a", "b", "é", "x y"])
LEAVES = st.one_of(
    st.sampled_from(
        [
            "1",
            "-0",
            "1.50",
            "1e5",
            "1e999999",
            "9" * 19,
            "9" * 41,
            "0." + "1" * 41,
            "NaN",
            "true",
            "null",
            "01",
        ]
    ),
    st.sampled_from(['"t"', '"5: "', '""', '"\\u00e9"', '"\\\\"', '"a\\":1"', '"\\ud800"', '"é"', '"\n"']),
)


def write_object(pairs: list[tuple[str, str]], colon: str) -> str:
    return "{" + ",".join(f'"{key}"{colon}{value}' for key, value in pairs) + "}"


def write_array(items: list[str]) -> str:
    return "[" + ",".join(items) + "]"


BODIES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(
            write_object,
            st.lists(st.tuples(KEYS, inner), max_size=4),
            st.sampled_from([":", ":", ":", " :", "\n: "]),
        ),
        st.builds(write_array, st.lists(inner, max_size=3)),
    ),
    max_leaves=12,
)


@given(BODIES)
def test_the_quick_way_takes_nothing_that_the_careful_way_takes_otherwise(body: str) -> None:
    text = body.encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_body, "_read_regular", lambda text: None)
        careful = decode_body(text)
    quick = decode_body(text)
    assert quick == careful
    assert repr(quick.document) == repr(careful.document)


def test_equal_keys_are_found_in_a_document_that_is_regular_otherwise() -> None:
    assert codes(b'{"a":{"b":"1","b":"2"},"c":[{"d":1}]}') == [("json.duplicate_key", "/a/b")]
    assert codes(b'{"a":"1","a":{"b" :"2"}}') == [("json.duplicate_key", "/a")]
