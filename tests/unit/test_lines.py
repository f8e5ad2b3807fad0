"""Connections are kept for whoever is next; where the server gives no more, threads take turns."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import OperationalError

from gateway.store import driver
from gateway.store.driver import Lines


class Server:
    """A database that takes so many connections and no more."""

    def __init__(self, path: Path, most: int) -> None:
        self.engine: Engine = create_engine(
            f"sqlite:///{path}", pool_size=50, connect_args={"check_same_thread": False}
        )
        self.most = most
        self.given = 0

    def connect(self) -> Connection:
        if self.given >= self.most:
            raise OperationalError("connect", {}, sqlite3.OperationalError("too many"))
        self.given += 1
        return self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path / "db", 2)


def test_one_connection_serves_one_thread_after_another(server: Server) -> None:
    lines = Lines(server.connect)
    for _ in range(5):
        with lines.look("BEGIN"):
            pass
    assert server.given == 1


def test_where_the_server_gives_no_more_threads_take_turns(server: Server) -> None:
    lines, at_work, most = Lines(server.connect), threading.Semaphore(2), [0]

    def look(_: int) -> int:
        with lines.look("BEGIN") as connection:
            most[0] += not at_work.acquire(blocking=False)
            found = driver.find_driver(connection).execute("SELECT 7").fetchone()[0]
            at_work.release()
            return int(found)

    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(look, range(60))) == [7] * 60
    assert server.given <= 2
    assert most == [0]


def test_where_nobody_is_at_work_a_refusal_is_told_at_once(server: Server) -> None:
    server.most = 0
    with pytest.raises(OperationalError):
        Lines(server.connect, patience=3600).begin("BEGIN")


def test_a_connection_that_nobody_used_for_long_is_closed(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = Lines(server.connect)
    (first, _), (second, _) = lines.begin("SELECT 1"), lines.begin("SELECT 1")
    monkeypatch.setattr(driver.time, "monotonic", lambda: 100.0)
    lines.give_back(first)
    monkeypatch.setattr(driver.time, "monotonic", lambda: 100.0 + driver.UNUSED + 1)
    lines.give_back(second)
    assert (first.is_open, second.is_open) == (False, True)


def test_a_connection_that_failed_is_not_used_again(server: Server) -> None:
    lines = Lines(server.connect)
    with pytest.raises(OperationalError), lines.look("BEGIN"):
        raise OperationalError("any", {}, sqlite3.OperationalError("lost"))
    with lines.look("BEGIN"):
        pass
    assert server.given == 2
