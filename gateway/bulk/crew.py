"""The crew of a run: processes of this machine, or the workers of a Dask cluster on any number of machines.

Both are executors of the standard library's kind. A task may be done more than once (a worker that is taken
for dead may still be writing): it writes the same bytes, under a name of its own until they are whole.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.bulk.work import follow_parent

if TYPE_CHECKING:
    from distributed import Client

PATIENCE = 30  # seconds until a cluster that has no worker is given up


@dataclass(frozen=True)
class Crew:
    """Who does the tasks, and how many of them at once: asked anew, since workers come and go."""

    pool: Executor
    count: Callable[[], int]


class CrewLost(Exception):
    """The tasks cannot be done by this crew; the text says why."""


@contextmanager
def hire_processes(count: int) -> Iterator[Crew]:
    """So many processes of this machine (0: one for each core). Raises CrewLost where one is killed."""
    size = count or len(os.sched_getaffinity(0))
    context = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(size, mp_context=context, initializer=follow_parent) as pool:
        try:
            yield Crew(pool, lambda: size)
        except BrokenProcessPool:
            raise CrewLost("a process was killed (too little memory?)") from None
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


@contextmanager
def hire_cluster(address: str) -> Iterator[Crew]:
    """The workers at a Dask scheduler (extra `cluster`). What a lost worker had to do, another one does.

    Files and output folder have the same paths on all machines. Raises CrewLost where nobody answers any
    more, and where several workers died of one task.
    """
    from distributed import Client
    from distributed.comm.core import CommClosedError
    from distributed.scheduler import KilledWorker
    from tornado.iostream import StreamClosedError

    # a lost cluster is told by CrewLost, and not by their tracebacks as well
    for name in ("distributed", "distributed.client", "tornado.application"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        client = Client(address, set_as_default=False)
    except (OSError, ValueError) as problem:
        raise CrewLost(f"no cluster answers at {address} ({type(problem).__name__})") from None
    try:
        with client, _hire_workers(client, address) as crew:
            yield crew
    except (CommClosedError, StreamClosedError, CancelledError):  # also where only the parting fails
        raise CrewLost(f"the cluster at {address} was lost") from None
    except KilledWorker:
        raise CrewLost("several workers died of the same part (too little memory?)") from None


@contextmanager
def _hire_workers(client: Client, address: str) -> Iterator[Crew]:
    """The workers that a scheduler has. Raises CrewLost where it has none."""
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError:
        raise CrewLost(f"the cluster at {address} has no worker") from None
    pool = client.get_executor(pure=False)
    try:
        yield Crew(pool, lambda: max(1, sum(client.nthreads().values())))
    finally:
        pool.shutdown(wait=False)


def hire(workers: int, cluster: str) -> AbstractContextManager[Crew]:
    """The cluster where there is one to ask, else processes."""
    return hire_cluster(cluster) if cluster else hire_processes(workers)
