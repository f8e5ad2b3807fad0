"""Code tables over HTTP."""

from __future__ import annotations

import asyncio

from aiohttp import web

from edi.edits.table import Verdict
from gateway.api.bodies import write_json
from gateway.api.call import Call
from gateway.api.code_shapes import CodeQuery, CodeShown, CodeSpan, TableList, TableListed
from gateway.api.problem import Problem
from gateway.codes.standing import Shown, show, stand

NOWHERE = frozenset({Verdict.UNKNOWN, Verdict.NOT_HELD})


async def list_tables(call: Call) -> web.Response:
    """GET /v1/codes: every table that is known, with its release."""
    shelf = call.services.shelf
    found = await asyncio.to_thread(stand, shelf.tables(), shelf.imported(), shelf.today())
    return write_json(TableList(tables=[TableListed(**each._asdict()) for each in found]))


async def show_code(call: Call) -> web.Response:
    """GET /v1/codes/{table}/{code}: the code on a day; 404 where the table has no such code."""
    shelf = call.services.shelf
    name, code = call.request.match_info["table"], call.request.match_info["code"]
    day = call.query(CodeQuery).date or shelf.today()
    try:
        shown = show(shelf.tables(), name, code, day)
    except KeyError:
        raise Problem("not-found", "No table of that name is held; GET /v1/codes lists them.") from None
    if not shown.entries and shown.verdict in NOWHERE:
        raise Problem("not-found", f"{shown.title} ({name} {shown.release}) has no such code on {day}.")
    return write_json(describe_code(shown))


def describe_code(shown: Shown) -> CodeShown:
    """A code as it is answered."""
    spans = [
        CodeSpan(start=entry.start, end=entry.end, marks=entry.marks, title=title)
        for entry, title in shown.entries
    ]
    return CodeShown(
        table=shown.table,
        release=shown.release,
        code=shown.code,
        date=shown.on,
        valid=shown.verdict is Verdict.VALID,
        verdict=shown.verdict.value,
        title=shown.words,
        spans=spans,
    )
