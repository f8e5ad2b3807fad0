"""Marked values of synthetic people: they go through whole runs and may never be seen in a log.

Put them into the claims and files of a test, then `find_canaries(text)` must be empty for every log,
metric, exception text and file name. They are plain X12 basic characters, so that they survive an 837.
"""

from __future__ import annotations

LAST_NAME = "QUIXOTECANARY"
FIRST_NAME = "ZEPHYRCANARY"
MEMBER_ID = "W7CANARY0931"
STREET = "77 CANARYPOST LANE"
PATIENT_CONTROL_NUMBER = "CANARY-PCN-4471"
BIRTH_DATE = "19470229"  # a day that never was: found in a log, it can only come from here
SOCIAL_SECURITY_NUMBER = "987654320"
API_SECRET = "canary0000000000000000000000000000000secret"

CANARIES = (
    LAST_NAME,
    FIRST_NAME,
    MEMBER_ID,
    STREET,
    PATIENT_CONTROL_NUMBER,
    BIRTH_DATE,
    SOCIAL_SECURITY_NUMBER,
    API_SECRET,
)


def find_canaries(text: str | bytes) -> list[str]:
    """The marked values that stand in `text`, whatever its case."""
    seen = text.decode("latin-1") if isinstance(text, bytes) else text
    return [canary for canary in CANARIES if canary.lower() in seen.lower()]
