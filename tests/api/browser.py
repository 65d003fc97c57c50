"""A tab of a real Chromium, driven by its DevTools protocol."""

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import urlopen

from websockets.sync.client import ClientConnection, connect

_PATIENCE = 30.0
OPTIONS = ["--headless", "--no-sandbox", "--disable-gpu"]


class Tab:
    """One open page, as narrow as a phone.

    Args:
        connection: to the DevTools of the page.
    """

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._sent = 0
        self.faults: list[str] = []
        self.asked: list[str] = []
        for domain in ("Runtime", "Log", "Page", "Network"):
            self.call(f"{domain}.enable")
        size = {"width": 360, "height": 800, "deviceScaleFactor": 1, "mobile": True}
        self.call("Emulation.setDeviceMetricsOverride", **size)

    def call(self, method: str, **parameters: Any) -> Any:
        """Call a method of the protocol.

        Exceptions and violations of the policy go to `faults`, requested URLs to `asked`.
        """
        self._sent += 1
        sent = {"id": self._sent, "method": method, "params": parameters}
        self._connection.send(json.dumps(sent))
        while True:
            message = json.loads(self._connection.recv(_PATIENCE))
            if message.get("id") == self._sent:
                return message["result"]
            self._note(message)

    def _note(self, message: dict[str, Any]) -> None:
        found = message["params"]
        violates_policy = found.get("entry", {}).get("source") == "security"
        if message["method"] == "Runtime.exceptionThrown" or violates_policy:
            self.faults.append(json.dumps(message))
        if message["method"] == "Network.requestWillBeSent":
            self.asked.append(found["request"]["url"])

    def evaluate(self, script: str) -> Any:
        """Evaluate an expression in the page."""
        return self.call("Runtime.evaluate", expression=script)["result"].get("value")

    def press(self, key: str, code: int) -> None:
        """Press and release a key."""
        for kind in ("keyDown", "keyUp"):
            values = {"key": key, "code": key, "windowsVirtualKeyCode": code}
            self.call("Input.dispatchKeyEvent", type=kind, **values)

    def wait_for(self, text: str, where: str = "#status") -> None:
        """Wait until an element says a text; the line of the page's state unless named."""
        end = time.monotonic() + _PATIENCE
        said = None
        while time.monotonic() < end:
            said = self.evaluate(f"document.querySelector('{where}')?.textContent")
            if text in (said or ""):
                return
            time.sleep(0.05)
        raise AssertionError(f"{text!r} was not said, but {said!r}")


@contextmanager
def chromium_environment() -> Iterator[dict[str, str]]:
    """Give an environment with a temporary folder of its own, since Chromium leaves files there.

    Not below tmp_path: the name of Chromium's socket may have 107 characters.
    """
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield {**os.environ, "TMPDIR": folder}


@contextmanager
def open_tab(chromium: str, profile: Path) -> Iterator[Tab]:
    """Start Chromium with one tab, which is ended at the end."""
    options = [*OPTIONS, "--remote-debugging-port=0", f"--user-data-dir={profile}"]
    command = [chromium, *options, "about:blank"]
    log = profile / "chromium.log"
    with (
        chromium_environment() as env,
        log.open("w") as output,
        subprocess.Popen(command, stderr=output, env=env) as process,
    ):
        try:
            with connect(_find_page(log)) as connection:
                yield Tab(connection)
        finally:
            process.terminate()


def _find_page(log: Path) -> str:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        found = re.search(r"listening on ws://([\d.]+:\d+)/", log.read_text())
        if found:
            with urlopen(f"http://{found[1]}/json") as answer:
                tabs = json.load(answer)
            pages = [tab for tab in tabs if tab["type"] == "page"]
            if pages:
                return str(pages[0]["webSocketDebuggerUrl"])
        time.sleep(0.05)
    raise RuntimeError(f"Chromium did not start: {log.read_text()[-2000:]}")
