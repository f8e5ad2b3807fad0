"""Logs: one JSON object on one line for each event, and only fields of an allow-list.

`log_event("claim.accepted", claim=claim_id)` writes ids, kinds, counts and durations. Any other field is
dropped, and of a foreign logger's record (aiohttp, paramiko, SQLAlchemy) only its logger, level and the
class and place of its exception remain: their messages quote raw requests, addresses and statements.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TextIO

from gateway.ids import is_id

LOGGER = logging.getLogger("claimwire")
FIELDS = frozenset(
    re.findall(
        r"\w+",
        """
        attempt batch bytes claim code codes control_number count database delivery direction endpoint
        event_id event_type exception file findings from_state guide host interchange job key kind lane
        logger method milliseconds outcome partner point port reason remittance request role route scope
        seconds sequence set signal state status step tenant to_state trace transport version worker
        """,
    )
)
ID = re.compile(r"[^A-Za-z0-9_.:/{}*<>=+@,() -]")
LONGEST = 200
FRAMES = 12


def log_event(
    event: str, *, level: int = logging.INFO, error: BaseException | None = None, **fields: object
) -> None:
    """Write one event. `fields` outside the allow-list are dropped; `error` leaves its class and frames."""
    if LOGGER.isEnabledFor(level):
        exc_info = (type(error), error, error.__traceback__) if error is not None else None
        LOGGER.log(level, event, extra={"fields": fields}, exc_info=exc_info)


def start_logs(stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Make the JSON lines the only log of this process, also of the libraries in it."""
    handler = LineHandler(stream or sys.stderr)
    handler.setFormatter(LineFormatter())
    _leave_out_what_no_line_tells()
    root = logging.getLogger()
    for other in list(root.handlers):
        root.removeHandler(other)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    LOGGER.setLevel(level)
    logging.captureWarnings(True)
    logging.raiseExceptions = False  # the handler's own complaint would print the record's arguments


def _leave_out_what_no_line_tells() -> None:
    """Process, thread and place of the call: the library would look them up for each line."""
    logging.logProcesses = logging.logMultiprocessing = logging.logThreads = False
    logging._srcfile = None  # as the library's how-to ("Optimization") says it


class LineHandler(logging.StreamHandler[TextIO]):
    """Lines of one turn of the event loop are written together, before any warning and at the end."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._waiting: list[str] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line, or let it wait for the others of this turn."""
        try:
            self._waiting.append(self.format(record))
            loop = _find_loop() if record.levelno < logging.WARNING else None
            if loop is None:
                self.flush()
            elif len(self._waiting) == 1 or loop is not self._loop:
                self._loop = loop
                loop.call_soon(self.flush)
        except Exception:
            self.handleError(record)

    def flush(self) -> None:
        """Write what waits."""
        with self.lock or contextlib.nullcontext():
            if self._waiting:
                text = "\n".join(self._waiting) + "\n"
                self._waiting.clear()
                self.stream.write(text)
            super().flush()


def _find_loop() -> asyncio.AbstractEventLoop | None:
    """The event loop that this thread is in, if any."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


class LineFormatter(logging.Formatter):
    """A log record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """The line: time, level, event and the allowed fields."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"time": moment.replace("+00:00", "Z"), "level": record.levelname.lower()}
        return json.dumps(line | _describe(record) | _trace(record), ensure_ascii=True)


def _describe(record: logging.LogRecord) -> dict[str, object]:
    if record.name != LOGGER.name:
        return {"event": "library.message", "logger": _clean(record.name)}
    given: dict[str, object] = getattr(record, "fields", {})
    allowed = {name: _clean(value) for name, value in given.items() if name in FIELDS and value is not None}
    return {"event": _clean(record.msg), **allowed}


def _trace(record: logging.LogRecord) -> dict[str, object]:
    """The class of the exception and where it was raised; never its text, which may quote a document."""
    kind, error, where = record.exc_info if record.exc_info else (None, None, None)
    if kind is None:
        return {}
    causes, members = _causes(error), _members(error)
    named = {"exception": _clean(kind.__name__), "trace": _frames(where)}
    return named | ({"cause": causes} if causes else {}) | ({"members": members} if members else {})


def _causes(error: BaseException | None) -> list[str]:
    causes: list[str] = []
    while error is not None and len(causes) < FRAMES:
        error = error.__cause__ or error.__context__
        if error is not None:
            causes.append(type(error).__name__)
    return causes


def _members(error: BaseException | None) -> list[dict[str, object]]:
    """What an exception group holds, with groups in it opened: class, our ids, causes, frames of each."""
    if not isinstance(error, BaseExceptionGroup):
        return []
    leaves: list[BaseException] = [error]
    while groups := [leaf for leaf in leaves if isinstance(leaf, BaseExceptionGroup)]:
        place = leaves.index(groups[0])
        leaves[place : place + 1] = groups[0].exceptions
    return [_describe_member(leaf) for leaf in leaves[:FRAMES]]


def _describe_member(error: BaseException) -> dict[str, object]:
    ids = [part for part in error.args if isinstance(part, str) and is_id(part)]
    told: dict[str, object] = {"exception": _clean(type(error).__name__)}
    parts = {"ids": ids, "cause": _causes(error), "trace": _frames(error.__traceback__)[-3:]}
    return told | {name: part for name, part in parts.items() if part}


def _frames(where: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(where)[-FRAMES:]
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]


def _clean(value: object) -> object:
    """A value as the log may hold it: numbers as they are, text short and of plain characters only."""
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(each) for each in list(value)[:FRAMES]]
    return ID.sub("?", str(value))[:LONGEST]
