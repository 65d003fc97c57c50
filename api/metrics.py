"""What Prometheus asks for: requests, their time, the answers that are kept, the process."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

if TYPE_CHECKING:
    from api.kept import KeptAnswers

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_METHODS = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}


class Metrics:
    """The figures of one application.

    Args:
        version: of the software.
        kept: the answers that it keeps.
    """

    def __init__(self, version: str, kept: "KeptAnswers") -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "http_requests",
            "requests, by route, method and status",
            ["route", "method", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "http_request_duration_seconds",
            "time from the request to the end of the answer, by route",
            ["route"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._gauge("triptych_kept_answers", "answers kept as bytes", lambda: len(kept))
        self._gauge("triptych_kept_bytes", "memory of the answers kept", lambda: kept.bytes)
        self._gauge("triptych_kept_hits", "answers given from the kept ones", lambda: kept.hits)
        build = Gauge("triptych_build_info", "the version", ["version"], registry=self._registry)
        build.labels(version).set(1)

    def count(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request that was answered.

        Args:
            route: its template, not its path: a few values, whatever callers ask for.
            method: of HTTP; an invented one counts as `other`.
            status: of the answer.
            seconds: that it took.
        """
        key = (route, method if method in _METHODS else "other", status)
        children = self._known.get(key)
        if children is None:
            children = self._requests.labels(*key), self._seconds.labels(route)
            self._known[key] = children
        children[0].inc()
        children[1].observe(seconds)

    def write(self) -> bytes:
        """Write all figures in Prometheus' text format."""
        return generate_latest(self._registry)

    def _gauge(self, name: str, text: str, read: Callable[[], float]) -> None:
        Gauge(name, text, registry=self._registry).set_function(read)
