"""Practice software drops 837 files into a folder and finds 999 and 277CA in another."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edi.acks import read_277ca, read_999
from edi.claims import write_claims
from edi.envelope_writer import EnvelopeSettings
from edi.files import check_file
from gateway.app import Gateway, Role, build_worker, make_hook_client, open_gateway
from gateway.clock import VirtualClock
from gateway.commitpoints import Reach, pass_by
from gateway.settings import BatchSettings, Sender, Settings
from gateway.store import claims, events, files, jobs, work_items
from gateway.store.events import Event
from gateway.worker import Worker
from tests.api_rig import TENANTS, make_claim, make_settings, run_gateway
from tests.sshd import running_sshd

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
TENANT = TENANTS[0]
SAMPLES = Path(__file__).resolve().parent.parent.parent / "samples"


class KilledError(BaseException):
    """What stands for a process death: no handler of ours catches it."""


def write_837(*documents: dict[str, Any], number: int = 77) -> bytes:
    envelope = EnvelopeSettings(
        sender_qualifier="ZZ",
        sender="PRACTICE",
        receiver_qualifier="ZZ",
        receiver="CLAIMWIRE",
        group_sender="PRACTICE",
        group_receiver="CLAIMWIRE",
        usage="T",
        control_number=number,
        group_control_number=number,
        created=NOON,
    )
    return write_claims(documents, envelope).text


def with_sender(home: Path, **changes: Any) -> Settings:
    """Settings with one sender, whose folders are there; claims leave at once."""
    settings = make_settings(home)
    for name in ("inbound", "answers"):
        (home / "practice" / name).mkdir(parents=True, exist_ok=True)
    sender = Sender(
        name="practice",
        inbound_folder=home / "practice" / "inbound",
        outbound_folder=home / "practice" / "answers",
        **changes,
    )
    tenant = settings.tenants[0]
    partner = msgspec.structs.replace(tenant.partners[0], batch=BatchSettings(max_age_seconds=0))
    first = msgspec.structs.replace(tenant, senders=(sender,), partners=(partner,))
    return msgspec.structs.replace(settings, tenants=(first, *settings.tenants[1:]))


@dataclass
class Practice:
    """The folders of the practice and the gateway at their other end, on a clock that is turned by hand."""

    gateway: Gateway
    worker: Worker
    clock: VirtualClock

    @property
    def sender(self) -> Sender:
        return self.gateway.services.settings.tenants[0].senders[0]

    def drop(self, name: str, content: bytes) -> Path:
        place = self.sender.inbound_folder / name
        place.write_bytes(content)
        return place

    async def look(self, *, seconds: float = 10.0) -> None:
        """Time passes, and the gateway has a turn."""
        self.clock.advance(timedelta(seconds=seconds))
        await self.worker.run_due()

    def read_answers(self) -> dict[str, bytes]:
        """What lies in the practice's folder, by kind; proves that each kind lies there once."""
        places = sorted(self.sender.outbound_folder.iterdir())
        found = {place.name.split(".")[1]: place.read_bytes() for place in places}
        assert len(found) == len(places)
        return found

    async def list_claims(self) -> list[claims.Claim]:
        store = self.gateway.services.store
        listed = await store.read(lambda scope: events.list_after(scope, 0, limit=1000), tenant=TENANT)
        ids = [event.claim for event in listed if event.type == "claim.received" and event.claim]
        return await store.read(lambda scope: claims.load_many(scope, ids), tenant=TENANT)

    async def list_files(self) -> list[files.File]:
        """Oldest first, without the answers."""
        store = self.gateway.services.store
        listed = await store.read(lambda scope: files.list_page(scope), tenant=TENANT)
        return [file for file in reversed(listed) if file.direction == "drop"]

    async def feed(self, *types: str) -> list[Event]:
        store = self.gateway.services.store
        listed = await store.read(lambda scope: events.list_after(scope, 0, limit=1000), tenant=TENANT)
        return [event for event in listed if event.type in types]

    async def list_items(self) -> list[work_items.WorkItem]:
        store = self.gateway.services.store
        return await store.read(lambda scope: work_items.list_open(scope), tenant=TENANT)


