"""What every Transport promises, whatever the wire. A suite for the real adapters and for every stand-in.

Subclass `TransportContract` in a test module and give it a fixture `partner`; a fake that does not pass
these tests may not stand in for an adapter.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.base import Receipt, Transport
from adapters.errors import Permanent
from adapters.names import temporary_name

CONTENT = b"any bytes at all\r\n\x00\xff" * 4000


@dataclass
class Partner:
    """The other end as a test sees it: real folders, and a way to open a transport to them."""

    outbox: Path
    inbox: Path
    done: Path
    connect: Callable[[bool], Transport]
    """Opens a transport; the argument says whether read files are kept in `done` (else deleted)."""

    def finished(self) -> dict[str, bytes]:
        """The files in the outbox that a polling partner would take."""
        return {f.name: f.read_bytes() for f in self.outbox.iterdir() if not f.name.startswith(".")}

    def unfinished(self) -> dict[str, bytes]:
        """The temporary files in the outbox."""
        return {f.name: f.read_bytes() for f in self.outbox.iterdir() if f.name.startswith(".")}


def make_folders(place: Path) -> tuple[Path, Path, Path]:
    """Make the three folders of a partner."""
    folders = (place / "outbox", place / "inbox", place / "done")
    for folder in folders:
        folder.mkdir(parents=True)
    return folders


class Steps:
    """A progress callback that remembers its calls and can do something at one of them."""

    def __init__(self, at: str = "", do: Callable[[], object] = lambda: None) -> None:
        self.seen: list[str] = []
        self._at = at
        self._do = do

    async def __call__(self, step: str) -> None:
        self.seen.append(step)
        if step == self._at:
            self._do()


class TransportContract:
    """The promises; one test each."""

    @pytest.fixture
    def partner(self) -> Iterator[Partner]:
        raise NotImplementedError("a subclass gives the partner")

    @pytest.fixture
    async def transport(self, partner: Partner) -> AsyncIterator[Transport]:
        opened = partner.connect(True)
        yield opened
        await opened.close()

    # sending

    @pytest.mark.parametrize("content", [CONTENT, b"", b"x" * 3_000_001], ids=["some", "none", "3 MB"])
    async def test_a_file_arrives_whole_under_its_name_and_leaves_nothing_else(
        self, partner: Partner, transport: Transport, content: bytes
    ) -> None:
        steps = Steps()
        receipt = await transport.send("837_000000001.x12", content, progress=steps)
        assert partner.finished() == {"837_000000001.x12": content}
        assert partner.unfinished() == {}
        assert steps.seen == ["temp_uploaded", "renamed"]
        assert (receipt.name, receipt.size) == ("837_000000001.x12", len(content))
        assert receipt.sha256 == hashlib.sha256(content).hexdigest()

    async def test_the_partner_sees_nothing_before_the_step_temp_uploaded_is_recorded(
        self, partner: Partner, transport: Transport
    ) -> None:
        seen: list[tuple[dict[str, bytes], dict[str, bytes]]] = []
        steps = Steps("temp_uploaded", lambda: seen.append((partner.finished(), partner.unfinished())))
        await transport.send("a.x12", CONTENT, progress=steps)
        assert seen == [({}, {temporary_name("a.x12"): CONTENT})]

    async def test_the_file_has_its_name_when_the_step_renamed_is_told(
        self, partner: Partner, transport: Transport
    ) -> None:
        seen: list[dict[str, bytes]] = []
        await transport.send(
            "a.x12", CONTENT, progress=Steps("renamed", lambda: seen.append(partner.finished()))
        )
        assert seen == [{"a.x12": CONTENT}]

    async def test_a_step_that_cannot_be_recorded_stops_the_delivery_before_the_rename(
        self, partner: Partner, transport: Transport
    ) -> None:
        def fail() -> None:
            raise RuntimeError("the database is gone")

        with pytest.raises(RuntimeError, match="the database is gone"):
            await transport.send("a.x12", CONTENT, progress=Steps("temp_uploaded", fail))
        assert partner.finished() == {}
        assert partner.unfinished() == {temporary_name("a.x12"): CONTENT}

    async def test_the_same_file_again_is_a_receipt_without_a_step(
        self, partner: Partner, transport: Transport
    ) -> None:
        first = await transport.send("a.x12", CONTENT, progress=Steps())
        steps = Steps()
        again = await transport.send("a.x12", CONTENT, progress=steps)
        assert (again.size, again.sha256) == (first.size, first.sha256)
        assert steps.seen == []
        assert partner.finished() == {"a.x12": CONTENT}

    @pytest.mark.parametrize(
        "other", [b"other", CONTENT[:-1] + b"!"], ids=["of another size", "of the same size"]
    )
    async def test_another_file_with_the_final_name_is_never_overwritten(
        self, partner: Partner, transport: Transport, other: bytes
    ) -> None:
        (partner.outbox / "a.x12").write_bytes(other)
        steps = Steps()
        with pytest.raises(Permanent, match=r"another file has the final name.*Held"):
            await transport.send("a.x12", CONTENT, progress=steps)
        assert partner.finished() == {"a.x12": other}
        assert partner.unfinished() == {}
        assert steps.seen == []

    async def test_another_file_that_takes_the_final_name_meanwhile_is_never_overwritten(
        self, partner: Partner, transport: Transport
    ) -> None:
        steps = Steps("temp_uploaded", lambda: (partner.outbox / "a.x12").write_bytes(b"other"))
        with pytest.raises(Permanent, match="another file has the final name"):
            await transport.send("a.x12", CONTENT, progress=steps)
        assert partner.finished() == {"a.x12": b"other"}
        # The recorded temporary file stays: it is the proof that nothing was delivered.
        assert partner.unfinished() == {temporary_name("a.x12"): CONTENT}
        assert steps.seen == ["temp_uploaded"]

    async def test_the_same_file_that_takes_the_final_name_meanwhile_is_a_delivery(
        self, partner: Partner, transport: Transport
    ) -> None:
        steps = Steps("temp_uploaded", lambda: (partner.outbox / "a.x12").write_bytes(CONTENT))
        await transport.send("a.x12", CONTENT, progress=steps)
        assert partner.finished() == {"a.x12": CONTENT}
        assert partner.unfinished() == {}

    async def test_a_folder_with_the_final_name_is_left_alone(
        self, partner: Partner, transport: Transport
    ) -> None:
        (partner.outbox / "a.x12").mkdir()
        with pytest.raises(Permanent, match="not a regular file"):
            await transport.send("a.x12", CONTENT, progress=Steps())
        assert partner.unfinished() == {}

    async def test_what_an_earlier_attempt_left_is_overwritten(
        self, partner: Partner, transport: Transport
    ) -> None:
        (partner.outbox / temporary_name("a.x12")).write_bytes(b"half of an earlier attempt" * 10_000)
        await transport.send("a.x12", CONTENT, progress=Steps())
        assert partner.finished() == {"a.x12": CONTENT}
        assert partner.unfinished() == {}

    @pytest.mark.parametrize(
        "name",
        ["", ".", "..", ".hidden", "../up.x12", "a/b", "a\\b", "new\nline", "nul\0", "a.tmp", "é", "x" * 201],
    )
    async def test_a_name_that_is_not_plain_is_refused(
        self, partner: Partner, transport: Transport, name: str
    ) -> None:
        with pytest.raises(Permanent, match="not a plain file name"):
            await transport.send(name, CONTENT, progress=Steps())
        assert list(partner.outbox.parent.rglob("*.x12")) == []

    async def test_a_missing_outbox_is_told_with_its_remedy(
        self, partner: Partner, transport: Transport
    ) -> None:
        partner.outbox.rmdir()
        with pytest.raises(Permanent, match="Check the folder names"):
            await transport.send("a.x12", CONTENT, progress=Steps())

    # resuming

    async def test_nothing_recorded_means_start_again(self, partner: Partner, transport: Transport) -> None:
        (partner.outbox / temporary_name("a.x12")).write_bytes(CONTENT)
        assert await transport.resume("a.x12", len(CONTENT), temp_uploaded=False) is None
        assert partner.finished() == {}

    async def test_a_complete_temporary_file_is_renamed(self, partner: Partner, transport: Transport) -> None:
        (partner.outbox / temporary_name("a.x12")).write_bytes(CONTENT)
        receipt = await self._resume(transport)
        assert receipt.size == len(CONTENT)
        assert partner.finished() == {"a.x12": CONTENT}
        assert partner.unfinished() == {}

    async def test_a_missing_temporary_file_beside_the_final_one_is_a_delivery(
        self, partner: Partner, transport: Transport
    ) -> None:
        (partner.outbox / "a.x12").write_bytes(CONTENT)
        assert "still there" in (await self._resume(transport)).detail
        assert partner.finished() == {"a.x12": CONTENT}

    async def test_a_missing_temporary_file_without_the_final_one_is_a_delivery_already_taken(
        self, partner: Partner, transport: Transport
    ) -> None:
        assert "taken by the partner" in (await self._resume(transport)).detail
        assert partner.finished() == {}

    async def test_a_missing_outbox_is_not_mistaken_for_a_delivery(
        self, partner: Partner, transport: Transport
    ) -> None:
        partner.outbox.rmdir()
        with pytest.raises(Permanent):
            await self._resume(transport)

    async def test_a_final_file_of_another_size_is_held(self, partner: Partner, transport: Transport) -> None:
        (partner.outbox / "a.x12").write_bytes(b"other")
        with pytest.raises(Permanent, match=rf"5 bytes instead of {len(CONTENT)}.*Held"):
            await self._resume(transport)
        assert partner.finished() == {"a.x12": b"other"}

    async def test_a_damaged_temporary_file_means_start_again(
        self, partner: Partner, transport: Transport
    ) -> None:
        (partner.outbox / temporary_name("a.x12")).write_bytes(b"cut short")
        assert await transport.resume("a.x12", len(CONTENT), temp_uploaded=True) is None
        assert partner.finished() == {}
        await transport.send("a.x12", CONTENT, progress=Steps())
        assert partner.finished() == {"a.x12": CONTENT}

    async def test_both_files_with_the_same_bytes_are_one_delivery(
        self, partner: Partner, transport: Transport
    ) -> None:
        (partner.outbox / temporary_name("a.x12")).write_bytes(CONTENT)
        (partner.outbox / "a.x12").write_bytes(CONTENT)
        await self._resume(transport)
        assert partner.finished() == {"a.x12": CONTENT}
        assert partner.unfinished() == {}

    async def test_both_files_with_other_bytes_are_held(self, partner: Partner, transport: Transport) -> None:
        (partner.outbox / temporary_name("a.x12")).write_bytes(CONTENT)
        (partner.outbox / "a.x12").write_bytes(CONTENT[:-1] + b"!")
        with pytest.raises(Permanent, match="another file has the final name"):
            await self._resume(transport)
        assert partner.unfinished() == {temporary_name("a.x12"): CONTENT}

    async def test_resuming_twice_is_the_same_as_once(self, partner: Partner, transport: Transport) -> None:
        (partner.outbox / temporary_name("a.x12")).write_bytes(CONTENT)
        await self._resume(transport)
        await self._resume(transport)
        assert partner.finished() == {"a.x12": CONTENT}

    async def _resume(self, transport: Transport) -> Receipt:
        receipt = await transport.resume("a.x12", len(CONTENT), temp_uploaded=True)
        assert receipt is not None
        return receipt

    # receiving

    async def test_an_empty_inbox_lists_nothing(self, transport: Transport) -> None:
        assert await transport.list() == []

    async def test_the_inbox_lists_files_with_size_oldest_first(
        self, partner: Partner, transport: Transport
    ) -> None:
        for name, size, modified in (("b.835", 3, 1_000_000), ("a.999", 5, 2_000_000), ("c.277", 0, 0)):
            (partner.inbox / name).write_bytes(b"x" * size)
            os.utime(partner.inbox / name, (modified, modified))
        listed = await transport.list()
        assert [(file.name, file.size, file.odd) for file in listed] == [
            ("c.277", 0, ""),
            ("b.835", 3, ""),
            ("a.999", 5, ""),
        ]
        moments = [file.modified for file in listed if file.modified is not None]
        assert [moment.timestamp() for moment in moments] == [0, 1_000_000, 2_000_000]
        assert all(moment.tzinfo is not None for moment in moments)

    async def test_hidden_and_half_written_files_are_left_out(
        self, partner: Partner, transport: Transport
    ) -> None:
        for name in (".a.835", ".a.835.tmp", "a.835.TMP", "a.835.part", "a.835.filepart", "good.835"):
            (partner.inbox / name).write_bytes(b"x")
        assert [file.name for file in await transport.list()] == ["good.835"]

    async def test_links_and_folders_are_left_out_and_not_read(
        self, partner: Partner, transport: Transport, tmp_path: Path
    ) -> None:
        secret = tmp_path / "secret"
        secret.write_bytes(b"not for us")
        (partner.inbox / "link.835").symlink_to(secret)
        (partner.inbox / "folder.835").mkdir()
        assert await transport.list() == []
        for name in ("link.835", "folder.835"):
            with pytest.raises(Permanent, match="not a regular file"):
                await transport.fetch(name, limit=100)
            with pytest.raises(Permanent, match="not a regular file"):
                await transport.acknowledge(name)
        assert secret.read_bytes() == b"not for us"

    @pytest.mark.parametrize(
        "raw",
        [b"new\nline.835", b"\xff\xfe.835", b"\x1b[31mred.835", b"back\\slash.835", b"\xe2\x80\xae.835"],
    )
    async def test_an_odd_name_is_reported_but_never_used(
        self, partner: Partner, transport: Transport, raw: bytes
    ) -> None:
        (partner.inbox / "good.835").write_bytes(b"good")
        odd_file = os.fsencode(partner.inbox) + b"/" + raw
        os.close(os.open(odd_file, os.O_CREAT | os.O_WRONLY))
        odd, plain = sorted(await transport.list(), key=lambda file: not file.odd)
        assert odd.odd
        assert (plain.name, plain.odd) == ("good.835", "")
        with pytest.raises(Permanent, match="cannot be used") as caught:
            await transport.fetch(odd.name, limit=100)
        with pytest.raises(Permanent, match="cannot be used"):
            await transport.acknowledge(odd.name)
        assert str(caught.value).isprintable()
        assert os.path.lexists(odd_file)

    @pytest.mark.parametrize("name", ["", ".", "..", "../outside.835", "/etc/hostname", "a/../b", "a\0b"])
    async def test_a_name_that_leads_elsewhere_is_refused(
        self, partner: Partner, transport: Transport, name: str
    ) -> None:
        outside = partner.inbox.parent / "outside.835"
        outside.write_bytes(b"not for us")
        with pytest.raises(Permanent, match="cannot be used"):
            await transport.fetch(name, limit=100)
        with pytest.raises(Permanent, match="cannot be used"):
            await transport.acknowledge(name)
        assert outside.exists()

    @pytest.mark.parametrize("content", [CONTENT, b"", b"y" * 3_000_001], ids=["some", "none", "3 MB"])
    async def test_a_file_is_fetched_byte_for_byte_and_stays(
        self, partner: Partner, transport: Transport, content: bytes
    ) -> None:
        (partner.inbox / "a b é.835").write_bytes(content)
        assert await transport.fetch("a b é.835", limit=len(content)) == content
        assert (partner.inbox / "a b é.835").read_bytes() == content

    async def test_a_file_over_the_limit_is_refused(self, partner: Partner, transport: Transport) -> None:
        (partner.inbox / "a.835").write_bytes(b"x" * 101)
        with pytest.raises(Permanent, match="101 bytes is larger than the limit of 100"):
            await transport.fetch("a.835", limit=100)

    async def test_a_file_that_has_gone_is_told(self, transport: Transport) -> None:
        with pytest.raises(Permanent, match="no longer there"):
            await transport.fetch("a.835", limit=100)

    async def test_an_acknowledged_file_moves_to_the_done_folder(
        self, partner: Partner, transport: Transport
    ) -> None:
        (partner.inbox / "a.835").write_bytes(CONTENT)
        await transport.fetch("a.835", limit=len(CONTENT))
        await transport.acknowledge("a.835")
        assert await transport.list() == []
        assert [f.read_bytes() for f in partner.done.iterdir()] == [CONTENT]

    async def test_acknowledging_twice_is_the_same_as_once(
        self, partner: Partner, transport: Transport
    ) -> None:
        (partner.inbox / "a.835").write_bytes(CONTENT)
        await transport.acknowledge("a.835")
        await transport.acknowledge("a.835")
        assert [f.read_bytes() for f in partner.done.iterdir()] == [CONTENT]

    async def test_files_of_one_name_are_all_kept_in_the_done_folder(
        self, partner: Partner, transport: Transport
    ) -> None:
        for content in (b"monday", b"tuesday", b"wednesday"):
            (partner.inbox / "daily.835").write_bytes(content)
            await transport.acknowledge("daily.835")
        assert {f.read_bytes() for f in partner.done.iterdir()} == {b"monday", b"tuesday", b"wednesday"}

    async def test_without_a_done_folder_an_acknowledged_file_is_deleted(self, partner: Partner) -> None:
        transport = partner.connect(False)
        (partner.inbox / "a.835").write_bytes(CONTENT)
        await transport.acknowledge("a.835")
        await transport.acknowledge("a.835")
        await transport.close()
        assert list(partner.inbox.iterdir()) == list(partner.done.iterdir()) == []

    async def test_a_file_that_replaced_the_fetched_one_is_not_cleared_away(self, partner: Partner) -> None:
        transport = partner.connect(False)
        (partner.inbox / "a.835").write_bytes(b"monday")
        await transport.fetch("a.835", limit=100)
        (partner.inbox / "a.835").write_bytes(b"tuesday, unread")
        await transport.acknowledge("a.835")
        assert await transport.fetch("a.835", limit=100) == b"tuesday, unread"
        await transport.acknowledge("a.835")
        await transport.close()
        assert list(partner.inbox.iterdir()) == []

    @pytest.mark.parametrize("folder", ["inbox", "done"])
    async def test_a_missing_folder_is_told_with_its_remedy(
        self, partner: Partner, transport: Transport, folder: str
    ) -> None:
        if folder == "inbox":
            partner.inbox.rmdir()
            with pytest.raises(Permanent, match="Check the folder names"):
                await transport.list()
        else:
            partner.done.rmdir()
            (partner.inbox / "a.835").write_bytes(CONTENT)
            with pytest.raises(Permanent, match="Check the folder names"):
                await transport.acknowledge("a.835")
            assert (partner.inbox / "a.835").exists()

    # the connection

    async def test_a_closed_transport_opens_again(self, partner: Partner, transport: Transport) -> None:
        await transport.send("a.x12", CONTENT, progress=Steps())
        await transport.close()
        await transport.close()
        await transport.send("b.x12", CONTENT, progress=Steps())
        assert set(partner.finished()) == {"a.x12", "b.x12"}
