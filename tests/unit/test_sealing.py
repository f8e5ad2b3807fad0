"""Encryption at rest."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from gateway.sealing import (
    KeyRingInvalid,
    SealBroken,
    Sealer,
    load_key_ring,
    read_key_ring,
    write_key_ring,
)

SECRET = b"patient MARKED-NAME"


def make_sealer() -> Sealer:
    return Sealer(read_key_ring(write_key_ring()))


def test_a_sealed_value_opens_in_its_place_and_shows_nothing() -> None:
    sealer = make_sealer()
    sealed = sealer.seal(SECRET, "claim:clm_1:body")
    assert b"MARKED" not in sealed
    assert sealer.open(sealed, "claim:clm_1:body") == SECRET


def test_equal_values_are_sealed_differently() -> None:
    sealer = make_sealer()
    assert sealer.seal(SECRET, "a") != sealer.seal(SECRET, "a")


def test_a_sealed_value_does_not_open_in_another_place() -> None:
    sealer = make_sealer()
    with pytest.raises(SealBroken):
        sealer.open(sealer.seal(SECRET, "claim:clm_1:body"), "claim:clm_2:body")


def test_every_flipped_byte_is_noticed() -> None:
    sealer = make_sealer()
    sealed = sealer.seal(SECRET, "a")
    for place in range(len(sealed)):
        altered = bytes(byte ^ (1 if at == place else 0) for at, byte in enumerate(sealed))
        with pytest.raises(SealBroken):
            sealer.open(altered, "a")


def test_every_shortened_value_is_noticed() -> None:
    sealer = make_sealer()
    sealed = sealer.seal(SECRET, "a")
    for length in range(len(sealed)):
        with pytest.raises(SealBroken):
            sealer.open(sealed[:length], "a")


def test_after_a_rotation_old_values_open_and_new_ones_use_the_new_key() -> None:
    text = write_key_ring()
    old = Sealer(read_key_ring(text))
    fresh = write_key_ring().splitlines()[1].replace("k1:", "k2:")
    new = Sealer(read_key_ring(f"{text}{fresh}\n"))
    sealed = old.seal(SECRET, "a")
    assert new.open(sealed, "a") == SECRET
    assert not new.is_current(sealed)
    resealed = new.seal(SECRET, "a")
    assert new.is_current(resealed)
    with pytest.raises(SealBroken):
        old.open(resealed, "a")
    assert old.fingerprint("ACCT-1") == new.fingerprint("ACCT-1")


def test_fingerprints_agree_for_equal_texts_of_one_context_only() -> None:
    sealer = make_sealer()
    assert sealer.fingerprint("ACCT-1", "a") == sealer.fingerprint("ACCT-1", "a")
    assert sealer.fingerprint("ACCT-1", "a") != sealer.fingerprint("ACCT-2", "a")
    assert sealer.fingerprint("ACCT-1", "a") != sealer.fingerprint("ACCT-1", "b")
    assert sealer.fingerprint("bc", "a") != sealer.fingerprint("c", "ab")
    assert make_sealer().fingerprint("ACCT-1", "a") != sealer.fingerprint("ACCT-1", "a")


def test_the_key_file_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    home = tmp_path / "home"
    first, second = load_key_ring(home), load_key_ring(home)
    assert first.keys == second.keys
    assert stat.S_IMODE((home / "keys").stat().st_mode) == 0o600
    assert [path.name for path in home.iterdir()] == ["keys"]


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    load_key_ring(tmp_path)
    (tmp_path / "keys").chmod(0o644)
    with pytest.raises(KeyRingInvalid, match="0600"):
        load_key_ring(tmp_path)


def test_a_secret_from_the_settings_takes_the_place_of_the_file(tmp_path: Path) -> None:
    ring = load_key_ring(tmp_path, write_key_ring().replace("\n", ","))
    assert ring.current == "k1"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "k1:AAAA",
        "fingerprint:AAAA",
        "no colon",
        write_key_ring() + "k1:AAAA",
        write_key_ring() + "k2:AAAA",
        write_key_ring() + "k2:A",
    ],
)
def test_bad_key_material_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(KeyRingInvalid) as refusal:
        read_key_ring(text)
    assert "AAAA" not in str(refusal.value)


def test_a_key_ring_does_not_show_its_keys() -> None:
    text = write_key_ring()
    shown = repr(read_key_ring(text))
    assert not any(line.split(":")[1] in shown for line in text.split())