@contextlib.asynccontextmanager
async def run_practice(settings: Settings, reach: Reach = pass_by) -> AsyncIterator[Practice]:
    clock = VirtualClock(0, NOON)
    gateway = await open_gateway(settings, role=Role.API, clock=clock, reach=reach)
    async with contextlib.AsyncExitStack() as resources:
        worker = build_worker(gateway.services, make_hook_client(settings), resources, reach)
        yield Practice(gateway, worker, clock)
    await gateway.stop()


@pytest.fixture
async def practice(tmp_path: Path) -> AsyncIterator[Practice]:
    async with run_practice(with_sender(tmp_path)) as running:
        yield running


def read_statuses(text: bytes) -> dict[str, bool]:
    """Accepted or not, by patient control number."""
    told = [read_277ca(document) for each in check_file(text).sets for document in each.documents]
    return {status.patient_control_number: status.accepted for each in told for status in each.claims}


async def test_a_dropped_file_is_taken_in_sent_on_and_answered(practice: Practice) -> None:
    unknown = make_claim("DF-2", tradingPartnerServiceId="NOBODY")
    place = practice.drop("march claims.837", write_837(make_claim("DF-1"), unknown))
    await practice.look()
    assert place.exists() and practice.read_answers() == {}, "it was seen once: it may still grow"
    await practice.look()
    assert not place.exists()
    answers = practice.read_answers()
    assert set(answers) == {"999", "277CA"}
    [functional] = [
        read_999(document) for each in check_file(answers["999"]).sets for document in each.documents
    ]
    assert (functional.code, functional.group_control_number) == ("A", "77")
    assert read_statuses(answers["277CA"]) == {"DF-1": True, "DF-2": False}
    await practice.look()
    assert {it.state for it in await practice.list_claims()} == {"sent", "rejected"}
    [file] = await practice.list_files()
    assert (file.state, file.partner, file.sender, file.kinds) == (
        "processed",
        "practice",
        "PRACTICE",
        ("837",),
    )


async def test_a_file_that_grows_is_left_alone_until_it_is_whole(practice: Practice) -> None:
    content = write_837(make_claim("DF-1"), make_claim("DF-2"))
    for share in (10, 300, 600, 900, len(content) - 12):
        practice.drop("slow.837", content[:share])
        await practice.look()
    await practice.look()
    assert await practice.list_files() == []
    practice.drop("slow.837", content)
    await practice.look()
    assert await practice.list_files() == [], "it has changed since the last look"
    await practice.look()
    [file] = await practice.list_files()
    assert (file.size, file.state) == (len(content), "processed")


