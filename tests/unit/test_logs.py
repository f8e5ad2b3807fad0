"""A log line is JSON, one line, and holds allowed fields only."""

from __future__ import annotations

import io
import json
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.logs import log_event, start_logs
from gateway.store.errors import NoSuchRow, StoreUnavailable
from tests import canaries


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    root, ours = logging.getLogger(), logging.getLogger("claimwire")
    before, levels = list(root.handlers), (root.level, ours.level)
    stream = io.StringIO()
    start_logs(stream)
    yield stream
    logging.captureWarnings(False)
    root.handlers[:] = before
    root.setLevel(levels[0])
    ours.setLevel(levels[1])


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_an_event_is_one_line_with_its_ids(log: io.StringIO) -> None:
    log_event("claim.accepted", claim="clm_01", milliseconds=1.5, status=202)
    (line,) = lines(log)
    assert line["event"] == "claim.accepted"
    assert (line["claim"], line["milliseconds"], line["status"]) == ("clm_01", 1.5, 202)
    assert line["time"].endswith("Z")


def test_a_field_outside_the_allow_list_is_dropped(log: io.StringIO) -> None:
    log_event("claim.accepted", claim="clm_01", patient=canaries.LAST_NAME, body={"a": canaries.MEMBER_ID})
    assert canaries.find_canaries(log.getvalue()) == []
    assert "patient" not in lines(log)[0]


def test_the_message_of_a_library_is_dropped(log: io.StringIO) -> None:
    logging.getLogger("aiohttp.server").error("Error handling request %r", canaries.LAST_NAME)
    warnings.warn(canaries.LAST_NAME, stacklevel=1)
    assert canaries.find_canaries(log.getvalue()) == []
    assert lines(log)[0]["logger"] == "aiohttp.server"


def test_an_exception_leaves_its_class_and_place_but_not_its_text(log: io.StringIO) -> None:
    try:
        try:
            raise KeyError(canaries.MEMBER_ID)
        except KeyError as problem:
            raise ValueError(canaries.LAST_NAME) from problem
    except ValueError as problem:
        log_event("request.failed", level=logging.ERROR, error=problem, request="req_1")
    (line,) = lines(log)
    assert (line["exception"], line["cause"]) == ("ValueError", ["KeyError"])
    assert line["trace"][0].startswith("test_logs.py:")
    assert canaries.find_canaries(log.getvalue()) == []


def test_a_group_of_exceptions_tells_each_of_them_with_our_ids_and_no_value(log: io.StringIO) -> None:
    job = "job_01K2ABCDEFGHJKMNPQRSTVWXYZ"
    inner = ExceptionGroup("inner", [NoSuchRow(job), KeyError(canaries.MEMBER_ID)])
    try:
        try:
            raise KeyError(canaries.LAST_NAME)
        except KeyError as problem:
            raise StoreUnavailable(canaries.LAST_NAME) from problem
    except StoreUnavailable as unavailable:
        group = ExceptionGroup(canaries.LAST_NAME, [unavailable, inner])
    log_event("worker.ended", level=logging.CRITICAL, error=group)
    (line,) = lines(log)
    first, second, third = line["members"]
    assert (first["exception"], first["cause"]) == ("StoreUnavailable", ["KeyError"])
    assert first["trace"][0].startswith("test_logs.py:")
    assert second == {"exception": "NoSuchRow", "ids": [job]}
    assert third == {"exception": "KeyError"}
    assert canaries.find_canaries(log.getvalue()) == []


def test_no_value_breaks_a_line_or_paints_a_terminal(log: io.StringIO) -> None:
    log_event("webhook.sent", endpoint='a\r\n{"event":"forged"}\x1b[31m\u2028', code="x" * 10_000)
    (line,) = lines(log)
    assert "\x1b" not in line["endpoint"]
    assert "\n" not in line["endpoint"]
    assert len(line["code"]) < 1000
    assert log.getvalue().isascii()


def test_a_broken_format_of_a_library_prints_no_arguments(
    log: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    logging.getLogger("paramiko").error("%d", canaries.LAST_NAME)
    assert canaries.find_canaries(log.getvalue() + capsys.readouterr().err) == []
