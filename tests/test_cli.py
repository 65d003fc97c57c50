"""`kedro location add`, against a small geocoding server."""

from collections.abc import Iterator

import click
import pytest
import yaml
from click.testing import CliRunner

from tests.fixtures.project import ROOT, Project
from tests.weather.archive_server import ArchiveServer
from triptych.commands.location import _choose
from triptych.weather.location_file import load_locations
from triptych.weather.sources.geocoding import search_places


@pytest.fixture
def server() -> Iterator[ArchiveServer]:
    running = ArchiveServer()
    yield running
    running.close()


def add(project: Project, server: ArchiveServer, *arguments: str) -> tuple[int, str]:
    direct = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    result = project.kedro(
        "location", "add", *arguments, TRIPTYCH_GEOCODING_URL=server.url, **direct
    )
    return result.returncode, result.stdout


def test_a_city_is_added_to_the_location_file(project: Project, server: ArchiveServer) -> None:
    file = project.path / "conf" / "base" / "locations.yml"
    before = file.read_text()

    code, said = add(project, server, "Ajaccio")

    assert code == 0, said
    assert said.splitlines()[-2:] == [
        f"Added Ajaccio as 'ajaccio' to {file}: 41.91886, 8.73812.",
        'To forecast it: kedro run --env live --params "location=ajaccio"',
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


def test_an_unknown_city_changes_nothing(project: Project, server: ArchiveServer) -> None:
    file = project.path / "conf" / "base" / "locations.yml"
    before = file.read_bytes()

    code, said = add(project, server, "Xyzzy")

    assert code == 1
    assert "Traceback" not in said
    assert said.splitlines()[-1].startswith("Error: ")
    assert "Xyzzy" in said.splitlines()[-1]
    assert file.read_bytes() == before


def test_one_of_several_matches_can_be_selected(project: Project, server: ArchiveServer) -> None:
    file = project.path / "conf" / "base" / "locations.yml"
    before = file.read_bytes()

    code, said = add(project, server, "Paris")

    assert code == 1
    assert file.read_bytes() == before
    assert "\n 2  Paris, Texas, United States (33.66094, -95.55551), 24,782 inhabitants\n" in said
    assert said.splitlines()[-1] == (
        "Error: 'Paris' matches 3 places; nothing was written. Choose one with --pick N, or name "
        'its region or country too: "Paris, …".'
    )
    code, said = add(project, server, "Paris", "--pick", "4")
    assert code != 0
    assert "'Paris' has 3 matches" in said
    code, said = add(project, server, "Paris, Texas")
    assert code == 1
    assert "has a location 'paris' already" in said
    assert "--slug NAME" in said
    code, said = add(project, server, "Paris, Texas", "--slug", "Paris Texas")
    assert code != 0
    assert "Use 'paris-texas'" in said
    assert file.read_bytes() == before

    code, said = add(project, server, "Paris", "--pick", "2", "--slug", "paris-texas")

    assert code == 0, said
    added = yaml.safe_load(file.read_text())["locations"][-1]
    assert (added["slug"], added["latitude"]) == ("paris-texas", 33.66094)
    assert load_locations(file)[-1].timezone == "America/Chicago"


def test_the_user_is_prompted_for_a_match(server: ArchiveServer) -> None:
    matches = search_places("Paris", server.url)

    @click.command()
    def choose() -> None:
        click.echo(_choose("Paris", matches, None)["admin1"])

    assert CliRunner().invoke(choose, input="9\n3\n").output.endswith("Kentucky\n")
    assert CliRunner().invoke(choose, input="\n").output.endswith("Île-de-France\n")
