"""A load that costs little: so many keep-alive clients on raw sockets, in a process of its own.

    python -m tests.bench.load PORT PATH BODIES --clients 32 --key KEY

`BODIES` is a file with one body on each line. Each client sends the next one as soon as it was answered. The
answer is JSON on standard output: seconds from the first request to the last answer, how many answers of
each status, milliseconds of each percentile, processor seconds of this process. The first `--warm` requests
are not counted.
"""

from __future__ import annotations

import argparse
import json
import select
import socket
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

PERCENTILES = (50, 99)
PATIENCE = 30.0
END_OF_HEADER = b"\r\n\r\n"
LENGTH = b"content-length:"


class Load(NamedTuple):
    """What came of a load."""

    seconds: float
    statuses: dict[str, int]
    milliseconds: dict[str, float]
    processor: float

    @property
    def rate(self) -> float:
        """Answers of a second."""
        return sum(self.statuses.values()) / self.seconds


class Client:
    """One keep-alive connection with at most one request under way."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""
        self.began = 0.0

    def send(self, request: bytes) -> None:
        """Send a whole request."""
        self.began = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> str:
        """The status of the answer once all of it is here, "" before. Raises ConnectionError."""
        piece = self.socket.recv(65536)
        if not piece:
            raise ConnectionError("the server closed a connection")
        self._received += piece
        header, found, body = self._received.partition(END_OF_HEADER)
        if not found:
            return ""
        length = header.lower().partition(LENGTH)[2].partition(b"\r\n")[0]
        if len(body) < int(length):
            return ""
        self._received = b""
        return header[9:12].decode()


def write_requests(path: str, key: str, bodies: Sequence[bytes]) -> list[bytes]:
    """Whole requests, ready to be sent."""
    head = f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
    head += f"Authorization: Bearer {key}\r\n" if key else ""
    return [f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body for body in bodies]


def press(port: int, requests: Sequence[bytes], clients: int) -> Load:
    """Send all requests over so many connections."""
    begun, processor = time.perf_counter(), time.process_time()
    statuses: Counter[str] = Counter()
    waits: list[float] = []
    for status, wait in _exchange(port, iter(requests), clients):
        statuses[status] += 1
        waits.append(1000 * wait)
    seconds = time.perf_counter() - begun
    waits.sort()
    told = {f"p{percent}": waits[min(len(waits) - 1, len(waits) * percent // 100)] for percent in PERCENTILES}
    return Load(seconds, dict(statuses), told, time.process_time() - processor)


def _exchange(port: int, requests: Iterator[bytes], clients: int) -> Iterator[tuple[str, float]]:
    """The status of each answer, and how long it took."""
    poller, connected = select.epoll(), {}
    for _, request in zip(range(clients), requests, strict=False):
        client = Client(port)
        connected[client.socket.fileno()] = client
        poller.register(client.socket, select.EPOLLIN)
        client.send(request)
    while connected:
        ready = poller.poll(PATIENCE)
        if not ready:
            raise TimeoutError("no answer")
        for number, _ in ready:
            client = connected[number]
            status = client.receive()
            if not status:
                continue
            yield status, time.perf_counter() - client.began
            following = next(requests, None)
            if following is not None:
                client.send(following)
                continue
            poller.unregister(client.socket)
            connected.pop(number).socket.close()


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.load")
    parser.add_argument("port", type=int)
    parser.add_argument("path")
    parser.add_argument("bodies", type=Path)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--warm", type=int, default=0)
    parser.add_argument("--key", default="")
    given = parser.parse_args()
    requests = write_requests(given.path, given.key, given.bodies.read_bytes().splitlines())
    if given.warm:
        press(given.port, requests[: given.warm], given.clients)
    print(json.dumps(press(given.port, requests[given.warm :], given.clients)._asdict()))


if __name__ == "__main__":
    main()
