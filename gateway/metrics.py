"""Counters and durations of this process, by routes, kinds and outcomes only; no ids, no values."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

MEDIA_TYPE = "text/plain"


class Metrics:
    """What `/metrics` shows of this process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "claimwire_requests",
            "HTTP requests answered.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "claimwire_request_seconds", "Time to answer, in seconds.", ("route",), registry=self.registry
        )
        self._series: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._hooks = Counter(
            "claimwire_webhook_attempts", "Webhook attempts by outcome.", ("outcome",), registry=self.registry
        )
        self._connections = Gauge("claimwire_connections", "Open HTTP connections.", registry=self.registry)

    def count_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request was answered; `route` is the pattern, never the address with its ids."""
        key = (method, route, status)
        known = self._series.get(key)
        if known is None:
            series = self._requests.labels(method, route, str(status)), self._seconds.labels(route)
            known = self._series[key] = series
        counted, timed = known
        counted.inc()
        timed.observe(seconds)

    def count_hook(self, outcome: str) -> None:
        """One attempt to deliver a webhook ended."""
        self._hooks.labels(outcome).inc()

    def watch_connections(self, count: Callable[[], int]) -> None:
        """Ask `count` for the number of open connections whenever the metrics are written."""
        self._connections.set_function(count)

    def write(self) -> bytes:
        """The Prometheus text format."""
        return generate_latest(self.registry)


def write_gauge(name: str, meaning: str, label: str, counts: Mapping[str, int]) -> bytes:
    """Counts from the database in the same text format."""
    registry = CollectorRegistry()
    gauge = Gauge(name, meaning, (label,), registry=registry)
    for kind, count in counts.items():
        gauge.labels(kind).set(count)
    return generate_latest(registry)
