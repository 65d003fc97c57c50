"""Log lines that name the request they belong to."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="-")

_FORMAT = "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"


class RequestIdFilter(logging.Filter):
    """Puts the id of the request under way on each record, `-` outside of a request."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the id; let every record pass."""
        record.request_id = request_id.get()
        return True


@contextmanager
def written() -> Iterator[None]:
    """Write the API's log on the standard error stream for as long as the application runs."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(_FORMAT))
    handler.addFilter(RequestIdFilter())
    logger = logging.getLogger("api")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
