"""X12 files over HTTP: kept whatever they are, checked, answered, and moving nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api_rig import Reply, Rig, make_settings, run_gateway

ISA = "ISA*00*          *00*          *ZZ*EXCHANGE       *ZZ*RIVERBEND      *261124*1200*^*00501*{}*0*T*:~"
TA1 = "TA1*000000001*261124*1200*A*000~"


def wrap(*segments: str, number: str = "000000905", groups: int = 0) -> bytes:
    return "".join((ISA.format(number), *segments, f"IEA*{groups}*{number}~")).encode()


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with run_gateway(make_settings(tmp_path)) as running:
        yield running


async def show_kept(rig: Rig, answer: Reply, content: bytes) -> dict[str, object]:
    """The file that the answer names, after proving that its bytes were kept."""
    file_id = answer.json["file"] if answer.status == 422 else answer.json["file"]["id"]
    shown = (await rig.call("GET", f"/v1/files/{file_id}")).json
    assert rig.gateway.services.archive.get(shown["sha256"]) == content
    assert shown["size"] == len(content)
    result: dict[str, object] = shown
    return result


async def test_a_sound_file_is_kept_and_answered_with_its_address(rig: Rig) -> None:
    content = wrap(TA1)
    answer = await rig.call("POST", "/v1/files", content)
    assert answer.status == 201, answer.body
    shown = await show_kept(rig, answer, content)
    assert answer.headers["Location"] == f"/v1/files/{shown['id']}"
    assert (shown["state"], shown["kinds"], shown["sender"]) == ("processed", ["TA1"], "EXCHANGE")
    assert shown["controlNumber"] == "000000905"


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"\x00\x01\x02", ISA.format("000000905")[:60].encode(), "ISA*".encode("utf-16")],
    ids=["empty", "json", "binary", "half-a-header", "utf-16"],
)
async def test_a_file_that_cannot_be_read_is_kept_and_refused_with_the_reason(
    rig: Rig, content: bytes
) -> None:
    answer = await rig.call("POST", "/v1/files", content)
    assert answer.status == 422
    assert [finding["severity"] for finding in answer.json["findings"]] == ["fatal"]
    shown = await show_kept(rig, answer, content)
    assert (shown["state"], shown["reason"]) == ("quarantined", answer.codes[0])


async def test_half_a_file_is_kept_and_refused(rig: Rig) -> None:
    content = wrap(TA1)[:-20]
    answer = await rig.call("POST", "/v1/files", content)
    assert answer.status == 422
    assert answer.codes
    await show_kept(rig, answer, content)


async def test_a_posted_file_moves_no_claim_and_tells_the_feed(rig: Rig) -> None:
    await rig.call("POST", "/v1/files", wrap(TA1))
    await rig.call("POST", "/v1/files", b"")
    events = (await rig.call("GET", "/v1/events")).json["events"]
    assert [event["type"] for event in events] == ["file.received", "file.received", "file.rejected"]
    assert (await rig.call("GET", "/v1/claims")).json["claims"] == []


async def test_the_same_bytes_may_be_posted_again(rig: Rig) -> None:
    answers = [await rig.call("POST", "/v1/files", wrap(TA1)) for _ in range(2)]
    assert [answer.status for answer in answers] == [201, 201]
    assert answers[0].json["file"]["id"] != answers[1].json["file"]["id"]


async def test_a_file_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    async with run_gateway(make_settings(tmp_path, file_limit=1000)) as rig:
        answer = await rig.call("POST", "/v1/files", b"x" * 1001)
    assert (answer.status, answer.codes) == (413, ["request.body_too_large"])
