"""Build and start the image with what is at hand: an engine, or a script that stands in for one."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from urllib.error import URLError
from urllib.request import urlopen

START_S = 60
BUILD_S = 1800


@dataclass(frozen=True)
class Engine:
    """Commands that build an image and run it on the network of this machine.

    Args:
        command: `docker` or `podman`; or a script with `build IMAGE [--build-arg …]`, run in the
            folder of the Dockerfile, and `run IMAGE [-e KEY=VALUE] [-v FROM:TO] [-- COMMAND…]`.
        is_script: which of the two.
    """

    command: str
    is_script: bool

    def build(self, folder: Path, image: str, version: str) -> str:
        """Build the default target; give what the build said."""
        argument = f"--build-arg=TRIPTYCH_VERSION={version}"
        plain = [] if self.is_script else ["--progress=plain", "."]
        tag = [image] if self.is_script else ["--tag", image]
        result = subprocess.run(
            [self.command, "build", *tag, argument, *plain],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=BUILD_S,
            check=False,
        )
        assert result.returncode == 0, result.stdout[-3000:]
        return result.stdout

    def run(self, image: str, *command: str) -> str:
        """Run a command in a container of its own, and give what it wrote."""
        result = subprocess.run(
            [*self._start(image, {}, {}), *(["--"] if self.is_script else []), *command],
            stdout=subprocess.PIPE,
            text=True,
            timeout=START_S,
            check=True,
        )
        return result.stdout.strip()

    @contextmanager
    def served(
        self, image: str, variables: Mapping[str, str], folders: Mapping[Path, str]
    ) -> Iterator[None]:
        """Start the image as it says itself, until the block ends."""
        command = self._start(image, variables, folders)
        with (
            TemporaryFile("w+") as log,
            subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True) as process,
        ):
            try:
                yield
            except BaseException:  # it did not start: what it said tells why
                log.seek(0)
                sys.stderr.write(log.read())
                raise
            finally:
                # to the group: a script hands no signal on to what it started
                os.killpg(process.pid, signal.SIGTERM)

    def _start(
        self, image: str, variables: Mapping[str, str], folders: Mapping[Path, str]
    ) -> list[str]:
        options = [
            *(part for name, value in variables.items() for part in ("-e", f"{name}={value}")),
            *(part for here, there in folders.items() for part in ("-v", f"{here}:{there}:ro")),
        ]
        if self.is_script:
            return [self.command, "run", image, *options]
        hardened = ["--read-only", "--tmpfs=/tmp", "--cap-drop=ALL"]
        return [self.command, "run", "--rm", "--init", "--network=host", *hardened, *options, image]


def find_engine() -> Engine | None:
    """Find the script that the environment names, else docker or podman with their service."""
    script = os.environ.get("TRIPTYCH_CONTAINER_BUILD")
    if script:
        return Engine(str(Path(script).resolve()), is_script=True)
    for name in ("docker", "podman"):
        command = shutil.which(name)
        if (
            command
            and not subprocess.run([command, "info"], capture_output=True, check=False).returncode
        ):
            return Engine(command, is_script=False)
    return None


def wait_for(url: str) -> None:
    """Wait until an address answers."""
    give_up = time.monotonic() + START_S
    while True:
        try:
            with urlopen(url, timeout=2):  # noqa: S310  an address of this machine
                return
        except (URLError, ConnectionError, TimeoutError):
            if time.monotonic() > give_up:
                raise
            time.sleep(0.1)