async def test_half_a_file_is_refused_once_it_has_settled_and_the_sender_reads_why(
    practice: Practice,
) -> None:
    content = write_837(make_claim("DF-1"))
    practice.drop("half.837", content[: len(content) // 2])
    for _ in range(2):
        await practice.look()
    assert await practice.list_files() == []
    await practice.look(seconds=practice.sender.settle_seconds)
    [file] = await practice.list_files()
    assert file.state == "quarantined"
    answers = practice.read_answers()
    told = json.loads(answers["refused"])
    assert (told["file"], told["size"]) == (file.id, len(content) // 2)
    assert file.reason in [finding["code"] for finding in told["findings"]]
    assert await practice.list_claims() == []
    [item] = await practice.list_items()
    assert (item.kind, item.reason, item.subject) == ("file", file.reason, "practice")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"hello"], ids=["empty", "zip", "text"])
async def test_what_is_no_x12_is_kept_and_the_sender_told(practice: Practice, content: bytes) -> None:
    practice.drop("claims.837", content)
    for _ in range(2):
        await practice.look()
    await practice.look(seconds=60)
    [file] = await practice.list_files()
    assert practice.gateway.services.archive.get(file.sha256) == content
    assert set(practice.read_answers()) == {"refused"}


async def test_an_answer_of_a_payer_is_not_applied_because_a_sender_drops_it(practice: Practice) -> None:
    practice.drop("remit.x12", (SAMPLES / "837P" / "paid_in_full" / "remit.x12").read_bytes())
    for _ in range(2):
        await practice.look()
    [file] = await practice.list_files()
    assert (file.state, file.reason, file.kinds) == ("quarantined", "file.no_claims", ("835",))
    assert set(practice.read_answers()) == {"refused"}


async def test_too_many_claims_are_refused_in_words_and_by_no_999_that_would_accept_them(
    tmp_path: Path,
) -> None:
    settings = with_sender(tmp_path)
    small = msgspec.structs.replace(settings.server, file_claims=2)
    async with run_practice(msgspec.structs.replace(settings, server=small)) as practice:
        practice.drop("many.837", write_837(*(make_claim(f"DF-{number}") for number in range(3))))
        for _ in range(2):
            await practice.look()
        assert set(practice.read_answers()) == {"refused"}
        assert b"file.too_many_claims" in practice.read_answers()["refused"]
        assert await practice.list_claims() == []


async def test_the_same_file_again_takes_nothing_in_and_is_answered_again(practice: Practice) -> None:
    content = write_837(make_claim("DF-1"))
    practice.drop("one.837", content)
    for _ in range(2):
        await practice.look()
    first = practice.read_answers()
    for place in practice.sender.outbound_folder.iterdir():
        place.unlink()
    practice.drop("one again.837", content)
    for _ in range(2):
        await practice.look()
    assert practice.read_answers() == first
    assert len(await practice.list_claims()) == 1
    assert [it.state for it in await practice.list_files()] == ["processed", "duplicate"]


async def test_files_with_names_of_any_kind_are_taken_and_none_names_a_file_of_ours(
    practice: Practice,
) -> None:
    names = ["ünïcode Märchen.837", "-rf", "a;b|c.837", "no_ending"]
    for number, name in enumerate(names):
        practice.drop(name, write_837(make_claim(f"DF-{number}"), number=number + 1))
    for _ in range(2):
        await practice.look()
    assert len(await practice.list_claims()) == len(names)
    kept = [path.name for path in practice.gateway.services.settings.home.rglob("*") if path.is_file()]
    assert not [name for name in names if name in kept]


async def test_a_file_being_uploaded_under_a_temporary_name_and_a_link_are_left_alone(
    practice: Practice, tmp_path: Path
) -> None:
    content = write_837(make_claim("DF-1"))
    for name in (".hidden.837", "claims.837.filepart", "claims.837.tmp"):
        practice.drop(name, content)
    (tmp_path / "secret.837").write_bytes(content)
    (practice.sender.inbound_folder / "link.837").symlink_to(tmp_path / "secret.837")
    for _ in range(3):
        await practice.look(seconds=60)
    assert await practice.list_files() == []


async def test_a_taken_file_moves_to_the_done_folder_where_there_is_one(tmp_path: Path) -> None:
    done = tmp_path / "done"
    done.mkdir()
    async with run_practice(with_sender(tmp_path, done_folder=done)) as practice:
        content = write_837(make_claim("DF-1"))
        practice.drop("one.837", content)
        for _ in range(2):
            await practice.look()
    assert (done / "one.837").read_bytes() == content


async def test_answers_wait_for_a_folder_that_has_gone_and_the_trouble_is_told(practice: Practice) -> None:
    away = practice.sender.outbound_folder.with_name("away")
    practice.sender.outbound_folder.rename(away)
    practice.drop("one.837", write_837(make_claim("DF-1")))
    for _ in range(4):
        await practice.look(seconds=60)
    [item] = await practice.list_items()
    assert (item.kind, item.reason, item.subject) == ("partner", "sender.answers_undeliverable", "practice")
    away.rename(practice.sender.outbound_folder)
    await practice.look(seconds=60)
    assert set(practice.read_answers()) == {"999", "277CA"}
    assert await practice.list_items() == []


async def test_a_folder_that_nobody_can_read_is_told_and_others_go_on(practice: Practice) -> None:
    away = practice.sender.inbound_folder.with_name("away")
    practice.sender.inbound_folder.rename(away)
    for _ in range(3):
        await practice.look()
    away.rename(practice.sender.inbound_folder)
    await practice.look()
    told = await practice.feed("partner.down", "partner.up")
    assert [(it.type, json.loads(it.body)["partner"]) for it in told] == [
        ("partner.down", "practice"),
        ("partner.up", "practice"),
    ]


async def test_a_file_that_breaks_us_holds_up_no_other(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    deposits, read = practice.gateway.services.deposits, practice.gateway.services.deposits.read

    def read_or_break(tenant: str, content: bytes) -> Any:
        if b"DF-POISON" in content:
            raise ZeroDivisionError
        return read(tenant, content)

    monkeypatch.setattr(deposits, "read", read_or_break)
    poison = practice.drop("a.837", write_837(make_claim("DF-POISON")))
    practice.drop("b.837", write_837(make_claim("DF-1"), number=78))
    for _ in range(4):
        await practice.look()
    assert len(await practice.list_claims()) == 1
    assert poison.exists()
    assert [(it.reason, it.subject) for it in await practice.list_items()] == [
        ("file.processing_failed", "practice")
    ]


@pytest.mark.parametrize("point", ["drops.committed", "drops.acknowledged", "replies.written"])
async def test_whatever_dies_in_between_each_claim_is_taken_in_once_and_answered(
    tmp_path: Path, point: str
) -> None:
    settings, died = with_sender(tmp_path), []

    def die(name: str) -> None:
        if name == point and not died:
            died.append(name)
            raise KilledError

    async with run_practice(settings, die) as practice:
        practice.drop("one.837", write_837(make_claim("DF-1"), make_claim("DF-2")))
        with contextlib.suppress(KilledError, BaseExceptionGroup):
            for _ in range(3):
                await practice.look()
    assert died == [point]
    async with run_practice(settings) as practice:
        for _ in range(4):
            await practice.look(seconds=120)
        assert {it.state for it in await practice.list_claims()} == {"sent"}
        assert len(await practice.list_claims()) == 2
        assert set(practice.read_answers()) == {"999", "277CA"}
        assert not list(practice.sender.inbound_folder.iterdir())
        left = await practice.gateway.services.store.read(jobs.count_by_state, tenant=TENANT)
        assert "dead" not in left


async def test_the_whole_way_under_openssh_with_its_own_client(tmp_path: Path) -> None:
    settings = with_sender(tmp_path, poll_seconds=0.2)
    worker = msgspec.structs.replace(settings.worker, poll_seconds=0.1)
    settings = msgspec.structs.replace(settings, worker=worker)
    samples = ("837P/paid_in_full", "837I/inpatient_stay", "837D/restoration")
    texts = [(SAMPLES / sample / "claim.x12").read_bytes() for sample in samples]
    known = [text.replace(b"*CWP01~", b"*60054~").replace(b"*CWP02~", b"*60054~") for text in texts]
    root = tmp_path / "practice"
    with running_sshd(tmp_path / "sshd", sftp_options=f"-d {root}") as server:
        command = [
            "sftp",
            *("-b", "-", "-q", "-P", str(server.port), "-i", str(server.client_key)),
            *("-o", "StrictHostKeyChecking=no", "-o", f"UserKnownHostsFile={tmp_path / 'known'}"),
            f"{server.username}@{server.host}",
        ]

        async def talk(*lines: str) -> str:
            text = "\n".join(lines).encode()
            done = await asyncio.to_thread(
                subprocess.run, command, input=text, capture_output=True, check=True
            )
            return done.stdout.decode()

        async with run_gateway(settings, Role.ALL) as rig:
            for place, text in enumerate(known):
                (tmp_path / f"{place}.837").write_bytes(text)
            await talk(*(f"put {tmp_path / f'{place}.837'} inbound/" for place in range(3)))
            async with asyncio.timeout(30):
                while (await talk("ls -1 answers")).count(".x12") < 6:
                    await asyncio.sleep(0.2)
            (tmp_path / "fetched").mkdir()
            await talk(f"lcd {tmp_path / 'fetched'}", "get answers/*", "rm answers/*", "ls -1 inbound")
            listed = (await rig.call("GET", "/v1/claims")).json["claims"]
    fetched = [path.read_bytes() for path in sorted((tmp_path / "fetched").iterdir())]
    numbers = {
        document["claimInformation"]["patientControlNumber"]
        for text in known
        for each in check_file(text).sets
        for document in each.documents
    }
    told: dict[str, bool] = {}
    for text in fetched:
        assert not [it.code for it in check_file(text).all_findings if it.stops]
        if b"*005010X214~" in text:
            told |= read_statuses(text)
    assert told == dict.fromkeys(numbers, True)
    assert sorted({it["claimType"] for it in listed}) == ["005010X222A1", "005010X223A2", "005010X224A2"]
    assert not list((root / "inbound").iterdir())
