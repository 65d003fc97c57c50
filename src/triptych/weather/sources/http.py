"""Client of a JSON service over HTTP, with retries where they help."""

import json
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx
from tenacity import (
    RetryCallState,
    RetryError,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_after_delay,
    wait_exponential_jitter,
)

from triptych.weather.errors import CallLimitReached, SourceRefused, SourceUnavailable, WeatherError

logger = logging.getLogger(__name__)

# After a failure later than this, no further attempt is made.
_PATIENCE_SECONDS = 60.0
# The waits before 7 attempts add up to just over the minute after which a minutely limit is lifted.
_ATTEMPTS = 7
_BACK_OFF = wait_exponential_jitter(initial=1.0, max=32.0, jitter=1.0)
_RETRIED_STATUS = {429, 500, 502, 503, 504}
# Open-Meteo answers 429 for a minute, an hour or a day: only the first is worth waiting for.
_LONG_LIMITS = ("hourly", "daily", "monthly")


class _Passing(Exception):
    """A failure that may be gone at the next attempt."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class JsonService:
    """A JSON service, with one reused connection.

    Messages have its `name` and `setting`, the environment variable of `base_url` (scheme, host and
    perhaps a path, user and password). `timeout`: seconds of one read; `api_key` of a commercial
    plan: sent but, as a password, never logged.
    """

    def __init__(
        self,
        name: str,
        base_url: str,
        setting: str,
        *,
        timeout: float = 30.0,
        sleep: Callable[[float], None] = time.sleep,
        api_key: str | None = None,
    ) -> None:
        if api_key:
            for library in ("httpx", "httpcore"):  # they log each address with its query
                logging.getLogger(library).setLevel(logging.WARNING)
        self._api_key = api_key
        url = _parse_url(base_url, setting)
        bare = url.copy_with(username=None, password=None)
        self._client = httpx.Client(
            base_url=bare,
            auth=(url.username, url.password) if url.username else None,
            params={"apikey": api_key} if api_key else None,
            timeout=httpx.Timeout(timeout, connect=min(timeout, 10.0)),
        )
        self._retrying = Retrying(
            retry=retry_if_exception_type(_Passing),
            stop=stop_after_attempt(_ATTEMPTS) | stop_after_delay(_PATIENCE_SECONDS),
            wait=_wait,
            sleep=sleep,
            before_sleep=self._log_retry,
        )
        self._name, self._where, self._setting = name, f"the {name} ({bare})", setting

    def get_many(
        self, path: str, parameters: Mapping[str, str], count: int, what: str
    ) -> list[dict[str, Any]]:
        """Request a JSON array of `count` objects; of one, the object. Messages name `what`.
        SourceUnavailable or SourceRefused without a usable response, or for a refusal.
        """
        try:
            objects: list[dict[str, Any]] = self._retrying(self._get, path, parameters, count)
        except (SourceRefused, CallLimitReached) as error:
            raise type(error)(f"{what}: {error}") from error
        except RetryError as error:
            failure = error.last_attempt.exception()
            raise SourceUnavailable(
                f"{what}: {self._where} gave no usable response in "
                f"{error.last_attempt.attempt_number} attempts; the last failure was {failure}. "
                f"Check the network and {self._setting}, or wait; what was fetched is stored, and "
                "the next run continues."
            ) from failure
        return objects

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _get(self, path: str, parameters: Mapping[str, str], count: int) -> list[dict[str, Any]]:
        try:
            response = self._client.get(path, params=parameters)
        except httpx.RequestError as error:
            raise _Passing(f"{type(error).__name__}: {error}") from error
        if (status := response.status_code) == httpx.codes.OK:
            return _parse_body(response, count)
        reason = _reason(response)
        if self._api_key:
            reason = reason.replace(self._api_key, "***")
        if status == httpx.codes.TOO_MANY_REQUESTS and reason.lower().startswith(_LONG_LIMITS):
            raise CallLimitReached(
                f"{self._where} has a limit that is used up: {reason}. "
                "What was fetched is stored: run again after that time to continue."
            )
        if status in _RETRIED_STATUS:
            raise _Passing(f"status {status}: {reason}", _retry_after(response))
        if status == httpx.codes.NOT_FOUND:
            reason += f" (is {self._setting} the base address of the {self._name}?)"
        raise SourceRefused(
            f"{self._where} refused the request with status {status}: {reason}. "
            "Asking again would not help: correct what it names."
        )

    def _log_retry(self, state: RetryCallState) -> None:
        failure = state.outcome.exception() if state.outcome else None
        logger.warning(
            "%s: %s; attempt %d, next in %.0f s",
            self._where, failure, state.attempt_number, state.upcoming_sleep,
        )  # fmt: skip


def _wait(state: RetryCallState) -> float:
    """Wait as long as the service asked for, or else ever longer."""
    failure = state.outcome.exception() if state.outcome else None
    asked = failure.retry_after if isinstance(failure, _Passing) else None
    return float(_BACK_OFF(state)) if asked is None else asked


def _retry_after(response: httpx.Response) -> float | None:
    """Read the seconds of Retry-After; a date or a wait beyond our patience is ignored."""
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isdigit() and int(text) <= _PATIENCE_SECONDS else None


def _parse_url(base_url: str, setting: str) -> httpx.URL:
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL:  # its text may quote a part of a password
        url = httpx.URL()
    if url.scheme not in ("http", "https") or not url.host or url.query:
        raise WeatherError(
            f"{setting} is not a base address such as https://host or https://user:password@host, "
            "without a query (it is not shown: it may hold a password). In a password, write "
            "@ : / ? # % as %40 %3A %2F %3F %23 %25."
        )
    return url


def _parse_body(response: httpx.Response, count: int) -> list[dict[str, Any]]:
    # Open-Meteo can fail after its headers: half a body, or plain text, both with status 200.
    try:
        body = json.loads(response.content)
    except ValueError as error:
        start = response.text[:80].strip()
        raise _Passing(f"a body that is not JSON (it starts {start!r})") from error
    objects = [body] if count == 1 else body
    sound = isinstance(objects, list) and all(isinstance(each, dict) for each in objects)
    if not sound or len(objects) != count or any(each.get("error") for each in objects):
        raise _Passing(f"status 200, but not the requested objects: {str(body)[:200]}")
    return objects


def _reason(response: httpx.Response) -> str:
    """Return the service's own words, without a full stop."""
    try:
        text = str(json.loads(response.content)["reason"])
    except (ValueError, KeyError, TypeError):
        text = response.text[:200].strip() or response.reason_phrase
    return text.rstrip(".")
