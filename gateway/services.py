"""The services behind the HTTP side, built by the composition root."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from gateway.answers import Answers
from gateway.archive import Archive
from gateway.audit import AuditLog
from gateway.clock import Clock
from gateway.codes.shelf import Shelf
from gateway.deposits import Deposits
from gateway.directory import PayerShelf
from gateway.follow_ups.filing import FollowUps
from gateway.ids import IdSource
from gateway.inquiries.asking import Inquiries
from gateway.intake import Intake
from gateway.keys import KeyRoom
from gateway.metrics import Metrics
from gateway.people.room import People
from gateway.places import Places
from gateway.rates import Rates
from gateway.reception import Reception
from gateway.resealing import Keeper
from gateway.settings import Settings
from gateway.store import Store
from gateway.tokens import TokenRoom
from gateway.volumes import Volumes


@dataclass(frozen=True)
class Services:
    """What handlers call.

    `in_flight` holds the idempotency keys of requests under way in this process; `broken` is set where the
    disk is not to be trusted any more and the process must end; `draining` where it takes nothing more, so
    that what would go on for ever ends; `places` are those of claims under way; `streams` and `batches` count
    each tenant's open event streams and batches of claims, `strangers` the large bodies of callers who are
    not known yet.
    """

    settings: Settings
    store: Store
    archive: Archive
    clock: Clock
    ids: IdSource
    keys: KeyRoom
    tokens: TokenRoom
    people: People
    shelf: Shelf
    directory: PayerShelf
    intake: Intake
    follow_ups: FollowUps
    deposits: Deposits
    reception: Reception
    answers: Answers
    inquiries: Inquiries
    audit: AuditLog
    keeper: Keeper
    metrics: Metrics
    rates: Rates
    volumes: Volumes
    places: Places
    broken: asyncio.Event = field(default_factory=asyncio.Event)
    draining: asyncio.Event = field(default_factory=asyncio.Event)
    streams: Counter[str] = field(default_factory=Counter)
    batches: Counter[str] = field(default_factory=Counter)
    strangers: Counter[str] = field(default_factory=Counter)
    in_flight: set[tuple[str, str, str]] = field(default_factory=set)
