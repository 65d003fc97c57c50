"""Checks of images and compose stack without building them."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.fixtures.project import ROOT
from tests.fixtures.serving import free_port, wait_until_it_answers
from triptych.weather.locations import user_file

VARIABLE = re.compile(r"\$\{([A-Z_]+)([^}]*)\}")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = (ROOT / "compose.yaml").read_text(encoding="utf-8")
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE)["services"]


def stage(name: str) -> str:
    """Return a stage of the Dockerfile."""
    found = re.search(rf"(?ms)^FROM \S+ AS {name}$(.*?)(?=^FROM |\Z)", DOCKERFILE)
    assert found, name
    return found[1]


def copy_image_files(folder: Path) -> None:
    """Copy the files of the API's image to a folder."""
    copied = re.findall(r"(?m)^COPY (\S+) (\S+)$", stage("api-code"))
    assert len(copied) == 3
    for source, target in copied:
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, folder / target)
        else:
            (folder / target).mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / source, folder / target)


def unmeasured(**variables: str) -> dict[str, str]:
    """Return the environment, with variables, of a process whose coverage is not measured."""
    inherited = {name: value for name, value in os.environ.items() if "COVERAGE_" not in name}
    return {**inherited, **variables}


def run_python(code: str, folder: Path, path: Path) -> subprocess.CompletedProcess[str]:
    """Run code in a folder with packages from a path."""
    return subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=folder,
        env=unmeasured(PYTHONPATH=str(path)),
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_api_starts_with_the_files_of_its_image(tmp_path: Path) -> None:
    code = "import api.app, triptych; print(api.app.__file__, *triptych.__path__)"
    copy_image_files(tmp_path)

    complete = run_python(code, tmp_path, tmp_path)
    shutil.rmtree(tmp_path / "triptych" / "store")
    incomplete = run_python(code, tmp_path, tmp_path)

    files = [f"{tmp_path}/api/app.py", f"{tmp_path}/triptych"]
    assert complete.stdout.split() == files, complete.stderr
    assert incomplete.returncode == 1
    assert "No module named 'triptych.store'" in incomplete.stderr


def test_the_container_listens_on_port_and_checks_it(tmp_path: Path) -> None:
    copy_image_files(tmp_path)
    commands = re.findall(r"(?m)^(?:.* )?CMD \[\"python\", (.*)\]$", stage("api"))
    check, serve = ([sys.executable, *json.loads(f"[{command}]")] for command in commands)
    port, log = free_port(), tmp_path / "log"
    variables = unmeasured(
        PYTHONPATH=str(tmp_path), PORT=str(port), UVICORN_HOST="127.0.0.1",
        TRIPTYCH_DATABASE_URL=f"sqlite:///{tmp_path}/triptych.db",
    )  # fmt: skip

    with (
        log.open("w") as output,
        subprocess.Popen(serve, cwd=tmp_path, env=variables, stderr=output) as process,
    ):
        try:
            wait_until_it_answers(f"http://127.0.0.1:{port}/health/live", process, log)
            subprocess.run(check, env=variables, check=True)
        finally:
            process.kill()
    stopped = subprocess.run(check, env=variables, stderr=subprocess.DEVNULL, check=False)
    assert stopped.returncode == 1


def test_coverage_ignores_copies_of_the_project(tmp_path: Path) -> None:
    """Otherwise it warns about the deleted files when it writes its report."""
    code = (
        "from coverage import Coverage; "
        "measure = Coverage(data_file=None, config_file='pyproject.toml'); measure.start(); "
        "import triptych.store.errors; measure.stop(); "
        "print(*measure.get_data().measured_files(), sep='\\n')"
    )
    copy_image_files(tmp_path)

    measured = run_python(code, ROOT, tmp_path).stdout.split()

    assert str(ROOT / "src" / "triptych" / "store" / "errors.py") in measured
    assert [file for file in measured if not Path(file).is_relative_to(ROOT)] == []


def test_the_default_target_is_the_api_and_no_image_runs_as_root() -> None:
    assert re.findall(r"(?m)^FROM \S+ AS (\S+)$", DOCKERFILE)[-1] == "api"
    for name in ("api", "pipelines"):
        assert re.findall(r"(?m)^USER (\S+)$", stage(name)) == ["10001:10001"]
        # a new version rebuilds only the layers after this line
        after = stage(name).split("ARG TRIPTYCH_VERSION")[1]
        assert not re.search(r"(?m)^(RUN|COPY)", after)


def test_the_image_and_make_start_the_same_program() -> None:
    command = json.loads(re.findall(r"(?m)^CMD (\[.*\])$", stage("api"))[0])
    make = (ROOT / "Makefile").read_text(encoding="utf-8")
    started = re.search(r"(?m)^api: \$\(READY\).*\n\t@.*\n\t\$\(BIN\)/(.*)$", make)

    assert started
    assert started[1].split()[: len(command)] == command


def defaulted_secrets(text: str) -> list[str]:
    """Return secret variables with a default value."""
    return [
        f"{name}{rest}"
        for name, rest in VARIABLE.findall(text)
        if re.search("PASSWORD|SECRET|TOKEN|KEY", name) and not re.match(r":\?|:-$", rest)
    ]


def test_no_password_has_a_default() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    unset = set(re.findall(r"(?m)^([A-Z_]+)=$", example))
    planted = "${API_PASSWORD:-changeme} ${API_KEY-x} ${A_TOKEN:?set it} ${B_KEY:-}"

    assert defaulted_secrets(COMPOSE) == []
    assert defaulted_secrets(planted) == ["API_PASSWORD:-changeme", "API_KEY-x"]
    assert unset == {name for name, rest in VARIABLE.findall(COMPOSE) if rest.startswith(":?")}
    assert not re.search(r"://\w+:(?!\$\{|\d+\b)", COMPOSE)  # no password in a URL


def test_each_service_waits_for_its_dependencies() -> None:
    waits = {
        name: {other: how["condition"] for other, how in service.get("depends_on", {}).items()}
        for name, service in SERVICES.items()
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
        for other, condition in conditions.items():
            assert ("healthcheck" in SERVICES[other]) == (condition == healthy), (name, other)


def test_each_service_only_has_its_own_password() -> None:
    passwords = {
        name: set(re.findall(r"\$\{([A-Z_]*PASSWORD)", yaml.safe_dump(service)))
        for name, service in SERVICES.items()
        if name != "roles"  # sets all of them
    }

    assert passwords == {
        "api": {"TRIPTYCH_API_PASSWORD"},
        "schema": {"TRIPTYCH_PASSWORD"},
        "batch": {"TRIPTYCH_PASSWORD"},
        "mlflow": {"MLFLOW_PASSWORD"},
        "database": {"POSTGRES_PASSWORD"},
    }


def test_the_batch_reads_the_cities_of_the_user() -> None:
    own = user_file(ROOT / "conf" / "base" / "locations.yml").parent.relative_to(ROOT)
    assert f"./{own}:/app/{own}:ro" in SERVICES["batch"]["volumes"]


def test_services_are_hardened_and_bound_to_localhost() -> None:
    for name in set(SERVICES) - {"database"}:
        assert SERVICES[name]["read_only"] is True, name
        assert SERVICES[name]["cap_drop"] == ["ALL"], name
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(ports) == 2
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert SERVICES["database"]["networks"] == ["data"]
    assert yaml.safe_load(COMPOSE)["networks"]["data"] == {"internal": True}
