"""Many claims in one request: a line for each claim in, a line for each answer out, while both are under way.

A claim is durable before its answer is written. Up to `WINDOW` lines are under way at once, so that they
share commits; no further line is read before the oldest of them is answered and the client has taken it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any

import msgspec
from aiohttp import web

from edi.findings import Finding, find
from gateway.api.call import Call
from gateway.api.lines import Line, read_lines
from gateway.api.places import hold_place
from gateway.api.problem import Problem
from gateway.api.shapes import BatchAnswer
from gateway.api.streaming import open_stream
from gateway.api.trail import witness
from gateway.checking.crew import CheckFailed
from gateway.logs import log_event
from gateway.store.errors import StoreBroken, StoreUnavailable

MEDIA = "application/x-ndjson"
WINDOW = 64
STOPPED = "stopped"
UNREADABLE = "unreadable"
UNAVAILABLE = "unavailable"

Answers = asyncio.Queue["asyncio.Task[msgspec.Struct] | None"]
Take = Callable[[Call, Line], Coroutine[Any, Any, msgspec.Struct]]
"""Takes one line in; whatever becomes of it is its answer."""


async def submit_batch(call: Call) -> web.StreamResponse:
    """POST /v1/claims/batch: one answer for each line, in order, each durable before it is written."""
    return await answer_lines(call, _take, BatchAnswer)


async def answer_lines(call: Call, take: Take, shape: Callable[..., msgspec.Struct]) -> web.StreamResponse:
    """Take every line of the body and answer each by a line of `shape`, in order, as they come."""
    with _hold_place(call):
        response = await open_stream(call, MEDIA)
        answers: Answers = asyncio.Queue(WINDOW)
        reading = asyncio.create_task(_take_all(call, answers, take, shape))
        try:
            async for answer in _list_answers(answers):
                await response.write(msgspec.json.encode(answer) + b"\n")
            await response.write_eof()
        except ConnectionError:  # the client is gone; what was read is stored all the same
            log_event("batch.abandoned", tenant=call.tenant)
        finally:
            await _end(reading, answers)
    return response


async def _take_all(call: Call, answers: Answers, take: Take, shape: Callable[..., msgspec.Struct]) -> None:
    """Take every line; the end is told also where the reading fails."""
    try:
        await _take_lines(call, answers, take, shape)
    except Exception as failure:
        log_event("request.failed", level=logging.ERROR, error=failure, tenant=call.tenant)
    await answers.put(None)


async def _take_lines(call: Call, answers: Answers, take: Take, shape: Callable[..., msgspec.Struct]) -> None:
    """Begin to take each line in as soon as there is room for its answer."""
    server = call.services.settings.server
    lines = read_lines(
        call.request, line_limit=server.body_limit, limit=server.batch_limit, seconds=server.body_seconds
    )
    async for line in lines:
        stopped = call.services.draining.is_set()
        fault = find("request.server_stops") if stopped else line.fault
        work = _refuse(line.number, fault, shape) if fault is not None else take(call, line)
        await answers.put(asyncio.create_task(work))
        if fault is not None:
            return


async def _list_answers(answers: Answers) -> AsyncIterator[msgspec.Struct]:
    while (task := await answers.get()) is not None:
        yield await task


async def _take(call: Call, line: Line) -> msgspec.Struct:
    """Take one claim in; whatever becomes of it is an answer."""
    try:
        async with hold_place(call, wait=True):
            return await _submit(call, line)
    except (StoreUnavailable, CheckFailed) as failure:
        log_event("request.unavailable", error=failure, tenant=call.tenant)
        return BatchAnswer(line=line.number, state=UNAVAILABLE, findings=(find("request.not_stored"),))
    except StoreBroken:
        call.services.broken.set()
        return BatchAnswer(line=line.number, state=UNAVAILABLE, findings=(find("request.not_stored"),))


async def _submit(call: Call, line: Line) -> BatchAnswer:
    intake = call.services.intake
    opinion = await intake.judge(call.tenant, line.content)
    if opinion.judged is None:
        kept = await intake.keep_unreadable(call.tenant, line.content, opinion.unreadable)
        call.tell(kept.file)
        return BatchAnswer(line=line.number, state=UNREADABLE, file=kept.file, findings=opinion.unreadable)
    submission = await intake.record(call.tenant, opinion.judged, entry=witness(call))
    return BatchAnswer(
        line=line.number,
        state=submission.state,
        id=submission.claim,
        patient_control_number=submission.patient_control_number,
        findings=submission.findings,
    )


async def _refuse(number: int, fault: Finding, shape: Callable[..., msgspec.Struct]) -> msgspec.Struct:
    """The last answer: from this line on nothing was taken."""
    return shape(line=number, state=STOPPED, findings=(fault,))


async def _end(reading: asyncio.Task[None], answers: Answers) -> None:
    """Read no more, and let what is under way end: it is on its way to the disk."""
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    left = [answers.get_nowait() for _ in range(answers.qsize())]
    await asyncio.gather(*filter(None, left), return_exceptions=True)


@contextlib.contextmanager
def _hold_place(call: Call) -> Iterator[None]:
    """One of the tenant's batches under way. Raises Problem 429 where it has too many."""
    batches, limit = call.services.batches, call.services.settings.server.batches
    if batches[call.tenant] >= limit:
        detail = f"At most {limit} batches are taken in at once. Nothing was read."
        raise Problem("too-many", detail, headers={"Retry-After": "5", "Connection": "close"})
    batches[call.tenant] += 1
    try:
        yield
    finally:
        batches[call.tenant] -= 1
