"""How worlds are made: who is in them, and the settings of their gateways."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from tests.faults.load import MARKERS

CLINIC, LAB = "clinic", "lab"
EXCHANGE, DIRECT = "exchange", "direct"
PAYERS = {CLINIC: "CWP01", LAB: "CWP03"}
PARTNERS = {CLINIC: EXCHANGE, LAB: DIRECT}
FREE_SPACE = 4 << 20
"""Bytes that a gateway keeps free: little, since the disks that are filled here are small."""

BUCKET = "claims"
BUCKET_SETTINGS = """\
[archive]
bucket = "claims"
endpoint = "{endpoint}"
region = "us-east-1"
access_key = "file:bucket_key"
secret_key = "file:bucket_key"
timeout_seconds = 2.0
"""

SETTINGS = """\
[server]
free_space = {free_space}

[worker]
lease_seconds = {lease}
poll_seconds = 0.1

[webhooks]
allow_private = true

{store}

{archive}

[tenants.clinic.partners.exchange]
payers = ["CWP01"]
poll_seconds = 0.3
file_name = "{file_name}"
batch = {{ max_claims = {max_claims}, claims_per_set = {claims_per_set}, max_age_seconds = 0.3 }}
watch = {{ payment_parts_days = {parts_days} }}

[tenants.clinic.partners.exchange.transport]
kind = "sftp"
host = "{host}"
port = {port}
username = "{username}"
key_file = "{key}"
host_key = "{host_key}"
outbox_folder = "{mailboxes}/exchange/inbound"
inbox_folder = "{mailboxes}/exchange/outbound"
timeout_seconds = 3.0

[tenants.clinic.partners.exchange.envelope]
sender = "CLINIC"
receiver = "EXCHANGE"
group_sender = "CLINIC"
group_receiver = "EXCHANGE"
usage = "T"

[tenants.lab.partners.direct]
payers = ["CWP03"]
poll_seconds = 0.3
batch = {{ max_claims = {max_claims}, claims_per_set = {claims_per_set}, max_age_seconds = 0.3 }}
watch = {{ payment_parts_days = {parts_days} }}

[tenants.lab.partners.direct.transport]
kind = "folder"
outbox_folder = "{mailboxes}/direct/inbound"
inbox_folder = "{mailboxes}/direct/outbound"

[tenants.lab.partners.direct.envelope]
sender = "LAB"
receiver = "DIRECT"
group_sender = "LAB"
group_receiver = "DIRECT"
usage = "T"
"""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """How a world is made: its database, what each gateway process does, and what differs in its settings."""

    postgres: bool = False
    connections: int = 60
    roles: Sequence[str] = ("all",)
    lease: float = 3.0
    max_claims: int = 10
    claims_per_set: int = 5000
    file_name: str = "{id}.x12"
    host: str = "127.0.0.1"
    haste: float = 0.5
    markers: Sequence[str] = MARKERS
    parts_days: float = 0.0
    """How long parts of a payment may stay away; 0: the payers pay each 835 by itself."""
    control_number: int = 0
    """The control number that the SFTP partner was sent last, before the load."""
    bucket: bool = False
    """True where the archive is a bucket of an S3-style server."""
    trap: Sequence[str] = ()
    """The trap that every process which does the work is started with (`armed_gateway`); {root} is known."""
    small_disk: int = 0
    """Megabytes of the tmpfs that holds the gateway's home; 0: the home is an ordinary folder."""
    small_partner: int = 0
    """The same for the payer's home with all mailboxes."""
    loop_disk: int = 0
    """Megabytes of a disk image that is mounted as the gateway's home, its file beside it."""


@dataclass
class Server:
    """One gateway process: its role, its port, and the process that now plays it."""

    name: str
    role: str
    port: int
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0

    @property
    def pid(self) -> int:
        """The process id. Raises AssertionError where none runs."""
        assert self.process is not None, f"{self.name} does not run"
        return self.process.pid

    @property
    def alive(self) -> bool:
        """True while the process runs."""
        return self.process is not None and self.process.poll() is None


@dataclass
class Extra:
    """A file that the fault puts into a mailbox: what must become of it, and whether its money counts."""

    tenant: str
    content: bytes
    states: tuple[str, ...]
    counts: bool = False
