"""`kedro location add`, against a small geocoding server."""

from collections.abc import Iterator

import pytest
import yaml

from tests.fixtures.project import ROOT, Project
from tests.weather.archive_server import ArchiveServer
from triptych.weather.location_file import load_locations


@pytest.fixture
def server() -> Iterator[ArchiveServer]:
    running = ArchiveServer()
    yield running
    running.close()


def add(project: Project, name: str, server: ArchiveServer) -> tuple[int, str]:
    direct = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    result = project.kedro("location", "add", name, TRIPTYCH_GEOCODING_URL=server.url, **direct)
    return result.returncode, result.stdout


def test_a_city_is_looked_up_and_written_to_the_projects_file(
    project: Project, server: ArchiveServer
) -> None:
    file = project.path / "conf" / "base" / "locations.yml"
    before = file.read_text()

    code, said = add(project, "Ajaccio", server)

    assert code == 0, said
    assert said.splitlines()[-2:] == [
        f"Ajaccio is now 'ajaccio' in {file}: 41.91886, 8.73812.",
        'Forecast it with: kedro run --env live --params "location=ajaccio"',
    ]
    assert file.read_text().startswith(before)
    assert yaml.safe_load(file.read_text())["locations"][-1] == {
        "slug": "ajaccio",
        "name": "Ajaccio",
        "latitude": 41.91886,
        "longitude": 8.73812,
        "elevation": 15.0,
        "timezone": "Europe/Paris",
        "source": "open_meteo",
    }
    assert len(load_locations(file)) == 8
    assert "ajaccio" not in (ROOT / "conf" / "base" / "locations.yml").read_text()


def test_a_city_that_nobody_knows_changes_nothing(project: Project, server: ArchiveServer) -> None:
    file = project.path / "conf" / "base" / "locations.yml"
    before = file.read_bytes()

    code, said = add(project, "Xyzzy", server)

    assert code == 1
    assert "Traceback" not in said
    assert said.splitlines()[-1].startswith("Error: ")
    assert "Xyzzy" in said.splitlines()[-1]
    assert file.read_bytes() == before
