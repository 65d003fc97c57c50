"""Checks of images and compose stack without building them."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import yaml

from tests.fixtures.project import ROOT

VARIABLE = re.compile(r"\$\{([A-Z_]+)([^}]*)\}")


def stage(name: str) -> str:
    """Return a stage of the Dockerfile."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    found = re.search(rf"(?ms)^FROM \S+ AS {name}$(.*?)(?=^FROM |\Z)", text)
    assert found, name
    return found[1]


def lay_out(folder: Path) -> None:
    """Copy the files of the API's image to a folder."""
    copied = re.findall(r"(?m)^COPY (\S+) (\S+)$", stage("api-code"))
    assert len(copied) == 3
    for source, target in copied:
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, folder / target)
        else:
            (folder / target).mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / source, folder / target)


def start(folder: Path) -> subprocess.CompletedProcess[str]:
    code = "import api.app, triptych; print(api.app.__file__, *triptych.__path__)"
    return subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_api_starts_with_the_files_of_its_image(tmp_path: Path) -> None:
    lay_out(tmp_path)

    whole = start(tmp_path)
    shutil.rmtree(tmp_path / "triptych" / "store")
    lacking = start(tmp_path)

    assert whole.stdout.split() == [f"{tmp_path}/api/app.py", f"{tmp_path}/triptych"], whole.stderr
    assert lacking.returncode == 1
    assert "No module named 'triptych.store'" in lacking.stderr


def measured(folder: Path, configuration: Path) -> set[str]:
    """Return the files that coverage measures while the store is imported from a folder."""
    code = (
        "import sys; from coverage import Coverage; "
        "measure = Coverage(data_file=None, config_file=sys.argv[1]); measure.start(); "
        "import triptych.store.errors; measure.stop(); "
        "print(*measure.get_data().measured_files(), sep='\\n')"
    )
    clean = {name: value for name, value in os.environ.items() if "COVERAGE_" not in name}
    result = subprocess.run(
        [sys.executable, "-P", "-c", code, str(configuration)],
        cwd=ROOT,
        env={**clean, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(result.stdout.split())


def test_a_copy_of_the_project_is_not_measured(tmp_path: Path) -> None:
    """Otherwise coverage warns about the deleted files when it writes its report."""
    lay_out(tmp_path)

    found = measured(tmp_path, ROOT / "pyproject.toml")

    assert str(ROOT / "src" / "triptych" / "store" / "errors.py") in found
    assert [file for file in found if not Path(file).is_relative_to(ROOT)] == []


def test_the_default_target_is_the_api_and_no_image_runs_as_root() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")

    assert re.findall(r"(?m)^FROM \S+ AS (\S+)$", text)[-1] == "api"
    for name in ("api", "pipelines"):
        assert re.findall(r"(?m)^USER (\S+)$", stage(name)) == ["10001:10001"]
        # a new version alone makes anew what follows it
        after = stage(name).split("ARG TRIPTYCH_VERSION")[1]
        assert not re.search(r"(?m)^(RUN|COPY)", after)


def missing(required: list[str], lock: str) -> list[str]:
    """Return the requirements whose package is not in a lock."""
    names = [re.match(r"[A-Za-z0-9._-]+", requirement)[0] for requirement in required]  # type: ignore[index]
    return [name for name in names if not re.search(rf"(?m)^{re.escape(name)}(\[.*\])?==", lock)]


def test_the_api_lock_has_all_requirements() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lock = (ROOT / "requirements" / "api.lock").read_text(encoding="utf-8")
    required = project["dependencies"] + project["optional-dependencies"]["api"]

    assert len(required) > 5
    assert missing(required, lock) == []
    assert missing(["uvicorn[standard]~=0.54", "forgotten>=1"], lock) == ["forgotten"]


def test_the_image_and_make_start_the_same_program() -> None:
    command = json.loads(re.findall(r"(?m)^CMD (\[.*\])$", stage("api"))[0])
    make = (ROOT / "Makefile").read_text(encoding="utf-8")
    started = re.search(r"(?m)^api: \$\(READY\).*\n\t@.*\n\t\$\(BIN\)/(.*)$", make)

    assert started
    assert started[1].split()[: len(command)] == command


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    return loaded


def defaulted_secrets(text: str) -> list[str]:
    """Return secret variables with a default value."""
    return [
        f"{name}{rest}"
        for name, rest in VARIABLE.findall(text)
        if re.search("PASSWORD|SECRET|TOKEN|KEY", name) and not re.match(r":\?|:-$", rest)
    ]


def test_no_password_has_a_default() -> None:
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    settings = dict(re.findall(r"(?m)^([A-Z_]+)=(.*)$", example))

    assert defaulted_secrets(text) == []
    assert defaulted_secrets(
        "${API_PASSWORD:-changeme} ${API_KEY-x} ${A_TOKEN:?set it} ${B_KEY:-}"
    ) == [
        "API_PASSWORD:-changeme",
        "API_KEY-x",
    ]
    needed = {name for name, rest in VARIABLE.findall(text) if rest.startswith(":?")}
    assert {name for name, value in settings.items() if value == ""} == needed
    assert not re.search(r"://\w+:(?!\$\{|\d+\b)", text)  # nor does an address hold one


def test_each_service_waits_for_its_dependencies() -> None:
    services = compose()["services"]

    waits = {
        name: {needed: how["condition"] for needed, how in service.get("depends_on", {}).items()}
        for name, service in services.items()
    }

    done, healthy = "service_completed_successfully", "service_healthy"
    assert waits == {
        "database": {},
        "roles": {"database": healthy},
        "schema": {"roles": done},
        "mlflow": {"roles": done},
        "batch": {"schema": done, "mlflow": healthy},
        "api": {"schema": done},
    }
    for name, conditions in waits.items():
        for needed, condition in conditions.items():
            assert ("healthcheck" in services[needed]) == (condition == healthy), (name, needed)


def test_each_service_only_has_its_own_password() -> None:
    owners = {
        name: set(re.findall(r"\$\{([A-Z_]*PASSWORD)", yaml.safe_dump(service)))
        for name, service in compose()["services"].items()
    }

    assert owners["api"] == {"TRIPTYCH_API_PASSWORD"}
    assert owners["schema"] == owners["batch"] == {"TRIPTYCH_PASSWORD"}
    assert owners["mlflow"] == {"MLFLOW_PASSWORD"}
    assert owners["database"] == {"POSTGRES_PASSWORD"}


def test_services_are_hardened_and_bound_to_localhost() -> None:
    services = compose()["services"]

    for name in set(services) - {"database"}:
        assert services[name]["read_only"] is True, name
        assert services[name]["cap_drop"] == ["ALL"], name
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert len(ports) == 2
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert services["database"]["networks"] == ["data"]
    assert compose()["networks"]["data"] == {"internal": True}
