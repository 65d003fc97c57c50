"""The image of the API, built and started: what it answers, who it is, what is not in it.

docker or podman build it, or a script that TRIPTYCH_CONTAINER_BUILD names. TRIPTYCH_IMAGE names an
image that is built already, for the version TRIPTYCH_VERSION.
"""

import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen
from uuid import uuid4

import pytest

from tests.acceptance.images import Engine, find_engine, wait_for
from tests.api.tables import CLASSIFIERS, MODELS, fill
from tests.fixtures.project import ROOT
from triptych.store.engine import create_engine
from triptych.store.migrate import migrate

pytestmark = pytest.mark.acceptance

VERSION = "0123456789abcdef0123456789abcdef01234567"
CONTEXT = ("Dockerfile", ".dockerignore", ".telemetry", "README.md", "pyproject.toml")
FOREIGN = ("kedro", "mlflow", "pandas", "numpy", "tensorflow", "sklearn", "pytest")
# What uid the process has, what of the project and of others it can import, where it can write.
LOOK = """
import importlib.util as u, json, os
writable = [d for d, _, files in os.walk("/app") if os.access(d, os.W_OK)]
writable += [d for d, _, files in os.walk("/opt") if os.access(d, os.W_OK)]
print(json.dumps({
    "uid": os.getuid(), "gid": os.getgid(), "groups": os.getgroups(), "writable": writable,
    "found": [m for m in %r if u.find_spec(m)],
    "triptych": sorted(os.listdir(os.path.dirname(u.find_spec("triptych").origin))),
    "app": sorted(os.listdir("/app")),
    "compiled": os.path.exists(u.cache_from_source(u.find_spec("api.app").origin)),
}))
"""


@pytest.fixture(scope="module")
def engine() -> Engine:
    """Give what builds and runs images, or skip and say so."""
    found = find_engine()
    if found is None:
        assert "TRIPTYCH_IMAGE" not in os.environ, "an image is named, but nothing here runs it"
        pytest.skip(
            "no docker or podman that answers, and TRIPTYCH_CONTAINER_BUILD names no script"
        )
    return found


@dataclass(frozen=True)
class Built:
    """An image, the version it was built for, and the folder it was built from if it was here."""

    image: str
    version: str
    folder: Path | None


