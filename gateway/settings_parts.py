"""Parts of the settings: how interchanges look, when they leave, how long answers take, who drops files."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from string import Formatter
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from edi.fold import CLAIMS_PER_SET
from gateway.secret_references import SecretReference

Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]
Seconds = Annotated[float, msgspec.Meta(gt=0)]
Patience = Annotated[float, msgspec.Meta(ge=0)]
Count = Annotated[int, msgspec.Meta(ge=1)]
Limit = Annotated[int, msgspec.Meta(ge=0)]
ControlNumber = Annotated[int, msgspec.Meta(ge=1, le=999_999_999)]
ClockTime = Annotated[str, msgspec.Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Mark = Annotated[str, msgspec.Meta(min_length=1, max_length=1)]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEK: Final[tuple[Weekday, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SMALLEST_RANGE: Final = 1000
NAME_FIELDS: Final = {
    "id": "int_01JAAAAAAAAAAAAAAAAAAAAAAA",
    "control_number": "000000001",
    "date": "20261124",
    "time": "163000",
    "usage": "P",
    "partner": "exchange",
    "payer": "CWP01",
}
"""What a file-name pattern may hold, each with a value to try it with."""
_FILE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_HALF_WRITTEN: Final = (".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload")


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the settings file; a key that it does not know is an error."""


class ArchiveSettings(Section, frozen=True, kw_only=True):
    """Where archived files are kept: a bucket of an S3-style store, or "" for a folder in the home.

    Without keys the machine's own AWS credentials are used.
    """

    bucket: str = ""
    prefix: str = ""
    endpoint: str = ""
    region: str = ""
    access_key: SecretReference | None = None
    secret_key: SecretReference | None = None
    timeout_seconds: Seconds = 20.0

    def __post_init__(self) -> None:
        if not self.bucket and (self.prefix or self.endpoint or self.region):
            raise ValueError("bucket is missing: the other keys say where it is")
        if (self.access_key is None) != (self.secret_key is None):
            raise ValueError("access_key and secret_key are given together, or none of them")
        if self.endpoint and not self.endpoint.startswith(("https://", "http://")):
            raise ValueError("endpoint begins with https:// (or http:// in a closed network)")


class SealingSettings(Section, frozen=True, kw_only=True):
    """The key ring that encrypts at rest and fingerprints; None: a file in the home, made at first start.

    With `kms_key` (its ARN, at a service of the AWS kind) data keys are wrapped there and not by the ring.
    """

    keys: SecretReference | None = None
    kms_key: str = ""
    kms_region: str = ""
    kms_endpoint: str = ""
    kms_timeout_seconds: Seconds = 5.0

    def __post_init__(self) -> None:
        if self.kms_key.startswith("alias/"):
            raise ValueError("kms_key is the id or ARN of a key, since an alias may come to mean another key")
        if not self.kms_key and (self.kms_region or self.kms_endpoint):
            raise ValueError("kms_key is missing: the other keys say where it is")
        if self.kms_endpoint and not self.kms_endpoint.startswith(("https://", "http://127.0.0.1")):
            raise ValueError("kms_endpoint begins with https://")


class DelimiterSettings(Section, frozen=True, kw_only=True):
    """The separators of every interchange for a partner (005010 ISA), and what follows each segment."""

    element: Mark = "*"
    component: Mark = ":"
    repetition: Mark = "^"
    segment: Mark = "~"
    line_end: Literal["", "\n", "\r\n"] = "\n"

    def __post_init__(self) -> None:
        marks = self.element + self.component + self.repetition + self.segment
        fit = marks.isascii() and marks.isprintable() and not any(it.isalnum() or it in " .-" for it in marks)
        if not fit or len(set(marks)) != len(marks):
            raise ValueError("the delimiters are four different signs, no letter, digit, dot or dash")


class ControlNumberSettings(Section, frozen=True, kw_only=True):
    """The range of the control numbers (ISA13, GS06) to a partner; after `last` comes `first` again.

    A number is used again after `reuse_days` at the earliest.
    """

    first: ControlNumber = 1
    last: ControlNumber = 999_999_999
    reuse_days: Annotated[int, msgspec.Meta(ge=1)] = 180

    def __post_init__(self) -> None:
        if self.last - self.first < SMALLEST_RANGE - 1:
            raise ValueError(f"the control numbers from first to last are at least {SMALLEST_RANGE}")


