"""Clients that ask the API without a pause, and note what became of each request."""

import http.client
import threading
import time
from collections.abc import Callable
from typing import Any

Check = Callable[[int, bytes], None]


class Callers:
    """Threads with a keep-alive connection each; they stop when the server does not listen.

    Args:
        address: of the API, `http://host:port`.
        targets: paths and queries, asked for in turn.
        number: of threads.
        check: raises AssertionError for an answer that must not be.
    """

    def __init__(self, address: str, targets: list[str], number: int, check: Check) -> None:
        self._host = address.removeprefix("http://")
        self._targets = targets
        self._check = check
        self._ending = threading.Event()
        self._threads = [threading.Thread(target=self._call, args=(n,)) for n in range(number)]
        self.statuses: list[tuple[float, int]] = []
        self.failures: list[str] = []

    def __enter__(self) -> "Callers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.stop()

    def stop(self) -> None:
        """Let each finish its request, and wait for all."""
        self._ending.set()
        for thread in self._threads:
            thread.join()

    def count(self, status: int) -> int:
        """Count the answers with a status."""
        return sum(each == status for _, each in self.statuses)

    def _call(self, number: int) -> None:
        connection = http.client.HTTPConnection(self._host, timeout=60)
        while not self._ending.is_set():
            target = self._targets[number % len(self._targets)]
            number += 1
            try:
                if connection.sock is None:
                    connection.connect()
            except ConnectionRefusedError:
                return  # nobody listens: no request was sent
            try:
                connection.request("GET", target)
                response = connection.getresponse()
                body = response.read()
                self.statuses.append((time.monotonic(), response.status))
                self._check(response.status, body)
            except Exception as error:
                self.failures.append(f"{target}: {error!r}")
                connection.close()
        connection.close()
