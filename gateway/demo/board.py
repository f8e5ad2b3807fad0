"""What the demo shows: each event of the feed as it comes, live on a terminal, as lines elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Protocol

import msgspec
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from gateway.demo.samples import Dollars, Sample

WIDE = 106
COLOURS = {
    "paid": "green",
    "partially_paid": "yellow",
    "denied": "red",
    "rejected": "red",
    "returned": "red",
    "payer_rejected": "red",
    "reversed": "yellow",
}


class Moment(msgspec.Struct, frozen=True):
    """One event of the feed about a claim, as the board shows it; `detail` is what it tells."""

    time: str
    type: str
    number: str
    state: str
    detail: str = ""


class Outcome(msgspec.Struct, frozen=True):
    """How a sample's claim ended. `complaints` says in sentences what differs from the sample's word."""

    sample: Sample
    claim: str
    state: str
    dollars: Dollars
    webhooks: int
    complaints: tuple[str, ...] = ()


class Board(Protocol):
    """Where the story is told."""

    def __enter__(self) -> Board: ...

    def __exit__(self, *failure: object) -> None: ...

    def tell(self, moment: Moment) -> None:
        """Show one event."""
        ...

    def count(self, number: str, webhooks: int) -> None:
        """Show how many webhooks about a claim have come and were genuine."""
        ...


class LineBoard:
    """One line for each event."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def __enter__(self) -> LineBoard:
        return self

    def __exit__(self, *failure: object) -> None:
        return None

    def tell(self, moment: Moment) -> None:
        """Print the event."""
        words = f"{moment.time}  {moment.number:<14} {moment.type:<20} {moment.state:<15} {moment.detail}"
        self._console.print(words.rstrip(), markup=False, highlight=False, soft_wrap=True)

    def count(self, number: str, webhooks: int) -> None:
        """Lines do not change: the table at the end has the numbers."""


class LiveBoard:
    """One row for each claim, whose timeline grows."""

    def __init__(self, console: Console, samples: Sequence[Sample]) -> None:
        self._timelines: dict[str, list[str]] = {sample.number: [] for sample in samples}
        self._states: dict[str, str] = {}
        self._webhooks: dict[str, int] = {}
        self._live = Live(self._draw(), console=console, refresh_per_second=8)

    def __enter__(self) -> LiveBoard:
        self._live.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._live.stop()

    def tell(self, moment: Moment) -> None:
        """Add the event to its claim's row."""
        told = moment.detail or moment.type.partition(".")[2]
        self._timelines.setdefault(moment.number, []).append(told)
        self._states[moment.number] = moment.state
        self._live.update(self._draw())

    def count(self, number: str, webhooks: int) -> None:
        """Put the number into the claim's row."""
        self._webhooks[number] = webhooks
        self._live.update(self._draw())

    def _draw(self) -> Table:
        table = Table(box=None, pad_edge=False)
        for heading in ("claim", "state", "webhooks"):
            table.add_column(heading, no_wrap=True)
        table.add_column("timeline", overflow="fold")
        for number, story in self._timelines.items():
            state, webhooks = colour(self._states.get(number, "")), str(self._webhooks.get(number, 0))
            table.add_row(number, state, webhooks, " → ".join(story))
        return table


def open_board(console: Console, samples: Sequence[Sample]) -> Board:
    """The live board on a terminal, else the plain one."""
    return LiveBoard(console, samples) if console.is_terminal else LineBoard(console)


def colour(state: str) -> Text:
    """The state in its colour."""
    return Text(state, style=COLOURS.get(state, ""))


def draw_outcomes(outcomes: Sequence[Outcome], width: int) -> Table:
    """The table at the end: claims, states, dollars, webhooks, totals; scenarios where `width` allows."""
    wide = width >= WIDE
    table = Table(title="billed = paid + adjusted + patient + open", box=None, padding=(0, 1, 0, 0))
    for heading in ("", "claim", *(["scenario"] if wide else []), "state"):
        table.add_column(heading, no_wrap=True)
    for heading in (*Dollars.__struct_fields__, "hooks"):
        table.add_column(heading, justify="right", no_wrap=True)
    for outcome in outcomes:
        table.add_row(*list_cells(outcome, wide))
    totals = sum_dollars([outcome.dollars for outcome in outcomes])
    hooks = sum(outcome.webhooks for outcome in outcomes)
    blank = ["", ""] if wide else [""]
    table.add_row("", f"{len(outcomes)} claims", *blank, *map(str, totals.values()), str(hooks), style="bold")
    return table


def list_cells(outcome: Outcome, wide: bool) -> list[Text | str]:
    """One claim's cells of the table at the end."""
    mark = Text("✗", style="bold red") if outcome.complaints else Text("✓", style="green")
    scenario = [outcome.sample.expected.scenario or "(refused)"] if wide else []
    dollars = [str(amount) for amount in dollars_of(outcome.dollars).values()]
    return [mark, outcome.sample.number, *scenario, colour(outcome.state), *dollars, str(outcome.webhooks)]


def dollars_of(dollars: Dollars) -> Mapping[str, Decimal]:
    """The five amounts by name, in the order of the table."""
    return {name: getattr(dollars, name) for name in Dollars.__struct_fields__}


def sum_dollars(all_dollars: Sequence[Dollars]) -> Mapping[str, Decimal]:
    """The totals."""
    return {
        name: sum((getattr(dollars, name) for dollars in all_dollars), Decimal("0.00"))
        for name in Dollars.__struct_fields__
    }