@pytest.fixture(scope="module")
def built(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Give the image that is named, else one built from a copy of the project."""
    named = os.environ.get("TRIPTYCH_IMAGE")
    if named:
        return Built(named, os.environ["TRIPTYCH_VERSION"], None)
    folder = tmp_path_factory.mktemp("image") / "project"
    leave = shutil.ignore_patterns("__pycache__", "local")
    for part in ("api", "src", "conf", "requirements"):
        shutil.copytree(ROOT / part, folder / part, ignore=leave)
    for file in CONTEXT:
        shutil.copy(ROOT / file, folder)
    engine.build(folder, "triptych-api-acceptance", VERSION)
    return Built("triptych-api-acceptance", VERSION, folder)


@pytest.fixture(scope="module")
def url(engine: Engine, built: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start it on a small database, and give its address."""
    folder = tmp_path_factory.mktemp("data")
    database = create_engine(f"sqlite:///{folder}/triptych.db")
    migrate(database)
    fill(database)
    database.dispose()
    with closing(sqlite3.connect(folder / "triptych.db")) as connection:
        # whoever reads a file with a write-ahead log must be able to write beside it
        connection.execute("PRAGMA journal_mode=DELETE")
    for path in (folder.parent, folder, folder / "triptych.db"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    variables = {"PORT": str(port), "UVICORN_HOST": "127.0.0.1"}
    with engine.served(built.image, variables, {folder: "/app/data"}):
        wait_for(f"http://127.0.0.1:{port}/health/live")
        yield f"http://127.0.0.1:{port}"


def ask(url: str, path: str) -> Any:
    with urlopen(f"{url}{path}", timeout=10) as answer:  # noqa: S310  an address of this machine
        assert answer.status == 200
        return json.loads(answer.read())


def look_inside(engine: Engine, image: str) -> dict[str, Any]:
    """What a process in a container of the image finds."""
    found: dict[str, Any] = json.loads(engine.run(image, "python", "-c", LOOK % (FOREIGN,)))
    return found


def test_it_answers_the_version_that_it_was_built_with(url: str, built: Built) -> None:
    assert ask(url, "/version") == {"version": built.version}


def test_its_endpoints_answer_from_the_database(url: str) -> None:
    assert ask(url, "/health/ready") == {"status": "ok"}
    assert [row["location"] for row in ask(url, "/locations")["data"]] == [
        "brest",
        "paris",
        "quimper",
    ]
    assert ask(url, "/models")["count"] == len(MODELS) + len(CLASSIFIERS)
    assert ask(url, "/texts/predictions")["count"] == 3
    day = ask(url, "/predictions?date=2019-07-13&location=paris")
    assert (day["count"], day["data"][0]["temperature_2m"]) == (8, 29.0)
    period = "/predictions/observed?start=2019-07-10&end=2019-07-12&location=paris"
    assert ask(url, period)["count"] == 24
    assert set(ask(url, "/openapi.json")["paths"]) >= {"/version", "/predictions", "/locations"}


def test_it_says_what_it_does_not_have(url: str) -> None:
    with pytest.raises(HTTPError) as refused:
        ask(url, "/predictions?date=2019-07-15&location=rome")

    assert refused.value.code == 404
    assert refused.value.headers["content-type"] == "application/problem+json"
    refused.value.close()


def test_its_process_is_not_root_and_can_write_nowhere(engine: Engine, built: Built) -> None:
    seen = look_inside(engine, built.image)

    assert (seen["uid"], seen["gid"]) == (10001, 10001)
    assert 0 not in seen["groups"]
    assert seen["writable"] == []
    assert seen["compiled"] is True  # it could not compile itself when it starts


def test_it_holds_what_the_api_needs_and_no_more(engine: Engine, built: Built) -> None:
    seen = look_inside(engine, built.image)

    assert seen["found"] == []
    assert seen["app"] == ["api", "triptych"]
    assert set(seen["triptych"]) == {"__init__.py", "__pycache__", "store"}
    assert engine.run(built.image, "sh", "-c", "ls -A /tmp") == ""


def test_it_holds_no_secret(engine: Engine, built: Built) -> None:
    """Nothing but the build's own variables, and no file that secrets are kept in."""
    names = engine.run(built.image, "sh", "-c", "env").lower()
    files = engine.run(built.image, "find", "/app", "/opt", "-name", ".*", "-type", "f")

    assert not re.search(r"^[a-z0-9_]*(?:password|secret|token|api_key)[a-z0-9_]*=", names, re.M)
    assert "://" not in names
    assert files == ""


def test_its_health_check_passes_where_it_serves(url: str) -> None:
    """The command of the Dockerfile, as it stands there: not every builder keeps it."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    command = json.loads(re.search(r"HEALTHCHECK .*? CMD (\[.*\])", text)[1])  # type: ignore[index]
    port = url.rsplit(":", 1)[1]

    def check(asked: str) -> int:
        variables = {**os.environ, "PORT": asked}
        python = [sys.executable, *command[1:]]
        return subprocess.run(python, env=variables, capture_output=True, check=False).returncode

    assert command[0] == "python"
    assert (check(port), check("1")) == (0, 1)


def test_a_change_of_code_installs_nothing(engine: Engine, built: Built) -> None:
    if built.folder is None:
        pytest.skip("the image was built elsewhere")
    changed = built.folder / "api" / "routes" / "service.py"
    changed.write_text(changed.read_text(encoding="utf-8") + f"\n# {uuid4()}\n", encoding="utf-8")

    log = engine.build(built.folder, f"{built.image}-changed", VERSION)

    assert re.search(r"COPY api api", log)
    assert not re.search(r"Successfully installed|Collecting |Downloading ", log)


def test_a_change_of_the_lock_installs_anew(engine: Engine, built: Built) -> None:
    if built.folder is None:
        pytest.skip("the image was built elsewhere")
    lock = built.folder / "requirements" / "api.lock"
    text = lock.read_text(encoding="utf-8")
    lock.write_text(f"# {uuid4()}\n{text}", encoding="utf-8")

    log = engine.build(built.folder, f"{built.image}-relocked", VERSION)

    assert re.search(r"Successfully installed .*fastapi", log)
