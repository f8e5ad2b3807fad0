"""`claimwire bulk --cluster`: two workers of a Dask cluster on this machine, one of which is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from distributed import Client

from tests.bench.files import make_file
from tests.cli import ROOT, run_module

OPTIONS = ("--part-size", "6000", "--format", "both", "--json")
DEADLINE = 240.0


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("files")
    places = []
    for kind, count in (("837P", 120), ("837I", 60), ("835", 120)):
        places.append(folder / f"{kind}.x12")
        places[-1].write_bytes(make_file(kind, count))
    return places


@pytest.fixture(scope="module")
def local(files: list[Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What a run on this machine alone writes."""
    folder = tmp_path_factory.mktemp("local") / "out"
    ran = run_module("gateway.cli", "bulk", *map(str, files), "-o", str(folder), *OPTIONS)
    assert ran.status == 0, ran.err
    return read_folder(folder)


def read_folder(folder: Path) -> dict[str, bytes]:
    places = (place for place in folder.rglob("*") if place.is_file())
    return {str(place.relative_to(folder)): place.read_bytes() for place in places}


class Cluster:
    """A scheduler and workers, each a process of its own as on machines of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: list[subprocess.Popen[bytes]] = []
        found = folder / "scheduler.json"
        self.scheduler = self.start(
            "dask_scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", str(found)
        )
        wait_until(found.exists)
        self.client = Client(scheduler_file=str(found), set_as_default=False)
        self.address = str(self.client.scheduler.address)

    def start(self, module: str, *options: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.{module}", *options]
        log = (self.folder / "log").open("ab")
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(command, cwd=self.folder, env=environment, stdout=log, stderr=log)
        self.running.append(process)
        return process

    def hire(self, count: int) -> list[subprocess.Popen[bytes]]:
        options = ("--nthreads", "1", "--no-dashboard", "--no-nanny")
        begun = [self.start("dask_worker", self.address, *options) for _ in range(count)]
        self.client.wait_for_workers(count, timeout=DEADLINE)
        return begun

    def stop(self) -> None:
        self.client.close()
        for process in self.running:
            process.kill()
            process.wait()


def wait_until(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def start_and_wait_for_parts(cluster: Cluster, files: list[Path], folder: Path) -> subprocess.Popen[str]:
    """A run on a cluster of which some parts are finished."""
    command = [sys.executable, "-m", "gateway.cli", "bulk", *map(str, files), "-o", str(folder), *OPTIONS]
    command += ["--cluster", cluster.address]
    environment = os.environ | {"DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "5s"}
    pipe = subprocess.PIPE
    run = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=pipe, stderr=pipe, text=True)
    wait_until(lambda: len(list((folder / ".progress").glob("*-*.json"))) > 5)
    return run


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path)
    yield cluster
    cluster.stop()


@pytest.mark.slow
def test_a_cluster_writes_the_same_bytes_also_where_a_worker_is_killed_midway(
    cluster: Cluster, files: list[Path], local: dict[str, bytes], tmp_path: Path
) -> None:
    first, second = cluster.hire(2)
    folder = tmp_path / "out"
    run = start_and_wait_for_parts(cluster, files, folder)
    first.send_signal(signal.SIGKILL)
    assert run.poll() is None, "ended before the worker could be killed"
    _, trouble = run.communicate(timeout=DEADLINE)
    assert run.returncode == 0, trouble
    assert second.poll() is None
    assert read_folder(folder) == local


@pytest.mark.slow
def test_a_run_whose_cluster_is_lost_says_so_and_goes_on_without_it(
    cluster: Cluster, files: list[Path], local: dict[str, bytes], tmp_path: Path
) -> None:
    cluster.hire(1)
    folder = tmp_path / "out"
    run = start_and_wait_for_parts(cluster, files, folder)
    cluster.scheduler.send_signal(signal.SIGKILL)
    assert run.poll() is None, "ended before the scheduler could be killed"
    _, trouble = run.communicate(timeout=DEADLINE)
    assert run.returncode == 2, trouble
    assert f"the cluster at {cluster.address} was lost; run again to go on" in trouble
    assert "Traceback" not in trouble
    ran = run_module("gateway.cli", "bulk", *map(str, files), "-o", str(folder), *OPTIONS)
    assert ran.status == 0, ran.err
    assert read_folder(folder) == local


def test_a_cluster_that_does_not_answer_is_told_in_one_line(files: list[Path], tmp_path: Path) -> None:
    given = (*map(str, files), "-o", str(tmp_path / "out"), "--cluster", "tcp://127.0.0.1:1")
    ran = run_module("gateway.cli", "bulk", *given, DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT="1s")
    assert ran.status == 2
    assert "no cluster answers at tcp://127.0.0.1:1" in ran.err
    assert "Traceback" not in ran.err
