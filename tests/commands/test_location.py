"""`kedro location`, against a small geocoding server."""

from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from click.testing import CliRunner

from tests.fixtures.project import Project
from tests.weather.archive_server import ArchiveServer
from triptych.commands.location import _choose
from triptych.weather.locations import load_locations
from triptych.weather.sources.geocoding import search_places


@pytest.fixture
def file(project: Project) -> Path:
    return project.path / "conf" / "local" / "locations.yml"


def add(project: Project, server: ArchiveServer, *arguments: str) -> tuple[int, str]:
    """Return exit code and output of the command."""
    variables = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    result = project.kedro(
        "location", "add", *arguments, TRIPTYCH_GEOCODING_URL=server.url, **variables
    )
    return result.returncode, result.stdout


def last_entry(file: Path) -> dict[str, Any]:
    entry: dict[str, Any] = yaml.safe_load(file.read_text())["locations"][-1]
    return entry


def test_a_city_is_added_listed_and_removed(
    project: Project, server: ArchiveServer, file: Path
) -> None:
    code, output = add(project, server, "Ajaccio")

    assert code == 0, output
    assert output.splitlines()[-2:] == [
        f"Added Ajaccio as 'ajaccio' to {file}: 41.91886, 8.73812.",
        'To forecast it: kedro run --env live --params "location=ajaccio"',
    ]
    assert last_entry(file) == {
        "slug": "ajaccio",
        "name": "Ajaccio",
        "latitude": 41.91886,
        "longitude": 8.73812,
        "elevation": 15.0,
        "timezone": "Europe/Paris",
        "source": "open_meteo",
    }
    table = project.kedro("location", "list").stdout
    assert "conf/local  Ajaccio" in table
    assert "conf/base  Paris" in table
    assert "Removed 'ajaccio'" in project.kedro("location", "remove", "ajaccio").stdout
    assert not file.exists()
    again = project.output("location", "remove", "ajaccio", code=1)
    assert "has no location 'ajaccio'. It has: none." in again


def test_cities_are_imported_from_a_csv_file_once(
    project: Project, tmp_path: Path, file: Path
) -> None:
    table = tmp_path / "cities.csv"
    table.write_text(
        "slug,name,latitude,longitude,elevation,timezone\n"
        "nice,Nice,43.7,7.25,10,Europe/Paris\n"
        "paris,Paris,48.75,2.25,90,Europe/Paris\n"
    )

    outputs = [project.kedro("location", "import", str(table)).stdout for _ in range(2)]

    assert "Added 1 of 2 locations" in outputs[0]
    assert "Added 0 of 2 locations" in outputs[1]
    assert [each.slug for each in load_locations(file)] == ["nice"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["Xyzzy"], "Xyzzy"),
        (["Paris"], "'Paris' matches 3 places; nothing was written. Choose one with --pick N, or"),
        (["Paris", "--pick", "4"], "'Paris' has 3 matches"),
        (["Paris, Texas"], "There is a location 'paris' already"),
        (["Paris, Texas", "--slug", "Paris Texas"], "Use 'paris-texas'"),
    ],
    ids=["unknown", "several matches", "no such match", "slug in use", "invalid slug"],
)
def test_nothing_is_written_after_an_error(
    project: Project, server: ArchiveServer, file: Path, arguments: list[str], message: str
) -> None:
    code, output = add(project, server, *arguments)

    assert code != 0
    assert "Traceback" not in output
    assert message in output.splitlines()[-1]
    assert not file.exists()


def test_one_of_several_matches_can_be_selected(
    project: Project, server: ArchiveServer, file: Path
) -> None:
    _, listed = add(project, server, "Paris")

    code, output = add(project, server, "Paris", "--pick", "2", "--slug", "paris-texas")

    assert "\n 2  Paris, Texas, United States (33.66094, -95.55551), 24,782 inhabitants\n" in listed
    assert code == 0, output
    assert last_entry(file)["slug"] == "paris-texas"
    assert last_entry(file)["latitude"] == 33.66094
    assert load_locations(file)[-1].timezone == "America/Chicago"


def test_the_user_is_prompted_for_a_match(server: ArchiveServer) -> None:
    matches = search_places("Paris", server.url)

    @click.command()
    def choose() -> None:
        click.echo(_choose("Paris", matches, None)["admin1"])

    assert CliRunner().invoke(choose, input="9\n3\n").output.endswith("Kentucky\n")
    assert CliRunner().invoke(choose, input="\n").output.endswith("Île-de-France\n")
