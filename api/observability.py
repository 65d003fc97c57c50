"""Logs as JSON lines with request ids; metrics for Prometheus."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from asgi_correlation_id import CorrelationIdFilter, CorrelationIdMiddleware
from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_fastapi_instrumentator import Instrumentator
from prometheus_fastapi_instrumentator.metrics import Info
from pythonjsonlogger.json import JsonFormatter

from api.cache import ResponseCache

_LOGGERS = ("api", "asgi_correlation_id", "uvicorn")
_FIELDS = {"levelname": "level", "name": "logger", "correlation_id": "request_id"}
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_METHODS = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")  # anything else could forge a log line


@contextmanager
def json_logging() -> Iterator[None]:
    """Write the logs of the API and its server to standard error while the application runs.

    One JSON object per line: `time`, `level`, `logger`, `request_id` (`-` outside of a request),
    `message`; and `error`, the traceback, if there is one.
    """
    handler = logging.StreamHandler()
    handler.addFilter(CorrelationIdFilter(default_value="-"))
    rename = _FIELDS | {"exc_info": "error"}
    fields = [*_FIELDS, "message"]
    handler.setFormatter(
        JsonFormatter(fields, rename_fields=rename, timestamp="time", json_ensure_ascii=False)
    )
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    before = [logger.handlers for logger in loggers]
    for logger in loggers:
        logger.handlers = [handler]
        logger.setLevel(logging.INFO)
    yield
    for logger, handlers in zip(loggers, before, strict=True):
        logger.handlers = handlers


def add_request_ids(app: FastAPI) -> None:
    """Give each request the caller's `X-Request-ID` if it is valid, else a new one."""
    app.add_middleware(
        CorrelationIdMiddleware,
        validator=lambda given: _REQUEST_ID.fullmatch(given) is not None,
        update_request_header=False,
    )


def add_metrics(app: FastAPI, version: str, cache: ResponseCache, **route: Any) -> None:
    """Measure requests, the cache and the process; expose the metrics at `/metrics`."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(_CacheCollector(cache))
    build = Gauge("triptych_build_info", "version", ["version"], registry=registry)
    build.labels(version).set(1)
    labels = ["route", "method", "status"]
    requests = Counter("http_requests", "requests", labels, registry=registry)
    name, text = "http_request_duration_seconds", "time to the end of the response"
    seconds = Histogram(name, text, ["route"], buckets=_SECONDS, registry=registry)

    def record(info: Info) -> None:
        method = info.method if info.method in _METHODS else "other"
        requests.labels(info.modified_handler, method, info.modified_status).inc()
        seconds.labels(info.modified_handler).observe(info.modified_duration)

    instrumentator = Instrumentator(should_group_status_codes=False, registry=registry)
    instrumentator.add(record).instrument(app).expose(app, include_in_schema=False, **route)


class _CacheCollector(Collector):
    def __init__(self, cache: ResponseCache) -> None:
        self._cache = cache

    def collect(self) -> Iterator[Metric]:
        cache = self._cache
        yield GaugeMetricFamily("triptych_cache_entries", "cached responses", len(cache))
        yield GaugeMetricFamily("triptych_cache_bytes", "memory of the cache", cache.bytes)
        yield CounterMetricFamily("triptych_cache_hits", "responses from the cache", cache.hits)
