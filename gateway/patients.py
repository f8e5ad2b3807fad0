"""Patients' accounts: what a patient control number is called where it must not be seen, in addresses."""

from __future__ import annotations

from typing import Final

from gateway.ids import ALPHABET, is_id, write_base32
from gateway.store.claims import Claim, fingerprint_control_number
from gateway.store.scope import TenantScope

PREFIX: Final = "pat"
DIGITS: Final = 32  # hex digits of the fingerprint: 128 bits, as all ids have


def name_patient(claim: Claim) -> str:
    """The id of the account: of the keyed digest of its patient control number, of this tenant only."""
    return f"{PREFIX}_{write_base32(int(claim.control_fingerprint[:DIGITS], 16))}"


def find_account(scope: TenantScope, account: str) -> str:
    """How the fingerprint of an account begins, which is given as its id or as the number itself."""
    if not is_id(account, PREFIX):
        return fingerprint_control_number(scope, account)
    number = 0
    for letter in account.partition("_")[2]:
        number = number << 5 | ALPHABET.index(letter)
    return f"{number:032x}"
