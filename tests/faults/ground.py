"""What a world stands on: a PostgreSQL of its own, small disks, disk images; it is unmade at the end."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import create_engine, text

from tests.postgres import Cluster, find_binaries, run_cluster


@contextlib.contextmanager
def run_database(connections: int) -> Iterator[Cluster]:
    """A PostgreSQL of our own with an empty database."""
    binaries = find_binaries()
    assert binaries is not None, "PostgreSQL is not installed"
    with run_cluster(binaries, connections=connections) as cluster:
        engine = create_engine(f"{cluster.url}postgres", isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("CREATE ROLE claimwire LOGIN"))
            connection.execute(text("CREATE DATABASE claimwire OWNER claimwire"))
        engine.dispose()
        yield cluster


def name_database(cluster: Cluster) -> str:
    """The database as the gateway reaches it, with an account of its own."""
    return f"postgresql+psycopg://claimwire@127.0.0.1:{cluster.port}/claimwire"


@contextlib.contextmanager
def mounted_tmpfs(place: Path, size: str) -> Iterator[None]:
    """A file system in memory of this size at `place`."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", place], check=False)


def make_image(image: Path, megabytes: int) -> Path:
    """An empty ext4 file system in a file."""
    with image.open("wb") as file:
        file.truncate(megabytes << 20)
    subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
    return image


@contextlib.contextmanager
def mounted_image(place: Path, image: Path) -> Iterator[None]:
    """A disk image, mounted through a loop device."""
    place.mkdir(exist_ok=True)
    subprocess.run(["mount", "-o", "loop", image, place], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", place], check=False)
