"""A sheet: what all papers share. Title, page header and footer, tables, amounts; standard fonts of PDF."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final, Literal

from fpdf import FPDF
from fpdf.enums import TableBordersLayout
from fpdf.fonts import FontFace

INK: Final = (33, 37, 41)
QUIET: Final = (108, 117, 125)
ACCENT: Final = (24, 78, 119)
SHADE: Final = (241, 244, 247)
FAMILY: Final = "helvetica"
Align = Literal["LEFT", "RIGHT"]
WRITABLE: Final = "cp1252"


class Sheet(FPDF):
    """A paper in Letter size. `title` names it, `subtitle` stands below, `made` is when it was made."""

    def __init__(self, title: str, subtitle: str, made: datetime) -> None:
        super().__init__(orientation="portrait", unit="mm", format="letter")
        self._title, self._subtitle = clean(title), clean(subtitle)
        self.set_title(self._title)
        self.set_creator("Claimwire")
        self.set_lang("en-US")
        self.set_creation_date(made)
        self.core_fonts_encoding = WRITABLE
        self.set_margins(16, 14, 16)
        self.set_auto_page_break(auto=True, margin=18)
        self.add_page()

    def header(self) -> None:
        """Title and subtitle on every page, above a rule."""
        self.set_text_color(*ACCENT)
        self.set_font(FAMILY, "B", 15)
        self.cell(0, 8, self._title, new_x="LMARGIN", new_y="NEXT")
        self.set_text_color(*QUIET)
        self.set_font(FAMILY, "", 9)
        self.cell(0, 5, self._subtitle, new_x="LMARGIN", new_y="NEXT")
        self.set_draw_color(*ACCENT)
        self.set_line_width(0.5)
        self.line(self.l_margin, self.get_y() + 1.5, self.w - self.r_margin, self.get_y() + 1.5)
        self.ln(5)
        self.set_text_color(*INK)

    def footer(self) -> None:
        """The number of the page."""
        self.set_y(-13)
        self.set_text_color(*QUIET)
        self.set_font(FAMILY, "", 8)
        self.cell(0, 5, f"Page {self.page_no()} of {{nb}}", align="C")

    def write_heading(self, text: str) -> None:
        """A heading, never the last thing of a page."""
        if self.will_page_break(24):
            self.add_page()
        self.ln(2)
        self.set_font(FAMILY, "B", 11)
        self.set_text_color(*ACCENT)
        self.cell(0, 6.5, clean(text), new_x="LMARGIN", new_y="NEXT")
        self.set_text_color(*INK)

    def write_note(self, text: str) -> None:
        """A line or two in small letters."""
        self.set_font(FAMILY, "", 8.5)
        self.set_text_color(*QUIET)
        self.multi_cell(0, 4.3, clean(text), new_x="LMARGIN", new_y="NEXT")
        self.set_text_color(*INK)

    def write_facts(self, facts: Iterable[tuple[str, str]]) -> None:
        """Names with their values, in two columns."""
        pairs = [(name, value) for name, value in facts if value]
        half = self.epw / 2
        for at in range(0, len(pairs), 2):
            for place, (name, value) in enumerate(pairs[at : at + 2]):
                self.set_x(self.l_margin + place * half)
                self.set_font(FAMILY, "", 9)
                self.set_text_color(*QUIET)
                self.cell(32, 5.2, clean(name))
                self.set_text_color(*INK)
                self.set_font(FAMILY, "B", 9)
                self.cell(half - 33, 5.2, clean(self._fit(value, half - 34)))
            self.ln(5.2)
        self.ln(1)

    def _fit(self, text: str, width: float) -> str:
        """The text, cut where it is too wide."""
        kept = clean(text)
        while kept and self.get_string_width(kept) > width:
            kept = kept[:-1]
        return kept if kept == clean(text) else kept[:-3] + "..."

    def write_table(
        self,
        heads: Sequence[str],
        rows: Iterable[Sequence[str]],
        *,
        widths: Sequence[int],
        amounts: int,
        total: Sequence[str] | None = None,
    ) -> None:
        """A table; its last `amounts` columns are money, set to the right. The head is on every page."""
        texts = len(heads) - amounts
        aligns: list[Align] = ["LEFT" if at < texts else "RIGHT" for at in range(len(heads))]
        self.set_font(FAMILY, "", 8.5)
        self.set_draw_color(206, 212, 218)
        self.set_line_width(0.15)
        with self.table(
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            headings_style=FontFace(emphasis="BOLD", color=QUIET, fill_color=SHADE),
            line_height=4.6,
            padding=0.9,
            col_widths=tuple(widths),
            text_align=tuple(aligns),
            width=self.epw,
        ) as table:
            for row in (heads, *rows):
                table.row([clean(cell) for cell in row])
            if total is not None:
                table.row([clean(cell) for cell in total], style=FontFace(emphasis="BOLD", fill_color=SHADE))
        self.ln(1.5)

    def render(self) -> bytes:
        """The paper as PDF."""
        return bytes(self.output())


def clean(text: str) -> str:
    """The text in the letters that the standard fonts have; others become question marks."""
    return text.encode(WRITABLE, "replace").decode(WRITABLE)


def write_money(amount: Decimal) -> str:
    """An amount in dollars as people read it, a negative one in front of a minus."""
    return f"{amount:,.2f}"


def write_day(day: date | None) -> str:
    """A day as people here read it, or "" for none."""
    return f"{day:%m/%d/%Y}" if day is not None else ""
