"""The demo's journey: every sample claim posted, followed to its end, and judged."""

from __future__ import annotations

import asyncio
import logging
import signal
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from rich.console import Console

from gateway.demo.board import Board, Moment, Outcome, draw_outcomes, open_board
from gateway.demo.client import Event, Posted
from gateway.demo.receiver import LOOPBACK
from gateway.demo.samples import Sample, load_samples
from gateway.demo.verdict import Received, is_settled, judge_claim, judge_payments
from gateway.demo.world import World, open_world
from gateway.logs import start_logs

PATIENCE_SECONDS = 60.0
PAGE_WIDTH = 132


def run_demo(*, keep: bool = False, console: Console | None = None) -> int:
    """The demo in a folder of its own that is removed at the end.

    The exit code is 0 where every claim ended as its sample says. With `keep` everything stays up until
    SIGINT or SIGTERM.
    """
    start_logs(level=logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="claimwire-demo-") as folder:
        return asyncio.run(travel(Path(folder), console or open_console(), keep=keep))


def open_console() -> Console:
    """The terminal, or a page wide enough for the table where the output goes elsewhere."""
    console = Console()
    return console if console.is_terminal else Console(width=PAGE_WIDTH)


async def travel(
    home: Path, console: Console, *, keep: bool = False, samples: Sequence[Sample] | None = None
) -> int:
    """The whole journey of the samples (all there are, without any given) under `home`; the exit code."""
    samples = load_samples() if samples is None else samples
    async with open_world(home, samples) as world:
        console.print(f"gateway {world.url}, scripted payer sftp://{LOOPBACK}:{world.simulator.port}")
        with open_board(console, samples) as board:
            journey = Journey(world, samples, board)
            await journey.post()
            await journey.follow()
        code = show_end(console, await journey.judge(), journey.received)
        if keep:
            await stay(console, world)
    return code


def show_end(console: Console, outcomes: Sequence[Outcome], received: Received) -> int:
    """The table, what differs from the samples, and the exit code."""
    console.print(draw_outcomes(outcomes, console.width))
    console.print(f"payers paid {received.amount}, after taking back {received.kept} from providers")
    complaints = [
        f"{outcome.sample.case}: {complaint}" for outcome in outcomes for complaint in outcome.complaints
    ]
    complaints += judge_payments(outcomes, received)
    for complaint in complaints:
        console.print(complaint, style="red", markup=False, highlight=False)
    console.print(
        f"{len(outcomes)} claims, {'all' if not complaints else 'not all'} ended as their samples say"
    )
    return 1 if complaints else 0


async def stay(console: Console, world: World) -> None:
    """Say where everything is, and wait for SIGINT or SIGTERM."""
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    console.print(f"API       {world.url}", soft_wrap=True)
    console.print(f"API key   {world.api_key}", soft_wrap=True)
    console.print(f"OpenAPI   {world.url}/openapi.json", soft_wrap=True)
    console.print(f"payer     sftp://{LOOPBACK}:{world.simulator.port}", soft_wrap=True)
    console.print("Ctrl-C ends everything and removes it.")
    await stopped.wait()


@dataclass
class Journey:
    """The claims on their way: what was posted, what the feed has told so far."""

    world: World
    samples: Sequence[Sample]
    board: Board
    posted: dict[str, Posted] = field(default_factory=dict)
    cursor: int = 0
    told: Counter[str] = field(default_factory=Counter)
    received: Received = field(default_factory=Received)

    async def post(self) -> None:
        """Post every sample claim."""
        for sample in self.samples:
            self.posted[sample.case] = await self.world.client.post_claim(sample.text)

    async def follow(self) -> None:
        """Watch the feed until every claim has ended and every webhook has come, or patience ends."""
        ends = self.world.clock.now().timestamp() + PATIENCE_SECONDS
        while self.world.clock.now().timestamp() < ends:
            quiet = not await self._read_feed()
            self._count_webhooks()
            if quiet and await self._is_over():
                return
            await self.world.clock.sleep(0.1)

    async def judge(self) -> tuple[Outcome, ...]:
        """How each claim ended."""
        await self._read_feed()
        return tuple([await self._judge(sample) for sample in self.samples])

    async def _judge(self, sample: Sample) -> Outcome:
        posted = self.posted[sample.case]
        view = await self.world.client.show_claim(posted.claim)
        webhooks = self.world.receiver.by_claim[posted.claim]
        return judge_claim(sample, posted, view, self.told[posted.claim], webhooks)

    async def _read_feed(self) -> bool:
        """Take in what the feed tells anew; False where it tells nothing."""
        page = await self.world.client.list_events(self.cursor)
        for event in page.events:
            self._take(event)
        self.cursor = page.next
        return bool(page.events)

    def _take(self, event: Event) -> None:
        self.told[event.data.claim] += 1
        if event.type == "remittance.received":
            kept = sum(
                (adjusted.amount for adjusted in event.data.provider_adjustments), start=self.received.kept
            )
            amount = self.received.amount + (event.data.amount or 0)
            self.received = msgspec.structs.replace(self.received, amount=amount, kept=kept)
        if event.data.claim:
            self.board.tell(describe_moment(event))

    def _count_webhooks(self) -> None:
        for sample in self.samples:
            webhooks = self.world.receiver.by_claim[self.posted[sample.case].claim]
            self.board.count(sample.number, webhooks)

    async def _is_over(self) -> bool:
        """True once every claim has ended as its sample says and every event has reached the receiver."""
        for sample in self.samples:
            view = await self.world.client.show_claim(self.posted[sample.case].claim)
            if not is_settled(sample, view):
                return False
        return self.world.receiver.by_claim == self.told


def describe_moment(event: Event) -> Moment:
    """An event about a claim as the board shows it."""
    story, detail = event.data, ""
    if story.acknowledgment is not None:
        detail = f"{story.acknowledgment.kind} {story.acknowledgment.code}".strip()
    if story.payment is not None:
        detail = f"835 {story.payment.paid} of {story.payment.charge}"
    time = event.timestamp.partition("T")[2][:8]
    return Moment(time, event.type, story.patient_control_number, story.state, detail)
