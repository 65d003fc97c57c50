"""Logs as JSON lines with request ids; metrics for Prometheus."""

import logging
from typing import Any

from asgi_correlation_id import CorrelationIdFilter
from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_fastapi_instrumentator import Instrumentator
from prometheus_fastapi_instrumentator.metrics import Info
from pythonjsonlogger.json import JsonFormatter

from api.cache import ResponseCache

_LOGGERS = ("api", "asgi_correlation_id", "uvicorn")
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_METHODS = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}


def configure_json_logging() -> None:
    """Write the logs of the API and its server to standard error, as JSON objects, one per line.

    `request_id` is `-` outside of a request; `error` is a traceback.
    """
    fields = {"levelname": "level", "name": "logger", "correlation_id": "request_id"}
    formatter = JsonFormatter(
        [*fields, "message"],
        rename_fields=fields | {"exc_info": "error"},
        timestamp="time",
        json_ensure_ascii=False,
    )
    handler = logging.StreamHandler()
    handler.addFilter(CorrelationIdFilter(default_value="-"))
    handler.setFormatter(formatter)
    for logger in map(logging.getLogger, _LOGGERS):
        logger.handlers = [handler]
        logger.setLevel(logging.INFO)


def add_metrics(app: FastAPI, version: str, cache: ResponseCache, **route: Any) -> None:
    """Measure requests, the cache and the process; expose the metrics at `/metrics`."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(cache.hits)
    for key, get in {"bytes": lambda: cache.bytes, "entries": lambda: len(cache.responses)}.items():
        Gauge(f"triptych_cache_{key}", "size of the cache", registry=registry).set_function(get)
    Gauge("triptych_build_info", "version", ["version"], registry=registry).labels(version).set(1)
    requests = Counter("http_requests", "count", ["route", "method", "status"], registry=registry)
    seconds = Histogram(
        "http_request_duration_seconds", "time", ["route"], buckets=_SECONDS, registry=registry
    )

    def record(info: Info) -> None:
        method = info.method if info.method in _METHODS else "other"
        requests.labels(info.modified_handler, method, info.modified_status).inc()
        seconds.labels(info.modified_handler).observe(info.modified_duration)

    instrumentator = Instrumentator(should_group_status_codes=False, registry=registry)
    instrumentator.add(record).instrument(app).expose(app, include_in_schema=False, **route)