class BatchSettings(Section, frozen=True, kw_only=True):
    """When the waiting claims of a payer become an interchange: so many, so old (seconds), or by the clock.

    A file holds at most `max_bytes` and `max_sets` transaction sets, each of at most `claims_per_set` claims;
    0 is no limit, and what does not fit goes into further files.

    With `cut_offs` (`HH:MM` in `time_zone`) age does not count: what came in before a cut-off leaves then, on
    the weekdays `days` that are no holidays; what comes after waits for the next.
    """

    max_claims: Count = 1000
    max_bytes: Limit = 0
    max_sets: Limit = 0
    claims_per_set: Annotated[int, msgspec.Meta(ge=1, le=CLAIMS_PER_SET)] = CLAIMS_PER_SET
    max_age_seconds: Annotated[float, msgspec.Meta(ge=0)] = 300.0
    cut_offs: tuple[ClockTime, ...] = ()
    time_zone: str = "UTC"
    days: tuple[Weekday, ...] = WEEK
    holidays: tuple[date, ...] = ()

    def __post_init__(self) -> None:
        if self.cut_offs and not self.days:
            raise ValueError("days names at least one weekday, or claims never leave at a cut-off")
        find_zone(self.time_zone)


class WatchSettings(Section, frozen=True, kw_only=True):
    """How long an answer may take before somebody must look; 0 switches the watch off.

    Counted from the sending: `functional_ack_hours` to a TA1 or 999, `claim_ack_days` to a 277CA,
    `remittance_days` to an 835, `silent_hours` to any file at all. `filing_days` is the payer's limit from
    the service to the claim's acceptance; `filing_warning_days` before it, a claim that is not there yet is
    overdue. `gap_hours` is how late an interchange may come whose control number was skipped. `inquiry_days`
    after the sending, and as often again, a claim without a remittance is asked about (276); 0 where the
    payer takes no 276 from us. `payment_parts_days` is for a payer that pays in parts, several 835 with one
    TRN02 and the whole payment in each BPR02: how long the last part may take; 0 where each 835 is a payment.
    """

    functional_ack_hours: Patience = 24.0
    claim_ack_days: Patience = 3.0
    remittance_days: Patience = 45.0
    silent_hours: Patience = 72.0
    filing_days: Patience = 365.0
    filing_warning_days: Patience = 30.0
    gap_hours: Patience = 0.0
    inquiry_days: Patience = 0.0
    payment_parts_days: Patience = 0.0


class PayerWatch(Section, frozen=True, kw_only=True):
    """What differs for one payer; None: as the partner's `watch` says."""

    functional_ack_hours: Patience | None = None
    claim_ack_days: Patience | None = None
    remittance_days: Patience | None = None
    filing_days: Patience | None = None
    filing_warning_days: Patience | None = None
    inquiry_days: Patience | None = None


class Sender(Section, frozen=True, kw_only=True):
    """Practice software that drops raw 837 files into a folder of this machine and gets its answers in one.

    `inbound_folder` is where it drops files, `outbound_folder` where 999 and 277CA are put; a file that was
    taken in moves to `done_folder`, or is deleted where that is None. A file that does not end like an
    interchange is taken once it has not grown for `settle_seconds`.
    """

    name: Name
    inbound_folder: Path
    outbound_folder: Path
    done_folder: Path | None = None
    poll_seconds: Seconds = 10.0
    settle_seconds: Seconds = 60.0

    @property
    def folders(self) -> tuple[Path, ...]:
        """Its folders, all different."""
        return tuple(it for it in (self.inbound_folder, self.outbound_folder, self.done_folder) if it)


def find_zone(name: str) -> ZoneInfo:
    """The time zone of that name. Raises ValueError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"time_zone {name!r} is unknown: use a name such as America/Chicago") from None


def check_file_name(pattern: str) -> None:
    """Raises ValueError where a pattern names files wrongly, or two interchanges alike."""
    try:
        fields = [field for _text, field, spec, how in Formatter().parse(pattern) if field is not None]
        plain = not any(spec or how for _text, _field, spec, how in Formatter().parse(pattern))
    except ValueError:
        fields, plain = [], False
    if not plain or set(fields) - set(NAME_FIELDS):
        known = ", ".join(f"{{{name}}}" for name in NAME_FIELDS)
        raise ValueError(f"file_name may hold {known}, and nothing else in braces")
    if not {"id", "control_number"} & set(fields):
        raise ValueError("file_name holds {id} or {control_number}, or two files would have one name")
    tried = pattern.format(**NAME_FIELDS)
    if _FILE_NAME.fullmatch(tried) is None or tried.lower().endswith(_HALF_WRITTEN):
        raise ValueError("file_name makes names of letters, digits, dot, dash and underscore only")
