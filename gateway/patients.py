"""Patients' accounts: what a patient control number is called where it must not be seen, in addresses."""

from __future__ import annotations

import re
from typing import Final

from gateway.store.claims import Claim, fingerprint_control_number
from gateway.store.scope import TenantScope

PREFIX: Final = "pat_"
SHAPE: Final = re.compile(r"pat_[0-9a-f]{64}")


def name_patient(claim: Claim) -> str:
    """The id of the claim's account: the keyed digest of its patient control number, of this tenant only."""
    return PREFIX + claim.control_fingerprint


def find_account(scope: TenantScope, account: str) -> str:
    """The fingerprint that an account is looked up by, given as its id or as the number itself."""
    if SHAPE.fullmatch(account):
        return account.removeprefix(PREFIX)
    return fingerprint_control_number(scope, account)
